"""Decisions on many: frozen, item by item, two people when large, one undo, nothing half done."""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.store.test_incident_queue import block
from tests.store.world import Reported, own_party, reported, somebody
from zvon.access.permission import Denied
from zvon.access.viewer import Viewer
from zvon.model.bulk import Action, Assign, BulkState, Move, SayAlertVerdict, SayVerdict, Snooze
from zvon.model.lifecycle import IncidentState
from zvon.model.marking import Tlp
from zvon.model.verdict import AlertVerdict, VerdictWord
from zvon.respond import bulk, bulk_policy, decide
from zvon.respond.bulk import BadBulk, OwnBulk, StaleBulk
from zvon.store import bulk as rows
from zvon.store import party, person
from zvon.store.bulk import Bulk, NothingChosen, NotInState, TooMany
from zvon.store.incident_filter import Filter
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting

BENIGN = SayVerdict(word=VerdictWord.BENIGN)


async def asked(
    pool: Pool, now: datetime, who: Viewer, action: Action, what: Sequence[UUID] | Filter
) -> Bulk:
    async with transaction(pool, now, viewer=viewer_setting(who)) as tx:
        uuid = await bulk.ask(tx, who, action, what, "all the same", now, os.urandom)
    return await seen(pool, who, uuid)


async def seen(pool: Pool, who: Viewer, uuid: UUID) -> Bulk:
    async with read(pool, who) as db:
        return await rows.get(db, who, uuid)


async def started(pool: Pool, now: datetime, who: Viewer, found: Bulk) -> Bulk:
    """Start it and do the work, as the job would."""
    async with transaction(pool, now, viewer=viewer_setting(who)) as tx:
        await bulk.start(tx, who, found.uuid, now)
    await bulk.work(pool, found.uuid, lambda: now)
    return await seen(pool, who, found.uuid)


async def undone(pool: Pool, now: datetime, who: Viewer, found: Bulk) -> Bulk:
    async with transaction(pool, now, viewer=viewer_setting(who)) as tx:
        await bulk.undo(tx, who, found.uuid, now)
    await bulk.work(pool, found.uuid, lambda: now)
    return await seen(pool, who, found.uuid)


async def policy(pool: Pool, now: datetime, **changed: int) -> None:
    body = {name: getattr(bulk_policy.shipped(), name)
            for name in bulk_policy.BulkPolicy.__struct_fields__} | changed  # fmt: skip
    async with transaction(pool, now) as tx:
        await tx.execute(
            "insert into policy (name, version, body, at) values ('bulk', 1, %s, %s)",
            (Jsonb(body), now),
        )


async def standing(pool: Pool, columns: str = "state, verdict") -> list[tuple[object, ...]]:
    async with read(pool, SYSTEM) as db:
        return await (
            await db.execute(f"select {columns} from incident order by id".encode())
        ).fetchall()


async def three(pool: Pool, now: datetime) -> tuple[Viewer, Viewer, list[Reported]]:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    bor = await somebody(pool, now, home, "bor", roles=["approver"])
    return ana, bor, [await reported(pool, now, home) for _ in range(3)]


@pytest.mark.parametrize(("action", "columns", "after"), [
    (BENIGN, "state, verdict", ("rejected", "benign")),
    (SayAlertVerdict(value=AlertVerdict.TRUE_POSITIVE), "state, alert_verdict",
     ("open", "true_positive")),
    (Assign(login="bor"), "(select login from person p where p.id = owner_id)", ("bor",)),
    (Snooze(until=datetime.fromisoformat("2026-11-23T09:00:00+00:00")), "waiting", (False,)),
    (Move(to=IncidentState.OPEN), "state", ("open",)),
])  # fmt: skip
async def test_each_kind_is_done_to_all_and_taken_back_at_once(
    pool: Pool, now: datetime, action: Action, columns: str, after: tuple[object, ...]
) -> None:
    ana, _, made = await three(pool, now)
    before = await standing(pool, columns)
    found = await asked(pool, now, ana, action, [m.incident_uuid for m in made])
    assert await standing(pool, columns) == before
    found = await started(pool, now, ana, found)
    assert (found.state, found.results) == (BulkState.DONE, {"done": 3})
    assert await standing(pool, columns) == [after] * 3
    found = await undone(pool, now, ana, found)
    assert (found.state, found.results) == (BulkState.UNDONE, {"undone": 3})
    if not isinstance(action, Move | SayVerdict | SayAlertVerdict):  # new is taken up as triage
        assert await standing(pool, columns) == before
    else:
        assert {row[0] for row in await standing(pool, "state")} == {"triage"}


