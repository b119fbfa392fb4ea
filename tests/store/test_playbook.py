"""Playbooks in the database: versions, their life, the second person, and who edits at the same time."""

import os
from datetime import datetime
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import replace

from tests.blocks import People, people_of
from tests.store.world import other_party, somebody
from zvon.access.permission import Denied
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model import playbook_edit
from zvon.model.playbook import Playbook, encode
from zvon.store import playbook as playbooks
from zvon.store import playbook_change as changes
from zvon.store.playbook import NoPlaybook, PlaybookRow, VersionRow
from zvon.store.playbook_change import BadPublication, NotInState, NotSound, Stale
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import read


def new_id(kind: str) -> str:
    return f"{kind}--{uuid4()}"


def a_playbook(name: str = "Lažna stran", *, sound: bool = True) -> Playbook:
    made = playbook_edit.empty(new_id("playbook"), name, new_id)
    made, step = playbook_edit.add(made, made.start, "on_completion", "ask", new_id)
    if sound:
        made = playbook_edit.change(made, step, {"args": {"question": "Naprej?"}})
    return made


@pytest.fixture
async def people(pool: Pool, now: datetime) -> People:
    return await people_of(pool, now)


async def put(pool: Pool, who: Viewer, made: Playbook, now: datetime) -> PlaybookRow:
    async with transaction(pool, now) as tx:
        return await changes.add(tx, who, made, now, os.urandom)


async def edited(
    pool: Pool, who: Viewer, row: PlaybookRow, now: datetime, name: str
) -> PlaybookRow:
    async with transaction(pool, now) as tx:
        return await changes.edit(
            tx, who, row.uuid, row.version, lambda p: replace(p, name=name), now, os.urandom
        )


async def tried(pool: Pool, who: Viewer, row: PlaybookRow, now: datetime) -> PlaybookRow:
    async with transaction(pool, now) as tx:
        row, _ = await changes.validate(tx, who, row.uuid, row.version, now)
        found = await playbooks.of_number(tx.db, who, row)
        await changes.dry_ran(tx, who, found.id, {"incidents": 0}, now)
        return await playbooks.known(tx.db, row.uuid)


async def published(
    pool: Pool, who: Viewer, row: PlaybookRow, now: datetime, reason: str = "tried on last month"
) -> PlaybookRow:
    async with transaction(pool, now) as tx:
        return await changes.publish(tx, who, row.uuid, row.version, reason, now)


async def newest(pool: Pool, who: Viewer, row: PlaybookRow) -> VersionRow:
    async with read(pool, who) as db:
        return await playbooks.of_number(db, who, row)


async def test_a_playbook_goes_from_draft_to_published_by_another_person(
    pool: Pool, now: datetime, people: People
) -> None:
    ana, bor = people["ana"], people["bor"]
    made = a_playbook()
    row = await put(pool, ana, made, now)
    assert (row.state, row.working, row.in_force, row.errors) == ("draft", 1, None, 0)
    row = await tried(pool, ana, row, now)
    assert row.state == "dry_run"
    row = await published(pool, bor, row, now)
    assert (row.state, row.working, row.in_force) == ("published", None, 1)
    found = await newest(pool, ana, row)
    assert (found.playbook, found.published_by, found.authors) == (made, "bor", ["ana"])
    async with read(pool, ana) as db:
        assert [each.id for each in await playbooks.published(db)] == [found.id]


async def test_nobody_publishes_what_they_wrote_in_whatever_their_roles(
    pool: Pool, now: datetime, people: People
) -> None:
    ana, bor = people["ana"], people["bor"]
    both = replace(ana, permissions=ana.permissions | bor.permissions)
    row = await tried(pool, both, await put(pool, both, a_playbook(), now), now)
    with pytest.raises(Refused, match="another person"):
        await published(pool, both, row, now)
    with pytest.raises(Denied):
        await published(pool, ana, row, now)
    found = await newest(pool, ana, row)
    with pytest.raises(psycopg.errors.CheckViolation):
        async with transaction(pool, now) as tx:
            await tx.execute(
                "update playbook_version set state = 'published', published_by = %s,"
                " published_at = %s where id = %s", (ana.person_id, now, found.id),
            )  # fmt: skip


