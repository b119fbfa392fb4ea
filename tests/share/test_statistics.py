"""Counts for outsiders: drawn once, within a budget, and nobody can be told from them."""

import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tests.policies import policy_text
from tests.store.world import own_party, report, somebody
from zvon.access.permission import Denied
from zvon.model.statistics import (
    OTHER,
    BadWeek,
    DataSet,
    NoDataSet,
    counted,
    data_set,
    grid,
    half_width,
    over,
    plan,
    shown,
    week_days,
)
from zvon.share.statistics import HEAD, NoBudget, Noise, laplace, publish, to_csv
from zvon.store import data_policy, statistics
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

WEEK = "2026-W46"
MONDAY = datetime(2026, 11, 9, 12, tzinfo=UTC)
REPORTS = data_set("reports", "public")


def geometric(draw: random.Random, scale: float) -> int:
    """Discrete Laplace noise as the difference of two geometric draws."""
    p = 1 - math.exp(-1 / scale)

    def one() -> int:
        return int(math.log(1 - draw.random()) / math.log(1 - p))

    return one() - one()


def seeded(seed: int) -> Noise:
    draw = random.Random(seed)

    def noise(counts: Sequence[int], scale: float) -> list[int]:
        return [count + geometric(draw, scale) for count in counts]

    return noise


def none(counts: Sequence[int], scale: float) -> list[int]:
    return list(counts)


def bytes_of(count: int) -> bytes:
    return random.randbytes(count)


async def put(pool: Pool, now: datetime, week: str = WEEK, noise: Noise = none,
              set_id: str = "reports") -> tuple[statistics.Release, bool]:  # fmt: skip
    async with transaction(pool, now) as tx:
        return await publish(tx, None, set_id, week, "public", now, bytes_of, noise)


async def world(pool: Pool, now: datetime, reports: int) -> None:
    home = await own_party(pool, now)
    async with transaction(pool, now) as tx:
        await data_policy.put(tx, {"a": policy_text("SI")}, now)
        for _ in range(reports):
            await report(tx, MONDAY, home)


async def test_a_week_is_drawn_once_and_the_ledger_knows_it(pool: Pool, now: datetime) -> None:
    await world(pool, now, 9)
    first, fresh = await put(pool, now, noise=seeded(1))
    again, twice = await put(pool, now, noise=seeded(2))
    assert (fresh, twice) == (True, False)
    assert again == first, "a second draw would average the noise away"
    async with read(pool, SYSTEM) as db:
        row = await (await db.execute("select spent from statistics_budget")).fetchone()
        assert row == (pytest.approx(REPORTS.epsilon),)
        assert await statistics.published(db) == [first]
        left = await (
            await db.execute("select door, subject, recipient, outcome from disclosure")
        ).fetchall()
        assert left == [("statistics", f"reports:{WEEK}", "public", "released")]
        assert await statistics.published(db, audience="partners") == []


async def test_without_noise_the_numbers_are_those_of_the_week(pool: Pool, now: datetime) -> None:
    await world(pool, now, 9)
    made, _ = await put(pool, now)
    told = {(c.value, c.country): c.count for c in made.cells}
    assert len(made.cells) == len(grid(REPORTS, ["SI"]))
    assert told["sms", "SI"] == 9
    assert {count for place, count in told.items() if place != ("sms", "SI")} == {None}
    before, _ = await put(pool, now, "2026-W45")
    assert all(cell.count is None for cell in before.cells)


async def test_a_reporter_counts_once_a_week_whatever_they_send(pool: Pool, now: datetime) -> None:
    await world(pool, now, 6)
    async with transaction(pool, now) as tx:
        await tx.execute("update report set channel = 'web' where record_id % 2 = 0")
        await tx.execute(
            "insert into mail_reply (record_id, sealed, sender_hash, asked_at)"
            " select record_id, '', '\\x01', now() from report"
        )
    async with read(pool, SYSTEM) as db:
        counts = await statistics.exact(db, REPORTS, MONDAY - timedelta(1), MONDAY + timedelta(1))
    assert sum(counts.values()) == 1


@pytest.mark.parametrize("set_id", ["reports", "incidents", "blocks"])
async def test_every_data_set_counts_an_empty_node(pool: Pool, now: datetime, set_id: str) -> None:
    await world(pool, now, 0)
    made, _ = await put(pool, now, set_id=set_id)
    assert {cell.count for cell in made.cells} == {None}


async def test_a_spent_budget_refuses_and_the_audit_has_it(pool: Pool, now: datetime) -> None:
    await world(pool, now, 5)
    await put(pool, now)
    async with transaction(pool, now) as tx:
        await tx.execute("update statistics_budget set spent = epsilon")
    with pytest.raises(NoBudget, match=r"13\.25 of 13\.25 is spent"):
        await put(pool, now, "2026-W45")
    made, fresh = await put(pool, now)
    assert (made.week, fresh) == (WEEK, False), "what was given stays"
    async with read(pool, SYSTEM) as db:
        rows = await (
            await db.execute("select object, rule from audit where outcome = 'refused'")
        ).fetchall()
    assert rows == [("reports:2026-W45:public", "budget")]


async def test_the_budget_lasts_for_a_year_of_weeks() -> None:
    for each in plan().sets:
        for audience, budget in each.budget.items():
            assert 53 * each.epsilon <= budget + 1e-9, (each.id, audience)


