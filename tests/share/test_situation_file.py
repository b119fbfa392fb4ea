"""A situation report leaves as a letter with its file: through the gate, noted as a report."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
import pytest_asyncio

from tests.share.post import Desk, desk_of
from zvon.jobs import Context
from zvon.model.period import Every
from zvon.respond import situation_job as job
from zvon.store import situation_job
from zvon.store.situation_job import NewJob
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import viewer_setting


@pytest_asyncio.fixture
async def desk(pool: Pool, now: datetime, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of(pool, now, tmp_path) as made:
        yield made


async def planned(desk: Desk, *, form: str, tlp: int = 3, audience: str = "management") -> None:
    """A weekly report for one contact, and the week is over."""
    who, to = desk.world.approver, await desk.contact(tlp=tlp)
    now = desk.context.clock()
    async with transaction(desk.pool, now, viewer=viewer_setting(who)) as tx:
        await situation_job.create(
            tx, who,
            NewJob(name="Weekly", audience=audience, lang="sl", form=form, every=Every.WEEK,
                   zone="UTC", contacts=[to.uuid]),
            now,
        )  # fmt: skip
    then = now + timedelta(days=7)
    there = Context(
        desk.pool, desk.context.settings, desk.context.node, lambda: then, desk.context.random
    )
    desk.context = there
    await job.make(there, {})


def file_of(letter: EmailMessage) -> EmailMessage:
    (found,) = letter.iter_attachments()
    return found


@pytest.mark.parametrize("form", ["html", "docx", "json", "md"])
async def test_the_letter_carries_the_report_in_the_form_that_was_planned(
    desk: Desk, form: str
) -> None:
    await planned(desk, form=form)
    await desk.send()
    (letter,) = desk.sink.letters
    body = letter.get_body(("plain",))
    assert body is not None
    assert "poročilo o stanju" in body.get_content()
    assert letter["Auto-Submitted"] == "auto-generated"
    found = file_of(letter)
    assert (found.get_filename() or "").endswith(f".{form}")
    content = found.get_content()
    if form != "docx":
        assert "TLP:AMBER+STRICT" in (content if isinstance(content, str) else content.decode())
    doors = await desk.rows("select door, outcome from disclosure order by door")
    assert doors == [("mail", "released"), ("report", "released")]


async def test_who_may_not_read_it_gets_nothing_and_the_letter_waits(desk: Desk) -> None:
    await planned(desk, form="html", tlp=1)
    await desk.send()
    assert desk.sink.letters == []
    ((state, reason),) = await desk.rows("select state, reason from message")
    assert (state, reason) == ("held", "TLP_ABOVE_GROUP")


async def test_the_public_report_may_be_read_by_everybody(desk: Desk) -> None:
    await planned(desk, form="html", tlp=0, audience="public")
    await desk.send()
    (letter,) = desk.sink.letters
    assert "http" not in str(file_of(letter).get_content())
