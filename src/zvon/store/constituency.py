"""The register of what is ours: it names victims, so it is never shared and never public."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from psycopg.rows import class_row

from zvon.store.party import Db
from zvon.store.transaction import Tx

Kind = Literal["domain", "prefix", "organisation", "person", "mail"]


class Entry(Struct, frozen=True):
    """One row of the register."""

    kind: Kind
    value: str


async def entries(db: Db) -> list[Entry]:
    """The whole register, in a stable order."""
    async with db.cursor(row_factory=class_row(Entry)) as cursor:
        await cursor.execute("select kind, value from constituency order by kind, value")
        return await cursor.fetchall()


async def put(tx: Tx, rows: Sequence[Entry], *, party_id: int | None = None) -> int:
    """Add entries; the number that were new."""
    done = await tx.execute(
        "insert into constituency (kind, value, party_id)"
        " select k, v, %s from unnest(%s::text[], %s::text[]) x(k, v) on conflict do nothing",
        (party_id, [row.kind for row in rows], [row.value for row in rows]),
    )
    return done.rowcount


async def remove(tx: Tx, entry: Entry) -> bool:
    """Take one entry out; true when it was there."""
    done = await tx.execute(
        "delete from constituency where kind = %s and value = %s", (entry.kind, entry.value)
    )
    return done.rowcount == 1
