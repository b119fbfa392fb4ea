"""Purges: one batch of a class in one transaction, the row that proves it, and those that are late."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.data_class import EVENTS, INDICATORS, REPORTS, SIGHTINGS
from zvon.store import (
    data_key,
    retention_exhibit,
    retention_other,
    retention_raw,
    retention_record,
)
from zvon.store.party import Db
from zvon.store.retention import Gone, Scope
from zvon.store.transaction import AuditEntry, Tx

KINDS = {
    "report.text": REPORTS, "event": EVENTS, "sighting": SIGHTINGS, "indicator": INDICATORS,
}  # fmt: skip
RAW_CLASSES = (data_key.RAW, data_key.DELIVERY, data_key.CAPTURE, data_key.EXHIBIT)
MOST = 500


class NoPurge(LookupError):
    """There is no purge with this identifier."""


class Purge(Struct, frozen=True, kw_only=True):
    """What a purge did, without content. `rows` are by table; `table (emptied)` stayed without words.

    `size` is in bytes. `proof` is SHA-256 over `-table:key` and `=table:key` of every row in the order in which they
    went. `due_at` is when the oldest of them had its time. `rewrite` are tables whose dead rows
    are still to leave the disk.
    """

    uuid: UUID
    country: str
    of_class: str
    cut_off: datetime
    rows: dict[str, int]
    files: int
    size: int
    keys: int
    held: int
    proof: bytes
    due_at: datetime
    started_at: datetime
    done_at: datetime | None
    rewrite: list[str]
    rewritten_at: datetime | None


async def step(tx: Tx, scope: Scope, gone: Gone, *, own: bool) -> int:
    """One batch of a class; how many rows it touched, 0 when nothing is left.

    `own` is true where the policy is that of the operator's country: tables that are of no
    organisation go by it.
    """
    kinds = KINDS.get(scope.of_class)
    if kinds is not None:
        take = (
            retention_record.anonymise if scope.after == "anonymise" else retention_record.destroy
        )
        count = await take(tx, scope, gone, kinds)
    elif scope.of_class == data_key.RAW:
        count = await retention_raw.inputs(tx, scope, gone)
    elif scope.of_class == data_key.DELIVERY:
        count = await retention_raw.deliveries(tx, scope, gone)
    elif scope.of_class == data_key.CAPTURE:
        count = await retention_raw.captures(tx, scope, gone)
    elif scope.of_class == data_key.EXHIBIT:
        count = await retention_exhibit.exhibits(tx, scope, gone)
    else:
        count = 0
    if own:
        count += await retention_other.aged(tx, scope, gone)
        count += await retention_other.emptied(tx, scope, gone)
    await retention_record.values(tx, gone)
    return count


async def oldest(tx: Tx, country: str, of_class: str) -> date | None:
    """The oldest day of a raw class whose key is there."""
    row = await (
        await tx.execute(
            "select min(day) from data_key where country = %s and class = %s and destroyed_at is null",
            (country, of_class),
        )
    ).fetchone()
    return None if row is None else row[0]


async def begin(
    tx: Tx, uuid: UUID, scope: Scope, held: int, *, request_id: int | None = None
) -> int:
    """The row of a purge that starts: what breaks off stays visible as not done.

    `request_id` is the request of a person that it answers.
    """
    row = await (
        await tx.execute(
            """
            insert into purge (uuid, country, class, cut_off, held, proof, due_at, started_at,
                               request_id)
            values (%s, %s, %s, %s, %s, '\\x', %s, %s, %s) returning id
            """,
            (
                uuid,
                scope.country,
                scope.of_class,
                scope.cut_off,
                held,
                scope.now,
                scope.now,
                request_id,
            ),
        )
    ).fetchone()
    assert row is not None
    return int(row[0])


async def finish(
    tx: Tx, purge_id: int, scope: Scope, gone: Gone, keys: int, rewrite: Sequence[str], by: str,
    now: datetime,
) -> None:  # fmt: skip
    """Write what a purge did, in its row and in the audit. No identifier of a person is in it."""
    row = await (
        await tx.execute(
            """
            update purge set rows = %s, files = %s, bytes = %s, keys = %s, proof = %s,
              rewrite = %s, done_at = %s where id = %s returning uuid
            """,
            (Jsonb(gone.shown()), gone.files, gone.bytes, keys, gone.proof, list(rewrite), now,
             purge_id),
        )
    ).fetchone()  # fmt: skip
    assert row is not None
    tx.audit(
        AuditEntry(
            actor=by, action="purge:run", object=str(row[0]),
            detail={"country": scope.country, "class": scope.of_class,
                    "cut_off": scope.cut_off.isoformat(), "rows": gone.shown(),
                    "files": gone.files, "keys": keys, "proof": gone.proof.hex()},
        )
    )  # fmt: skip


async def forget(tx: Tx, purge_id: int) -> None:
    """Remove the row of a purge that found nothing to do while another one of today stands."""
    await tx.execute("delete from purge where id = %s", (purge_id,))


async def last_done(db: Db, country: str, of_class: str) -> datetime | None:
    """When a class was last purged to its end."""
    row = await (
        await db.execute(
            "select max(done_at) from purge"
            " where country = %s and class = %s and request_id is null",
            (country, of_class),
        )
    ).fetchone()
    return None if row is None else row[0]


async def late(db: Db, wanted: Sequence[tuple[str, str]], now: datetime, grace: timedelta
               ) -> list[tuple[str, str]]:  # fmt: skip
    """Those of `wanted` (country, class) that were last purged longer than `grace` ago, or never
    while their policy is that old.
    """
    cursor = await db.execute(
        """
        select x.country, x.class
        from unnest(%s::text[], %s::text[]) x(country, class)
        where coalesce((select max(p.done_at) from purge p
                        where p.country = x.country and p.class = x.class
                          and p.request_id is null),
                       (select min(d.at) from data_policy d where d.country = x.country)) < %s
        order by 1, 2
        """,
        ([each[0] for each in wanted], [each[1] for each in wanted], now - grace),
    )
    return [(row[0], row[1]) for row in await cursor.fetchall()]


_SELECT = """
select uuid, country, class as of_class, cut_off, rows, files, bytes as size, keys, held, proof, due_at,
       started_at, done_at, rewrite, rewritten_at
