"""The jobs of `respond`: each does what it says, and is scheduled."""

import os
from datetime import datetime
from pathlib import Path

from tests.respond.test_decide import enforced, say, seen
from tests.store.world import reported, somebody
from zvon.access.node import create_node, node
from zvon.config import Settings
from zvon.jobs import Context
from zvon.respond.jobs import JOBS, SCHEDULE
from zvon.store.transaction import Pool, transaction


async def context(pool: Pool, now: datetime, folder: Path) -> Context:
    settings = Settings(root=folder)
    async with transaction(pool, now) as tx:
        await create_node(tx, settings, now, os.urandom)
        identity = await node(tx.db, settings.key_file.read_bytes())
    return Context(pool, settings, identity, lambda: now, os.urandom)


async def test_settling_contains_an_incident_whose_block_is_proved(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    running = await context(pool, now, tmp_path)
    async with pool.connection() as db:
        from zvon.store import party

        home = await party.own(db)
    from zvon.access.permission import SHIPPED_ROLES
    from zvon.store import person

    async with transaction(pool, now) as tx:
        await person.put_roles(tx, SHIPPED_ROLES)
    ana = await somebody(pool, now, home, "ana")
    bor = await somebody(pool, now, home, "bor", roles=["approver"])
    found = await reported(pool, now, home)
    await say(pool, now, ana, found.incident_uuid, "malicious")
    await enforced(pool, now, found, ana, bor)
    for _ in range(2):
        await JOBS["respond.settle"](running, {})
    after = await seen(pool, ana, found.incident_uuid)
    assert after.state == "contained"
    assert [line.code for line in after.timeline].count("INCIDENT_CONTAINED") == 1


def test_every_scheduled_job_exists() -> None:
    assert set(SCHEDULE) <= set(JOBS)
    assert all(name.startswith("respond.") for name in JOBS)
