"""Every message of a mailbox is one delivery, also when the mailbox was made anew."""

from datetime import datetime
from pathlib import Path

from tests.collect.post_office import post_office
from tests.collect.source.sources import desk
from zvon.store.transaction import Pool

MAIL = b"From: a@example.test\r\nSubject: %d\r\n\r\nbody\r\n"


async def test_messages_come_once_each_and_again_only_from_a_new_mailbox(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    async with post_office() as (box, _):
        node = await desk(pool, now, tmp_path, f"127.0.0.1:{box.port}")
        source = await node.add(
            "imap", {"mailbox": f"imap://soc@127.0.0.1:{box.port}/INBOX"}, secret="pass"
        )
        for n in range(25):
            box.deliver(MAIL % n)
        await node.read(source)
        after = await node.read(source)
        found = await node.deliveries(source)
        assert (len(found), after.cursor) == (25, {"validity": 7, "uid": 25})
        assert (found[0].name, found[0].media_type) == ("1.eml", "message/rfc822")
        assert len(box.fetched) == 25
        box.validity = 8
        box.messages.clear()
        box.deliver(MAIL % 100)
        renewed = await node.read(source)
        assert len(await node.deliveries(source)) == 26
    assert renewed.cursor == {"validity": 8, "uid": 1}


async def test_a_mailbox_that_hangs_up_fails_and_says_so_without_the_password(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    async with post_office() as (box, _):
        node = await desk(pool, now, tmp_path, f"127.0.0.1:{box.port}")
        source = await node.add(
            "imap", {"mailbox": f"imap://soc@127.0.0.1:{box.port}"}, secret="hunter2"
        )
        box.broken = True
        after = await node.read(source)
    assert after.failures == 1
    assert after.problem
    assert "hunter2" not in after.problem


async def test_a_mailbox_without_a_secret_says_that_it_needs_one(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    node = await desk(pool, now, tmp_path)
    source = await node.add("imap", {"mailbox": "imaps://soc@mail.example"})
    assert "needs a secret" in (await node.read(source)).problem
