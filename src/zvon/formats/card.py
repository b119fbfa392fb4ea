"""Payment card numbers (ISO/IEC 7812) are masked before anything is stored.

A number is masked when it is written as cards are (in groups of four, as 4-6-5 or 4-6-4, or in one
piece), has a length that its first digit allows, and its check digit is right.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from zvon.model.iban import BadIban, canonical, length

MASK = "*"
MASKED = "card-masked"

_S = "[ \\t\\r\\n.\\-\u00a0\u2009\u202f–]{0,2}"
_START = re.compile(r"(?<![0-9])[2-6][0-9]{3}")
# Longest first: behind a number of 16 digits there may stand an amount.
_SHAPES = tuple(
    re.compile(shape + r"(?![0-9])")
    for shape in (
        rf"(?:[0-9]{{4}}{_S}){{4}}[0-9]{{3}}",
        r"[0-9]{17,18}",
        rf"(?:[0-9]{{4}}{_S}){{3}}[0-9]{{4}}",
        rf"[0-9]{{4}}{_S}[0-9]{{6}}{_S}[0-9]{{5}}",
        rf"[0-9]{{4}}{_S}[0-9]{{6}}{_S}[0-9]{{4}}",
        rf"(?:[0-9]{{4}}{_S}){{3}}[0-9]{{1,3}}",
    )
)
# Lengths that are issued, by the first digit.
_LENGTHS = {"2": {16}, "3": {14, 15, 16}, "4": {13, 16, 19}, "5": set(range(13, 20)),
            "6": set(range(13, 20))}  # fmt: skip
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)

# What is something else for certain, though a part of it may pass for a card.
_ADDRESS = re.compile(r"[A-Za-z]{3,8}://[^\s<>\"]{0,4000}")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?:[ -]?[0-9A-Z]){11,30}")
_ALREADY = re.compile(
    rf"(?:[{MASK}]{{4}}{_S}){{2,4}}[{MASK}]{{0,4}}{_S}[{MASK}]{{0,3}}{_S}[0-9]{{1,4}}(?![0-9])"
)
_SAMPLE = 65_536
# A text with more numbers than this that begin like a card is a table, not a message.
MOST = 100_000


def mask(text: str, spare: Iterable[tuple[int, int]] = ()) -> str:
    """Replace all digits but the last four of each card number; the length stays.

    `spare` are half-open ranges that are something else for certain.
    """
    found = list(spans(_without(text, spare)))
    if not found:
        return text
    out = list(text)
    for start, end in found:
        digits = [i for i in range(start, end) if text[i].isdigit()]
        for i in digits[:-4]:
            out[i] = MASK
    return "".join(out)


def mask_bytes(body: bytes) -> bytes:
    """`mask` for input that is kept as it came: the length and every other byte stay.

    Addresses and account numbers are spared. Data in base64 and binary files stay as they are.
    """
    sample = body[:_SAMPLE]
    for charset in ("utf-16-le", "utf-16-be") if sample[:2] in {b"\xff\xfe", b"\xfe\xff"} else ():
        if body.startswith(("\ufeff").encode(charset)):
            return _through(body, charset)
    if b"\x00" in sample:
        return body
    return _through(body, "utf-8")


def was_masked(text: str) -> bool:
    """True when a text holds a masked card number."""
    return _ALREADY.search(text) is not None


def has_card(text: str) -> bool:
    """True when the text holds a card number in clear."""
    return next(spans(text), None) is not None


def luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1, annex B."""
    backwards = [ord(char) - 48 for char in reversed(digits)]
    return (sum(backwards[::2]) + sum(_DOUBLED[n] for n in backwards[1::2])) % 10 == 0


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where card numbers stand, written as cards are: half-open ranges, in order."""
    for start in islice(_START.finditer(text), MOST):
        lengths = _LENGTHS[start[0][0]]
        for shape in _SHAPES:
            found = shape.match(text, start.start())
            if found is None:
                continue
            digits = "".join(filter(str.isdigit, found[0]))
            if len(digits) in lengths and luhn(digits):
                yield found.span()
                break


def _without(text: str, spare: Iterable[tuple[int, int]]) -> str:
    """The text with the spared ranges blotted out, as long as before."""
    out: list[str] = []
    at = 0
    for start, end in sorted(spare):
        if end > at:
            start = max(start, at)
            out += [text[at:start], "x" * (end - start)]
            at = end
    return "".join([*out, text[at:]]) if out else text


def _through(body: bytes, charset: str) -> bytes:
    try:
        text = body.decode(charset)
    except UnicodeDecodeError:
        charset = "latin-1"  # one character for each byte, and the digits are where they were
        text = body.decode(charset)
    masked = mask(text, list(_spared(text)) if has_card(text) else ())
    return body if masked is text else masked.encode(charset)


def _spared(text: str) -> Iterator[tuple[int, int]]:
    for address in _ADDRESS.finditer(text):
        yield address.span()
    for number in _IBAN.finditer(text):
        compact = re.sub(r"[ -]", "", number[0])[: length(number[0][:2]) or 0]
        try:
            canonical(compact)
        except BadIban:
            continue
        yield number.span()
