"""Every way in which an output can be read: as it stands, decoded, joined, turned round.

The output is decoded, not the values encoded: one decoding serves all values, and whatever stands
beside a value in a code, the alignment is tried.
"""

import binascii
import html
import quopri
import re
from collections.abc import Iterator
from urllib.parse import unquote

from zvon.privacy.decode import layers
from zvon.privacy.fold import fold, view

TEXTS = ("plain", "visible", "entities", "percent", "percent twice", "quoted-printable",
         "joined lines", "refanged", "punycode", "escapes", "nested", "reversed")  # fmt: skip
CODES = ("base64", "hexadecimal")
NAMES = (*TEXTS, "digits", *CODES)

_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s./()\-\u2011]+(?=\d)")
_LINES = re.compile(r"[ \t]*=?\r?\n[\s>|]*")
_DEFANGED = re.compile(r"[\[({](\.|dot|at|@|:)[\])}]")
_ACE = re.compile(r"xn--([a-z0-9-]+)", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?:u\{?([0-9a-fA-F]{4,6})\}?|x([0-9a-fA-F]{2}))")
_CODED = re.compile(
    r"(?<![\w+/=%-])(?!(?:person|org|user|host|phone|iban|nid|card|net-v|track|token)-)[\w+/=%-]{12,65536}(?![\w+/=%-])",
    re.ASCII,
)
_HEX = re.compile(rb"[0-9a-f]{10,}")
# So many zero bytes at least has a text of five letters in UTF-16.
_ZEROS = 4
_WIDE = re.compile(rb"(?:[^\0]\0){4}|(?:\0[^\0]){4}")
_QUOTED = re.compile(r"=(?:[0-9A-Fa-f]{2}|[ \t]*\r?\n)")
_HEX_MARKS = re.compile(rb"\\x|0x|[:,;%]")
_SPREAD = re.compile(rb"[0-9a-f]{2}(?:\\x|0x|[:,;%])[0-9a-f]{2}(?:\\x|0x|[:,;%])[0-9a-f]{2}")
# What is not base64 reads as some other letter, so that a code keeps its place among the others.
_TO_BASE64 = bytes.maketrans(
    bytes(range(256)),
    bytes(
        {0x2D: 0x2B, 0x5F: 0x2F}.get(c, c)
        if (chr(c).isalnum() and c < 128) or c in b"+/-_"
        else 0x35
        for c in range(256)
    ),
)
_BLANK = dict.fromkeys(map(ord, " \t\r\n\f\v\u00a0"))


def texts(output: str) -> Iterator[tuple[str, str]]:
    """Name and folded text of each reading that is not the same as the plain one."""
    plain = fold(output)
    yield "plain", plain
    yield "reversed", plain[::-1]
    seen = view(output)
    if seen.starts is not None:
        yield "visible", fold(seen.text)
    if "&" in output:
        yield "entities", fold(html.unescape(html.unescape(output)))
    if "%" in output:
        once = unquote(output)
        yield "percent", fold(once)
        if "%" in once:
            yield "percent twice", fold(unquote(once))
    if "=" in output and _QUOTED.search(output):
        raw = quopri.decodestring(output.encode("utf-8", "surrogatepass"))
        yield "quoted-printable", fold(raw.decode("utf-8", "replace"))
    if "\n" in output:
        yield "joined lines", _LINES.sub("", plain)
    if "[" in plain or "(" in plain or "{" in plain:
        yield "refanged", _DEFANGED.sub(_refang, plain)
    if "xn--" in plain:
        yield "punycode", fold(_ACE.sub(_unicode, output))
    if "\\" in output:
        yield "escapes", fold(_ESCAPE.sub(_escaped, output))
    if nested := "\n".join(t for found in _CODED.finditer(output) for t in layers(found[0])):
        yield "nested", fold(nested)


def digits(plain: str) -> str:
    """The folded text without what people write between digits."""
    return _BETWEEN_DIGITS.sub("", plain)


def codes(output: str) -> Iterator[tuple[str, bytes]]:
    """Name and bytes, ASCII in lower case, of the output taken as base64 and as hexadecimal.

    Blanks are left out first, so a code that was broken into lines is whole again. Base64 (RFC
    4648, both alphabets) is read from each of four places; text in UTF-16 loses its zero bytes.
    """
    compact = output.translate(_BLANK).encode("utf-8", "replace")
    code = compact.translate(_TO_BASE64)
    for first in range(4):
        piece = code[first : len(code) - (len(code) - first) % 4]
        raw = binascii.a2b_base64(piece)
        yield from (("base64", form) for form in _bytes(raw))
    low = compact.lower()
    runs = _HEX.findall(low)
    if _SPREAD.search(low):
        runs += _HEX.findall(_HEX_MARKS.sub(b"", low))
    for run in runs:
        for first in (0, 1):
            raw = bytes.fromhex(run[first : len(run) - (len(run) - first) % 2].decode())
            yield from (("hexadecimal", form) for form in _bytes(raw))


def _bytes(raw: bytes) -> Iterator[bytes]:
    """The bytes as they are, and as UTF-16 where every other one is zero (`powershell -enc`)."""
    yield raw.lower()
    if raw.count(0) >= _ZEROS and _WIDE.search(raw):
        for first in (0, 1):
            yield fold(raw[first:].decode("utf-16-le", "replace")).encode("utf-8", "replace")


def _refang(found: re.Match[str]) -> str:
    return {"dot": ".", "at": "@"}.get(found[1], found[1])


def _unicode(found: re.Match[str]) -> str:
    try:
        return found[1].encode().decode("punycode")
    except (UnicodeError, ValueError):
        return found[0]


def _escaped(found: re.Match[str]) -> str:
    code = int(found[1] or found[2], 16)
    return chr(code) if code < 0x110000 else found[0]
