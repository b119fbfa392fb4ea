"""`python -m tests.collect.intake_process DSN DELIVERY NOW`: one worker that reads one delivery."""

import asyncio
import os
import sys
from datetime import datetime

from tests.collect.intake import context_of
from zvon.collect.intake import intake
from zvon.store.data_key import DataKeys
from zvon.store.pool import open_pool


async def main(dsn: str, delivery: str, now: str) -> None:
    """Read it to the end."""
    async with open_pool(dsn, size=4, keys=DataKeys(bytes(32), os.urandom)) as pool:
        context = context_of(pool, datetime.fromisoformat(now))
        await intake(context, {"delivery_id": int(delivery)})


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
