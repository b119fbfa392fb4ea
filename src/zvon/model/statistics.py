"""Counts for outsiders: which are published, how much privacy they cost, and how they are shown."""

import hashlib
import math
import re
import tomllib
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

OTHER = "other"
_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
# The noise stays within the interval of a published number this often.
SURE = 0.95


class DataSet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One published table: week x `dimension` x country. `values` and `other` are its rows.

    The grid never depends on what was counted. `scale` is of the noise (discrete Laplace), so a
    release costs `1 / scale`; `budget` is what each audience may get in a year.
    """

    id: str
    dimension: str
    values: tuple[str, ...]
    scale: Annotated[float, Meta(gt=0.0)]
    budget: dict[str, Annotated[float, Meta(gt=0.0)]]

    @property
    def epsilon(self) -> float:
        """What one release of one week costs."""
        return 1.0 / self.scale

    @property
    def half(self) -> int:
        """Half the 95 % interval around a published number."""
        return half_width(self.scale)


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"sets": "set"}):
    """All data sets, and how small counts are treated; `sha256` is of the file."""

    suppress_below: Annotated[int, Meta(ge=0)]
    oldest_weeks: Annotated[int, Meta(ge=1)]
    sets: tuple[DataSet, ...]
    sha256: str = ""


class Cell(Struct, frozen=True, kw_only=True):
    """One published number with its 95 % interval; `count` is null where it is suppressed."""

    value: str
    country: str
    count: int | None
    low: int
    high: int


class BadWeek(ValueError):
    """The week is none, is not over, or is too long ago."""


class NoDataSet(LookupError):
    """No such data set or audience is published."""


@cache
def plan() -> Plan:
    """The data sets that ship."""
    text = (files("zvon.model") / "statistics.toml").read_text("utf-8")
    told = tomllib.loads(text) | {"sha256": hashlib.sha256(text.encode()).hexdigest()}
    return msgspec.convert(told, Plan)


def data_set(id: str, audience: str) -> DataSet:
    """The data set called `id`. Raises `NoDataSet`, also when `audience` gets none of it."""
    for each in plan().sets:
        if each.id == id and audience in each.budget:
            return each
    raise NoDataSet(f"no data set {id!r} is published to {audience!r}")


def week_days(week: str) -> tuple[date, date]:
    """First day and the day after the last of an ISO 8601 week `2026-W47`. Raises `BadWeek`."""
    found = _WEEK.fullmatch(week)
    if found is None:
        raise BadWeek(f"{week!r} is no week such as 2026-W47")
    try:
        first = date.fromisocalendar(int(found[1]), int(found[2]), 1)
        return first, first + timedelta(days=7)
    except (ValueError, OverflowError):
        raise BadWeek(f"there is no week {week}") from None


def over(week: str, now: datetime, oldest_weeks: int) -> tuple[datetime, datetime]:
    """Beginning and end (UTC) of a week that is over and not too long ago. Raises `BadWeek`."""
    first, after = (datetime(d.year, d.month, d.day, tzinfo=UTC) for d in week_days(week))
    if now < after:
        raise BadWeek(f"{week} is not over yet")
    if after < now - timedelta(weeks=oldest_weeks):
        raise BadWeek(f"{week} is more than {oldest_weeks} weeks ago")
    return first, after


def grid(of: DataSet, countries: Collection[str]) -> list[tuple[str, str]]:
    """Every cell of a release, whether or not anything was counted in it."""
    return [(value, country) for value in (*of.values, OTHER)
            for country in (*sorted(countries), OTHER)]  # fmt: skip


def counted(
    of: DataSet, countries: Collection[str], exact: Mapping[tuple[str, str], int]
) -> list[int]:
    """The exact counts in the order of the grid; what no row or country has is `other`."""
    cells = dict.fromkeys(grid(of, countries), 0)
    for (value, country), count in exact.items():
        place = (value if value in of.values else OTHER, country if country in countries else OTHER)
        cells[place] += count
    return list(cells.values())


def shown(
    of: DataSet, countries: Collection[str], noisy: Collection[int], suppress_below: int
) -> tuple[Cell, ...]:
    """What is printed of noisy counts; nothing here looks at the exact ones."""
    half = of.half
    return tuple(
        Cell(value=value, country=country, count=None, low=0, high=max(suppress_below - 1, 0) + half)
        if count < suppress_below
        else Cell(value=value, country=country, count=count, low=max(count - half, 0),
                  high=count + half)
        for (value, country), count in zip(grid(of, countries), noisy, strict=True)
    )  # fmt: skip


def half_width(scale: float) -> int:
    """The least `t` with `P(|noise| <= t) >= 95 %` for discrete Laplace noise of `scale`.

    `P(|X| > t) = 2 a^(t+1) / (1 + a)` with `a = exp(-1 / scale)`.
    """
    a = math.exp(-1.0 / scale)
    return max(math.ceil(math.log((1.0 - SURE) * (1.0 + a) / 2.0) / math.log(a)) - 1, 0)
