"""Taking back what was shared of a record that had its time, so that partners erase it too."""

from typing import Any
from uuid import UUID

from zvon.jobs import Context
from zvon.share import feed
from zvon.store.transaction import transaction

HAD_ITS_TIME = "the record had its time at its origin"


async def withdraw(context: Context, payload: dict[str, Any]) -> None:
    """The job: revoke the release `share`; one that is revoked already stays so.

    `reason` goes to the partners, so it names nobody.
    """
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await feed.revoke(
            tx, UUID(payload["share"]), str(payload.get("reason") or HAD_ITS_TIME), now,
            context.node, random=context.random,
        )  # fmt: skip
