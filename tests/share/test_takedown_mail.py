"""Takedown packages by mail: to each contact once, with the archive as it was released."""

from collections.abc import AsyncIterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec
import pytest
import pytest_asyncio

from tests.share.post import Desk, desk_of
from zvon.access.permission import Denied
from zvon.model.ids import uuid7
from zvon.share import takedown_mail
from zvon.share.takedown_mail import NobodyToTell
from zvon.store import takedown
from zvon.store.incident_detail import get
from zvon.store.takedown import Contact, Subject, Takedown
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import viewer_setting

URL = "https://posta-si.dostava-paketa.example/i?t=7F3K9Q"


@pytest_asyncio.fixture
async def desk(pool: Pool, now: datetime, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of(pool, now, tmp_path) as made:
        yield made


async def packed(desk: Desk, *addresses: str) -> Takedown:
    """A package as `share.takedown` keeps it."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        archive.writestr("report.xarf.json", msgspec.json.encode({"url": URL, "timestamp": "2026-11-22T09:00:00Z"}))  # fmt: skip
    made = Takedown(
        uuid=uuid7(desk.now, b"0123456789"), url=URL, sha256=b"s" * 32, made_by="ana", made_at=desk.now,
        contacts=tuple(Contact("registrar", each, "rdap") for each in addresses),
    )  # fmt: skip
    ana = desk.world.analyst
    async with transaction(desk.pool, desk.now, viewer=viewer_setting(ana)) as tx:
        about = Subject(url=URL, host="posta-si.dostava-paketa.example", looks=(), facts=(),
                        incident=await get(tx.db, ana, desk.world.incident))  # fmt: skip
        await takedown.put(tx, ana, about, made, out.getvalue(), key=desk.context.node.key, nonce=b"n" * 12)  # fmt: skip
    return made


async def test_each_contact_gets_the_package_once(desk: Desk) -> None:
    made = await packed(desk, "abuse@registrar.example", "abuse@gostitelj.example")
    ana = desk.world.analyst
    first = await takedown_mail.send(desk.context, ana, made.uuid, "sl")
    again = await takedown_mail.send(desk.context, ana, made.uuid, "sl")
    await desk.send()
    assert [q.message for q in first] == [q.message for q in again]
    assert sorted(desk.sink.recipients) == ["abuse@gostitelj.example", "abuse@registrar.example"]
    letter = desk.sink.letters[0]
    text, archive = letter.iter_parts()
    assert "posta-si.dostava-paketa[.]example/i" in text.get_content()
    assert "https://" not in text.get_content()
    with ZipFile(BytesIO(archive.get_content())) as opened:
        assert opened.namelist() == ["report.xarf.json"]


async def test_without_a_contact_nobody_can_be_told(desk: Desk) -> None:
    made = await packed(desk)
    with pytest.raises(NobodyToTell):
        await takedown_mail.send(desk.context, desk.world.analyst, made.uuid, "sl")


async def test_who_may_not_send_sends_nothing(desk: Desk) -> None:
    made = await packed(desk, "abuse@registrar.example")
    nobody = msgspec.structs.replace(desk.world.analyst, permissions=frozenset())
    with pytest.raises(Denied):
        await takedown_mail.send(desk.context, nobody, made.uuid, "sl")
    assert await desk.rows("select count(*) from message") == [(0,)]
