"""A batch of a collector as a delivery: its lines, what became of them, and what was unreadable."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from hashlib import sha256

from zvon.formats.batch import Head
from zvon.model.item import Bad
from zvon.store import delivery, delivery_reading
from zvon.store.delivery import PIECE, New, pack
from zvon.store.intake import Stored
from zvon.store.source import Setup
from zvon.store.transaction import Tx


async def keep(
    tx: Tx, source: Setup, head: Head, raw: bytes, now: datetime, random: bytes
) -> int:  # fmt: skip
    """Keep the lines of a batch, read already; the id of the delivery."""
    new = New(
        source_id=source.id, sha256=sha256(raw).digest(), size=len(raw),
        chunks=-(-len(raw) // PIECE), received_at=now, name=f"{head.source} {head.n}",
        media_type="application/x-ndjson", external=f"{head.spool}:{head.n}", format="collector",
    )  # fmt: skip
    return (await delivery.put(tx, new, _pieces(raw), random)).id


async def _pieces(raw: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(raw), PIECE):
        yield pack(raw[start : start + PIECE])


async def finish(
    tx: Tx, source: Setup, delivery_id: int, stored: Stored, count: int, bad: Sequence[Bad],
    lost: int, now: datetime,
) -> None:  # fmt: skip
    """Say what a batch became, and set aside what its collector could not read.

    `lost` things of this source never came: the collector had no room for them.
    """
    await tx.execute(
        """
        update delivery set state = 'done', done_at = %(now)s, items = %(items)s,
          records = %(records)s, observables = %(observables)s, quarantined = %(bad)s,
          warnings = case when %(lost)s > 0
            then jsonb_build_array('LOST_AT_COLLECTOR ' || %(lost)s) else warnings end
        where id = %(id)s
        """,
        {"now": now, "items": count - len(bad), "records": stored.records + stored.again,
         "observables": stored.observables, "bad": len(bad), "lost": lost, "id": delivery_id},
    )  # fmt: skip
    await delivery_reading.quarantine(tx, source.id, delivery_id, bad, 0, now)
