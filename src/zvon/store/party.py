"""Organisations that this node knows, and the sources that its data comes from."""

from datetime import datetime
from uuid import UUID, uuid5

from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row

from zvon.store.transaction import Tx

Db = AsyncConnection[TupleRow]


class Party(Struct, frozen=True, kw_only=True):
    """An organisation; exactly one is `own`, the operator of this node."""

    id: int
    uuid: UUID
    name: str
    country: str
    kind: str
    own: bool = False


class NoOwnParty(LookupError):
    """The node has no operator yet: `zvon up` creates it."""

    def __init__(self) -> None:
        super().__init__("this node has no operator yet; `zvon up` creates it")


SOURCES = UUID("0190b7f2-6f0e-7b53-9d0a-5a766f6e7372")


async def own(db: Db) -> Party:
    """The operator of this node. Raises `NoOwnParty`."""
    async with db.cursor(row_factory=class_row(Party)) as cursor:
        await cursor.execute("select id, uuid, name, country, kind, own from party where own")
        found = await cursor.fetchone()
    if found is None:
        raise NoOwnParty
    return found


async def get(db: Db, uuid: UUID) -> Party | None:
    """The organisation with this identifier, if it is known."""
    async with db.cursor(row_factory=class_row(Party)) as cursor:
        await cursor.execute(
            "select id, uuid, name, country, kind, own from party where uuid = %s", (uuid,)
        )
        return await cursor.fetchone()


async def by_id(db: Db, party_id: int) -> Party | None:
    """The organisation with this number here."""
    async with db.cursor(row_factory=class_row(Party)) as cursor:
        await cursor.execute(
            "select id, uuid, name, country, kind, own from party where id = %s", (party_id,)
        )
        return await cursor.fetchone()


async def list_all(db: Db) -> list[Party]:
    """Every organisation, the operator first, then by name."""
    async with db.cursor(row_factory=class_row(Party)) as cursor:
        await cursor.execute(
            "select id, uuid, name, country, kind, own from party order by own desc, name, id"
        )
        return await cursor.fetchall()


async def put(
    tx: Tx, *, uuid: UUID, name: str, kind: str, country: str, own: bool = False
) -> Party:
    """Add an organisation, or bring the name, kind and country of a known one up to date."""
    async with tx.db.cursor(row_factory=class_row(Party)) as cursor:
        await cursor.execute(
            """
            insert into party (uuid, name, kind, country, own) values (%s, %s, %s, %s, %s)
            on conflict (uuid) do update
              set name = excluded.name, kind = excluded.kind, country = excluded.country
            returning id, uuid, name, country, kind, own
            """,
            (uuid, name, kind, country, own),
        )
        made = await cursor.fetchone()
    assert made is not None
    return made


async def source(
    tx: Tx, name: str, kind: str, now: datetime, *, party_id: int | None = None
) -> int:
    """The id of the source called `name`, made when it is new.

    Its identifier is derived from the name (UUIDv5): a source is known by its name.
    """
    row = await (
        await tx.execute(
            """
            with made as (
              insert into source (uuid, name, kind, party_id, created_at)
              values (%s, %s, %s, %s, %s) on conflict (name) do nothing returning id)
            select id from made union all select id from source where name = %s limit 1
            """,
            (uuid5(SOURCES, name), name, kind, party_id, now, name),
        )
    ).fetchone()
    if row is None:  # made by a transaction that was open when this statement began
        row = await (await tx.execute("select id from source where name = %s", (name,))).fetchone()
    assert row is not None
    return int(row[0])
