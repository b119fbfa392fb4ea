"""The job that notes where people's identifiers stand, behind the ingest path; also the back-fill."""

import asyncio
from collections.abc import Sequence
from typing import Any

from zvon.jobs import Context
from zvon.privacy.subject import people
from zvon.store import subject_key
from zvon.store.subject_key import Unread
from zvon.store.transaction import transaction

AT_ONCE = 500
STEPS = 40  # of one job; the next one goes on within a minute


async def note_subjects(context: Context, payload: dict[str, Any]) -> None:
    """Take in what is new, one bounded transaction after another."""
    del payload
    for _ in range(STEPS):
        if not await step(context):
            return


async def step(context: Context) -> bool:
    """One batch; False when nothing was left."""
    async with transaction(context.pool, context.clock()) as tx:
        found = await subject_key.unread(tx, AT_ONCE)
        if found is None:
            return False
        upto, records = found
        # Beside the event loop: a batch of long texts takes a second.
        hashes = await asyncio.to_thread(_hashes, context.node.key, records)
        await subject_key.note(tx, upto, hashes)
    return True


def _hashes(key: bytes, records: Sequence[Unread]) -> dict[int, tuple[str, frozenset[bytes]]]:
    return {
        each.record_id: (
            each.of_class, frozenset(subject_key.hashed(key, one) for one in people(each.text))
        )
        for each in records
    }  # fmt: skip
