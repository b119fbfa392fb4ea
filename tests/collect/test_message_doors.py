"""Answers through real doors: an IMAP mailbox that is polled, and LMTP; each is in its thread, once."""

import asyncio
import os
import smtplib
from collections.abc import AsyncIterator
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio
from pydantic import SecretStr

from tests.collect import mails
from tests.collect.post_office import post_office
from tests.collect.test_message import THEIRS, written
from tests.share.post import OWN, Desk, desk_of
from zvon.collect import message as incoming
from zvon.collect.mailbox import poll_messages
from zvon.collect.source import lmtp
from zvon.formats import xarf
from zvon.jobs import Context
from zvon.store.message import Message
from zvon.store.transaction import Pool


@pytest_asyncio.fixture
async def desk(pool: Pool, now: datetime, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of(pool, now, tmp_path) as made:
        yield made


async def came(desk: Desk) -> list[Message]:
    """Every mail that came, read."""
    found = []
    for (uuid,) in await desk.rows("select uuid from message where direction = 'in' order by id"):
        await incoming.look(desk.context, {"message": str(uuid)})
        found.append(await desk.message(UUID(str(uuid))))
    return found


async def test_a_mailbox_delivers_answers_into_their_threads_once(desk: Desk) -> None:
    sent = await written(desk)
    async with post_office() as (box, _):
        settings = desk.context.settings.model_copy(update={
            "message_mailbox": f"imap://cert%40cert.example@127.0.0.1:{box.port}",
            "message_mailbox_password": SecretStr("skrivnost")})  # fmt: skip
        context = msgspec.structs.replace(desk.context, settings=settings)
        box.deliver(mails.answer(sent, 1, answers=sent.message_id, vouched="pass"))
        box.deliver(mails.answer(sent, 2, to=OWN, subject="nekaj drugega", sender="x@tuj.example"))
        box.deliver(mails.bounce(sent, 3))
        for _ in range(2):
            await poll_messages(context, {})
        box.deliver(mails.answer(sent, 4, mark="b"))
        await poll_messages(context, {})
    got = await came(desk)
    assert [(m.state, m.machine, m.trust) for m in got] == [
        ("threaded", "", "authenticated"), ("unthreaded", "", "stranger"),
        ("threaded", "bounce", "stranger"), ("threaded", "", "claimed"),
    ]  # fmt: skip
    assert {m.incident for m in got if m.thread} == {desk.world.incident}
    assert await desk.rows("select state from message where direction = 'out'") == [("bounced",)]
    assert await desk.rows("select state from contact where kind = 'constituent'") == [("bounced",)]


async def test_a_mailbox_that_is_away_loses_nothing(desk: Desk) -> None:
    sent = await written(desk)
    async with post_office() as (box, _):
        settings = desk.context.settings.model_copy(update={
            "message_mailbox": f"imap://cert%40cert.example@127.0.0.1:{box.port}",
            "message_mailbox_password": SecretStr("skrivnost")})  # fmt: skip
        context = msgspec.structs.replace(desk.context, settings=settings)
        box.deliver(mails.answer(sent, 1, answers=sent.message_id))
        box.broken = True
        await poll_messages(context, {})
        assert await came(desk) == []
        box.broken = False
        await poll_messages(context, {})
    assert [m.state for m in await came(desk)] == ["threaded"]


def handed(port: int, to: str, body: bytes) -> tuple[int, bytes]:
    """What an LMTP client is told at its end."""
    with smtplib.LMTP("127.0.0.1", port, timeout=20) as client:
        client.ehlo("mail.test")
        client.mail("")
        code, said = client.rcpt(to)
        return client.data(body) if code == 250 else (code, said)


async def lmtp_of(context: Context) -> asyncio.Server:
    return await lmtp.listen("127.0.0.1:0", context, lambda _address: None)


async def test_lmtp_takes_answers_to_our_address_and_to_nobody_else(desk: Desk) -> None:
    sent = await written(desk)
    server = await lmtp_of(desk.context)
    port = server.sockets[0].getsockname()[1]
    body = mails.answer(sent, 1).as_bytes()
    try:
        told = [await asyncio.to_thread(handed, port, to, body)
                for to in (sent.reply_to, sent.reply_to, "nekdo@cert.example", "x@tuj.example")]  # fmt: skip
    finally:
        server.close()
    assert [code for code, _ in told] == [250, 250, 550, 550]
    (got,) = await came(desk)
    assert (got.state, got.found_by, got.incident) == ("threaded", "address", desk.world.incident)


async def test_what_our_own_relay_found_is_shown_and_what_others_claim_is_not(desk: Desk) -> None:
    sent = await written(desk)
    mail = mails.answer(sent, 1, answers=sent.message_id)
    mail["Authentication-Results"] = ("mx.cert.example; dkim=pass header.d=gostitelj.example;"
                                      " spf=pass smtp.mailfrom=gostitelj.example")  # fmt: skip
    mail["Authentication-Results"] = "mx.tuj.example; dmarc=pass header.from=gostitelj.example"
    uuid = await incoming.take(desk.context, mail.as_bytes(), [])
    await incoming.look(desk.context, {"message": str(uuid)})
    got = await desk.message(uuid)
    said = [(each["method"], each["result"]) for each in got.said["authentication"]]
    assert said == [("dkim", "pass"), ("spf", "pass")]
    assert got.trust == "claimed", "only what DMARC says of the sender vouches for them"


def report() -> bytes:
    content = xarf.Content(
        category="phishing", url="https://paket.lipa.example/p", source="203.0.113.9",
        seen_at=datetime.fromisoformat("2026-11-22T09:00:00+00:00"), description="phishing\x00",
    )  # fmt: skip
    desk = xarf.Desk("Tuji CERT", "abuse@tuj.example")
    return xarf.encode(content, desk, [], UUID(int=7, version=4))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (report(), [("https://paket.lipa.example/p", "url"), ("203.0.113.9", "ipv4")]),
        (b'{"xarf_version": "4"' + b"[" * 100_000, []),
        (b'{"some": "other"}', []),
        (os.urandom(500), []),
    ],
)
async def test_an_xarf_report_in_a_mail_is_read_and_changes_nothing(
    desk: Desk, body: bytes, found: list[tuple[str, str]]
) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = THEIRS, OWN, "X-ARF"
    mail["Message-ID"] = "<xarf@tuj.example>"
    mail.set_content("Prilagamo prijavo.")
    mail.add_attachment(body, maintype="application", subtype="json", filename="xarf.json")
    uuid = await incoming.take(desk.context, mail.as_bytes(), [])
    await incoming.look(desk.context, {"message": str(uuid)})
    got = await desk.message(uuid)
    seen = [(value, kind) for each in got.said.get("reports", []) for kind, value in each["values"]]
    assert sorted(seen) == sorted(found)
    assert got.state == "unthreaded"
    assert len(got.files) == 1
    assert await desk.rows("select count(*) from incident") == [(1,)]
