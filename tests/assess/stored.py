"""Reports as `collect.decode` leaves them, and a context for the jobs that follow."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import msgspec

from tests.store.world import new_uuid
from zvon.config import Settings
from zvon.jobs import Context
from zvon.model.marking import Pap, Tlp
from zvon.model.report import Message
from zvon.store import party
from zvon.store.ingest import SAID, RecordIn, Sighted, ingest
from zvon.store.transaction import Pool, transaction


async def stored(pool: Pool, now: datetime, message: Message) -> int:
    """Store a decoded report; its record id."""
    uuid = new_uuid(now)
    async with transaction(pool, now) as tx:
        own = await party.own(tx.db)
        seen = {m.observable for m in message.mentions}
        (record_id,) = await ingest(
            tx,
            [RecordIn(uuid=uuid, kind="report", created_at=now, modified_at=now, tlp=Tlp.AMBER,
                      pap=Pap.GREEN, payload=msgspec.to_builtins(message), org_id=own.id,
                      orgc_id=own.id,
                      observables=[Sighted(each, SAID, now) for each in sorted(seen)])],
            now,
        )  # fmt: skip
        await tx.execute(
            "insert into report (record_id, number, channel, door, lang, token_hash, status,"
            " received_at) values (%s, %s, 'sms', 'form', 'sl', %s, 'decoded', %s)",
            (record_id, f"Z-{uuid.hex[-8:]}", uuid.bytes, now),
        )
    return record_id


def context(pool: Pool, clock: Callable[[], datetime], **settings: Any) -> Context:
    """A job context without a node identity, which assessment does not use."""
    return Context(
        pool=pool,
        settings=Settings(root=Path("unused"), **settings),
        node=cast(Any, None),
        clock=clock,
        random=os.urandom,
    )


async def row(pool: Pool, query: str, *params: Any) -> tuple[Any, ...]:
    """One row, as our own jobs see it."""
    async with transaction(pool, datetime.now().astimezone()) as tx:
        found = await (await tx.db.execute(query.encode(), params)).fetchone()
    assert found is not None
    return found