from purge
"""


async def list_all(
    db: Db, viewer: Viewer, *, country: str | None = None, of_class: str | None = None,
    after: UUID | None = None, limit: int = 50,
) -> list[Purge]:  # fmt: skip
    """Purges, newest first; `after` is the last one of the page before.

    Raises `Denied` without `data_policy:read`.
    """
    viewer.require(Permission.DATA_POLICY_READ)
    async with db.cursor(row_factory=class_row(Purge)) as cursor:
        await cursor.execute(
            _SELECT  # noqa: S608 -- literals only
            + """
            where (%(country)s::text is null or country = %(country)s)
              and (%(class)s::text is null or class = %(class)s)
              and (%(after)s::uuid is null or id < (select id from purge where uuid = %(after)s))
            order by id desc limit %(limit)s
            """,
            {"country": country, "class": of_class, "after": after, "limit": min(limit, MOST)},
        )
        return await cursor.fetchall()


async def get(db: Db, viewer: Viewer, uuid: UUID) -> Purge:
    """One purge. Raises `Denied`, `NoPurge`."""
    viewer.require(Permission.DATA_POLICY_READ)
    async with db.cursor(row_factory=class_row(Purge)) as cursor:
        await cursor.execute(_SELECT + "where uuid = %s", (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoPurge(f"there is no purge {uuid}")
    return found


async def unwritten(db: Db) -> list[str]:
    """Tables whose dead rows a purge left on the disk."""
    cursor = await db.execute("select distinct unnest(rewrite) from purge where rewrite <> '{}'")
    return sorted(row[0] for row in await cursor.fetchall())


async def rewritten(tx: Tx, tables: Sequence[str], upto: datetime, now: datetime) -> None:
    """The dead rows of `tables` that died until `upto` are off the disk."""
    await tx.execute(
        """
        update purge set rewritten_at = case when rewrite <@ %(tables)s::text[] then %(now)s end,
          rewrite = array(select t from unnest(rewrite) t where not t = any(%(tables)s::text[]))
        where rewrite <> '{}' and done_at <= %(upto)s
        """,
        {"tables": list(tables), "now": now, "upto": upto},
    )
