"""Files of mails become exhibits when a person says so: as they came, once, never opened."""

import hashlib
import os
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from pysequoia import Tsk

from tests.share.post import OWN, Desk, desk_of
from zvon.access.permission import Denied
from zvon.collect import message as incoming
from zvon.formats import mail_compose, mail_pgp
from zvon.formats.mail import File
from zvon.formats.mail_compose import Head, Wrapped
from zvon.respond import message_file
from zvon.respond.message_file import NoIncidentYet
from zvon.store import exhibit, message_key
from zvon.store.message import Message, NoMessage
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import read

EVIL = b"PK\x03\x04" + bytes(range(256)) * 40
NAME = "../../etc/račun\u202egpj.exe"


@pytest_asyncio.fixture
async def desk(pool: Pool, now: datetime, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of(pool, now, tmp_path) as made:
        yield made


async def came(desk: Desk, body: bytes | Wrapped, *, n: int = 1, answers: bool = True) -> Message:
    """A mail with `body` arrives, in answer to a letter of ours or out of nowhere."""
    made = await desk.notice(await desk.contact()) if n == 1 else None
    if made is not None:
        await desk.send(made)
    letter = desk.sink.letters[-1]
    head = Head(
        sender="abuse@gostitelj.example", sender_name="G", subject="Re: x", at=desk.now,
        to=letter["Reply-To"] if answers else "nekdo@cert.example", machine=False, lang="sl",
        reply_to="abuse@gostitelj.example", message_id=f"<c{n}@gostitelj.example>",
        answers=(letter["Message-ID"],) if answers else (),
    )  # fmt: skip
    uuid = await incoming.take(desk.context, mail_compose.mail(head, body), [])
    await incoming.look(desk.context, {"message": str(uuid)})
    return await desk.message(uuid)


def with_file(name: str = NAME) -> bytes:
    return mail_compose.content("Priloga.", [File(name, "application/zip", EVIL)])


async def test_a_file_becomes_an_exhibit_as_it_came_and_once(desk: Desk) -> None:
    got = await came(desk, with_file())
    again = await came(desk, with_file(), n=2)
    ana, (file,) = desk.world.analyst, got.files
    made = await message_file.seal(desk.context, ana, got.uuid, file["sha256"])
    same = await message_file.seal(desk.context, ana, again.uuid, file["sha256"])
    async with read(desk.pool, ana, desk.now) as db:
        kept = await exhibit.get(db, ana, made)
        first = await exhibit.piece(db, kept, 0)
        lines = await exhibit.custody(db, ana, kept)
    assert made == same
    assert (first, kept.sha256) == (EVIL, hashlib.sha256(EVIL).digest())
    assert (kept.origin, kept.secured_at, kept.added_by) == ("message", got.at, "ana")
    assert [line.act for line in lines] == ["added"]
    assert "/" not in kept.name
    assert "\u202e" not in kept.name
    assert kept.name.endswith(".exe"), "it shows its true ending"


async def test_a_file_under_our_cover_is_found_too(desk: Desk) -> None:
    ours = Tsk.generate(f"CERT <{OWN}>")
    async with transaction(desk.pool, desk.now) as tx:
        await message_key.put(
            tx, desk.world.approver, "pgp", public=bytes(ours.extract_certificate()),
            secret=bytes(ours), fingerprint="x", key=desk.context.node.key, now=desk.now,
            random=os.urandom,
        )  # fmt: skip
    shut = mail_pgp.covered(with_file("a.zip"), [bytes(ours.extract_certificate())], None)
    got = await came(desk, mail_compose.encrypted(shut))
    ana, (file,) = desk.world.analyst, got.files
    assert got.protection == "pgp_encrypted"
    assert (await message_file.take(desk.context, ana, got.uuid, file["sha256"])).body == EVIL
    made = await message_file.seal(desk.context, ana, got.uuid, file["sha256"])
    async with read(desk.pool, ana, desk.now) as db:
        assert (await exhibit.get(db, ana, made)).size == len(EVIL)


async def test_only_listed_files_of_mails_with_an_incident(desk: Desk) -> None:
    got = await came(desk, with_file())
    stray = await came(desk, with_file(), n=2, answers=False)
    ana, sha = desk.world.analyst, got.files[0]["sha256"]
    with pytest.raises(NoMessage):
        await message_file.seal(desk.context, ana, got.uuid, "0" * 64)
    with pytest.raises(NoIncidentYet):
        await message_file.seal(desk.context, ana, stray.uuid, sha)
    with pytest.raises(Denied):
        blind = msgspec.structs.replace(ana, permissions=frozenset())
        await message_file.seal(desk.context, blind, got.uuid, sha)
    assert await desk.rows("select count(*) from exhibit") == [(0,)]
