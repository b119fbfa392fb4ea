"""Serial numbers of zones (RFC 1982) and grades of proof."""

from enum import StrEnum

SERIAL_BITS = 32
_HALF = 1 << (SERIAL_BITS - 1)
_MASK = (1 << SERIAL_BITS) - 1


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