async def test_the_list_is_what_was_seen_and_what_changed_since_is_left(
    pool: Pool, now: datetime
) -> None:
    ana, bor, made = await three(pool, now)
    found = await asked(pool, now, ana, BENIGN, Filter())
    late = await reported(pool, now, await own_party_again(pool))
    async with transaction(pool, now, viewer=viewer_setting(bor)) as tx:
        await decide.verdict(tx, bor, made[1].incident_uuid, "malicious", version=1, now=now)
    found = await started(pool, now, ana, found)
    assert found.results == {"done": 2, "skipped": 1}
    async with read(pool, ana) as db:
        items = await rows.items(db, found)
    left = {i.incident: i.detail for i in items if i.outcome == "skipped"}
    assert left == {made[1].incident_uuid: "BULK_CHANGED"}
    assert late.incident_uuid not in {i.incident for i in items}


async def own_party_again(pool: Pool) -> party.Party:
    async with read(pool, SYSTEM) as db:
        return await party.own(db)


async def test_undo_keeps_what_somebody_worked_on_since(pool: Pool, now: datetime) -> None:
    ana, bor, made = await three(pool, now)
    found = await asked(pool, now, ana, BENIGN, [m.incident_uuid for m in made])
    found = await started(pool, now, ana, found)
    async with transaction(pool, now, viewer=viewer_setting(bor)) as tx:
        await decide.verdict(tx, bor, made[0].incident_uuid, "malicious", version=2, now=now)
    found = await undone(pool, now, ana, found)
    assert found.results == {"kept": 1, "undone": 2}
    assert (await standing(pool))[0] == ("open", "malicious")


async def test_a_large_one_needs_another_person_who_saw_the_same(pool: Pool, now: datetime) -> None:
    ana, bor, made = await three(pool, now)
    home = await own_party_again(pool)
    low = await somebody(pool, now, home, "low", roles=["approver"], ceiling=Tlp.GREEN)
    await policy(pool, now, second_person_above=2)
    found = await asked(pool, now, ana, BENIGN, [m.incident_uuid for m in made])
    found = await started(pool, now, ana, found)
    assert (found.state, found.need, found.results) == (BulkState.WAITING, 2, {"waiting": 3})

    async def confirmed(who: Viewer, sha: str = found.body_sha, *, agrees: bool = True) -> None:
        async with transaction(pool, now, viewer=viewer_setting(who)) as tx:
            await bulk.confirm(tx, who, found.uuid, agrees=agrees, body_sha=sha, now=now)

    with pytest.raises(Denied):
        await confirmed(ana)
    with pytest.raises(StaleBulk):
        await confirmed(bor, "0" * 64)
    with pytest.raises(OwnBulk, match="not all yours"):
        await confirmed(low)
    with pytest.raises(psycopg.errors.CheckViolation):
        async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
            await tx.execute("update bulk set state = 'running'")
    assert {row[0] for row in await standing(pool, "state")} == {"new"}
    await confirmed(bor)
    await bulk.work(pool, found.uuid, lambda: now)
    assert (await seen(pool, bor, found.uuid)).results == {"done": 3}
    with pytest.raises(NotInState):
        await confirmed(bor)


async def test_who_asked_does_not_confirm_and_a_refusal_ends_it(pool: Pool, now: datetime) -> None:
    _, bor, made = await three(pool, now)
    await policy(pool, now, second_person_above=2)
    home = await own_party_again(pool)
    cene = await somebody(pool, now, home, "cene", roles=["approver"])
    found = await asked(pool, now, bor, BENIGN, [m.incident_uuid for m in made])
    await started(pool, now, bor, found)
    async with transaction(pool, now, viewer=viewer_setting(cene)) as tx:
        with pytest.raises(OwnBulk):
            await bulk.confirm(tx, bor, found.uuid, agrees=True, body_sha=found.body_sha, now=now)
        await bulk.confirm(tx, cene, found.uuid, agrees=False, body_sha=found.body_sha, now=now)
    await bulk.work(pool, found.uuid, lambda: now)
    assert (await seen(pool, bor, found.uuid)).state is BulkState.REFUSED
    assert {row[0] for row in await standing(pool, "state")} == {"new"}


