"""Views of the queue that people keep: a link with a name, shared with their party or not."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.incident_filter import read, write
from zvon.store.party import Db
from zvon.store.transaction import Tx

MOST = 100


class NoView(LookupError):
    """There is no such view, or it is somebody else's and not shared with the viewer's party."""

    def __init__(self, uuid: UUID) -> None:
        super().__init__(f"there is no saved view {uuid}")


class NameTaken(ValueError):
    """The person has a view of that name already."""


class TooMany(ValueError):
    """The person keeps as many views as one may."""


class QueueView(Struct, frozen=True, kw_only=True):
    """A kept view; `query` is what stands in the address after `/queue?`, in canonical form.

    `first` is true for the one that opens when the viewer asks for the queue and no more.
    """

    uuid: UUID
    name: str
    query: str
    shared: bool
    own: bool
    first: bool
    by: str
    made_at: datetime


_SELECT = """
select w.uuid, w.name, w.query, w.shared, w.person_id = %(me)s as own,
       exists (select from queue_default d where d.view_id = w.id and d.person_id = %(me)s) as first,
       p.login as by, w.made_at
from queue_view w join person p on p.id = w.person_id
where (w.person_id = %(me)s or (w.shared and p.party_id = %(party)s))
"""


async def list_all(db: Db, viewer: Viewer) -> list[QueueView]:
    """The viewer's own, then those that the party shares, by name."""
    viewer.require(Permission.INCIDENT_READ)
    async with db.cursor(row_factory=class_row(QueueView)) as cursor:
        await cursor.execute(
            _SELECT + " order by w.person_id <> %(me)s, lower(w.name), w.id", _me(viewer)
        )
        return await cursor.fetchall()


async def get(db: Db, viewer: Viewer, uuid: UUID) -> QueueView:
    """One that the viewer may use. Raises `NoView`."""
    viewer.require(Permission.INCIDENT_READ)
    async with db.cursor(row_factory=class_row(QueueView)) as cursor:
        await cursor.execute(_SELECT + " and w.uuid = %(uuid)s", {**_me(viewer), "uuid": uuid})
        found = await cursor.fetchone()
    if found is None:
        raise NoView(uuid)
    return found


async def create(
    tx: Tx, viewer: Viewer, *, uuid: UUID, name: str, query: str, shared: bool, now: datetime
) -> QueueView:
    """Keep a view. Raises `BadFilter`, `NameTaken`, `TooMany`."""
    viewer.require(Permission.INCIDENT_READ)
    row = await (
        await tx.execute(
            "select count(*) from queue_view where person_id = %s", (viewer.person_id,)
        )
    ).fetchone()
    if row is not None and row[0] >= MOST:
        raise TooMany(f"a person keeps at most {MOST} views; remove one first")
    made = await tx.execute(
        "insert into queue_view (uuid, person_id, name, query, shared, made_at)"
        " values (%s, %s, %s, %s, %s, %s) on conflict (person_id, name) do nothing",
        (uuid, viewer.person_id, _name(name), write(read(query)), shared, now),
    )
    if not made.rowcount:
        raise NameTaken(f"you have a view called {name!r} already")
    return await get(tx.db, viewer, uuid)


async def edit(
    tx: Tx, viewer: Viewer, uuid: UUID, *, name: str, query: str, shared: bool
) -> QueueView:
    """Change one of one's own. Raises `NoView`, `BadFilter`, `NameTaken`."""
    await _own(tx, viewer, uuid)
    try:
        async with tx.db.transaction():
            await tx.execute(
                "update queue_view set name = %s, query = %s, shared = %s where uuid = %s",
                (_name(name), write(read(query)), shared, uuid),
            )
    except UniqueViolation:
        raise NameTaken(f"you have a view called {name!r} already") from None
    return await get(tx.db, viewer, uuid)


async def remove(tx: Tx, viewer: Viewer, uuid: UUID) -> None:
    """Forget one of one's own. Raises `NoView`."""
    await _own(tx, viewer, uuid)
    await tx.execute("delete from queue_view where uuid = %s", (uuid,))


async def make_first(tx: Tx, viewer: Viewer, uuid: UUID, *, first: bool) -> QueueView:
    """Let the queue open with this view, or no more. Raises `NoView`."""
    await get(tx.db, viewer, uuid)
    await tx.execute(
        "delete from queue_default d using queue_view w where d.person_id = %s"
        " and w.id = d.view_id and (%s or w.uuid = %s)",
        (viewer.person_id, first, uuid),
    )
    if first:
        await tx.execute(
            "insert into queue_default (person_id, view_id) select %s, id from queue_view"
            " where uuid = %s on conflict (person_id) do update set view_id = excluded.view_id",
            (viewer.person_id, uuid),
        )
    return await get(tx.db, viewer, uuid)


def _me(viewer: Viewer) -> dict[str, int]:
    return {"me": viewer.person_id, "party": viewer.party_id}


async def _own(tx: Tx, viewer: Viewer, uuid: UUID) -> None:
    if not (await get(tx.db, viewer, uuid)).own:
        raise NoView(uuid)


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise ValueError("name: 1 to 100 visible characters")
    return name
