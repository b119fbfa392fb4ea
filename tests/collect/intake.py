"""What tests of intake begin with: a node's operator, a report, and its jobs run one by one."""

import os
from datetime import datetime
from typing import Any, cast

from zvon.collect.decode import decode
from zvon.collect.submit import submit
from zvon.config import Settings
from zvon.jobs import Context
from zvon.model.report import Channel, Door, Lang, Receipt, ReportIn
from zvon.store.transaction import Pool


def context_of(pool: Pool, now: datetime) -> Context:
    """A worker's context whose clock stands at `now`."""
    return Context(pool, Settings(), cast(Any, None), lambda: now, os.urandom)


def report_in(body: bytes, now: datetime, **changed: Any) -> ReportIn:
    """A text message in Slovenian through the API."""
    given: dict[str, Any] = {
        "media_type": "text/plain; charset=utf-8", "channel": Channel.SMS, "door": Door.API,
        "lang": Lang.SL,
    } | changed  # fmt: skip
    return ReportIn(body=body, received_at=now, **given)


async def hand_in(
    pool: Pool, body: bytes, now: datetime, key: str | None = None, **changed: Any
) -> Receipt:
    """Take a report in."""
    return await submit(pool, report_in(body, now, **changed), now=now, random=os.urandom, key=key)


async def waiting_jobs(pool: Pool) -> list[tuple[str, dict[str, Any]]]:
    """Name and payload of every job in the queue, oldest first."""
    import msgspec

    async with pool.connection() as db:
        rows = await (
            await db.execute("select entrypoint, payload from pgqueuer order by id")
        ).fetchall()
    return [(name, msgspec.json.decode(payload)) for name, payload in rows]


async def decode_all(pool: Pool, now: datetime) -> None:
    """Run every waiting `collect.decode`."""
    for name, payload in await waiting_jobs(pool):
        if name == "collect.decode":
            await decode(context_of(pool, now), payload)
