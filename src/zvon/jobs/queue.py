"""Putting jobs into the queue, in the transaction of what they follow from."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.types import JobId

from zvon.store.job import held
from zvon.store.transaction import Tx

__all__ = ["enqueue", "enqueue_all", "held", "requeue"]


async def enqueue(
    tx: Tx,
    name: str,
    payload: Mapping[str, Any],
    *,
    dedupe: str | None = None,
    after: timedelta | None = None,
) -> None:
    """Have the job `name` done once `tx` has committed, at the earliest `after` from now.

    Nothing happens when a job with the same `dedupe` key waits or runs: a handler that must see
    what `tx` wrote needs a key that names it.
    """
    await enqueue_all(tx, name, [payload], dedupe=[dedupe], after=after)


async def enqueue_all(
    tx: Tx,
    name: str,
    payloads: Sequence[Mapping[str, Any]],
    *,
    dedupe: Sequence[str | None] | None = None,
    after: timedelta | None = None,
) -> None:
    """Have the job `name` done once for each of `payloads`; like `enqueue`, in one statement."""
    if not payloads:
        return
    count = len(payloads)
    await Queries.from_psycopg_connection(tx.db).enqueue(
        [name] * count,
        [msgspec.json.encode(payload) for payload in payloads],
        [0] * count,
        [after] * count,
        [None] * count if dedupe is None else list(dedupe),
        on_conflict="skip",
    )


async def requeue(tx: Tx, ids: Sequence[int]) -> None:
    """Give held jobs a new set of attempts."""
    await Queries.from_psycopg_connection(tx.db).requeue_jobs([JobId(i) for i in ids])
