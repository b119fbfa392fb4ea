"""Feeds, their zones and their views for tests, on a real database."""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.blocks import People
from zvon.access.viewer import Viewer
from zvon.model.scope import Scope
from zvon.model.view import View
from zvon.store import block, feed_fill, feed_view, subscriber
from zvon.store.block import BlockRow, Proposal
from zvon.store.feed_view import Feed
from zvon.store.subscriber import Subscriber
from zvon.store.transaction import Pool, transaction


async def fill(pool: Pool, now: datetime, *, limit: int = feed_fill.BATCH) -> int:
    """Carry out every view; returns how many batches moved something."""
    moved = 0
    while True:
        async with transaction(pool, now) as tx:
            done = await feed_fill.step(tx, now, limit=limit)
        if done is None:
            return moved
        moved += bool(done.came or done.went)


async def view_feed(
    pool: Pool, who: Viewer, now: datetime, name: str, *, action: str = "given", **view: Any
) -> Feed:
    """A filled view feed."""
    async with transaction(pool, now) as tx:
        await feed_view.create(
            tx, who, name=name, country="SI", view=View(**view), action=action, now=now
        )
    await fill(pool, now)
    async with pool.connection() as db:
        return await feed_view.get(db, name)


async def publish(
    pool: Pool,
    people: People,
    now: datetime,
    *names: str,
    scope: Scope = Scope.HOST,
    feed: str = "si",
    **more: Any,
) -> list[BlockRow]:
    """Blocks of `names`, proposed by one person and approved by another."""
    proposal = Proposal(
        names=tuple((name, scope) for name in names), feed=feed, reason="phishing for the Post",
        legal_ground="terms of the feed", expires_at=now + timedelta(days=14), **more,
    )  # fmt: skip
    async with transaction(pool, now) as tx:
        rows = await block.propose(tx, people["ana"], proposal, now, os.urandom)
    async with transaction(pool, now) as tx:
        return await block.approve(tx, people["bor"], [r.uuid for r in rows], "seen it", now)


async def lift(pool: Pool, people: People, now: datetime, rows: Sequence[BlockRow]) -> None:
    """End these blocks."""
    async with transaction(pool, now) as tx:
        await block.lift(tx, people["bor"], [row.uuid for row in rows], "a mistake", now)


async def subscribe(
    pool: Pool, people: People, now: datetime, name: str, *feeds: str, **more: Any
) -> Subscriber:
    """A BIND that takes the feeds."""
    async with transaction(pool, now) as tx:
        made, _ = await subscriber.add(
            tx, people["ada"], name=name, brand="bind", address="192.0.2.1", feeds=feeds,
            notify_address="192.0.2.1:53", now=now, random=os.urandom, key=bytes(32), **more,
        )  # fmt: skip
    return made


async def zone_rules(pool: Pool, *names: str) -> dict[str, str]:
    """All rules of the zones but the test names."""
    async with pool.connection() as db:
        found = await (
            await db.execute(
                "select owner, rdata from zone_rule r join zone z on z.id = r.zone_id"
                " where z.name = any(%s) and block_id is not null",
                (list(names),),
            )
        ).fetchall()
    return dict(found)
