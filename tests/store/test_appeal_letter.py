"""The apology after a granted appeal: a draft in their language, once, and only where there is one to write to."""

import os
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from msgspec import structs

from tests.blocks import People, people_of, publish
from tests.store.test_appeal import KEY, decide, file
from zvon.access.permission import Denied, Permission
from zvon.access.viewer import Viewer
from zvon.store import appeal, appeal_letter, message
from zvon.store.appeal import NoAppeal
from zvon.store.contact_change import BadContact
from zvon.store.message import Message
from zvon.store.message_row import BadMessage
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read


@pytest.fixture
async def people(pool: Pool, now: datetime) -> People:
    return await people_of(pool, now)


async def drafted(pool: Pool, who: Viewer, uuid: UUID, now: datetime) -> Message:
    async with transaction(pool, now) as tx:
        made = await appeal_letter.draft(tx, who, uuid, KEY, now, os.urandom)
    async with read(pool, SYSTEM) as db:
        return await message.known(db, made)


async def test_the_draft_speaks_their_language_and_there_is_one(
    pool: Pool, people: People, now: datetime
) -> None:
    await publish(pool, people, now, "evil.example")
    made, _ = await file(pool, now)
    late = now + timedelta(days=1)
    await decide(pool, people["bor"], made.uuid, late, granted=True)
    one = await drafted(pool, people["bor"], made.uuid, late)
    assert (one.state, one.lang, one.template) == ("draft", "hr", "apology")
    assert (one.recipients, one.incident, one.remind) == (["ivan.horvat@shop.example"], None, False)
    assert one.subject == "Greškom smo zatvorili pristup do evil.example"
    assert one.fields["appeal"] == made.number
    assert one.fields["since"] != one.fields["until"]
    again = await drafted(pool, people["bor"], made.uuid, late)
    assert again.uuid == one.uuid
    async with read(pool, SYSTEM) as db:
        (shown,) = await appeal.open_list(db, people["bor"], decided=True)
        rows = await (
            await db.execute("select actor from audit where action = 'appeal:contact'")
        ).fetchall()
    assert shown.letter == one.uuid
    assert rows == [("bor",)]


async def test_nobody_apologises_where_there_is_nothing_to_apologise_for(
    pool: Pool, people: People, now: datetime
) -> None:
    await publish(pool, people, now, "evil.example")
    bor = people["bor"]
    opened, _ = await file(pool, now)
    nothing, _ = await file(pool, now, "nobody.example")
    with pytest.raises(BadMessage, match="no block was lifted"):
        await drafted(pool, bor, opened.uuid, now)
    await decide(pool, bor, opened.uuid, now, granted=False)
    await decide(pool, bor, nothing.uuid, now, granted=True)
    for each in (opened, nothing):
        with pytest.raises(BadMessage, match="no block was lifted"):
            await drafted(pool, bor, each.uuid, now)
    with pytest.raises(NoAppeal):
        await drafted(pool, bor, UUID(int=7), now)


@pytest.mark.parametrize(("contact", "error"), [("", BadMessage), ("+385 91 000 0111", BadContact)])
async def test_who_left_no_mail_address_gets_no_letter(
    pool: Pool, people: People, now: datetime, contact: str, error: type[Exception]
) -> None:
    await publish(pool, people, now, "evil.example")
    made, _ = await file(pool, now, contact=contact)
    await decide(pool, people["bor"], made.uuid, now, granted=True)
    with pytest.raises(error):
        await drafted(pool, people["bor"], made.uuid, now)


@pytest.mark.parametrize("missing", [Permission.APPEAL_DECIDE, Permission.MESSAGE_SEND])
async def test_it_takes_who_decides_and_who_writes(
    pool: Pool, people: People, now: datetime, missing: Permission
) -> None:
    await publish(pool, people, now, "evil.example")
    made, _ = await file(pool, now)
    await decide(pool, people["bor"], made.uuid, now, granted=True)
    few = structs.replace(people["bor"], permissions=people["bor"].permissions - {missing})
    with pytest.raises(Denied):
        await drafted(pool, few, made.uuid, now)
