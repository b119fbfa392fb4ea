"""Serial numbers of zones (RFC 1982) and grades of proof."""

from enum import StrEnum

SERIAL_BITS = 32
_HALF = 1 << (SERIAL_BITS - 1)
_MASK = (1 << SERIAL_BITS) - 1

# An owner of 255 octets minus `*.`, the final zero and 32 octets for the name of the zone.
MAX_RULE_NAME = 220
TOP = "zvon"


class Grade(StrEnum):
    """How well we know that a resolver obeys; only A counts as enforced."""

    PROBED = "A"
    MARKER = "B"
    TRANSFERRED = "C"
    NOTIFIED = "D"


def next_serial(serial: int) -> int:
    """The serial after `serial`; 0 is skipped, because some servers read it as "unset"."""
    return (serial + 1 & _MASK) or 1


def serial_newer(a: int, b: int) -> bool:
    """True when serial `a` comes after `b` in RFC 1982 arithmetic."""
    return a != b and (a - b & _MASK) < _HALF


def serial_back(serial: int) -> int:
    """The serial before `serial`."""
    return (serial - 1 & _MASK) or _MASK


def zone_name(kind: str, of: str) -> str:
    """The name of a policy zone: `hot.si.zvon`, `allow.t2.zvon`."""
    return f"{kind}.{of}.{TOP}"


def test_name(feed: str) -> str:
    """The name that every subscriber of the feed must find blocked: "am I protected?"."""
    return f"test.{feed}.{TOP}.example"


def marker_name(kind: str, feed: str) -> str:
    """The name whose TXT answer shows the serial that the resolver has loaded."""
    return f"serial-{kind}.{feed}.{TOP}.example"


def order_marks(zone: str) -> tuple[tuple[str, str], ...]:
    """Owner and text of the TXT records that show which of two zones a resolver looks at first.

    Each name stands in two zones: whose text is answered is the first.
    """
    kind, of = zone.split(".")[:2]
    allow_first, hot_first = f"allow-first.{TOP}.example", f"hot-first.{of}.{TOP}.example"
    if kind == "allow":
        return ((allow_first, kind),)
    if kind == "hot":
        return ((allow_first, kind), (hot_first, kind))
    return ((hot_first, kind),) if kind == "cold" else ()
