"""Sources are the operator's own business; a secret goes in, and never comes out but to its reader."""

import os
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.store.world import new_uuid, other_party, own_party, somebody
from zvon.access.permission import SHIPPED_ROLES, Denied, Permission
from zvon.access.seal import BadSeal
from zvon.access.viewer import Viewer
from zvon.model.marking import Tlp
from zvon.store import source, source_change, source_day, source_reading
from zvon.store.source import NoSource, Setup
from zvon.store.source_change import Edit, NewSource, SourceTaken
from zvon.store.source_reading import LONGEST_REST, Moved
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

KEY = b"k" * 32
FEED = NewSource(
    name="feed", kind="http", settings={"url": "https://list.example/a"}, secret="sesame",
    every_s=3600, tlp=Tlp.GREEN,
)  # fmt: skip


@pytest.fixture
async def ada(pool: Pool, now: datetime) -> Viewer:
    return await somebody(pool, now, await own_party(pool, now), "ada", roles=("administrator",))


async def make(pool: Pool, who: Viewer, now: datetime, new: NewSource = FEED) -> Setup:
    async with transaction(pool, now) as tx:
        return await source_change.create(
            tx, who, new, KEY, now, new_uuid(now).bytes[:10], os.urandom(12)
        )


async def get(pool: Pool, setup: Setup) -> Setup:
    async with read(pool, SYSTEM) as db:
        return await source.setup(db, setup.id)


async def test_a_new_source_is_as_it_was_set_up_and_due_at_once(
    pool: Pool, ada: Viewer, now: datetime
) -> None:
    made = await make(pool, ada, now)
    assert (made.name, made.kind, made.settings, made.tlp) == (
        "feed", "http", {"url": "https://list.example/a"}, Tlp.GREEN,
    )  # fmt: skip
    async with read(pool, SYSTEM) as db:
        assert await source_reading.due(db, now) == [made.id]
        assert await source.by_name(db, "feed") == made
        assert [s.name for s in await source.list_all(db, ada)] == ["feed"]


async def test_a_secret_is_sealed_and_opens_with_the_node_key_only(
    pool: Pool, ada: Viewer, now: datetime
) -> None:
    made = await make(pool, ada, now)
    async with read(pool, SYSTEM) as db:
        assert made.has_secret
        assert await source.secret(db, KEY, made) == "sesame"
        with pytest.raises(BadSeal):
            await source.secret(db, b"x" * 32, made)
        stored = await (await db.execute("select secret from source_setup")).fetchone()
        audit = await (await db.execute("select detail::text from audit")).fetchall()
    assert stored is not None
    assert b"sesame" not in bytes(stored[0])
    assert audit
    assert not any("sesame" in row[0] for row in audit)


async def test_a_changed_secret_replaces_the_old_one_and_other_changes_keep_it(
    pool: Pool, ada: Viewer, now: datetime
) -> None:
    made = await make(pool, ada, now)

    async def secret_after(edit: Edit) -> str:
        async with transaction(pool, now) as tx:
            after = await source_change.change(tx, ada, made.uuid, edit, KEY, now, os.urandom(12))
            return await source.secret(tx.db, KEY, after)

    assert await secret_after(Edit(zone="Europe/Ljubljana")) == "sesame"
    assert await secret_after(Edit(secret="other")) == "other"
    assert await secret_after(Edit(secret=None)) == ""
    assert (await get(pool, made)).zone == "Europe/Ljubljana"


async def test_two_sources_cannot_have_one_name_and_a_removed_one_comes_back_as_itself(
    pool: Pool, ada: Viewer, now: datetime
) -> None:
    made = await make(pool, ada, now)
    with pytest.raises(SourceTaken):
        await make(pool, ada, now)
    async with transaction(pool, now) as tx:
        await source_change.remove(tx, ada, made.uuid, now)
    with pytest.raises(NoSource):
        await get(pool, made)
    again = await make(pool, ada, now)
    assert (again.id, again.uuid) == (made.id, made.uuid)


async def test_a_paused_source_is_not_due_and_a_resumed_one_begins_afresh(
    pool: Pool, ada: Viewer, now: datetime
) -> None:
    made = await make(pool, ada, now)
    later = now + timedelta(days=1)
    async with transaction(pool, now) as tx:
        await source_reading.failed(tx, made.id, "no answer", now, 0.0)
        assert (await source_change.pause(tx, ada, made.uuid)).paused
        assert await source_reading.due(tx.db, later) == []
        resumed = await source_change.resume(tx, ada, made.uuid, later)
        assert await source_reading.due(tx.db, later) == [made.id]
    assert (resumed.failures, resumed.problem) == (0, "")


