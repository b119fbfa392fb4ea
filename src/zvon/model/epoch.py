"""Epochs of pseudonyms: a calendar month, or a number of days that a group agreed on.

The name of an epoch says when it begins and how long it is, so that it means the same after the
agreement has changed: `2026-11` is a month, `2026-11-16-7d` a week.
"""

import re
from datetime import UTC, datetime, timedelta

_MONTH = re.compile(r"(\d{4})-(\d{2})\Z")
_DAYS = re.compile(r"(\d{4}-\d{2}-\d{2})-([1-9]\d{0,2})d\Z")
_ZERO = datetime(2001, 1, 1, tzinfo=UTC)  # a Monday, so that weeks begin on Mondays


class BadEpoch(ValueError):
    """The text names no epoch."""

    def __init__(self) -> None:
        super().__init__("an epoch is a month (2026-11), or a day and a length (2026-11-16-7d)")


def epoch_of(now: datetime, days: int = 0) -> str:
    """The epoch of a moment: `days` long, or the calendar month in UTC where `days` is 0."""
    at = now.astimezone(UTC)
    if not days:
        return f"{at:%Y-%m}"
    begins = _ZERO + timedelta(days=(at - _ZERO).days // days * days)
    return f"{begins:%Y-%m-%d}-{days}d"


def begins(epoch: str) -> datetime:
    """The first moment of an epoch. Raises `BadEpoch`."""
    return _span(epoch, 0)[0]


def ends(epoch: str, further: int = 0) -> datetime:
    """The first moment after an epoch and `further` ones of its length. Raises `BadEpoch`."""
    return _span(epoch, further)[1]


def _span(epoch: str, further: int) -> tuple[datetime, datetime]:
    try:
        if found := _MONTH.match(epoch):
            first = datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC)
            months = first.year * 12 + first.month + further
            return first, first.replace(year=months // 12, month=months % 12 + 1)
        if found := _DAYS.match(epoch):
            first = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
            return first, first + timedelta(days=int(found[2])) * (further + 1)
    except (ValueError, OverflowError):
        pass
    raise BadEpoch