async def test_the_frozen_list_cannot_be_changed_by_anybody(pool: Pool, now: datetime) -> None:
    ana, _, made = await three(pool, now)
    found = await asked(pool, now, ana, BENIGN, [made[0].incident_uuid])
    for statement, values in (
        ("update bulk_item set incident_id = %s", (made[1].incident_id,)),
        ("update bulk_item set version = 9 where %s", (True,)),
        ("update bulk set reason = %s", ("another",)),
        ("update bulk set need = 2, total = %s", (7,)),
    ):
        with pytest.raises(psycopg.DatabaseError, match="frozen"):
            async with transaction(pool, now) as tx:
                await tx.execute(statement, values)
    assert (await seen(pool, ana, found.uuid)).total == 1


async def test_a_worker_that_died_goes_on_where_it_was(
    pool: Pool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, _, made = await three(pool, now)
    await policy(pool, now, batch=1)
    found = await asked(pool, now, ana, BENIGN, [m.incident_uuid for m in made])
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await bulk.start(tx, ana, found.uuid, now)
    calls = 0
    whole = decide.verdict

    async def dies(*args: object, **named: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise MemoryError
        await whole(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(decide, "verdict", dies)
    with pytest.raises(MemoryError):
        await bulk.work(pool, found.uuid, lambda: now)
    assert (await seen(pool, ana, found.uuid)).results == {"done": 1, "waiting": 2}
    await bulk.work(pool, found.uuid, lambda: now)
    await bulk.work(pool, found.uuid, lambda: now)
    assert (await seen(pool, ana, found.uuid)).results == {"done": 3}
    assert calls == 4  # one was tried twice, none was done twice


async def test_an_account_that_is_closed_meanwhile_decides_nothing_more(
    pool: Pool, now: datetime
) -> None:
    ana, _, made = await three(pool, now)
    found = await asked(pool, now, ana, BENIGN, [m.incident_uuid for m in made])
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await bulk.start(tx, ana, found.uuid, now)
    async with transaction(pool, now) as tx:
        await person.set_disabled(tx, ana.person_id, True)
    await bulk.work(pool, found.uuid, lambda: now)
    found = await seen(pool, ana, found.uuid)
    assert (found.state, found.results) == (BulkState.DONE, {"skipped": 3})
    assert {row[0] for row in await standing(pool, "state")} == {"new"}


async def test_the_preview_says_what_no_undo_brings_back(pool: Pool, now: datetime) -> None:
    ana, _, made = await three(pool, now)
    await block(pool, now, made[0], ana, "validated", "a.example")
    await block(pool, now, made[0], ana, "held", "b.example")
    found = await asked(pool, now, ana, BENIGN, [m.incident_uuid for m in made])
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        effect = await bulk.preview(tx, ana, found)
    assert (effect.irreversible, effect.blocks) == (1, 2)
    assert (effect.parties, effect.states) == ({"SI-CERT": 3}, {"new": 3})


async def test_what_makes_no_sense_is_refused(pool: Pool, now: datetime) -> None:
    ana, bor, made = await three(pool, now)
    ids = [m.incident_uuid for m in made]
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        for action, what, reason, error in (
            (BENIGN, ids, "x", BadBulk),
            (BENIGN, ids, "two\nlines", BadBulk),
            (Snooze(until=now), ids, "later", BadBulk),
            (BENIGN, [], "nothing", NothingChosen),
            (BENIGN, Filter(brand="nobody"), "nothing", NothingChosen),
        ):
            with pytest.raises(error):
                await bulk.ask(tx, ana, action, what, reason, now, os.urandom)
    await policy(pool, now, most=2)
    with pytest.raises(TooMany):
        await asked(pool, now, ana, BENIGN, ids)
    found = await asked(pool, now, ana, BENIGN, ids[:1])
    with pytest.raises(OwnBulk):
        await started(pool, now, bor, found)
    with pytest.raises(NotInState, match="too long"):
        await started(pool, now + timedelta(hours=2), ana, found)
    with pytest.raises(NotInState):
        await undone(pool, now, ana, found)
    with pytest.raises(ValueError, match="one by one"):
        SayAlertVerdict(value=AlertVerdict.DUPLICATE)
    with pytest.raises(ValueError, match="one by one"):
        Move(to=IncidentState.MERGED)
