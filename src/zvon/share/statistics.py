"""Statistics for outsiders: each week once, with noise, within a budget; no question of one's own.

The noise is discrete Laplace (opendp, exact arithmetic). Whether one reporter is in the data changes
one cell of a release by one, so a release tells an onlooker at most `epsilon` about anybody, and
all of a year together at most the budget.
"""

import csv
import hashlib
import io
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

import msgspec

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.disclosure import Door, Outcome
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.marking import Tlp
from zvon.model.statistics import counted, data_set, over, plan, shown
from zvon.store import disclosure, statistics
from zvon.store.disclosure import Leaving
from zvon.store.statistics import PUBLIC, BudgetSpent, Release
from zvon.store.transaction import AuditEntry, Tx

Noise = Callable[[Sequence[int], float], list[int]]
HEAD = ("week", "data_set", "value", "country", "count", "low", "high", "epsilon")


class NoBudget(BudgetSpent, Refused):
    """Nothing more of this data set leaves in this year; the refusal is in the audit."""


def laplace(counts: Sequence[int], scale: float) -> list[int]:
    """`counts` with discrete Laplace noise of `scale`, from the operating system's randomness."""
    import opendp.prelude as dp  # noqa: PLC0415 -- half a second, and few processes publish

    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T=int)), dp.l1_distance(T=int)
    drawn: list[int] = dp.m.make_laplace(*space, scale=scale)(list(counts))
    return drawn


async def publish(
    tx: Tx,
    by: Viewer | None,
    set_id: str,
    week: str,
    audience: str,
    now: datetime,
    random: Callable[[int], bytes],
    noise: Noise = laplace,
) -> tuple[Release, bool]:
    """Publish a week of a data set; a week that was published is given as it was, drawn once only.

    The second value says whether it is new. `tx` runs as `system`, because numbers are of all rows;
    `by` is who asked. Raises `Denied`, `NoDataSet`, `BadWeek`, and `NoBudget`.
    """
    if by is not None:
        by.require(Permission.STATISTICS_PUBLISH)
    of = data_set(set_id, audience)
    since, until = over(week, now, plan().oldest_weeks)
    actor, period = "system" if by is None else by.login, week[:4]
    budget = await statistics.lock_budget(tx, of, audience, period)
    if (known := await statistics.one(tx.db, set_id, audience, week)) is not None:
        return known, False
    countries = await statistics.countries(tx.db)
    exact = await statistics.exact(tx.db, of, since, until)
    cells = shown(
        of, countries, noise(counted(of, countries, exact), of.scale), plan().suppress_below
    )
    made = Release(
        uuid=uuid7(now, random(RANDOM_BYTES)), data_set=set_id, audience=audience, period=period,
        week=week, epsilon=of.epsilon, cells=cells, at=now, by_login=actor,
    )  # fmt: skip
    what = f"{set_id}:{week}:{audience}"
    try:
        await statistics.put(tx, budget, made)
    except BudgetSpent as problem:
        raise NoBudget(str(problem), _entry(actor, what, refused=True)) from None
    await disclosure.put(
        tx, made.uuid,
        Leaving(
            door=Door.STATISTICS, subject=f"{set_id}:{week}", recipient=audience,
            policy_sha256=plan().sha256, tlp=int(Tlp.CLEAR if audience == PUBLIC else Tlp.GREEN),
            outcome=Outcome.RELEASED, by_login=actor,
            content_sha256=hashlib.sha256(msgspec.json.encode(cells)).digest(),
        ),
        now,
    )  # fmt: skip
    tx.audit(_entry(actor, what))
    return made, True


def _entry(actor: str, what: str, *, refused: bool = False) -> AuditEntry:
    return AuditEntry(
        actor=actor, action=Permission.STATISTICS_PUBLISH, object=what,
        outcome="refused" if refused else "done", rule="budget",
    )  # fmt: skip


def to_csv(releases: Collection[Release]) -> str:
    """Releases as comma-separated values (RFC 4180); a suppressed count is `<5`."""
    told = io.StringIO()
    lines = csv.writer(told)
    lines.writerow(HEAD)
    small = f"<{plan().suppress_below}"
    for each in releases:
        for cell in each.cells:
            lines.writerow(
                (each.week, each.data_set, cell.value, cell.country,
                 small if cell.count is None else cell.count, cell.low, cell.high, each.epsilon)
            )  # fmt: skip
    return told.getvalue()
