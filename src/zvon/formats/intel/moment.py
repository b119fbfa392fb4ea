"""Times as tables, lists and chats write them: which form a column has, and each cell in UTC.

A form is a pattern of `strptime`, empty for ISO 8601, or `epoch` (seconds since 1970), `epoch_ms`,
`filetime` (100 ns since 1601, Windows).
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
SKEW = timedelta(days=1)

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?)?\s?(Z|UTC|GMT|[+-]\d\d:?\d\d)?"
)
_EPOCH = re.compile(r"[0-9]{9,10}(?:\.[0-9]+)?")
_EPOCH_MS = re.compile(r"[0-9]{13}")
_FILETIME = re.compile(r"1[0-9]{17}")
_DAY_FIRST = re.compile(r"(\d{1,2})([./-]) ?(\d{1,2})[./-] ?(\d{4}|\d\d)")

FORMS = (
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d. %m. %Y %H:%M:%S", "%d. %m. %Y %H:%M",
    "%d. %m. %Y", "%d.%m.%Y. %H:%M:%S", "%d.%m.%Y. %H:%M", "%d.%m.%Y.", "%d. %m. %Y. %H:%M",
    "%d. %m. %Y.", "%d.%m.%y %H:%M", "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y",
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M",
    "%d/%m/%Y", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p", "%d/%b/%Y:%H:%M:%S %z", "%d %b %Y %H:%M:%S", "%d %b %Y", "%d-%b-%Y",
    "%b %d %Y", "%b %d, %Y", "%Y%m%d", "%a, %d %b %Y %H:%M:%S %z", "%a %b %d %H:%M:%S %Y",
    "%a %b %d %H:%M:%S UTC %Y",
)  # fmt: skip
"""Patterns that are tried, day before month where both are possible."""


def form_of(cells: Sequence[str]) -> tuple[str | None, float]:
    """The form that most of `cells` have, and the share that has it; `None` below a half."""
    if not cells:
        return None, 0.0
    best: tuple[str | None, float] = (None, 0.0)
    for form in ("", "epoch", "epoch_ms", "filetime", *_likely(cells)):
        share = sum(read(cell, form) is not None for cell in cells) / len(cells)
        if share > best[1]:
            best = (form, share)
        if share == 1.0:
            break
    return best if best[1] >= 0.5 else (None, 0.0)


def read(text: str, form: str = "", zone: str = "UTC") -> datetime | None:
    """`text` in UTC; `None` when it has not that form. `zone` (IANA) is that of times without one."""
    text = text.strip()
    try:
        if form == "epoch":
            return _since(float(text)) if _EPOCH.fullmatch(text) else None
        if form == "epoch_ms":
            return _since(int(text) / 1000) if _EPOCH_MS.fullmatch(text) else None
        if form == "filetime":
            if not _FILETIME.fullmatch(text):
                return None
            return datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(text) // 10)
        if form:
            return _utc(datetime.strptime(text, form), zone)  # noqa: DTZ007  the zone follows
        return _iso(text, zone)
    except (ValueError, OverflowError, OSError):
        return None


def any_form(text: str, zone: str = "UTC") -> datetime | None:
    """A time in whatever form we know."""
    found = read(text, "", zone)
    if found is not None:
        return found
    for form in ("epoch", "epoch_ms", "filetime", *_likely([text])):
        found = read(text, form, zone)
        if found is not None:
            return found
    return None


def believable(at: datetime, received_at: datetime) -> bool:
    """False for clocks that stand in 1970, or run ahead of ours by more than a day."""
    return EARLIEST <= at <= received_at + SKEW


def _likely(cells: Sequence[str]) -> list[str]:
    """The patterns, those with the month first before the others when a day shows that."""
    for cell in cells:
        found = _DAY_FIRST.match(cell)
        if found and found[2] == "/" and int(found[3]) > 12:
            return sorted(FORMS, key=lambda form: not form.startswith("%m/"))
    return list(FORMS)


def _iso(text: str, zone: str) -> datetime | None:
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, offset = found.groups()
    at = datetime(  # noqa: DTZ001  the zone follows
        int(year), int(month), int(day), int(hour or 0), int(minute or 0),
        min(int(second or 0), 59),
    )  # fmt: skip
    if offset is None:
        return _utc(at, zone)
    if offset[0] in "+-":
        hours, minutes = int(offset[1:3]), int(offset[-2:])
        shift = timedelta(hours=hours, minutes=minutes)
        at = at - shift if offset[0] == "+" else at + shift
    return at.replace(tzinfo=UTC)


def _since(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def _utc(at: datetime, zone: str) -> datetime:
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone_of(zone))
    return at.astimezone(UTC)


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """The zone (IANA); UTC for a name that nobody knows."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
