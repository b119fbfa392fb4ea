"""Searches that people kept: their own, and those that others share with everybody who may search."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.query import parse, write
from zvon.store.party import Db
from zvon.store.transaction import Tx

MOST = 200


class NoView(LookupError):
    """There is no such search, or it is somebody else's and not shared."""

    def __init__(self, uuid: UUID) -> None:
        super().__init__(f"there is no saved search {uuid}")


class NameTaken(ValueError):
    """The person has a search of that name already."""


class TooMany(ValueError):
    """The person keeps as many searches as one may."""


class SavedView(Struct, frozen=True, kw_only=True):
    """A kept search: its query in canonical form, whose it is, and whether others see it."""

    uuid: UUID
    name: str
    query: str
    shared: bool
    own: bool
    by: str
    made_at: datetime


_SELECT = """
select w.uuid, w.name, w.query, w.shared, w.person_id = %(me)s as own, p.login as by, w.made_at
from search_view w join person p on p.id = w.person_id
where (w.person_id = %(me)s or w.shared)
"""


async def list_all(db: Db, viewer: Viewer) -> list[SavedView]:
    """The viewer's own, then the shared ones, by name."""
    viewer.require(Permission.SEARCH_READ)
    async with db.cursor(row_factory=class_row(SavedView)) as cursor:
        await cursor.execute(
            _SELECT + " order by w.person_id <> %(me)s, lower(w.name), w.id",
            {"me": viewer.person_id},
        )
        return await cursor.fetchall()


async def get(db: Db, viewer: Viewer, uuid: UUID) -> SavedView:
    """One that the viewer may see. Raises `NoView`."""
    viewer.require(Permission.SEARCH_READ)
    async with db.cursor(row_factory=class_row(SavedView)) as cursor:
        await cursor.execute(
            _SELECT + " and w.uuid = %(uuid)s", {"me": viewer.person_id, "uuid": uuid}
        )
        found = await cursor.fetchone()
    if found is None:
        raise NoView(uuid)
    return found


async def create(
    tx: Tx, viewer: Viewer, *, uuid: UUID, name: str, query: str, shared: bool, now: datetime
) -> SavedView:
    """Keep a search. Raises `BadQuery`, `NameTaken`, `TooMany`."""
    viewer.require(Permission.SEARCH_READ)
    kept = write(parse(query))
    row = await (
        await tx.execute(
            "select count(*) from search_view where person_id = %s", (viewer.person_id,)
        )
    ).fetchone()
    if row is not None and row[0] >= MOST:
        raise TooMany(f"a person keeps at most {MOST} searches; remove one first")
    made = await tx.execute(
        "insert into search_view (uuid, person_id, name, query, shared, made_at)"
        " values (%s, %s, %s, %s, %s, %s) on conflict (person_id, name) do nothing",
        (uuid, viewer.person_id, _name(name), kept, shared, now),
    )
    if not made.rowcount:
        raise NameTaken(f"you have a search called {name!r} already")
    return await get(tx.db, viewer, uuid)


async def edit(
    tx: Tx, viewer: Viewer, uuid: UUID, *, name: str, query: str, shared: bool
) -> SavedView:
    """Put another name, query or reach; only of one's own. Raises `NoView`, `BadQuery`, `NameTaken`."""
    await _own(tx, viewer, uuid)
    try:
        async with tx.db.transaction():
            await tx.execute(
                "update search_view set name = %s, query = %s, shared = %s where uuid = %s",
                (_name(name), write(parse(query)), shared, uuid),
            )
    except UniqueViolation:
        raise NameTaken(f"you have a search called {name!r} already") from None
    return await get(tx.db, viewer, uuid)


async def remove(tx: Tx, viewer: Viewer, uuid: UUID) -> None:
    """Forget one of one's own. Raises `NoView`."""
    await _own(tx, viewer, uuid)
    await tx.execute("delete from search_view where uuid = %s", (uuid,))


async def _own(tx: Tx, viewer: Viewer, uuid: UUID) -> None:
    if not (await get(tx.db, viewer, uuid)).own:
        raise NoView(uuid)


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= 100:
        raise ValueError("name: 1 to 100 characters")
    return name
