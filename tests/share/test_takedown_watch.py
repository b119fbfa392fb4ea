"""Pages with open letters are looked at again; nobody is reminded of one that is gone."""

import os
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import msgspec
import pytest_asyncio

from tests.share.post import Desk, desk_of
from tests.share.test_takedown_mail import URL, packed
from zvon.access.permission import Permission
from zvon.model.observable import Observable, ObservableType
from zvon.model.page import Capture, Hop, Outcome, PageFacts, Vantage
from zvon.share import notice, takedown_mail, takedown_watch
from zvon.share.jobs import JOBS, SCHEDULE
from zvon.store import capture, takedown_letter
from zvon.store.ingest import SAID, Sighted, occurrences
from zvon.store.takedown import Takedown
from zvon.store.takedown_letter import Package
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import read

REGISTRAR, HOST = "abuse@registrar.example", "abuse@gostitelj.example"


@pytest_asyncio.fixture
async def desk(pool: Pool, now: datetime, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of(pool, now, tmp_path) as made:
        async with transaction(pool, now) as tx:
            seen = [Sighted(Observable(ObservableType.URL, URL), SAID, now)]
            await occurrences(tx, made.world.found.record_id, seen)
        yield made


async def written(desk: Desk, made: Takedown | None = None) -> None:
    made = made or await packed(desk, REGISTRAR, HOST)
    await takedown_mail.send(desk.context, desk.world.analyst, made.uuid, "sl")
    await desk.send()


async def looked(desk: Desk, status: int) -> None:
    """The page answered a look with this status."""
    facts = PageFacts(hops=(Hop(URL, status),), status=status)
    one = Capture(url=URL, stage=3, vantage=Vantage.PLAIN, outcome=Outcome.SEEN, facts=facts, at=desk.now)  # fmt: skip
    async with transaction(desk.pool, desk.now) as tx:
        await capture.put(tx, desk.world.found.record_id, [one], os.urandom)
    await takedown_watch.watch(desk.context, {})


async def packages(desk: Desk) -> list[Package]:
    async with read(desk.pool, desk.world.analyst, desk.now) as db:
        return await takedown_letter.of_incident(db, desk.world.analyst, desk.world.incident)


async def reminders(desk: Desk) -> int:
    await notice.tell(desk.context, {})
    ((count,),) = await desk.rows("select count(*) from message where template = 'reminder'")
    return int(count)


async def test_a_look_is_asked_for_once_the_letters_are_out_and_not_before(desk: Desk) -> None:
    jobs = "select convert_from(payload, 'utf8') from pgqueuer where entrypoint = 'collect.fetch'"
    made = await packed(desk, REGISTRAR)
    await takedown_watch.watch(desk.context, {})
    assert await desk.rows(jobs) == []
    await written(desk, made)
    await takedown_watch.watch(desk.context, {})
    await takedown_watch.watch(desk.context, {})
    ((asked,),) = await desk.rows(jobs)
    assert msgspec.json.decode(asked)["urls"] == [URL]
    assert msgspec.json.decode(asked)["record_id"] == desk.world.found.record_id


async def test_of_a_page_that_is_gone_nobody_is_reminded(desk: Desk) -> None:
    await written(desk)
    desk.later(hours=3)
    await looked(desk, 404)
    (one,) = await packages(desk)
    assert one.gone_at is None, "one look proves nothing"
    desk.later(hours=2)
    await looked(desk, 404)
    (one,) = await packages(desk)
    assert one.gone_at is not None
    desk.later(hours=30)
    assert await reminders(desk) == 0
    lines = await desk.rows("select code from timeline where kind = 'takedown'")
    assert lines == [("TAKEDOWN_GONE",)]


async def test_when_it_comes_back_the_reminders_go_on(desk: Desk) -> None:
    await written(desk)
    for hours, status in ((3, 404), (2, 404), (6, 200)):
        desk.later(hours=hours)
        await looked(desk, status)
    desk.later(hours=24)
    assert (await packages(desk))[0].gone_at is None
    assert await reminders(desk) == 2, "one for each letter without an answer"
    lines = await desk.rows("select code from timeline where kind = 'takedown' order by id")
    assert lines == [("TAKEDOWN_GONE",), ("TAKEDOWN_BACK",)]


async def test_each_letter_has_its_state_for_who_may_read_messages(desk: Desk) -> None:
    desk.sink.refuse[HOST] = "550 5.1.1 nobody"
    await written(desk)
    (one,) = await packages(desk)
    assert {(each.address, each.state) for each in one.letters} == {(REGISTRAR, "sent"), (HOST, "bounced")}  # fmt: skip
    assert one.written
    few = frozenset({Permission.INCIDENT_READ})
    blind = msgspec.structs.replace(desk.world.analyst, permissions=few)
    async with read(desk.pool, blind, desk.now) as db:
        (less,) = await takedown_letter.of_incident(db, blind, desk.world.incident)
    assert [each.message for each in less.letters] == [None, None]


async def test_the_job_runs_by_itself(desk: Desk) -> None:
    assert JOBS["share.takedowns"] is takedown_watch.watch
    assert "share.takedowns" in SCHEDULE
    await JOBS["share.takedowns"](desk.context, {})
    assert await desk.rows("select count(*) from takedown") == [(0,)]
