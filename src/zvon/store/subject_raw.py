"""Raw data looked through for a person: deliveries, and reports that nobody could read."""

import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from zvon.store import delivery, raw
from zvon.store.data_key import KeyDestroyed
from zvon.store.party import Db
from zvon.store.retention import Gone
from zvon.store.transaction import Pool, Tx
from zvon.store.visibility import SYSTEM, read

OVERLAP = 400  # characters that the end of a piece is read again with the next one


async def deliveries_with(pool: Pool, pattern: str) -> list[int]:
    """Deliveries whose bytes match `pattern`, piece by piece; what is packed inside is not opened.

    A delivery is whole in no memory, and no connection is held between pieces.
    """
    wanted = re.compile(pattern, re.IGNORECASE)
    async with read(pool, SYSTEM) as db:
        cursor = await db.execute("select distinct delivery_id from delivery_chunk order by 1")
        ids = [int(row[0]) for row in await cursor.fetchall()]
    return [each for each in ids if await _matches(delivery.body(pool, each), wanted)]


async def _matches(body: AsyncIterator[bytes], wanted: re.Pattern[str]) -> bool:
    rest = ""
    try:
        async for piece in body:
            text = rest + piece.decode("utf-8", "replace")
            if wanted.search(text):
                return True
            rest = text[-OVERLAP:]
    except KeyDestroyed:
        return False
    return False


async def unread_with(db: Db, pattern: str) -> list[int]:
    """Reports that were never read and whose bytes match `pattern`: their records."""
    wanted = re.compile(pattern, re.IGNORECASE)
    cursor = await db.execute(
        """
        select c.id, c.raw_sha256 from report r join record c on c.id = r.record_id
        where r.status in ('received', 'quarantined') and c.raw_sha256 is not null order by c.id
        """
    )
    found = []
    for record_id, sha in await cursor.fetchall():
        try:
            body = await raw.get(db, bytes(sha))
        except (raw.NoRaw, KeyDestroyed):
            continue
        if wanted.search(body.decode("utf-8", "replace")):
            found.append(int(record_id))
    return found


async def forget_deliveries(tx: Tx, ids: Sequence[int], gone: Gone, now: datetime) -> int:
    """Delete the pieces of deliveries and what of them stood in quarantine; how many deliveries.

    The records that were read from them stay; they are emptied by themselves.
    """
    pieces = await tx.execute(
        "delete from delivery_chunk where delivery_id = any(%s) returning delivery_id, n",
        (list(ids),),
    )
    gone.took("delivery_chunk", (f"{a}/{b}" for a, b in sorted(await pieces.fetchall())))
    aside = await tx.execute(
        "delete from quarantine where delivery_id = any(%s) returning id", (list(ids),)
    )
    gone.took("quarantine", sorted(row[0] for row in await aside.fetchall()))
    await tx.execute(
        "update delivery set chunks = 0, quarantined = 0, cursor = '{}', done_at ="
        " coalesce(done_at, %s), state = case when state = 'done' then 'done' else 'failed' end"
        " where id = any(%s)",
        (now, list(ids)),
    )
    return len(ids)