async def test_publishing_needs_the_permission(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    async with transaction(pool, now) as tx:
        with pytest.raises(Denied):
            await publish(tx, ana, "reports", WEEK, "public", now, bytes_of)
    async with read(pool, SYSTEM) as db:
        with pytest.raises(Denied):
            await statistics.budgets(db, ana)


@pytest.mark.parametrize("week", ["2026-W47", "2026-W53 ", "2026-W60", "0000-W01", "2026-46", "",
                                  "2026-W30", "9999-W52", "٢٠٢٦-W46"])  # fmt: skip
def test_a_week_that_is_none_or_not_over_or_long_ago_is_refused(week: str, now: datetime) -> None:
    with pytest.raises(BadWeek):
        over(week, now, plan().oldest_weeks)


def test_weeks_follow_the_calendar_of_iso() -> None:
    first, after = week_days("2026-W01")
    assert (first.isoformat(), after.isoformat()) == ("2025-12-29", "2026-01-05")


def test_no_data_set_and_no_audience_are_refused() -> None:
    with pytest.raises(NoDataSet):
        data_set("passwords", "public")
    with pytest.raises(NoDataSet):
        data_set("reports", "press")


def test_the_grid_does_not_depend_on_what_was_counted() -> None:
    empty = counted(REPORTS, ["SI"], {})
    full = counted(REPORTS, ["SI"], {("sms", "SI"): 3, ("pigeon", "SI"): 2, ("web", "XX"): 7})
    assert len(empty) == len(full) == len(grid(REPORTS, ["SI"]))
    told = dict(zip(grid(REPORTS, ["SI"]), full, strict=True))
    assert (told[OTHER, "SI"], told["web", OTHER], sum(full)) == (2, 7, 12)


def test_small_counts_are_suppressed_and_tell_nothing_of_how_small() -> None:
    of = DataSet(id="x", dimension="channel", values=("a",), scale=2.0, budget={"public": 1.0})
    cells = shown(of, (), [4, 5], 5)
    assert (cells[0].count, cells[1].count) == (None, 5)
    assert cells[0] == shown(of, (), [-9, 5], 5)[0]
    assert (cells[1].low, cells[1].high) == (0, 5 + of.half)


@pytest.mark.parametrize("scale", [1.0, 2.0, 4.0])
def test_the_interval_holds_as_often_as_it_says(scale: float) -> None:
    draw = random.Random(7)
    half = half_width(scale)
    inside = sum(abs(geometric(draw, scale)) <= half for _ in range(20_000)) / 20_000
    tail = 2 * math.exp(-(half + 1) / scale) / (1 + math.exp(-1 / scale))
    assert tail <= 0.05
    assert inside == pytest.approx(1 - tail, abs=0.006)


def test_opendp_draws_the_noise_that_the_ledger_charges_for() -> None:
    """The error is within six standard deviations: a right sampler fails once in 10^8 runs."""
    scale, runs = 4.0, 4_000
    drawn = laplace([100] * runs, scale)
    a = math.exp(-1 / scale)
    variance = 2 * a / (1 - a) ** 2
    assert abs(sum(drawn) / runs - 100) < 6 * math.sqrt(variance / runs)
    share = sum(each == 100 for each in drawn) / runs
    chance = (1 - a) / (1 + a)
    assert abs(share - chance) < 6 * math.sqrt(chance * (1 - chance) / runs)
    assert laplace([100] * runs, scale) != drawn


def test_differencing_all_weeks_stays_within_the_bound() -> None:
    """Attack 7: with and without one reporter who is in every week, over all that was printed.

    The best an onlooker can do is the likelihood ratio of all weeks. Its true positive rate at any
    threshold may exceed e^epsilon times the false positive rate by the error of the sample only.
    """
    weeks, trials, of = 8, 4_000, REPORTS
    draw = random.Random(20261122)
    epsilon = weeks * of.epsilon

    def onlooker(count: int) -> float:
        seen = 0.0
        for _ in range(weeks):
            (cell,) = shown(
                DataSet(id="x", dimension="x", values=(), scale=of.scale, budget={}), (),
                [count + geometric(draw, of.scale)], 5,
            )  # fmt: skip
            # How much likelier is this number with the reporter (11) than without (10)?
            if cell.count is not None:
                seen += (abs(cell.count - 10) - abs(cell.count - 11)) / of.scale
        return seen

    without = sorted(onlooker(10) for _ in range(trials))
    with_them = sorted(onlooker(11) for _ in range(trials))
    advantage = 0.0
    for threshold in sorted({*without, *with_them}):
        false = sum(each >= threshold for each in without) / trials
        true = sum(each >= threshold for each in with_them) / trials
        error = 4 * math.sqrt(0.25 / trials)
        assert true <= math.exp(epsilon) * false + error
        assert (1 - false) <= math.exp(epsilon) * (1 - true) + error
        advantage = max(advantage, true - false)
    bound = (math.exp(epsilon) - 1) / (math.exp(epsilon) + 1)
    assert advantage <= bound + 4 * math.sqrt(0.5 / trials)
    assert advantage > 0.05, "the test can see a difference where there is one"


async def test_csv_has_every_cell_and_no_small_count(pool: Pool, now: datetime) -> None:
    await world(pool, now, 9)
    made, _ = await put(pool, now)
    head, *rows = to_csv([made]).split("\r\n")[:-1]
    assert head == ",".join(HEAD)
    assert len(rows) == len(made.cells)
    assert f"{WEEK},reports,sms,SI,9,0,{9 + REPORTS.half},0.25" in rows
    assert sum(",<5," in row for row in rows) == len(rows) - 1
