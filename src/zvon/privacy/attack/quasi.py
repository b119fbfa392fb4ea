"""Attack 5: sector, region, hour and size together single somebody out.

A row is safe when at least `k` rows say the same (k-anonymity; Samarati and Sweeney, 1998).
Rows that are not are made coarser one step after the other until they are, or do not leave.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from zvon.privacy.attack.finding import Finding, none_allowed

K = 5
ANY = "*"


class Quasi(Struct, frozen=True):
    """What is said of a victim: sector, region (a NUTS code), hour (ISO 8601, UTC), size."""

    sector: str
    region: str
    hour: str
    size: str


def quasi_identifiers(rows: Sequence[Quasi], k: int = K) -> Finding:
    """How many rows are one of fewer than `k` that say the same; one is too many.

    `detail` has the smallest class. By chance means nothing here.
    """
    classes = Counter(rows)
    exposed = sum(n for n in classes.values() if n < k)
    return none_allowed(
        "quasi-identifiers", exposed, len(rows), k=min(classes.values(), default=0),
        wanted=k, classes=len(classes),
    )  # fmt: skip


def generalised(rows: Sequence[Quasi], k: int = K) -> list[Quasi]:
    """The rows as they may leave: as fine as `k` alike allow; those that never are, left out.

    Only rows that are too rare become coarser. The order is that of the steps, so that a place
    in the list tells nothing.
    """
    done: list[Quasi] = []
    left = list(rows)
    for step in (lambda row: row, *STEPS):
        left = [step(row) for row in left]
        classes = Counter(left)
        done += sorted(_enough(left, classes, k), key=_key)
        left = [row for row in left if classes[row] < k]
    return done


def _enough(rows: Sequence[Quasi], classes: Counter[Quasi], k: int) -> list[Quasi]:
    return [row for row in rows if classes[row] >= k]


def _key(row: Quasi) -> tuple[str, str, str, str]:
    return row.sector, row.region, row.hour, row.size


def _part_of_day(row: Quasi) -> Quasi:
    at = _at(row.hour)
    return row if at is None else replace(row, hour=f"{at:%Y-%m-%d}/{at.hour // 6 + 1}")


def _day(row: Quasi) -> Quasi:
    return replace(row, hour=row.hour[:10])


def _week(row: Quasi) -> Quasi:
    at = _at(row.hour)
    return row if at is None else replace(row, hour="{}-W{:02}".format(*at.isocalendar()[:2]))


def _wider(row: Quasi) -> Quasi:
    """One level of NUTS up: a district, a region, a part of the country, the country."""
    return replace(row, region=row.region[:-1] if len(row.region) > 2 else row.region)


STEPS: tuple[Callable[[Quasi], Quasi], ...] = (
    _part_of_day, _wider, _day, _wider, _week, _wider,
    lambda row: replace(row, size=ANY),
    lambda row: replace(row, hour=ANY),
    lambda row: replace(row, sector=ANY),
    lambda row: replace(row, region=ANY),
)  # fmt: skip


def _at(hour: str) -> datetime | None:
    try:
        return datetime.fromisoformat(hour)
    except ValueError:
        return None
