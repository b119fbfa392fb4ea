"""Fields of a mail (RFC 5322, RFC 2047), read so that nothing malformed raises.

The parser of the `default` policy raises on some malformed fields, so fields are taken raw and
decoded here: encoded words, bytes outside ASCII, folded lines.
"""

import re
from datetime import UTC, datetime
from email._policybase import Compat32
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime

from zvon.formats.charset import text_of
from zvon.formats.plain import plain

MAX_FIELDS = 200
MAX_VALUE = 4_000
MAX_SOURCE = 16_384
MAX_ADDRESSES = 200

# Shown name and address, or a bare address. The stdlib's reader recurses into each parenthesis.
_ADDRESS = re.compile(
    r"(?:(?P<shown>\"(?:[^\"\\]|\\.){0,200}\"\s*|[^,;<>\"]{0,200})<\s*(?P<address>[^<>\s,;]{3,254})\s*>"
    r"|(?P<bare>[^\s<>,;:()\"]{1,64}@[^\s<>,;()\"]{1,253}))"
)


class Bounded(Compat32):
    """The lenient policy, with fields cut where no honest one is so long.

    The stdlib's readers of parameters take time that grows with the square of the length.
    """

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Name and value of one field."""
        name, value = super().header_source_parse(sourcelines)
        return name[:200], value[:MAX_SOURCE]


def fields(mail: Message) -> tuple[tuple[str, str], ...]:
    """All fields in order, decoded, at most `MAX_FIELDS`."""
    return tuple(
        (plain(_text(name))[0], decoded(_text(value)))
        for name, value in list(mail.raw_items())[:MAX_FIELDS]
    )


def all_of(mail: Message, name: str) -> list[str]:
    """The values of each field called `name`, undecoded, newest (topmost) first."""
    wanted = name.lower()
    return [_text(v)[:MAX_VALUE] for n, v in mail.raw_items() if _text(n).lower() == wanted]


def one(mail: Message, name: str) -> str:
    """The decoded value of the first field called `name`, or an empty text."""
    values = all_of(mail, name)
    return decoded(values[0]) if values else ""


def addresses(mail: Message, *names: str) -> list[tuple[str, str]]:
    """Pairs of shown name and mail address in the named fields."""
    found: list[tuple[str, str]] = []
    for value in (" ".join(v.split()) for name in names for v in all_of(mail, name)[:50]):
        for match in _ADDRESS.finditer(value):
            address = match["address"] or match["bare"]
            if "@" in address and len(found) < MAX_ADDRESSES:
                shown = (match["shown"] or "").strip()
                if shown.startswith('"'):
                    shown = re.sub(r"\\(.)", r"\1", shown[1:-1])
                found.append((decoded(shown), address))
    return found


def date(value: str) -> datetime | None:
    """An aware time, or `None` when the text is no date; without a zone it is read as UTC."""
    try:
        at = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    try:
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def decoded(value: str) -> str:
    """Encoded words decoded, folding undone, invisible characters removed."""
    flat = " ".join(value[:MAX_VALUE].split())
    try:
        parts = decode_header(flat)
    except (HeaderParseError, ValueError):
        return plain(flat)[0]
    out: list[str] = []
    for part, charset in parts:
        if isinstance(part, bytes):
            out.append(text_of(part, charset)[0])
        else:
            out.append(part)
    return " ".join(plain("".join(out))[0].split())


def _text(raw: object) -> str:
    """A raw field as text; bytes outside ASCII arrive as surrogates."""
    return text_of(str(raw).encode("utf-8", "surrogateescape"))[0]
