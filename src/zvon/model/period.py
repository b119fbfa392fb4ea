"""Weeks, months and quarters as people live them: from midnight to midnight where they are."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MONTHS_OF_QUARTER = 3


class Every(StrEnum):
    """How long a period is. A week begins on Monday (ISO 8601)."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


class BadZone(ValueError):
    """There is no such time zone."""


def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name. Raises `BadZone`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadZone(f"there is no time zone {name[:60]!r}") from None


def begin_of(every: Every, at: datetime, zone: str) -> datetime:
    """When the period that `at` lies in began, in UTC."""
    where = zone_of(zone)
    return _midnight(_first(every, at.astimezone(where).date()), where)


def end_of(every: Every, at: datetime, zone: str) -> datetime:
    """When the period that `at` lies in ends: the first moment after it, in UTC."""
    where = zone_of(zone)
    day = _first(every, at.astimezone(where).date())
    return _midnight(_next(every, day), where)


def before(every: Every, end: datetime, zone: str) -> datetime:
    """When the period began that ends at `end`."""
    return begin_of(every, end - timedelta(hours=1), zone)


def _first(every: Every, day: date) -> date:
    match every:
        case Every.WEEK:
            return day - timedelta(days=day.weekday())
        case Every.MONTH:
            return day.replace(day=1)
        case Every.QUARTER:
            month = day.month - (day.month - 1) % MONTHS_OF_QUARTER
            return day.replace(month=month, day=1)


def _next(every: Every, first: date) -> date:
    if every is Every.WEEK:
        return first + timedelta(days=7)
    months = MONTHS_OF_QUARTER if every is Every.QUARTER else 1
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day; where a clock skips midnight, the moment after the gap."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
