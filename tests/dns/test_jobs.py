"""What is old is forgotten, and what is young is kept."""

import os
from datetime import datetime, timedelta
from pathlib import Path

from tests.blocks import people_of, publish
from zvon.access.node import create_node, node, node_key
from zvon.config import Settings
from zvon.dns.jobs import JOBS
from zvon.jobs import Context
from zvon.store import neverblock
from zvon.store.transaction import Pool, transaction
from zvon.store.zone import JOURNAL_KEPT


async def test_journals_and_counts_are_dropped_when_they_are_old(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    settings = Settings(root=tmp_path)
    async with transaction(pool, now) as tx:
        await create_node(tx, settings, now, os.urandom)
    async with pool.connection() as db:
        identity = await node(db, node_key(settings.key_file, os.urandom))
    people = await people_of(pool, now)
    await publish(pool, people, now, "old.example")
    later = now + JOURNAL_KEPT + timedelta(days=400)
    async with transaction(pool, now) as tx:
        await tx.execute(
            "insert into landing_hour values (%s, 'B-1', 3), (%s, 'B-1', 4)", (now, later)
        )
    async with transaction(pool, later) as tx:
        await neverblock.load(tx, later)  # lists this old would close the gate
    await publish(pool, people, later, "young.example")

    async def left() -> tuple[set[str], int]:
        async with pool.connection() as db:
            owners = await (await db.execute("select distinct owner from zone_change")).fetchall()
            hits = await (await db.execute("select sum(hits) from landing_hour")).fetchone()
        assert hits
        return {row[0] for row in owners}, int(hits[0])

    assert {"old.example", "young.example"} <= (await left())[0]
    context = Context(pool, settings, identity, lambda: later, os.urandom)
    await JOBS["dns.forget"](context, {})
    owners, hits = await left()
    assert "young.example" in owners
    assert "old.example" not in owners
    assert hits == 4
