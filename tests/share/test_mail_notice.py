"""Grouped notices: one letter for many things, looked at once, each thing told once."""

import os
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.share.post import Desk, desk_of
from zvon.model.mail_policy import shipped
from zvon.share import notice as job
from zvon.store import notice
from zvon.store.contact import Contact
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import viewer_setting

VALUES = [("203.0.113.7", "ipv4"), ("203.0.113.8", "ipv4"), ("www.elektro.example", "domain")]


@pytest_asyncio.fixture
async def desk(pool: Pool, now: datetime, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of(pool, now, tmp_path) as made:
        yield made


async def owner(desk: Desk, **said: Any) -> Contact:
    return await desk.contact(
        "cert@elektro.example", name="Elektro", networks=["203.0.113.0/24"],
        domains=["elektro.example"], **said,
    )  # fmt: skip


async def gather(desk: Desk, to: Contact, values: list[tuple[str, str]], of: str = "infected_host") -> int:  # fmt: skip
    from datetime import timedelta

    async with transaction(desk.pool, desk.now) as tx:
        return await notice.add(
            tx, to.id, of, values, incident_id=desk.world.found.incident_id,
            again=timedelta(days=30), now=desk.now, random=os.urandom,
        )  # fmt: skip


async def tick(desk: Desk) -> None:
    await job.tell(desk.context, {})
    await desk.send()


async def confirm(desk: Desk) -> None:
    ana = desk.world.analyst
    ((uuid,),) = await desk.rows("select uuid from notice where state = 'review'")
    async with transaction(desk.pool, desk.now, viewer=viewer_setting(ana)) as tx:
        await notice.confirm(tx, ana, uuid, shipped().notice, desk.now, os.urandom)


async def test_many_things_are_one_letter_after_a_look(desk: Desk) -> None:
    to = await owner(desk)
    assert await gather(desk, to, VALUES) == 3
    await tick(desk)
    assert desk.sink.letters == [], "it is gathered until it is quiet"
    desk.later(minutes=20)
    await tick(desk)
    assert desk.sink.letters == [], "the first one waits for a person"
    await confirm(desk)
    await desk.send()
    (letter,) = desk.sink.letters
    text, table = letter.iter_parts()
    assert "3 stvari" in text.get_content()
    lines = table.get_content().splitlines()
    assert [line.split(",")[4] for line in lines[1:4]] == [value for value, _ in VALUES]
    assert letter["Auto-Submitted"] == "auto-generated"


async def test_the_same_thing_is_not_told_twice_and_the_next_goes_by_itself(desk: Desk) -> None:
    to = await owner(desk)
    await gather(desk, to, VALUES[:1])
    desk.later(minutes=20)
    await tick(desk)
    await confirm(desk)
    await desk.send()
    assert await gather(desk, to, VALUES[:1]) == 0
    assert await gather(desk, to, VALUES[:2]) == 1
    desk.later(hours=1)
    await tick(desk)
    assert len(desk.sink.letters) == 1, "not before the contact's own interval"
    desk.later(hours=24)
    await tick(desk)
    notices = [one for one in desk.sink.letters if one["Subject"].startswith("Obvestilo")]
    assert len(notices) == 2
    assert "203.0.113.7" not in list(notices[1].iter_parts())[1].get_content()


async def test_urgent_classes_do_not_wait(desk: Desk) -> None:
    to = await owner(desk)
    await gather(desk, to, VALUES, "compromised_site")
    await tick(desk)
    await confirm(desk)
    await desk.send()
    assert len(desk.sink.letters) == 1
    assert await gather(desk, to, [("203.0.113.99", "ipv4")], "compromised_site") == 1
    await tick(desk)
    assert len(desk.sink.letters) == 2


async def test_pages_travel_as_xarf_to_those_who_read_it(desk: Desk) -> None:
    to = await owner(desk, channel="xarf")
    await gather(desk, to, [("https://www.elektro.example/wp-content/x.php", "url")], "phishing")
    await tick(desk)
    await confirm(desk)
    await desk.send()
    names = [part.get_filename() for part in desk.sink.letters[0].iter_attachments()]
    assert names == ["notice.csv", "report-1.xarf.json"]


async def test_a_contact_whose_mail_comes_back_gets_no_more(desk: Desk) -> None:
    to = await owner(desk)
    await gather(desk, to, VALUES, "compromised_site")
    async with transaction(desk.pool, desk.now) as tx:
        await tx.execute("update contact set state = 'bounced'")
    await tick(desk)
    assert await desk.rows("select state from notice") == [("gathering",)]
    assert desk.sink.letters == []
