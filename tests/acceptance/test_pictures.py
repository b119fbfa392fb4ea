"""Reports as pictures: the screenshot of an SMS and the QR code on a parcel slip, to the answer.

What was read off letters in a picture is judged at once and proposed only when others agree.
"""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import structs

from tests.acceptance.test_reports import next_job, node
from tests.collect.open.papers import qr, screenshot, wrapped
from tests.store.world import somebody
from zvon.assess.jobs import JOBS as ASSESS
from zvon.cli.demo.world import World
from zvon.collect.jobs import JOBS as COLLECT
from zvon.collect.submit import submit
from zvon.jobs import Context
from zvon.model.advice import READ_OFF_PICTURE, NameAdvice
from zvon.model.report import Channel, Door, Lang, ReportIn
from zvon.model.scope import Scope
from zvon.model.verdict import Verdict, VerdictWord
from zvon.respond import decide
from zvon.respond.fixtures import Fixture, fixture, world
from zvon.store import party, verdict
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

HOST = "posta-si.dostava-paketa.example"


def picture(given: Fixture, width: int = 38) -> bytes:
    """The screen of the telephone that the SMS came to."""
    text = given.body.decode().split("\n")[0].partition(") ")[2]
    return screenshot(["+44 7700 900123", "", *wrapped(text, width)])


async def offline(pool: Pool, given: Fixture, small: World, folder: Path) -> Context:
    """A node with DNS and registration data, that looks at no page."""
    context = await node(pool, given, small, folder)
    settings = context.settings.model_copy(update={"fetch": False, "render": False})
    return structs.replace(context, settings=settings)


async def work(context: Context) -> None:
    """Run the jobs until none waits."""
    while waiting := await next_job(context.pool):
        await {**COLLECT, **ASSESS}[waiting[0]](context, waiting[1])


async def report(context: Context, body: bytes, now: datetime) -> int:
    """Hand in and work through; the record id."""
    receipt = await submit(
        context.pool,
        ReportIn(body=body, media_type="image/png", channel=Channel.UNKNOWN, door=Door.FORM,
                 lang=Lang.SL, received_at=now),
        now=now, random=os.urandom,
    )  # fmt: skip
    await work(context)
    [(record_id,)] = await rows(context, "select id from record where uuid = %s", receipt.uuid)
    return int(record_id)


async def rows(context: Context, query: Any, *values: Any) -> list[tuple[Any, ...]]:
    async with read(context.pool, SYSTEM) as db:
        return list(await (await db.execute(query, values)).fetchall())


async def latest(context: Context, record_id: int) -> tuple[Verdict, tuple[NameAdvice, ...]]:
    async with read(context.pool, SYSTEM) as db:
        found = await verdict.latest(db, record_id)
    assert found is not None
    return found


async def names_of(context: Context) -> set[tuple[str, str, str]]:
    return {
        (name, scope, reason)
        for name, scope, reason in await rows(
            context, "select name, scope, reason from incident_name"
        )
    }


async def test_a_screenshot_is_judged_and_its_name_waits_for_a_second_report(
    pool: Pool, tmp_path: Path
) -> None:
    given = fixture("R01")
    async with World(world(), lambda: given.received) as small:
        context = await offline(pool, given, small, tmp_path)
        first = await report(context, picture(given), given.received)
        found, (advice,) = await latest(context, first)
        assert (found.word, found.brand) == (VerdictWord.MALICIOUS, "si.posta")
        assert (advice.name, advice.scope, advice.reason) == (HOST, Scope.NONE, READ_OFF_PICTURE)
        assert await rows(context, "select answer from report") == [("dangerous",)]
        again = await report(context, picture(given), given.received)  # the same picture
        assert (await latest(context, again))[1][0].reason == READ_OFF_PICTURE
        second = await report(context, given.body, given.received)
        _, (advice,) = await latest(context, second)
        assert (advice.name, advice.scope) == ("dostava-paketa.example", Scope.REGISTRABLE_SUB)
        assert await names_of(context) == {
            ("dostava-paketa.example", "registrable_sub", "registered_for_abuse")
        }


async def test_two_pictures_of_two_telephones_confirm_each_other(
    pool: Pool, tmp_path: Path
) -> None:
    given = fixture("R01")
    async with World(world(), lambda: given.received) as small:
        context = await offline(pool, given, small, tmp_path)
        await report(context, picture(given), given.received)
        second = await report(context, picture(given, width=34), given.received)
        _, (advice,) = await latest(context, second)
    assert (advice.name, advice.scope) == ("dostava-paketa.example", Scope.REGISTRABLE_SUB)


async def test_a_person_who_says_malicious_confirms_the_name(pool: Pool, tmp_path: Path) -> None:
    given = fixture("R01")
    async with World(world(), lambda: given.received) as small:
        context = await offline(pool, given, small, tmp_path)
        record_id = await report(context, picture(given), given.received)
        async with pool.connection() as db:
            home = await party.own(db)
        ana = await somebody(pool, given.received, home, "ana")
        [(uuid, version)] = await rows(context, "select uuid, version from incident")
        async with transaction(pool, given.received) as tx:
            await decide.verdict(tx, ana, uuid, "malicious", version=version, now=given.received)
        await work(context)
        _, (advice,) = await latest(context, record_id)
        assert (advice.name, advice.scope) == ("dostava-paketa.example", Scope.REGISTRABLE_SUB)
        assert [name for name, _, _ in await names_of(context)] == ["dostava-paketa.example"]


async def test_a_printed_code_needs_no_confirmation(pool: Pool, tmp_path: Path) -> None:
    given = fixture("R01")
    async with World(world(), lambda: given.received) as small:
        context = await offline(pool, given, small, tmp_path)
        record_id = await report(context, qr(f"https://{HOST}/i"), given.received)
        found, (advice,) = await latest(context, record_id)
    assert found.brand == "si.posta"
    assert (advice.name, advice.scope) == ("dostava-paketa.example", Scope.REGISTRABLE_SUB)
