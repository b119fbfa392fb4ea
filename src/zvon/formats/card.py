"""Payment card numbers (ISO/IEC 7812) are masked before anything is stored in clear."""

import re
from collections.abc import Iterable

MASK = "•"
_RUN = re.compile(r"(?<![0-9])[0-9](?:[ \t\n.\-–]{0,2}[0-9]){12,60}(?![0-9])")
_GROUP = re.compile(r"[0-9]+")
# Lengths that are issued, by the first digit.
_LENGTHS = {"2": {16}, "3": {14, 15, 16}, "4": {13, 16, 19}, "5": set(range(13, 20)),
            "6": set(range(13, 20))}  # fmt: skip
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def mask(text: str, spare: Iterable[tuple[int, int]] = ()) -> str:
    """Replace all digits but the last four of each card number; the length stays.

    `spare` are half-open ranges that are something else for certain (an address, an IBAN).
    """
    spared = sorted(spare)
    out = list(text)
    for run in _RUN.finditer(text):
        for start, end in _cards(text, run.start(), run.end()):
            if any(a < end and start < b for a, b in spared):
                continue
            digits = [i for i in range(start, end) if text[i].isdigit()]
            for i in digits[:-4]:
                out[i] = MASK
    return "".join(out)


def has_card(text: str) -> bool:
    """True when the text holds a card number in clear."""
    return mask(text) != text


def luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1, annex B."""
    backwards = [ord(char) - 48 for char in reversed(digits)]
    return (sum(backwards[::2]) + sum(_DOUBLED[n] for n in backwards[1::2])) % 10 == 0


def _cards(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Stretches of whole digit groups with 13 to 19 digits that are card numbers."""
    groups = [(m.start(), m.end()) for m in _GROUP.finditer(text, start, end)]
    found: list[tuple[int, int]] = []
    for i, (left, _) in enumerate(groups):
        lengths = _LENGTHS.get(text[left])
        if lengths is None:
            continue
        digits = ""
        for a, b in groups[i : i + 19]:
            digits += text[a:b]
            if len(digits) > 19:
                break
            if len(digits) in lengths and luhn(digits):
                found.append((left, b))
    return found