async def test_a_second_author_is_no_second_person(
    pool: Pool, now: datetime, people: People
) -> None:
    ana, bor = people["ana"], people["bor"]
    writer = replace(bor, permissions=ana.permissions | bor.permissions)
    row = await edited(pool, writer, await put(pool, ana, a_playbook(), now), now, "Drugo ime")
    row = await tried(pool, ana, row, now)
    with pytest.raises(Refused):
        await published(pool, bor, row, now)


async def test_a_playbook_with_errors_stays_a_draft(
    pool: Pool, now: datetime, people: People
) -> None:
    row = await put(pool, people["ana"], a_playbook(sound=False), now)
    assert row.errors == 1
    with pytest.raises(NotSound) as raised:
        await tried(pool, people["ana"], row, now)
    assert [each["code"] for each in raised.value.errors] == ["PLAYBOOK_ARGUMENT_MISSING"]
    with pytest.raises(NotInState):
        await published(pool, people["bor"], row, now)


async def test_an_edit_of_what_was_checked_makes_it_a_draft_again(
    pool: Pool, now: datetime, people: People
) -> None:
    ana, bor = people["ana"], people["bor"]
    row = await tried(pool, ana, await put(pool, ana, a_playbook(), now), now)
    row = await edited(pool, ana, row, now, "Drugo ime")
    assert (row.state, row.name) == ("draft", "Drugo ime")
    assert (await newest(pool, ana, row)).dry_run is None
    with pytest.raises(NotInState):
        await published(pool, bor, row, now)


async def test_an_edit_of_a_published_one_begins_a_new_version_and_the_old_stays_in_force(
    pool: Pool, now: datetime, people: People
) -> None:
    ana, bor = people["ana"], people["bor"]
    row = await published(pool, bor, await tried(pool, ana, await put(pool, ana, a_playbook(), now), now), now)  # fmt: skip
    first = await newest(pool, ana, row)
    row = await edited(pool, ana, row, now, "Drugo ime")
    assert (row.working, row.in_force, row.state) == (2, 1, "draft")
    row = await published(pool, bor, await tried(pool, ana, row, now), now)
    assert (row.working, row.in_force) == (None, 2)
    async with read(pool, ana) as db:
        old = await playbooks.version(db, first.id)
        assert [v.number for v in await playbooks.versions(db, ana, row)] == [2, 1]
    assert (old.state, old.body, old.retired_at) == ("retired", first.body, now)


async def test_who_edits_at_the_same_time_is_told(
    pool: Pool, now: datetime, people: People
) -> None:
    row = await put(pool, people["ana"], a_playbook(), now)
    await edited(pool, people["ana"], row, now, "Prvo")
    with pytest.raises(Stale):
        await edited(pool, people["ana"], row, now, "Drugo")


async def test_the_database_lets_nobody_write_in_a_version_that_is_no_draft(
    pool: Pool, now: datetime, people: People
) -> None:
    ana = people["ana"]
    row = await tried(pool, ana, await put(pool, ana, a_playbook(), now), now)
    found = await newest(pool, ana, row)
    body = encode(a_playbook())
    for change, value in (("body = %s, hash = sha256(%s)", (body, body)), ("authors = %s", ([],)),
                          ("number = %s", (9,))):  # fmt: skip
        with pytest.raises(psycopg.errors.DatabaseError) as raised:
            async with transaction(pool, now) as tx:
                await tx.execute(
                    f"update playbook_version set {change} where id = {found.id}", value
                )
        assert raised.value.sqlstate == "ZV004"
    assert (await newest(pool, ana, row)).body == found.body


@pytest.mark.parametrize("state", ["published", "dry_run"])
async def test_the_database_lets_no_version_skip_a_step(
    pool: Pool, now: datetime, people: People, state: str
) -> None:
    row = await put(pool, people["ana"], a_playbook(), now)
    found = await newest(pool, people["ana"], row)
    with pytest.raises(psycopg.errors.DatabaseError) as raised:
        async with transaction(pool, now) as tx:
            await tx.execute(
                "update playbook_version set state = %s, published_by = %s, published_at = %s"
                " where id = %s", (state, people["bor"].person_id, now, found.id),
            )  # fmt: skip
    assert raised.value.sqlstate == "ZV006"


