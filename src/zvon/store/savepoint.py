"""A part of a transaction that may fail alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from zvon.store.transaction import Tx


@asynccontextmanager
async def savepoint(tx: Tx) -> AsyncIterator[None]:
    """Undo what the block wrote, and forget what it noted, when it raises; the error goes on.

    What was noted before is kept even when the block sealed it: the rows it wrote are undone too.
    """
    changes, audits, zone_ops = list(tx.changes), list(tx.audits), list(tx.zone_ops)
    serials = dict(tx.serials)
    try:
        async with tx.db.transaction():
            yield
    except BaseException:
        tx.changes, tx.audits, tx.zone_ops, tx.serials = changes, audits, zone_ops, serials
        raise
