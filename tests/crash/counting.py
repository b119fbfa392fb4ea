"""A process that counts the alerts that wait, for a test that kills it: `counting DSN NOW`."""

import asyncio
import os
import sys
from datetime import datetime

from msgspec.structs import replace

from tests.assess.sensors import context
from zvon.assess import alert_policy, alerts
from zvon.store.data_key import DataKeys
from zvon.store.pool import open_pool


async def main(dsn: str, now: datetime) -> None:
    """Count in small pieces, so that a kill strikes in the middle of one."""
    small = replace(alert_policy.shipped(), batch=40, memory_every=100)
    alert_policy.shipped = lambda: small  # type: ignore[assignment]
    async with open_pool(dsn, size=2, keys=DataKeys(bytes(32), os.urandom)) as pool:
        print("ready", flush=True)
        await alerts.assess(context(pool, now), {})


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], datetime.fromisoformat(sys.argv[2])))