async def test_a_draft_is_discarded_by_its_writers_and_what_is_in_force_by_an_approver(
    pool: Pool, now: datetime, people: People
) -> None:
    ana, bor = people["ana"], people["bor"]
    both = replace(bor, permissions=ana.permissions | bor.permissions)
    row = await published(pool, bor, await tried(pool, ana, await put(pool, ana, a_playbook(), now), now), now)  # fmt: skip
    row = await edited(pool, ana, row, now, "Drugo ime")
    async with transaction(pool, now) as tx:
        row = await changes.retire(tx, ana, row.uuid, row.version, "a mistake", now)
    assert (row.working, row.in_force) == (None, 1)
    with pytest.raises(Denied):
        async with transaction(pool, now) as tx:
            await changes.retire(tx, ana, row.uuid, row.version, "a mistake", now)
    with pytest.raises(BadPublication):
        async with transaction(pool, now) as tx:
            await changes.retire(tx, both, row.uuid, row.version, " ", now)
    async with transaction(pool, now) as tx:
        row = await changes.retire(tx, both, row.uuid, row.version, "no longer used", now)
    assert (row.state, row.in_force) == ("retired", None)


async def test_a_document_with_a_known_identifier_is_a_new_version(
    pool: Pool, now: datetime, people: People
) -> None:
    ana, bor = people["ana"], people["bor"]
    made = a_playbook()
    row = await put(pool, ana, made, now)
    with pytest.raises(NotInState):
        await put(pool, ana, replace(made, name="Druga različica"), now)
    row = await published(pool, bor, await tried(pool, ana, row, now), now)
    again = await put(pool, ana, replace(made, name="Druga različica"), now)
    assert (again.uuid, again.working, again.in_force) == (row.uuid, 2, 1)


async def test_what_comes_with_the_program_waits_for_an_approver_and_arrives_once(
    pool: Pool, now: datetime, people: People
) -> None:
    ana, bor = people["ana"], people["bor"]
    made = a_playbook()
    async with transaction(pool, now) as tx:
        assert await changes.put_shipped(tx, [made], now, os.urandom) == 1
    async with transaction(pool, now) as tx:
        assert await changes.put_shipped(tx, [made], now, os.urandom) == 0
        row = (await playbooks.list_all(tx.db, ana))[0]
        assert (row.state, row.shipped) == ("validated", True)
        found = await playbooks.of_number(tx.db, ana, row)
        await changes.dry_ran(tx, ana, found.id, {"incidents": 0}, now)
        row = await playbooks.known(tx.db, row.uuid)
    row = await published(pool, bor, row, now)
    async with transaction(pool, now) as tx:
        assert await changes.put_shipped(tx, [replace(made, name="Novejša")], now, os.urandom) == 1
        row = await playbooks.known(tx.db, row.uuid)
    assert (row.in_force, row.working, row.state) == (1, 2, "validated")


async def test_every_step_is_in_the_audit_and_refusals_too(
    pool: Pool, now: datetime, people: People
) -> None:
    ana, bor = people["ana"], people["bor"]
    row = await put(pool, ana, a_playbook(), now)
    row = await published(pool, bor, await tried(pool, ana, row, now), now)
    async with pool.connection() as db:
        rows = await (
            await db.execute("select action, actor from audit where object = %s order by seq",
                             (str(row.uuid),))
        ).fetchall()  # fmt: skip
    assert rows == [("playbook:import", "ana"), ("playbook:validate", "ana"),
                    ("playbook:dry_run", "ana"), ("playbook:publish", "bor")]  # fmt: skip


async def test_other_organisations_see_no_playbook(
    pool: Pool, now: datetime, people: People
) -> None:
    row = await put(pool, people["ana"], a_playbook(), now)
    eva = await somebody(pool, now, await other_party(pool, now), "eva")
    eva = replace(eva, permissions=people["ana"].permissions)
    async with read(pool, eva, now) as db:
        assert await playbooks.list_all(db, eva) == []
        with pytest.raises(NoPlaybook):
            await playbooks.get(db, eva, row.uuid)
