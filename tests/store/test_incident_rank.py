"""The stored rank: made anew only where something changed; weights need two people."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.store.world import new_uuid, own_party, reported, somebody
from zvon.access.permission import Denied
from zvon.access.viewer import Viewer
from zvon.model import rank as model
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import Observable, ObservableType
from zvon.model.rank import Weights, shipped
from zvon.store import incident_rank, incident_rank_policy, party
from zvon.store.incident_rank_policy import NotInState, OwnChange, RankChange
from zvon.store.ingest import SAID, RecordIn, Sighted, ingest, occurrences
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting


async def ranked(pool: Pool, now: datetime) -> int:
    """Run the ranking until nothing is due; how many rows it looked at."""
    looked = 0
    while True:
        async with transaction(pool, now) as tx:
            found = await incident_rank.due(tx, now, 100)
        if not found:
            return looked
        looked += found


async def rows(pool: Pool, columns: str = "rank, rank_terms") -> list[tuple[Any, ...]]:
    async with read(pool, SYSTEM) as db:
        return await (
            await db.execute(f"select {columns} from incident order by id".encode())
        ).fetchall()


def codes(terms: Sequence[dict[str, Any]] | None) -> list[str]:
    return [term["code"] for term in terms or ()]


async def test_facts_that_change_move_the_rank_and_say_why(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    made = await reported(pool, now, home, rank=50.0)
    assert await ranked(pool, now) == 1
    assert await ranked(pool, now) == 0
    [(before, terms)] = await rows(pool)
    assert (before, codes(terms)) == (50.0, ["REPORTS"])
    async with transaction(pool, now) as tx:
        await tx.execute("update incident set severity = 4")
        await incident_rank.put_features(
            tx, made.incident_id, {"novelty": 2.0, "escalation": 1, "triage": 0.5}
        )
    assert await ranked(pool, now) == 1
    [(after, terms)] = await rows(pool)
    assert set(codes(terms)) == {"REPORTS", "RANK_SEVERITY_4", "RANK_NOVELTY", "RANK_ESCALATION",
                                 "RANK_ALERT_MODEL"}  # fmt: skip
    assert after == 50.0 + 60.0 + 16.0 + 40.0 + 30.0
    assert after == sum(term["weight"] for term in terms)


async def test_age_moves_the_rank_only_at_its_steps(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    await reported(pool, now, home, rank=50.0)
    await ranked(pool, now)
    assert await ranked(pool, now + timedelta(minutes=59)) == 0
    assert await ranked(pool, now + timedelta(minutes=61)) == 1
    [(rank, next_at)] = await rows(pool, "rank, rank_next")
    assert (rank, next_at) == (51.0, now + timedelta(hours=4))
    assert await ranked(pool, now + timedelta(days=365)) == 1
    assert await rows(pool, "rank, rank_next") == [(62.0, None)]
    assert await ranked(pool, now + timedelta(days=400)) == 0


async def test_a_new_report_keeps_what_was_added(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    made = await reported(pool, now, home, rank=50.0)
    async with transaction(pool, now) as tx:
        await tx.execute("update incident set severity = 3")
    await ranked(pool, now)
    await reported(pool, now, home, rank=70.0, campaign_id=made.campaign_id)
    assert await rows(pool, "rank") == [(100.0,)]  # at once: 70 and the 30 for its severity
    await ranked(pool, now)
    assert await rows(pool, "rank") == [(104.0,)]  # then the second report


async def test_a_name_that_a_source_knows_lifts_by_the_trust_in_it(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    async with transaction(pool, now) as tx:
        own = await party.own(tx.db)
        (known,) = await ingest(
            tx, [RecordIn(uuid=new_uuid(now), kind="indicator", created_at=now, modified_at=now,
                          tlp=Tlp.GREEN, pap=Pap.GREEN,
                          payload={}, org_id=own.id, orgc_id=own.id)], now,
        )  # fmt: skip
        name = Observable(ObservableType.DOMAIN, "posta-si.dostava-paketa.example")
        await occurrences(tx, known, [Sighted(observable=name, role=SAID, seen_at=now)])
    await reported(pool, now, home, rank=10.0)
    await ranked(pool, now)
    [(rank, terms)] = await rows(pool)
    assert codes(terms) == ["RANK_INTELLIGENCE", "REPORTS"]
    assert rank == 10.0 + shipped().intelligence * 0.5  # of a source that nobody judged yet


async def test_what_is_ours_and_dear_lifts(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    made = await reported(pool, now, home, rank=10.0)
    async with transaction(pool, now) as tx:
        await tx.execute(
            "insert into constituency (kind, value, worth) values ('domain', 'bolnica.example', 4),"
            " ('prefix', '192.0.2.0/24', 2), ('domain', 'knjiznica.example', 0)"
        )
        hosts = ["pacs.bolnica.example", "192.0.2.7", "x.knjiznica.example", "bad host", ""]
        await incident_rank.put_features(tx, made.incident_id, {"hosts": hosts})
    await ranked(pool, now)
    [(rank, terms)] = await rows(pool)
    assert rank == 10.0 + 4 * shipped().asset
    assert {"what": "bolnica.example", "worth": 4} in [term["params"] for term in terms]


@pytest.mark.parametrize(
    "wrong", [{"unknown": 1}, {"novelty": float("nan")}, {"triage": float("inf")}]
)
async def test_a_feature_that_nobody_knows_is_refused(
    pool: Pool, now: datetime, wrong: dict[str, Any]
) -> None:
    home = await own_party(pool, now)
    made = await reported(pool, now, home)
    async with transaction(pool, now) as tx:
        with pytest.raises(ValueError, match=r"feature|finite"):
            await incident_rank.put_features(tx, made.incident_id, wrong)


async def test_what_somebody_works_on_is_ranked_in_the_next_run(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    await reported(pool, now, home, rank=1.0)
    busy = await reported(pool, now, home, rank=2.0)
    async with pool.connection() as other, other.transaction():
        await other.execute("select set_config('zvon.viewer', 'system', true)")
        await other.execute(
            "select from incident where id = %s for no key update", (busy.incident_id,)
        )
        async with transaction(pool, now) as tx:
            assert await incident_rank.due(tx, now, 100) == 1
    async with transaction(pool, now) as tx:
        assert await incident_rank.due(tx, now, 100) == 1


def heavier(**weights: Any) -> Weights:
    return model.read(msgspec.to_builtins(shipped()) | weights)


async def proposed(pool: Pool, now: datetime, who: Viewer, weights: Weights) -> RankChange:
    async with transaction(pool, now, viewer=viewer_setting(who)) as tx:
        return await incident_rank_policy.propose(tx, who, weights, "trial", now, bytes)


async def decided(pool: Pool, now: datetime, who: Viewer, change: RankChange) -> RankChange:
    async with transaction(pool, now, viewer=viewer_setting(who)) as tx:
        return await incident_rank_policy.decide(tx, who, change.uuid, approve=True, now=now)


async def test_weights_change_only_by_two_people(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    bor = await somebody(pool, now, home, "bor", roles=["approver"])
    ada = await somebody(pool, now, home, "ada", roles=["administrator"])
    ana = await somebody(pool, now, home, "ana")
    low = await reported(pool, now, home, rank=10.0)
    await reported(pool, now, home, rank=20.0)
    async with transaction(pool, now) as tx:
        await tx.execute("update incident set severity = 2 where id = %s", (low.incident_id,))
    await ranked(pool, now)
    weights = heavier(severity=[0, 5, 8, 10, 20])
    async with read(pool, bor) as db:
        seen = await incident_rank_policy.preview(db, bor, weights, now)
    assert (seen.looked, seen.moved) == (2, 2)
    assert [(m.was, m.becomes) for m in seen.moves] == [(2, 1), (1, 2)]
    change = await proposed(pool, now, bor, weights)
    assert await ranked(pool, now) == 0
    with pytest.raises(OwnChange):
        await decided(pool, now, bor, change)
    with pytest.raises(Denied):
        await decided(pool, now, ana, change)
    assert (await decided(pool, now, ada, change)).version == 1
    with pytest.raises(NotInState):
        await decided(pool, now, ada, change)
    assert await ranked(pool, now) == 2
    assert await rows(pool, "rank, rank_policy") == [(18.0, 1), (20.0, 1)]
    async with read(pool, SYSTEM) as db:
        refused = await (
            await db.execute("select actor, rule from audit where outcome = 'refused'")
        ).fetchall()
    assert refused == [("bor", "four_eyes")]


async def test_a_proposal_made_before_another_change_is_looked_at_again(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    bor = await somebody(pool, now, home, "bor", roles=["approver"])
    ada = await somebody(pool, now, home, "ada", roles=["administrator"])
    async with transaction(pool, now, viewer=viewer_setting(bor)) as tx:
        old = await incident_rank_policy.propose(tx, bor, heavier(asset=9.0), "one", now, bytes)
    later = now + timedelta(minutes=5)
    async with transaction(pool, later, viewer=viewer_setting(bor)) as tx:
        new = await incident_rank_policy.propose(
            tx, bor, heavier(asset=1.0), "two", later, lambda n: bytes([1] * n)
        )
    await decided(pool, later, ada, new)
    with pytest.raises(NotInState):
        await decided(pool, later, ada, old)


async def test_escalation_lifts_and_is_told(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    made = await reported(pool, now, home, rank=10.0)
    for level in (1, 2, 3, 3):
        async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
            assert level == await incident_rank.escalate(tx, ana, made.incident_uuid, "fire", now)
    await ranked(pool, now)
    assert await rows(pool, "rank") == [(130.0,)]
    async with read(pool, ana) as db:
        told = await (
            await db.execute("select count(*) from timeline where code = 'ESCALATED'")
        ).fetchone()
    assert told == (4,)