async def test_each_failure_doubles_the_rest_up_to_six_hours_and_an_answer_ends_it(
    pool: Pool, ada: Viewer, now: datetime
) -> None:
    made = await make(pool, ada, now)
    rests = []
    async with transaction(pool, now) as tx:
        for _ in range(11):
            again = await source_reading.failed(tx, made.id, "x", now, 0.0)
            assert again is not None
            rests.append(again - now)
        assert rests[:3] == [timedelta(minutes=m) for m in (1, 2, 4)]
        assert rests[-1] == LONGEST_REST
        jittered = await source_reading.failed(tx, made.id, "x", now, 1.0)
        assert jittered == now + LONGEST_REST / 2
        asked = timedelta(hours=9)
        assert await source_reading.failed(tx, made.id, "x", now, 1.0, after=asked) == now + asked
        await source_reading.done(tx, made.id, now)
    after = await get(pool, made)
    assert (after.failures, after.problem, after.next_at) == (0, "", now + timedelta(hours=1))
    async with read(pool, SYSTEM) as db:
        [day] = await source_day.days(db, made.id, now)
    assert day.failures == 13


async def test_a_reading_that_was_overtaken_moves_nothing(
    pool: Pool, ada: Viewer, now: datetime
) -> None:
    made = await make(pool, ada, now)
    async with transaction(pool, now) as tx:
        await source_reading.advance(tx, made, {"etag": "1"})
    with pytest.raises(Moved):
        async with transaction(pool, now) as tx:
            await source_reading.advance(tx, made, {"etag": "2"})
    assert (await get(pool, made)).cursor == {"etag": "1"}


async def test_counts_of_a_day_add_up_and_a_delivery_moves_the_time_of_the_last_one(
    pool: Pool, ada: Viewer, now: datetime
) -> None:
    made = await make(pool, ada, now)
    async with transaction(pool, now) as tx:
        await source_day.count(tx, made.id, now, deliveries=1, bytes=10, lag_s=5.0)
        await source_day.count(tx, made.id, now, records=3, observables=4, fresh=2)
        await source_day.count(tx, made.id, now + timedelta(days=1), records=1)
    async with read(pool, SYSTEM) as db:
        first, second = await source_day.days(db, made.id, now + timedelta(days=1))
        totals = await source_day.totals(db, now.date() - timedelta(days=1))
    assert (first.deliveries, first.bytes, first.records, first.fresh) == (1, 10, 3, 2)
    assert second.records == 1
    assert totals[made.id]["records"] == 4
    after = await get(pool, made)
    assert (after.delivered_at, after.lag_s) == (now, 5.0)


@pytest.mark.parametrize("permission", [Permission.SOURCE_READ, Permission.SOURCE_MANAGE])
async def test_nobody_of_another_party_sees_or_changes_sources_whatever_they_may(
    pool: Pool, ada: Viewer, now: datetime, permission: Permission
) -> None:
    made = await make(pool, ada, now)
    party = await other_party(pool, now)
    guest = await somebody(pool, now, party, "guest", roles=("administrator",))
    assert permission in SHIPPED_ROLES["administrator"]
    async with transaction(pool, now) as tx:
        for refused in (
            source.list_all(tx.db, guest), source.get(tx.db, guest, made.uuid),
            source_change.pause(tx, guest, made.uuid), make(pool, guest, now),
        ):  # fmt: skip
            with pytest.raises(Denied):
                await refused


async def test_a_machine_of_a_partner_sends_into_its_own_sources_only(
    pool: Pool, ada: Viewer, now: datetime
) -> None:
    party = await other_party(pool, now)
    theirs: Any = {**{f: getattr(FEED, f) for f in FEED.__struct_fields__}, "name": "theirs"}
    ours = await make(pool, ada, now)
    made = await make(pool, ada, now, NewSource(**{**theirs, "party": party.uuid}))
    machine = await somebody(pool, now, party, "siem", roles=("source",))
    async with read(pool, SYSTEM) as db:
        assert (await source.for_sending(db, machine, made.uuid)).id == made.id
        with pytest.raises(NoSource):
            await source.for_sending(db, machine, ours.uuid)
        assert (await source.for_sending(db, ada, ours.uuid)).id == ours.id
