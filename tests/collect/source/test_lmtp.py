"""Mail that is handed over gets one answer for each recipient."""

import asyncio
import smtplib
from datetime import datetime
from pathlib import Path

import pytest

from tests.collect.source.listener import connected, free_port, listening, until
from tests.collect.source.sources import Desk, desk
from zvon.collect.source import lmtp
from zvon.store import source_change
from zvon.store.transaction import Pool, transaction

MAIL = b"From: a@example.test\r\nTo: x\r\nSubject: s\r\n\r\n..dots and \xff bytes\r\n"


@pytest.fixture
async def node(pool: Pool, now: datetime, tmp_path: Path) -> Desk:
    made = await desk(pool, now, tmp_path)
    for name in ("alerts", "feeds", "paused"):
        await made.add("lmtp", {"addresses": [f"{name.title()}@soc.test"]}, name=name, every_s=None)
    paused = await made.add("lmtp", {"addresses": ["rest@soc.test"]}, name="rest", every_s=None)
    async with transaction(pool, now) as tx:
        await source_change.pause(tx, made.ada, paused.uuid)
    return made


def hand_over(port: int, *recipients: str, body: bytes = MAIL) -> list[tuple[int, bytes]]:
    """What an LMTP client is told: for each RCPT, then for each that was taken after DATA."""
    answers: list[tuple[int, bytes]] = []
    with smtplib.LMTP("127.0.0.1", port, timeout=20) as client:
        client.ehlo("mail.test")
        client.mail("")
        accepted = 0
        for each in recipients:
            answer = client.rcpt(each)
            answers.append(answer)
            accepted += answer[0] == 250
        if accepted:
            answers.append(client.data(body))
            answers += [client.getreply() for _ in range(accepted - 1)]
    return answers


async def test_two_recipients_are_two_answers_and_two_deliveries(node: Desk) -> None:
    port = free_port()
    async with listening(node, lmtp=f"127.0.0.1:{port}"):
        _, writer = await connected(port)
        writer.close()

        async def known() -> bool:
            answers = await asyncio.to_thread(
                hand_over, port, "alerts@soc.test", "nobody@soc.test", "FEEDS@SOC.TEST",
                "rest@soc.test",
            )  # fmt: skip
            return [code for code, _ in answers] == [250, 550, 250, 450, 250, 250]

        await until(known)
    async with node.pool.connection() as db:
        await db.execute("set zvon.viewer = 'system'")
        rows = await (
            await db.execute(
                "select s.name, d.media_type from delivery d join source s on s.id = d.source_id"
                " order by s.name"
            )
        ).fetchall()
    assert rows == [("alerts", "message/rfc822"), ("feeds", "message/rfc822")]


async def test_the_bytes_of_a_mail_are_kept_as_they_came(node: Desk) -> None:
    port = free_port()
    source = await node.add("lmtp", {"addresses": ["raw@soc.test"]}, name="raw", every_s=None)
    async with listening(node, lmtp=f"127.0.0.1:{port}"):

        async def taken() -> bool:
            try:
                answers = await asyncio.to_thread(hand_over, port, "raw@soc.test")
            except ConnectionError:
                return False
            return answers[-1][0] == 250 and len(answers) == 2

        await until(taken)
    assert await node.bodies(source) == [MAIL]


async def test_while_the_database_is_away_the_mail_server_keeps_the_mail(
    node: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_given: object, **_more: object) -> None:
        raise OSError("away")

    monkeypatch.setattr(lmtp, "take", away)
    port = free_port()
    async with listening(node, lmtp=f"127.0.0.1:{port}"):

        async def put_off() -> bool:
            try:
                answers = await asyncio.to_thread(hand_over, port, "alerts@soc.test")
            except ConnectionError:
                return False
            return [code for code, _ in answers] == [250, 451]

        await until(put_off)
        assert await put_off()  # and again: it stays with the mail server
