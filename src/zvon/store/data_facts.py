"""What the database holds of each class of data: rows, the oldest, the last purge; and who may open it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from psycopg import sql

from zvon.access.permission import Permission
from zvon.model.data_class import CLASSES, DataClass, Held
from zvon.model.data_machinery import MACHINERY
from zvon.privacy.plan.facts import ClassFacts, Facts, KeyFacts, Recipient, SourceFacts
from zvon.store.party import Db

# The permission that opens a class, where it is one: its holders must be the policy's readers.
OPENED_BY: Mapping[str, Permission] = {
    "audit": Permission.AUDIT_READ,
    "disclosure": Permission.DISCLOSURE_READ,
    "data_request": Permission.DATA_REQUEST_READ,
    "capture": Permission.PAGE_LOOK,
    "exhibit": Permission.EXHIBIT_READ,
}
# Above this many rows a count is the planner's estimate: a report shall not read a whole disk.
COUNTED = 100_000


async def facts(db: Db, country: str, version: int, now: datetime) -> Facts:
    """The state of this node for the documents of `country`. Runs as `system`: it gives numbers."""
    cursor = await db.execute(
        "select class, max(done_at) from purge where country = %s group by class", (country,)
    )
    purges: dict[str, datetime] = dict(await cursor.fetchall())
    node = await (await db.execute("select name from node")).fetchone()
    left = await (
        await db.execute(
            "select count(*) filter (where outcome = 'released'),"
            " count(*) filter (where outcome <> 'released') from disclosure"
        )
    ).fetchone()
    waiting = await (
        await db.execute(
            "select count(*) from data_request"
            " where country = %s and state not in ('answered', 'refused')",
            (country,),
        )
    ).fetchone()
    assert left is not None
    assert waiting is not None
    return Facts(
        at=now, node="" if node is None else node[0], version=version,
        classes={each.id: await _class(db, each, purges.get(each.id)) for each in CLASSES},
        recipients=await _recipients(db), keys=await _keys(db), sources=await _sources(db),
        released=left[0], stopped=left[1], open_requests=waiting[0],
    )  # fmt: skip


async def rules(db: Db, country: str) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Residency and readers of each class of a country, as row security reads them."""
    cursor = await db.execute(
        "select class, residency, readers from data_rule where country = %s", (country,)
    )
    return {
        name: (frozenset(residency), frozenset(readers))
        for name, residency, readers in await cursor.fetchall()
    }


async def reading(db: Db) -> dict[str, frozenset[str]]:
    """The roles of this node that hold the permission which opens a class."""
    rows = await (await db.execute("select name, permissions from role")).fetchall()
    return {
        name: frozenset(role for role, granted in rows if permission.value in granted)
        for name, permission in OPENED_BY.items()
    }


async def unknown_tables(db: Db) -> list[str]:
    """Tables of the database that are in no class and are no machinery of ours."""
    known = {held.table for each in CLASSES for held in each.tables} | set(MACHINERY)
    cursor = await db.execute(
        "select relname from pg_class where relkind in ('r', 'p')"
        " and relnamespace = 'public'::regnamespace order by relname"
    )
    return [name for (name,) in await cursor.fetchall() if name not in known]


async def _class(db: Db, of: DataClass, purged: datetime | None) -> ClassFacts:
    """Rows of the tables with a clock, and the age of the first of them: the others hang on these."""
    ages = [await _table(db, held) for held in of.tables if held.clock]
    return ClassFacts(
        rows=sum(rows for rows, _ in ages), oldest=ages[0][1] if ages else None, purged_at=purged
    )


async def _table(db: Db, held: Held) -> tuple[int, datetime | None]:
    """How many rows a table of a class has, and the age of the oldest."""
    clock, table = sql.Identifier(held.clock), sql.Identifier(held.table)
    kinds = sql.SQL(" where kind = any ({})").format(sql.Literal(list(held.kinds)))
    where = kinds if held.kinds else sql.SQL("")
    cursor = await db.execute(
        sql.SQL(
            "select case when {large} then {guess} else (select count(*) from {table}{where}) end,"
            " (select min({clock}) from {table}{where})"
        ).format(
            large=sql.SQL("(select reltuples > {} from pg_class where oid = {}::regclass)").format(
                sql.Literal(COUNTED if not held.kinds else 1 << 60), sql.Literal(held.table)
            ),
            guess=sql.SQL("(select reltuples::bigint from pg_class where oid = {}::regclass)").format(
                sql.Literal(held.table)
            ),
            table=table, where=where, clock=clock,
        )
    )  # fmt: skip
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0]), _moment(row[1])


def _moment(value: datetime | date | None) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return datetime.combine(value, time(), UTC)


async def _recipients(db: Db) -> tuple[Recipient, ...]:
    """Groups with their size, and partners; who is in which group is not said."""
    groups = await (
        await db.execute(
            "select name, (select count(*) from share_member m where m.group_uuid = g.uuid)"
            " from share_group g order by name"
        )
    ).fetchall()
    peers = await (
        await db.execute("select name, country from peer where state <> 'revoked' order by name")
    ).fetchall()
    return (
        *(Recipient(name=name, group=True, members=members) for name, members in groups),
        *(Recipient(name=name, group=False, country=country) for name, country in peers),
    )


async def _keys(db: Db) -> tuple[KeyFacts, ...]:
    rows = await (
        await db.execute(
            """
            select g.name, count(*) filter (where k.key_sealed is not null),
                   count(*) filter (where k.key_sealed is null),
                   coalesce(max(k.epoch) filter (where k.key_sealed is not null), '')
            from pseudonym_key k join share_group g on g.uuid = k.group_uuid
            group by g.uuid, g.name order by g.name
            """
        )
    ).fetchall()
    return tuple(
        KeyFacts(group=name, living=living, destroyed=destroyed, newest=newest)
        for name, living, destroyed, newest in rows
    )


async def _sources(db: Db) -> tuple[SourceFacts, ...]:
    rows = await (
        await db.execute("select name, kind from source order by name limit 500")
    ).fetchall()
    return tuple(SourceFacts(name=name, kind=kind) for name, kind in rows)
