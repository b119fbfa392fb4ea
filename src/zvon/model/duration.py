"""A length of calendar time such as `P30D` or `P2Y` (ISO 8601 durations without hours)."""

import re
from calendar import monthrange
from datetime import UTC, datetime

from msgspec import Struct

# What lasts longer than this has no end.
MOST_YEARS = 30
_WRITTEN = re.compile(
    r"P(?=\d)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})W)?(?:(\d{1,5})D)?", re.ASCII
)


class Duration(Struct, frozen=True):
    """A length of calendar time in years, months and days."""

    years: int = 0
    months: int = 0
    days: int = 0

    def before(self, moment: datetime) -> datetime:
        """The moment this long before `moment`; the last day of a month stays the last at most.

        A time before the calendar begins is its beginning.
        """
        month = moment.year * 12 + moment.month - 1 - self.years * 12 - self.months
        year, month = divmod(month, 12)
        if year < 1:
            return datetime.min.replace(tzinfo=UTC)
        day = min(moment.day, monthrange(year, month + 1)[1])
        moved = moment.replace(year=year, month=month + 1, day=day)
        try:
            return datetime.fromtimestamp(moved.timestamp() - self.days * 86_400, UTC)
        except (OverflowError, ValueError, OSError):
            return datetime.min.replace(tzinfo=UTC)

    def after(self, moment: datetime) -> datetime:
        """The moment this long after `moment`; a time after the calendar ends is its end."""
        try:
            moved = Duration(-self.years, -self.months, -self.days).before(moment)
        except ValueError:
            return datetime.max.replace(tzinfo=UTC)
        return moved if moved > moment else datetime.max.replace(tzinfo=UTC)

    def __str__(self) -> str:
        parts = ((self.years, "Y"), (self.months, "M"), (self.days, "D"))
        return "P" + "".join(f"{n}{unit}" for n, unit in parts if n)


def duration(text: str) -> Duration:
    """Read `P30D`. Raises `ValueError` for what has no length or no end."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no length of time such as P30D, P6M or P2Y")
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    made = Duration(years, months, weeks * 7 + days)
    length = years * 366 + months * 31 + made.days
    if length == 0:
        raise ValueError(f"{text!r} lasts no time at all")
    if length > MOST_YEARS * 366:
        raise ValueError(f"{text!r} is longer than {MOST_YEARS} years, which is no end")
    return made
