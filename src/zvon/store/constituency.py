"""The register of what is ours: it names victims, so it is never shared and never public."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.privacy.register import Register
from zvon.privacy.register_entry import Entry
from zvon.store.party import Db
from zvon.store.transaction import Tx

PAGE = 100
BATCH = 10_000
Kind = Literal[
    "domain", "prefix", "asn", "bic", "phone", "organisation", "person", "mail", "host", "internal"
]
_compiled: dict[UUID, tuple[object, Register]] = {}


class Row(Struct, frozen=True, kw_only=True):
    """One entry as the register shows it."""

    id: int
    kind: Kind
    value: str
    country: str | None
    sector: str
    weak: bool
    source: str
    valid_from: datetime | None
    valid_to: datetime | None
    added_at: datetime


async def register(db: Db, node_uuid: UUID, now: datetime) -> Register:
    """What is ours now, compiled; compiled anew only when the register has changed."""
    cursor = await db.execute(
        "select count(*), coalesce(max(id), 0), coalesce(max(added_at), 'epoch'),"
        " count(*) filter (where valid_from > %(now)s or valid_to <= %(now)s) from constituency",
        {"now": now},
    )
    mark = await cursor.fetchone()
    known = _compiled.get(node_uuid)
    if known is not None and known[0] == mark:
        return known[1]
    made = Register(await entries(db, now))
    _compiled[node_uuid] = (mark, made)
    return made


async def entries(db: Db, now: datetime) -> list[Entry]:
    """The entries that hold at `now`, in a stable order."""
    async with db.cursor(row_factory=class_row(Entry)) as cursor:
        await cursor.execute(
            "select kind, value, country, sector, weak from constituency"
            " where (valid_from is null or valid_from <= %(now)s)"
            " and (valid_to is null or valid_to > %(now)s) order by kind, value",
            {"now": now},
        )
        return await cursor.fetchall()


async def page(
    db: Db, viewer: Viewer, *, kind: str | None = None, text: str = "", after: int = 0,
    limit: int = PAGE,
) -> list[Row]:  # fmt: skip
    """Entries by age, from the one after `after`; `text` stands in the value. Raises `Denied`."""
    viewer.require(Permission.CONSTITUENCY_READ)
    async with db.cursor(row_factory=class_row(Row)) as cursor:
        await cursor.execute(
            "select id, kind, value, country, sector, weak, source, valid_from, valid_to, added_at"
            " from constituency where id > %(after)s and (%(kind)s::text is null or kind = %(kind)s)"
            " and (%(text)s = '' or strpos(lower(value), lower(%(text)s)) > 0)"
            " order by id limit %(limit)s",
            {"after": after, "kind": kind, "text": text, "limit": limit},
        )
        return await cursor.fetchall()


async def counts(db: Db, viewer: Viewer) -> dict[str, int]:
    """How many entries there are of each kind. Raises `Denied`."""
    viewer.require(Permission.CONSTITUENCY_READ)
    cursor = await db.execute("select kind, count(*) from constituency group by kind order by kind")
    return {kind: int(n) for kind, n in await cursor.fetchall()}


async def put(
    tx: Tx, rows: Sequence[Entry], now: datetime, *, source: str = "",
    valid_from: datetime | None = None, valid_to: datetime | None = None,
) -> int:  # fmt: skip
    """Add entries, or replace what is said of them; how many are new or now say something else."""
    changed = 0
    for start in range(0, len(rows), BATCH):
        part = {(row.kind, row.value): row for row in rows[start : start + BATCH]}.values()
        done = await tx.execute(
            """
            insert into constituency as c
              (kind, value, country, sector, weak, source, valid_from, valid_to, added_at)
            select k, v, n, s, w, %s, %s, %s, %s
            from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bool[])
              as x(k, v, n, s, w)
            on conflict (kind, value) do update
              set country = excluded.country, sector = excluded.sector, weak = excluded.weak,
                  source = excluded.source, valid_from = excluded.valid_from,
                  valid_to = excluded.valid_to, added_at = excluded.added_at
              where (c.country, c.sector, c.weak, c.valid_from, c.valid_to)
                is distinct from (excluded.country, excluded.sector, excluded.weak,
                                  excluded.valid_from, excluded.valid_to)
            """,
            (source, valid_from, valid_to, now, [r.kind for r in part], [r.value for r in part],
             [r.country for r in part], [r.sector for r in part], [r.weak for r in part]),
        )  # fmt: skip
        changed += done.rowcount
    return changed


async def remove(tx: Tx, rows: Sequence[tuple[str, str]]) -> int:
    """Take entries (kind, value) out; how many were there."""
    done = await tx.execute(
        "delete from constituency c using unnest(%s::text[], %s::text[]) as x(k, v)"
        " where c.kind = x.k and c.value = x.v",
        ([kind for kind, _ in rows], [value for _, value in rows]),
    )
    return done.rowcount
