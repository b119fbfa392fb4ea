"""Times as sources write them, in UTC; a clock that must be wrong is flagged and not believed."""

import math
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from zvon.model.item import Options

CLOCK = "clock"
"""Tag of an item whose own time cannot be true: before 1980, or after we received it."""

EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
# A local time taken for UTC is up to 14 hours ahead.
AHEAD = timedelta(days=1)

# Above these magnitudes a number counts milliseconds, microseconds or nanoseconds since 1970.
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
_SECONDS = 10  # digits of a time since 1970, from 2001 to 2286


def read_time(value: Any, options: Options) -> tuple[datetime | None, tuple[str, ...]]:
    """The time, and the tag `clock` when there is one that cannot be believed.

    ISO 8601 with or without a zone (then `options.zone`), seconds since 1970 as number or text,
    also in thousandths or millionths.
    """
    at = instant(value, options.zone)
    if at is None:
        return None, ()
    if not EARLIEST <= at <= options.received_at + AHEAD:
        return None, (CLOCK,)
    return at, ()


def instant(value: Any, zone: str = "UTC") -> datetime | None:
    """The time that `value` says, believable or not; none when it says no time."""
    if value is None:
        return None
    if isinstance(value, str):
        if len(value) > 64:
            return None
        value = value.strip()
        if len(value) == _SECONDS and value.isascii() and value.isdigit():
            return _seconds(value)
        try:
            return localised(datetime.fromisoformat(value), zone)
        except (ValueError, OverflowError):
            pass
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _epoch(value)


def localised(at: datetime, zone: str) -> datetime | None:
    """The time in UTC; one without a zone is in `zone`."""
    try:
        if at.tzinfo is UTC:
            return at
        if at.tzinfo is None:
            at = at.replace(tzinfo=_zone(zone))
        return at.astimezone(UTC)
    except (OverflowError, ValueError):
        return None  # in the first or last hours of the calendar


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    """The zone; UTC for a name that nobody knows."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


@lru_cache(maxsize=4096)
def _seconds(text: str) -> datetime:
    """A time in whole seconds, as MISP writes it; many attributes share one."""
    return datetime.fromtimestamp(int(text), UTC)


def _epoch(number: float) -> datetime | None:
    if not math.isfinite(number):
        return None
    for above, unit in _UNITS:
        if abs(number) >= above:
            number /= unit
            break
    try:
        return datetime.fromtimestamp(number, UTC)
    except (OverflowError, ValueError, OSError):
        return None
