"""A worker of playbooks as a process of its own, to be killed: `python -m tests.respond.run_worker`.

Its arguments are the DSN, the root of the node, a name, and the file that each outside effect is
written to (one line per effect, appended in one write), so that a test can count them.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from msgspec import structs

from zvon.access.node import node
from zvon.config import Settings
from zvon.jobs import Context
from zvon.respond.actions.action import Act, Doing, Done, Result
from zvon.respond.actions.catalogue import DOING
from zvon.respond.run_policy import shipped
from zvon.respond.run_work import Worker
from zvon.store.data_key import DataKeys
from zvon.store.pool import open_pool
from zvon.store.transaction import Tx
from zvon.store.visibility import SYSTEM, read


async def note(tx: Tx, act: Act) -> Result:
    """An effect in the database: a line of the run's log, which the step's key names."""
    await tx.execute(
        "insert into run_log (run_id, at, code, step, params) values (%s, %s, 'EFFECT', %s, %s)",
        (act.run.id, act.now, act.step.step, f'{{"key": "{act.key}"}}'),
    )
    return Done({"suggestion": act.key})


async def work(dsn: str, root: Path, name: str) -> None:
    """Work until killed. Leases are short, so that a killed worker's steps come back soon."""
    settings = Settings(root=root)
    policy = structs.replace(shipped(), lease_s=1, batch=20, attempts=50, rest_s=1)
    doing = {**DOING, "classify": Doing(begin=note)}
    async with open_pool(dsn, size=3, keys=DataKeys(bytes(32), os.urandom)) as pool:
        async with read(pool, SYSTEM) as db:
            identity = await node(db, settings.key_file.read_bytes())
        context = Context(pool, settings, identity, lambda: datetime.now(UTC), os.urandom)
        worker = Worker(context, name, policy=policy, doing=doing)
        while True:
            try:
                if not await worker.turn() + await worker.sweep():
                    await asyncio.sleep(0.05)
            except Exception as lost:  # noqa: BLE001 -- the database was killed: it comes back
                print(type(lost).__name__, flush=True)
                await asyncio.sleep(0.2)


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
