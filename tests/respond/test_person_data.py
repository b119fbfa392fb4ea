"""A person is found in every spelling and place, told what is there, and erased here and at partners."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from tests.respond.test_jobs import context as node_context
from tests.store.world import somebody
from zvon.access.permission import SHIPPED_ROLES, Denied
from zvon.access.viewer import Viewer
from zvon.collect.decode import decode
from zvon.collect.index import index
from zvon.collect.submit import submit
from zvon.jobs import Context
from zvon.locale import translator
from zvon.model.data_class import data_class
from zvon.model.report import Channel, Door, Lang, ReportIn
from zvon.privacy.policies import shipped
from zvon.privacy.subject import identifier
from zvon.respond import person_data
from zvon.respond.person_export import export, page
from zvon.respond.subjects import note_subjects
from zvon.share.forget import forget
from zvon.store import (
    audit,
    data_policy,
    data_request,
    data_request_change,
    delivery,
    party,
    person,
    subject_key,
)
from zvon.store.data_request import BadDataRequest, DataRequest, Given, NotInStep, months_after
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

MAJA = [
    Given(kind="email", text="Maja.Zupancic@primer-obcina.example"),
    Given(kind="name", text="Maja Zupančič"),
    Given(kind="phone", text="041 234 567"),
]
MAIL = """From: Maja Zupančič <maja.zupancic@primer-obcina.example>
To: prijave@si-cert.example
Subject: Sumljiv paket
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Pozdravljeni, sem Maja Zupančič, tel. +386 41 234 567. Sodelavka Tanja Kovač
(tanja.kovac@primer-obcina.example) je prejela isto: https://posta-paket.example/placilo
"""
OTHER = """From: Peter Horvat <peter.horvat@drugje.example>
To: prijave@si-cert.example
Subject: Nagradna igra
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Dobil sem https://nagrada-zdaj.example/ in nisem kliknil. Lep pozdrav, Peter Horvat
"""


async def ready(pool: Pool, now: datetime, folder: Path) -> tuple[Context, Viewer]:
    context = await node_context(pool, now, folder)
    async with transaction(pool, now) as tx:
        await person.put_roles(tx, SHIPPED_ROLES)
        await data_policy.ensure(tx, "SI", shipped(), now)
        home = await party.own(tx.db)
    return context, await somebody(pool, now, home, "pia", roles=["privacy_officer"])


async def send(context: Context, text: str, now: datetime) -> int:
    receipt = await submit(
        context.pool,
        ReportIn(body=text.encode(), media_type="message/rfc822", channel=Channel.EMAIL,
                 door=Door.FORM, lang=Lang.SL, received_at=now),
        now=now, random=os.urandom,
    )  # fmt: skip
    async with transaction(context.pool, now) as tx:
        row = await (
            await tx.execute("select id from record where uuid = %s", (receipt.uuid,))
        ).fetchone()
    assert row is not None
    await decode(context, {"record_id": row[0]})
    return int(row[0])


async def asked(
    context: Context, pia: Viewer, now: datetime, kind: data_request.Kind = "erasure"
) -> DataRequest:
    """A request that is identified and searched."""
    async with transaction(context.pool, now) as tx:
        made = await data_request_change.add(
            tx, pia, kind=kind, country="SI", lang="sl", contact="Cesta 1, Vas", given=MAJA,
            received_at=now, now=now, key=context.node.key, random=os.urandom,
        )  # fmt: skip
        await data_request_change.identify(tx, pia, made.uuid, "osebni dokument", now)
    await person_data.search(context, {"request": str(made.uuid), "by": "pia"})
    async with read(context.pool, SYSTEM) as db:
        return await data_request.get(db, pia, made.uuid)


async def everything(pool: Pool) -> str:
    """All rows of all tables as one text, what is sealed as it lies there."""
    said = []
    async with read(pool, SYSTEM) as db:
        names = await (
            await db.execute(
                "select relname from pg_class where relkind = 'r'"
                " and relnamespace = 'public'::regnamespace"
            )
        ).fetchall()
        for (name,) in names:
            rows = await (await db.execute(f"select t::text from {name} t".encode())).fetchall()
            said += [row[0] for row in rows]
    return "\n".join(said).lower()


async def test_a_person_is_found_by_any_spelling_and_others_are_not(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, pia = await ready(pool, now, tmp_path)
    mine, other = await send(context, MAIL, now), await send(context, OTHER, now)
    await note_subjects(context, {})
    async with read(pool, SYSTEM) as db:
        for given in MAJA:
            one = identifier(given.kind, given.text, "sl")
            found = await subject_key.find(db, [subject_key.hashed(context.node.key, one)])
            assert found == {mine: "report.text"}, given.kind
        assert await subject_key.behind(db) == 0
    request = await asked(context, pia, now, "access")
    assert request.state == "searched"
    assert request.found["report.text"] >= 1
    assert request.found["report.raw"] == 1
    assert other != mine


async def test_the_index_tells_nothing_without_the_key(pool: Pool) -> None:
    one = identifier("email", "ana@primer.example")
    assert subject_key.hashed(bytes(32), one) != subject_key.hashed(bytes([1] * 32), one)


async def test_the_answer_shows_the_person_and_masks_everybody_else(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, pia = await ready(pool, now, tmp_path)
    await send(context, MAIL, now)
    await note_subjects(context, {})
    request = await asked(context, pia, now, "access")
    made = await export(context, pia, request)
    text = "\n".join(each for held in made.classes for each in held.texts)
    assert "maja.zupancic@primer-obcina.example" in text
    assert "Kovač" not in text
    assert "tanja.kovac" not in text
    assert "[email]" in text
    held = {each.id: each for each in made.classes}
    assert held["report.text"].purpose
    assert held["report.text"].retention == "P1Y"
    async with read(pool, SYSTEM) as db:
        policy = await data_policy.of_country(db, "SI")
    shown = page(made, policy, translator("sl"))
    assert "Vaši osebni podatki" in shown
    assert request.number in shown
    assert "<script" not in shown
    ana = await somebody(pool, now, await own(pool), "ana")
    with pytest.raises(Denied):
        await export(context, ana, request)


async def own(pool: Pool) -> party.Party:
    async with pool.connection() as db:
        return await party.own(db)


async def test_erasing_leaves_no_word_and_no_identifier_anywhere(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, pia = await ready(pool, now, tmp_path)
    mine, other = await send(context, MAIL, now), await send(context, OTHER, now)
    await index(context, {})
    await note_subjects(context, {})
    async with transaction(pool, now) as tx:
        await tx.execute(
            "insert into evidence (stage, code, value, source, seen_at)"
            " values (1, 'note', 'klicala je maja zupančič', 'x', %s)", (now,)
        )  # fmt: skip
        await tx.execute("insert into record_version values (%s, %s, %s)",
                         (other, now, Jsonb({"text": "omenja Zupančič Majo"})))  # fmt: skip
    request = await asked(context, pia, now)
    async with transaction(pool, now) as tx:
        await data_request_change.begin_erasing(
            tx, pia, request.uuid, except_for={}, reason="člen 17", now=now
        )
    await finish(context, request.uuid)
    left = await everything(pool)
    for word in ("zupančič", "zupancic", "41234567", "41 234 567", "primer-obcina.example/maja"):
        assert word not in left, word
    assert "peter.horvat@drugje.example" in left
    async with read(pool, SYSTEM) as db:
        done = await data_request.get(db, pia, request.uuid)
        row = await (
            await db.execute("select payload, raw_sha256 from record where id = %s", (mine,))
        ).fetchone()
        problems = await audit.verify(db)
    assert row == ({}, None)
    assert (done.state, done.has_subject) == ("answered", False)
    assert done.done["report.raw"] == {"erased": 1}
    assert problems == []


async def finish(context: Context, request: UUID) -> None:
    """The jobs of an erasure, one after the other, as the worker runs them."""
    payload = {"request": str(request)}
    await person_data.erase(context, payload)
    await forget(context, payload)
    await person_data.close(context, payload)


async def test_a_class_with_a_reason_and_a_held_record_stay(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, pia = await ready(pool, now, tmp_path)
    mine = await send(context, MAIL, now)
    await note_subjects(context, {})
    async with transaction(pool, now) as tx:
        await tx.execute("insert into evidence (stage, code, value, source, seen_at) values"
                         " (1, 'note', 'maja zupančič', 'x', %s)", (now,))  # fmt: skip
        bor = await somebody(pool, now, await party.own(tx.db), "bor", roles=["approver"])
        await tx.execute(
            "insert into legal_hold (uuid, country, class, record_id, reason, until, proposed_by,"
            " approved_by, at) values (gen_random_uuid(), 'SI', 'report.text', %s, 'sodišče', %s,"
            " %s, %s, %s)",
            (mine, now + timedelta(days=9), pia.person_id, bor.person_id, now),
        )
    request = await asked(context, pia, now)
    async with transaction(pool, now) as tx:
        await data_request_change.begin_erasing(
            tx, pia, request.uuid, except_for={"evidence": "obramba zahtevkov"}, reason="člen 17",
            now=now,
        )  # fmt: skip
    await finish(context, request.uuid)
    async with read(pool, SYSTEM) as db:
        done = await data_request.get(db, pia, request.uuid)
        kept = await (await db.execute("select value from evidence where code = 'note'")).fetchone()
        row = await (
            await db.execute("select payload from record where id = %s", (mine,))
        ).fetchone()
    assert kept == ("maja zupančič",)
    assert row != ({},)
    assert done.done["evidence"] == {"kept": "obramba zahtevkov"}
    assert done.done["legal hold"] == {"records": 1}


async def delivered(pool: Pool, now: datetime, body: bytes) -> int:
    """A file of a source, read to its end."""

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 60):
            yield delivery.pack(body[start : start + 60])

    async with transaction(pool, now) as tx:
        source = await party.source(tx, "senzor", "file", now)
        new = delivery.New(source_id=source, sha256=os.urandom(32), size=len(body), chunks=2,
                           received_at=now)  # fmt: skip
        kept = await delivery.put(tx, new, pieces(), os.urandom(10))
        await tx.execute("update delivery set state = 'done' where id = %s", (kept.id,))
    return kept.id


async def test_files_of_sources_and_reports_that_nobody_could_read_are_looked_through(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, pia = await ready(pool, now, tmp_path)
    line = b"2026-11-22 login user=x from 192.0.2.7 "
    mine = await delivered(pool, now, line * 2 + b"maja.zupancic@primer-obcina.example " + line)
    other = await delivered(pool, now, line * 4)
    await submit(
        pool, ReportIn(body=b"broken " + MAIL.encode(), media_type="application/x-nothing",
                       channel=Channel.EMAIL, door=Door.FORM, lang=Lang.SL, received_at=now),
        now=now, random=os.urandom,
    )  # fmt: skip
    request = await asked(context, pia, now)
    assert request.found == {"delivery.raw": 1, "report.raw": 1, "report.text": 1}
    async with transaction(pool, now) as tx:
        await data_request_change.begin_erasing(
            tx, pia, request.uuid, except_for={}, reason="člen 17", now=now
        )
    await finish(context, request.uuid)
    assert [each async for each in delivery.body(pool, mine)] == []
    assert b"".join([each async for each in delivery.body(pool, other)]) == line * 4
    async with read(pool, SYSTEM) as db:
        row = await (await db.execute("select count(*) from raw_input")).fetchone()
    assert row == (0,)


async def test_the_audit_of_a_request_names_nobody(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, pia = await ready(pool, now, tmp_path)
    request = await asked(context, pia, now)
    async with read(pool, SYSTEM) as db:
        rows = await (await db.execute("select object, detail::text from audit")).fetchall()
    mine = [detail for object_, detail in rows if object_ == request.number]
    assert len(mine) == 3
    assert any("commitment" in detail for detail in mine)
    for detail in mine:
        assert not any(word in detail.lower() for word in ("zupan", "234", "cesta", "dokument"))


async def test_steps_come_in_their_order(pool: Pool, now: datetime, tmp_path: Path) -> None:
    context, pia = await ready(pool, now, tmp_path)
    async with transaction(pool, now) as tx:
        made = await data_request_change.add(
            tx, pia, kind="access", country="SI", lang="sl", contact="", given=MAJA,
            received_at=now, now=now, key=context.node.key, random=os.urandom,
        )  # fmt: skip
    assert made.number.startswith("D-26-")
    with pytest.raises(NotInStep):
        await person_data.search(context, {"request": str(made.uuid), "by": "pia"})
    async with transaction(pool, now) as tx:
        await data_request_change.identify(tx, pia, made.uuid, "e-podpis", now)
        with pytest.raises(BadDataRequest):
            await data_request_change.extend(
                tx, pia, made.uuid, "obsežno", now + timedelta(days=40)
            )
        longer = await data_request_change.extend(tx, pia, made.uuid, "obsežno", now)
        assert longer.until == months_after(now, 3)
        closed = await data_request_change.answer(
            tx, pia, made.uuid, granted=True, reason="izpis poslan", now=now
        )
    assert (closed.state, closed.has_subject) == ("answered", False)


async def test_what_is_due_is_said_once_before_and_once_after(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, pia = await ready(pool, now, tmp_path)
    request = await asked(context, pia, now)
    async with transaction(pool, now) as tx:
        assert await data_request_change.warn(tx, now) == []
        soon = request.until - timedelta(days=3)
        assert [w[:2] for w in await data_request_change.warn(tx, soon)] == [
            (request.number, "soon")
        ]
        assert await data_request_change.warn(tx, soon) == []
        late = request.until + timedelta(days=1)
        assert [w[:2] for w in await data_request_change.warn(tx, late)] == [
            (request.number, "late")
        ]


@pytest.mark.parametrize(
    ("day", "months", "due"),
    [("2026-01-31", 1, "2026-02-28"), ("2026-11-22", 1, "2026-12-22"), ("2026-11-30", 3, "2027-02-28")],
)  # fmt: skip
def test_a_month_is_a_month_of_the_calendar(day: str, months: int, due: str) -> None:
    start = datetime.fromisoformat(day).replace(tzinfo=UTC)
    assert months_after(start, months).date().isoformat() == due


def test_every_place_is_of_a_class_that_there_is() -> None:
    from zvon.store.subject_place import PLACES

    assert all(data_class(place.of_class).tables for place in PLACES)
