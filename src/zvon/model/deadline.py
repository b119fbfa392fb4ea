"""When something is due: hours that pass, months of the calendar, and what rest days change.

Hours are elapsed hours in UTC, so a change to or from summer time moves the shown hour and not the
deadline. Months and days are those of the calendar in the zone of the rule; a month that is too
short ends on its last day. A period in days or months may end on a rest day: Regulation (EEC,
Euratom) 1182/71, Article 3(4), then lets it run to the end of the next working day, but not one
that is counted in hours. Whether that holds is a field of the rule; the strict date is the target.
"""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from msgspec import Struct

MOST_MONTHS = 600
MOST_DAYS = 18_300
MOST_MINUTES = 30_000_000
MOST_REST_DAYS = 30
LAST_SECOND = time(23, 59, 59)
_WRITTEN = re.compile(
    r"P(?=[\dT])(?:(\d{1,3})Y)?(?:(\d{1,3})M)?(?:(\d{1,3})W)?(?:(\d{1,5})D)?"
    r"(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,7})M)?)?",
    re.ASCII,
)


class BadLength(ValueError):
    """No length of time that a rule could have."""


class Beyond(ValueError):
    """The calendar ends before the deadline."""


class Note(StrEnum):
    """What a reader has to know about a computed time."""

    CLIPPED = "clipped"
    GAP = "gap"
    TWICE = "twice"
    REST_DAY = "rest_day"
    MOVED = "moved"


class Length(Struct, frozen=True):
    """A length of time: months and days of the calendar, or hours and minutes that pass."""

    months: int = 0
    days: int = 0
    minutes: int = 0

    @property
    def elapsed(self) -> bool:
        """True for one that counts hours, which no calendar changes."""
        return self.months == 0 and self.days == 0

    def __str__(self) -> str:
        hours, minutes = divmod(self.minutes, 60)
        day = "".join(f"{n}{unit}" for n, unit in ((self.months, "M"), (self.days, "D")) if n)
        time = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M")) if n)
        return f"P{day}T{time}" if time else f"P{day}"


class Due(Struct, frozen=True):
    """When a step is due, in UTC. `at` counts; `strict` is it without any rest day.

    `extended` is the end of the next working day when `strict` falls on a rest day in a period that
    could move (information when the rule does not move it), and `rest_day` names that day.
    """

    at: datetime
    strict: datetime
    extended: datetime | None = None
    rest_day: str = ""
    notes: tuple[Note, ...] = ()


def length(text: str) -> Length:
    """Read an ISO 8601 duration such as `PT24H`, `P1M` or `P7D`. Raises `BadLength`."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise BadLength(f"{text!r} is no length of time such as PT24H, P7D or P1M")
    years, months, weeks, days, hours, minutes = (int(part or 0) for part in found.groups())
    made = Length(years * 12 + months, weeks * 7 + days, hours * 60 + minutes)
    if made == Length():
        raise BadLength(f"{text!r} lasts no time at all")
    if made.months > MOST_MONTHS or made.days > MOST_DAYS or made.minutes > MOST_MINUTES:
        raise BadLength(f"{text!r} is longer than any rule")
    return made


def due(start: datetime, after: Length, *, zone: str = "UTC", country: str = "",
        moves: bool = False) -> Due:  # fmt: skip
    """When what began at `start` (aware) is due, by the calendar of `zone`.

    `country` (ISO 3166, as in SI) is whose holidays are rest days beside Saturday and Sunday; an
    unknown one has none. `moves` lets a period of days or months end on the next working day.
    Raises `Beyond`.
    """
    begun = start.astimezone(UTC)
    try:
        if after.elapsed:
            strict = begun + timedelta(minutes=after.minutes)
            return Due(strict, strict)
        return _calendar(begun, after, ZoneInfo(zone), country, moves=moves)
    except (OverflowError, ValueError):
        raise Beyond(f"{after} after {start.isoformat()} is beyond the calendar") from None


def earliest(found: list[Due]) -> Due | None:
    """The first of several deadlines of which the earliest counts; `None` when there is none yet."""
    return min(found, key=lambda one: one.at, default=None)


def before(at: datetime, length: Length) -> datetime:
    """So long before `at`; a month is thirty days, because a reminder is no deadline."""
    days = length.months * 30 + length.days
    return at - timedelta(days=days, minutes=length.minutes)


def share_gone(start: datetime, at: datetime, now: datetime) -> float:
    """How much of the time from `start` to `at` is gone, 0 before and more than 1 after its end.

    A clock that was set back gives 0, never a negative share.
    """
    whole = (at - start).total_seconds()
    if whole <= 0:
        return 0.0 if now < at else 1.0
    return max(0.0, (now - start).total_seconds() / whole)


def rest_day(day: date, country: str) -> str:
    """The name of the rest day in English, or nothing for a working day."""
    named = _holidays(country, day.year).get(day, "")
    return named or {5: "Saturday", 6: "Sunday"}.get(day.weekday(), "")


def known_country(country: str) -> bool:
    """True when we know the holidays of a country."""
    return country in holidays.list_supported_countries()


def _calendar(begun: datetime, after: Length, zone: ZoneInfo, country: str, *,
              moves: bool) -> Due:  # fmt: skip
    local = begun.astimezone(zone)
    month = local.year * 12 + local.month - 1 + after.months
    year, month = divmod(month, 12)
    last = monthrange(year, month + 1)[1]
    notes = [Note.CLIPPED] if local.day > last else []
    wall = local.replace(tzinfo=None, fold=0, year=year, month=month + 1, day=min(local.day, last))
    wall += timedelta(days=after.days)
    strict, seen = _instant(wall, zone)
    strict += timedelta(minutes=after.minutes)
    notes += seen
    shown = strict.astimezone(zone).date()
    name = rest_day(shown, country)
    if not name:
        return Due(strict, strict, notes=tuple(notes))
    working = shown
    for _ in range(MOST_REST_DAYS):
        working += timedelta(days=1)
        if not rest_day(working, country):
            break
    extended, _ = _instant(datetime.combine(working, LAST_SECOND), zone)
    notes.append(Note.REST_DAY)
    if moves:
        notes.append(Note.MOVED)
    return Due(extended if moves else strict, strict, extended, name, tuple(notes))


def _instant(wall: datetime, zone: ZoneInfo) -> tuple[datetime, list[Note]]:
    """The instant of a time on the wall; never later than a reader could take it for.

    A time that summer time skips is the moment of the change; of one that comes twice the first.
    """
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first == second:
        return first, []
    if first < second:
        return first, [Note.TWICE]
    # In a gap the offset before it gives the later instant; between the two lies the change.
    low, high = second, first
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0), [Note.GAP]


@lru_cache(maxsize=256)
def _holidays(country: str, year: int) -> dict[date, str]:
    if not known_country(country):
        return {}
    found = holidays.country_holidays(country, years=year, language="en_US")
    return {day: str(name) for day, name in found.items()}
