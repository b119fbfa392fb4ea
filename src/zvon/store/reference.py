"""Which reference data is in use, for the console and the audit; the data itself is in a folder."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx


class SetRow(Struct, frozen=True, kw_only=True):
    """A set in use."""

    name: str
    version: str
    sha256: bytes
    entries: int
    made_at: datetime


async def used(db: Db, viewer: Viewer) -> list[SetRow]:
    """The sets in use by name. Raises `Denied` without `search:read`."""
    viewer.require(Permission.SEARCH_READ)
    async with db.cursor(row_factory=class_row(SetRow)) as cursor:
        await cursor.execute(
            "select name, version, sha256, entries, made_at from reference_set order by name"
        )
        return await cursor.fetchall()


async def put(tx: Tx, actor: str, rows: Sequence[SetRow]) -> list[str]:
    """Note the sets in use; the names of those that changed, each with its line in the audit."""
    changed: list[str] = []
    for row in rows:
        done = await tx.execute(
            """
            insert into reference_set as r (name, version, sha256, entries, made_at)
            values (%s, %s, %s, %s, %s)
            on conflict (name) do update set version = excluded.version,
              sha256 = excluded.sha256, entries = excluded.entries, made_at = excluded.made_at
            where r.sha256 <> excluded.sha256 or r.entries <> excluded.entries
            """,
            (row.name, row.version, row.sha256, row.entries, row.made_at),
        )
        if done.rowcount:
            changed.append(row.name)
            tx.audit(AuditEntry(actor=actor, action=Permission.REFERENCE_MANAGE.value,
                                object=row.name, detail={"version": row.version, "entries": row.entries,
                                                         "sha256": row.sha256.hex()}))  # fmt: skip
    return changed
