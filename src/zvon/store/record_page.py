"""One record as a page shows it: what it says, its values, its markings, and where it came from."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg.rows import dict_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import TYPE, Observable
from zvon.model.query import Role
from zvon.store.data_policy import require_reader
from zvon.store.party import Db
from zvon.store.sighting import roles_of

MOST_VALUES = 1000


class NoRecord(LookupError):
    """There is no such record, or the reader may not see it."""


class ValueOf(Struct, frozen=True):
    """A value of the record and how it stands in it."""

    observable: Observable
    roles: tuple[Role, ...]


class LinkOf(Struct, frozen=True, kw_only=True):
    """Something that the record points to, or that points to it (`back`)."""

    type: str
    uuid: UUID
    kind: str
    title: str
    back: bool


class RecordPage(Struct, frozen=True, kw_only=True):
    """A record. `delivery` is what it came in, for those who may see that.

    `more` says that it has more values than are given.
    """

    uuid: UUID
    kind: str
    source: str
    source_uuid: UUID | None
    created_at: datetime
    received_at: datetime
    tlp: Tlp
    pap: Pap
    payload: dict[str, Any]
    versions: int
    container: UUID | None
    delivery: UUID | None
    tags: tuple[str, ...]
    values: tuple[ValueOf, ...]
    more: bool
    links: tuple[LinkOf, ...]


async def get(db: Db, viewer: Viewer, uuid: UUID) -> RecordPage:
    """A record that the reader may see.

    Raises `Denied`, `NoRecord`, and `Refused` for a report that the data policy keeps from them.
    """
    viewer.require(Permission.SEARCH_READ)
    async with db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            """
            select r.id, (select y.country from party y where y.id = r.orgc_id) as made_in,
                   r.uuid, r.kind, coalesce(s.name, '') as source, s.uuid as source_uuid,
                   r.created_at, r.received_at, r.tlp, r.pap, r.payload, c.uuid as container,
                   (select count(*) from record_version v where v.record_id = r.id) as versions,
                   (select d.uuid from delivery d where d.source_id = r.source_id
                    and d.sha256 = r.raw_sha256 order by d.id desc limit 1) as delivery,
                   array(select t.name from tag_use u join tag t on t.id = u.tag_id
                         where u.record_id = r.id order by t.name limit 100) as tags
            from record r left join source s on s.id = r.source_id
            left join record c on c.id = r.container_id
            where r.uuid = %s and not r.deleted
            """,
            (uuid,),
        )
        row = await cursor.fetchone()
    if row is None:
        raise NoRecord(f"there is no record {uuid}")
    record_id, made_in = row.pop("id"), row.pop("made_in")
    if row["kind"] == "report":
        await require_reader(db, viewer, "report.text", made_in)
    values = await _values(db, record_id)
    return RecordPage(
        **{**row, "tlp": Tlp(row["tlp"]), "pap": Pap(row["pap"]), "tags": tuple(row["tags"])},
        values=values[:MOST_VALUES],
        more=len(values) > MOST_VALUES,
        links=await _links(db, uuid),
    )


async def _values(db: Db, record_id: int) -> tuple[ValueOf, ...]:
    rows = await (
        await db.execute(
            """
            select o.type, o.value, array_agg(distinct c.role) from occurrence c
            join observable o on o.id = c.observable_id where c.record_id = %s
            group by o.id order by min(c.role), o.type, o.value limit %s
            """,
            (record_id, MOST_VALUES + 1),
        )
    ).fetchall()
    return tuple(
        ValueOf(Observable(TYPE[kind], text), roles_of(roles)) for kind, text, roles in rows
    )


async def _links(db: Db, uuid: UUID) -> tuple[LinkOf, ...]:
    rows = await (
        await db.execute(
            """
            select x.type, r.uuid, r.kind, x.back,
                   case when r.kind = 'report' and not zvon_may_read('report.text',
                     (select y.country from party y where y.id = r.orgc_id)) then '' else
                   left(coalesce(nullif(r.payload->>'title', ''), r.payload->>'text', ''), 120) end
            from (select type, dst as other, false as back from edge where src = %(uuid)s
                  union all select type, src, true from edge where dst = %(uuid)s) x
            join record r on r.uuid = x.other and not r.deleted
            order by x.back, x.type, r.id desc limit 200
            """,
            {"uuid": uuid},
        )
    ).fetchall()
    return tuple(
        LinkOf(type=kind, uuid=other, kind=of, back=back, title=title)
        for kind, other, of, back, title in rows
    )
