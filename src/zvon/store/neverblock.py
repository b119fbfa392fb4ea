"""The never-block lists as rows: loaded at start, read by the block gate inside its transaction."""

from collections.abc import Collection, Sequence
from datetime import datetime

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from zvon.model import brand, guard, neverblock
from zvon.model.neverblock import ProtectedList, ProtectedName, chain
from zvon.store.transaction import AuditEntry, Tx

BRANDS = "brand"


async def load(tx: Tx, now: datetime, *, actor: str = "system") -> list[str]:
    """Bring the shipped lists and the brands' official names into the database; idempotent.

    Returns the lists that changed. A list whose hash is the one that is loaded is left alone.
    """
    return [
        entry.list
        for entry in (*neverblock.shipped(), _brands())
        if await put(tx, entry, now, actor=actor)
    ]


def _brands() -> ProtectedList:
    names = {
        name: ProtectedName(name, f"official name of {one.name}")
        for one in brand.registry()
        for name in (*one.official, *one.hosts)
    }
    return ProtectedList(BRANDS, "registry", tuple(sorted(names.values())))


async def put(tx: Tx, entry: ProtectedList, now: datetime, *, actor: str) -> bool:
    """Replace one list whole; false when it is the one that is loaded already."""
    known = await (
        await tx.execute("select sha256 from neverblock_list where list = %s", (entry.list,))
    ).fetchone()
    if known is not None and bytes(known[0]) == entry.sha256:
        return False
    names = {protected.name: protected for protected in entry.names}
    await tx.execute("delete from neverblock where list = %s", (entry.list,))
    async with tx.db.cursor() as cursor:
        await cursor.executemany(
            "insert into neverblock (name, list, reason, version, parents)"
            " values (%s, %s, %s, %s, %s)",
            [(p.name, entry.list, p.reason, entry.version, chain(p.name)[1:])
             for p in names.values()],
        )  # fmt: skip
    await tx.execute(
        """
        insert into neverblock_list (list, version, sha256, size, loaded_at)
        values (%s, %s, %s, %s, %s)
        on conflict (list) do update set version = excluded.version, sha256 = excluded.sha256,
          size = excluded.size, loaded_at = excluded.loaded_at
        """,
        (entry.list, entry.version, entry.sha256, len(names), now),
    )
    tx.audit(
        AuditEntry(
            actor=actor,
            action="neverblock:load",
            object=entry.list,
            detail={"version": entry.version, "sha256": entry.sha256.hex(), "names": len(names)},
        )
    )
    return True


async def facts(db: AsyncConnection[TupleRow], names: Collection[str]) -> guard.GuardFacts:
    """What the gate must know of `names`: the lists loaded, and every protected name near them.

    A list whose rows are not as many as it says is not loaded. What our constituency owns is
    protected beside the lists.
    """
    loaded = await (
        await db.execute(
            """
            select list from neverblock_list l
            where size = (select count(*) from neverblock n where n.list = l.list)
            """
        )
    ).fetchall()
    above = sorted({parent for name in names for parent in chain(name)})
    rows = await (
        await db.execute(
            """
            select name, list, reason from neverblock
            where name = any(%(above)s) or parents && %(names)s
            union all
            select value, 'constituency', 'a name of our constituency' from constituency
            where kind = 'domain'
            """,
            {"above": above, "names": sorted(names)},
        )
    ).fetchall()
    return guard.facts([row[0] for row in loaded], [guard.Protected(*row) for row in rows])


async def near(db: AsyncConnection[TupleRow], name: str) -> Sequence[guard.Protected]:
    """The rows that protect `name` or lie below it, for `zvon dns explain`."""
    found = await facts(db, [name])
    return [entry for entries in found.by_name.values() for entry in entries]
