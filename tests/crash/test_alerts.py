"""kill -9 of the process that counts alerts, again and again: each is counted once, joined the same."""

import asyncio
import random
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.assess.sensors import alert, arrive, context
from tests.store.world import new_uuid, other_party, own_party
from zvon.assess.alerts import assess
from zvon.store import alert_page
from zvon.store.transaction import Pool
from zvon.store.visibility import SYSTEM, read

pytestmark = pytest.mark.slow
COUNT = 900
KILLS = 4


async def shape(pool: Pool, maker: int) -> list[tuple[object, ...]]:
    """What hangs together: the groups of each incident, by rule, machine and count."""
    async with read(pool, SYSTEM) as db:
        rows = await db.execute(
            """
            select g.signature, g.host, g.count, g.novel,
                   dense_rank() over (order by i.first_at, i.id) from alert_group g
            left join incident i on i.id = g.incident_id where g.orgc_id = %s
            order by g.first_at, g.signature, g.host, g.id
            """,
            (maker,),
        )
        return list(await rows.fetchall())


async def test_every_alert_is_counted_once_whenever_the_process_dies(
    pool: Pool, dsn: str, now: datetime
) -> None:
    draw = random.Random(5)
    own = await own_party(pool, now)
    batch = [
        alert(own, now - timedelta(hours=30) + n * timedelta(minutes=2), str(n % 11),
              f"192.168.1.{n % 7}", actor=f"203.0.113.{n % 40}")
        for n in range(COUNT)
    ]  # fmt: skip
    await arrive(pool, now, batch)
    killed = 0
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.counting", dsn, now.isoformat()],
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        await asyncio.sleep(draw.uniform(0.05, 0.4))
        process.kill()
        killed += process.wait() == -9
        process.stdout.close()
    await assess(context(pool, now), {})
    assert killed
    async with read(pool, SYSTEM) as db:
        found = await alert_page.sums(db)
    assert (found.accepted, found.counted, found.equal) == (COUNT, COUNT, True)
    interrupted = await shape(pool, own.id)
    # The same alerts once more, of another maker, counted without a kill.
    bank = await other_party(pool, now)
    await arrive(pool, now, [replace(e, uuid=new_uuid(now), orgc_id=bank.id) for e in batch])
    await assess(context(pool, now), {})
    assert await shape(pool, bank.id) == interrupted
