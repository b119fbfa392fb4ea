"""The list of a handover: every kind is found when it is open, and by its reference later."""

from datetime import datetime, timedelta
from uuid import uuid4

from tests.store.world import new_uuid, own_party, reported, somebody
from zvon.access.viewer import Viewer
from zvon.store import handover_list
from zvon.store.handover_list import KINDS, SECTIONS, Item
from zvon.store.transaction import Pool, Tx, transaction
from zvon.store.visibility import read, viewer_setting


async def rows(tx: Tx, now: datetime, person: int, incident: int) -> None:
    """One thing of several kinds that is open, and beside each one that is not."""
    soon, later = now + timedelta(hours=2), now + timedelta(hours=20)
    for name, state in (("Bounces", "bounced"), ("Fine", "active")):
        await tx.execute(
            "insert into contact (uuid, name, kind, address, lang, state, bounced_at, made_at,"
            " changed_at) values (%s, %s, 'other', %s, 'en', %s, %s, %s, %s)",
            (new_uuid(now), name, f"{name.lower()}@post.example", state,
             now if state == "bounced" else None, now, now),
        )  # fmt: skip
    for name, failures in (("silent", 4), ("speaks", 0)):
        row = await (
            await tx.execute(
                "insert into source (uuid, name, kind, created_at) values (%s, %s, 'http', %s)"
                " returning id", (new_uuid(now), name, now),
            )
        ).fetchone()  # fmt: skip
        assert row is not None
        await tx.execute(
            "insert into source_setup (source_id, every_s, read_at, failures, made_at)"
            " values (%s, 60, %s, %s, %s)",
            (row[0], now, failures, now),
        )
    for name, version, at in (("rank", 901, now), ("old", 1, now - timedelta(days=3))):
        await tx.execute(
            "insert into policy (name, version, body, at) values (%s, %s, '{}', %s)"
            " on conflict do nothing", (name, version, at),
        )  # fmt: skip
    for number, due in (("P-26-000001", soon), ("P-26-000002", later)):
        await tx.execute(
            "insert into appeal (uuid, number, token_sha256, name, text, filed_at, due_at)"
            " values (%s, %s, sha256(%s::bytea), 'shop.example', 'please', %s, %s)",
            (new_uuid(now), number, number.encode(), now, due),
        )
    await tx.execute(
        "insert into review (uuid, incident_id, kind, scale, at) values (%s, %s, 'sample', 'verdict',"
        " %s), (%s, %s, 'second_opinion', 'verdict', %s)",
        (new_uuid(now), incident, now, new_uuid(now), incident, now),
    )
    await tx.execute(
        "insert into authority_order (uuid, number, authority, reference, kind, state, legal_ground,"
        " received_at, written_due, expires_at, person_id) values (%s, 'O-26-000001', 'Court', '1/26',"
        " 'oral', 'announced', 'law', %s, %s, %s, %s)",
        (new_uuid(now), now, soon, now + timedelta(days=9), person),
    )


async def listed(pool: Pool, who: Viewer, now: datetime) -> list[Item]:
    async with read(pool, who) as db:
        return await handover_list.now_open(db, who, since=now - timedelta(hours=8), seq=0, now=now)


async def test_every_kind_is_found_when_open_and_again_by_its_reference(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    boss = await somebody(pool, now, home, "bor", ["approver"])
    made = await reported(pool, now, home)
    async with transaction(pool, now) as tx:
        await rows(tx, now, boss.person_id, made.incident_id)
    found = await listed(pool, boss, now)
    said = {(i.kind, i.label) for i in found}
    assert {
        ("contact", "Bounces"), ("source", "silent"), ("policy", "rank 901"),
        ("appeal", "P-26-000001 shop.example"), ("order", "O-26-000001 Court"),
    } <= said  # fmt: skip
    for kind in ("contact", "source", "policy", "appeal", "order"):
        assert sum(i.kind == kind for i in found) == 1, kind
    refs = {kind: [i.ref for i in found if i.kind == kind] for kind in KINDS}
    async with read(pool, boss) as db:
        again = await handover_list.of_refs(db, boss, dict(refs))
    assert {(i.kind, i.ref, i.label) for i in again} == {(i.kind, i.ref, i.label) for i in found}


async def test_a_blind_sample_does_not_say_of_which_incident_it_is(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    boss = await somebody(pool, now, home, "bor", ["approver"])
    made = await reported(pool, now, home)
    async with transaction(pool, now) as tx:
        await rows(tx, now, boss.person_id, made.incident_id)
    reviews = [i for i in await listed(pool, boss, now) if i.kind == "review"]
    assert sorted(i.incident is None for i in reviews) == [False, True]


async def test_kinds_that_the_reader_has_no_right_to_are_left_out(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    boss = await somebody(pool, now, home, "bor", ["approver"])
    rita = await somebody(pool, now, home, "rita", ["reporter"])
    made = await reported(pool, now, home)
    async with transaction(pool, now) as tx:
        await rows(tx, now, boss.person_id, made.incident_id)
    assert await listed(pool, boss, now)
    assert await listed(pool, rita, now) == []


async def test_every_kind_has_a_section_and_no_reference_finds_what_is_gone(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    boss = await somebody(pool, now, home, "bor", ["approver"])
    assert {kind.section for kind in KINDS.values()} == set(SECTIONS)
    async with transaction(pool, now, viewer=viewer_setting(boss)) as tx:
        gone = {kind: [str(uuid4())] for kind in KINDS}
        assert await handover_list.of_refs(tx.db, boss, dict(gone)) == []
