"""How the tables of a source are read: proposed by the product, confirmed by a person, kept."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.ids import uuid7
from zvon.model.mapping import Mapping
from zvon.store import source
from zvon.store.party import Db
from zvon.store.source import Setup, operator
from zvon.store.transaction import AuditEntry, Tx

PROPOSED, CONFIRMED, REPLACED = "proposed", "confirmed", "replaced"


class NoMapping(LookupError):
    """The source has no mapping, neither confirmed nor proposed."""


class Version(Struct, frozen=True, kw_only=True):
    """One version of a mapping; `by` is the login of who confirmed it, `waiting` deliveries wait."""

    id: int
    uuid: UUID
    name: str
    body: Mapping
    state: str
    made_at: datetime
    confirmed_at: datetime | None
    by: str | None
    waiting: int


async def propose(
    tx: Tx, source_id: int, name: str, mapping: Mapping, now: datetime, random: bytes
) -> int:
    """Keep a proposal; the same one that waits already is not kept twice."""
    body = Jsonb(msgspec.to_builtins(mapping))
    row = await (
        await tx.execute(
            """
            with known as (select id from mapping where source_id = %(source)s
                           and state = 'proposed' and body = %(body)s limit 1),
            made as (
              insert into mapping (uuid, source_id, name, body, state, made_at)
              select %(uuid)s, %(source)s, %(name)s, %(body)s, 'proposed', %(now)s
              where not exists (select from known) returning id)
            select id from known union all select id from made limit 1
            """,
            {"source": source_id, "body": body, "uuid": uuid7(now, random), "name": name,
             "now": now},
        )
    ).fetchone()  # fmt: skip
    assert row is not None
    return int(row[0])


async def confirm(
    tx: Tx, viewer: Viewer, uuid: UUID, mapping: Mapping, now: datetime, random: bytes
) -> list[int]:
    """Read the source's tables like this from now on; ids of the deliveries that waited for it.

    The version before and every proposal become `replaced`. Raises `Denied`, `NoSource`.
    """
    operator(viewer, Permission.SOURCE_MANAGE)
    setup = await source.by_uuid(tx.db, uuid)
    await tx.execute(
        "update mapping set state = 'replaced' where source_id = %s and state <> 'replaced'",
        (setup.id,),
    )
    row = await (
        await tx.execute(
            """
            insert into mapping (uuid, source_id, name, body, state, made_at, confirmed_at, by_person)
            values (%s, %s, %s, %s, 'confirmed', %s, %s, %s) returning id
            """,
            (uuid7(now, random), setup.id, setup.name, Jsonb(msgspec.to_builtins(mapping)), now,
             now, viewer.person_id),
        )
    ).fetchone()  # fmt: skip
    assert row is not None
    await tx.execute(
        "update source_setup set mapping_id = %s where source_id = %s", (row[0], setup.id)
    )
    waited = await tx.execute(
        """
        update delivery set mapping_id = %s where source_id = %s and state = 'waiting'
          and mapping_id is not null returning id
        """,
        (row[0], setup.id),
    )
    tx.audit(AuditEntry(actor=viewer.login, action="source:mapping", object=f"source/{setup.uuid}"))
    return sorted(int(each[0]) for each in await waited.fetchall())


async def current(db: Db, setup: Setup) -> Mapping | None:
    """The confirmed mapping of a source, for our own jobs."""
    if setup.mapping_id is None:
        return None
    row = await (
        await db.execute("select body from mapping where id = %s", (setup.mapping_id,))
    ).fetchone()
    return None if row is None else msgspec.convert(row[0], Mapping)


async def versions(db: Db, viewer: Viewer, uuid: UUID) -> list[Version]:
    """Every version, the newest first. Raises `Denied`, `NoSource`."""
    setup = await source.get(db, viewer, uuid)
    async with db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            """
            select m.id, m.uuid, m.name, m.body, m.state, m.made_at, m.confirmed_at, p.login as by,
                   (select count(*) from delivery d where d.mapping_id = m.id
                    and d.state = 'waiting') as waiting
            from mapping m left join person p on p.id = m.by_person
            where m.source_id = %s order by m.id desc limit 50
            """,
            (setup.id,),
        )
        return [
            Version(**{**row, "body": msgspec.convert(row["body"], Mapping)})
            for row in await cursor.fetchall()
        ]


async def wanted(db: Db, viewer: Viewer, uuid: UUID) -> Version:
    """The version that counts: the confirmed one, else the newest proposal. Raises `NoMapping`."""
    found = await versions(db, viewer, uuid)
    for state in (CONFIRMED, PROPOSED):
        for each in found:
            if each.state == state:
                return each
    raise NoMapping("this source has no mapping yet: none of its deliveries was a table")


async def asking(db: Db) -> frozenset[int]:
    """Ids of the sources that have deliveries which wait for a person to confirm a mapping."""
    rows = await db.execute(
        """
        select distinct d.source_id from delivery d join mapping m on m.id = d.mapping_id
        where d.state = 'waiting' and m.state = 'proposed'
        """
    )
    return frozenset(int(row[0]) for row in await rows.fetchall())


async def example(db: Db, source_id: int) -> int | None:
    """The delivery on which a mapping of this source is best looked at: one that waits for it,
    else its newest table.
    """
    row = await (
        await db.execute(
            """
            select id from delivery where source_id = %s
              and (mapping_id is not null or format like '%%table%%')
            order by state = 'waiting' desc, id desc limit 1
            """,
            (source_id,),
        )
    ).fetchone()
    return None if row is None else int(row[0])
