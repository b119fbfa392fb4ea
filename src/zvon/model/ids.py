"""Identifiers that sort by time, and the numbers that people read aloud."""

from datetime import datetime
from uuid import UUID

RANDOM_BYTES = 10


def uuid7(now: datetime, random: bytes) -> UUID:
    """Make a UUIDv7 (RFC 9562 section 5.7) from an aware time and 10 random bytes.

    Raises `ValueError` when `now` is naive or `random` has another length.
    """
    if now.tzinfo is None:
        raise ValueError("now must be aware")
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"expected {RANDOM_BYTES} random bytes")
    millis = int(now.timestamp() * 1000)
    value = (millis & (1 << 48) - 1) << 80 | int.from_bytes(random)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def spoken(prefix: str, year: int, number: int, width: int = 6) -> str:
    """Write a number as people say it: `Z-26-004117` (Z report, I incident, B block)."""
    return f"{prefix}-{year % 100:02d}-{number:0{width}d}"
