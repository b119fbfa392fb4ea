"""Groups of alerts for people: the list, one with its alerts, why they belong together, hubs, sums."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.party import Db

MOST_LINKS = 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class BadPlace(ValueError):
    """The place to go on from is not one that the list gave out."""

    def __init__(self) -> None:
        super().__init__("no such place in the list; start from the first page")


class GroupRow(Struct, frozen=True, kw_only=True):
    """One group. `novel` is false for background; `hours` are earlier hours in which this host
    had the signature, `signature_hours` any host. `skewed` alerts had a clock that is far off.
    """

    id: int
    uuid: UUID
    signature: str
    title: str
    host: str
    actor: str
    severity: int
    novel: bool
    hours: int
    signature_hours: int
    count: int
    gone: int
    skewed: int
    first_at: datetime
    last_at: datetime
    tlp: int
    attention: int
    attention_at: datetime | None
    attention_why: str
    incident: UUID | None
    incident_number: str | None
    incident_state: str | None


class Sample(Struct, frozen=True, kw_only=True):
    """One alert that is kept to be looked at; `said` is what its sensor wrote, as JSON."""

    record: UUID
    at: datetime
    received_at: datetime
    severity: int
    place: str
    said: Any


class LinkRow(Struct, frozen=True, kw_only=True):
    """Why two groups belong together; `kind` `related` joins nothing. Cut links stay readable."""

    uuid: UUID
    kind: str
    score: float
    code: str
    params: dict[str, Any]
    at: datetime
    person: str | None
    a: UUID
    a_title: str
    a_host: str
    b: UUID
    b_title: str
    b_host: str
    other_incident: UUID | None
    other_number: str | None
    undone_at: datetime | None


class HubRow(Struct, frozen=True, kw_only=True):
    """A value that too many groups share, or a heap that has stopped to grow."""

    uuid: UUID
    kind: str
    type: str
    value: str
    groups: int
    code: str
    params: dict[str, Any]
    incident: UUID | None
    incident_number: str | None
    first_at: datetime
    last_at: datetime


class Sums(Struct, frozen=True, kw_only=True):
    """What must be equal: alerts that were accepted, and the counts of all groups.

    `stored` are alerts whose records are there, `gone` those whose records had their time.
    `waiting` alerts are not counted yet.
    """

    accepted: int
    counted: int
    stored: int
    gone: int
    groups: int
    waiting: int

    @property
    def equal(self) -> bool:
        """Whether nothing was lost or counted twice."""
        return self.accepted == self.counted == self.stored + self.gone


class Page(Struct, frozen=True):
    """Groups, the latest first, and where the next page begins."""

    groups: tuple[GroupRow, ...]
    next: str | None


_GROUP: LiteralString = """
select g.id, g.uuid, g.signature, g.title, g.host, g.actor, g.severity, g.novel, g.hours,
       g.signature_hours, g.count, g.gone, g.skewed, g.first_at, g.last_at, g.tlp, g.attention,
       g.attention_at, g.attention_why, i.uuid as incident, i.number as incident_number,
       i.state as incident_state
from alert_group g left join incident i on i.id = g.incident_id
"""
_LINK: LiteralString = """
select l.uuid, l.kind, l.score, l.code, l.params, l.at, p.login as person, a.uuid as a,
       a.title as a_title, a.host as a_host, b.uuid as b, b.title as b_title, b.host as b_host,
       o.uuid as other_incident, o.number as other_number, l.undone_at
from alert_link l join alert_group a on a.id = l.a join alert_group b on b.id = l.b
left join person p on p.id = l.by_person
left join incident o on o.id = case when l.kind = 'related' then
  (select x from unnest(array[a.incident_id, b.incident_id]) x where x is distinct from %(of)s limit 1) end
"""


async def groups(
    db: Db, viewer: Viewer, *, incident: UUID | None = None, signature: str | None = None,
    host: str | None = None, loose: bool = False, after: str | None = None, limit: int = 50,
) -> Page:  # fmt: skip
    """Groups, the latest first; `loose` are those of no incident. `db` is of `visibility.read`.

    Raises `Denied` without `incident:read`, `BadPlace`.
    """
    viewer.require(Permission.INCIDENT_READ)
    where: list[LiteralString] = ["true"]
    if incident is not None:
        where.append("g.incident_id = (select x.id from incident x where x.uuid = %(incident)s)")
    if signature is not None:
        where.append("g.signature = %(signature)s")
    if host is not None:
        where.append("g.host = %(host)s")
    if loose:
        where.append("g.incident_id is null")
    place = _place(after)
    if place is not None:
        where.append("(g.last_at, g.id) < (%(at)s, %(id)s)")
    query: LiteralString = (
        _GROUP + " where " + " and ".join(where) + " order by g.last_at desc, g.id desc limit %(n)s"
    )
    at, number = place or (None, None)
    async with db.cursor(row_factory=class_row(GroupRow)) as cursor:
        await cursor.execute(
            query,
            {"incident": incident, "signature": signature, "host": host, "at": at, "id": number,
             "n": limit + 1},
        )  # fmt: skip
        rows = await cursor.fetchall()
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        tuple(rows[:limit]),
        None if last is None else f"{(last.last_at - EPOCH) // MICROSECOND}_{last.id}",
    )


async def group(db: Db, viewer: Viewer, uuid: UUID) -> GroupRow:
    """One group. Raises `LookupError` for one that the viewer does not see."""
    viewer.require(Permission.INCIDENT_READ)
    async with db.cursor(row_factory=class_row(GroupRow)) as cursor:
        await cursor.execute(_GROUP + " where g.uuid = %s", (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise LookupError(f"no group of alerts {uuid}")
    return found


async def samples(db: Db, group_id: int) -> list[Sample]:
    """The alerts that are kept to be looked at: first, last, most severe, sixteen drawn evenly."""
    rows = await db.execute(
        """
        select r.uuid, a.at, a.received_at, a.severity,
               case a.record_id when g.worst_record then 'worst' when g.first_record then 'first'
                 when g.last_record then 'last' else 'drawn' end,
               coalesce(r.payload -> 'said', r.payload)
        from alert_group g
        join alert a on a.group_id = g.id and a.record_id = any(
          g.samples || array[g.first_record, g.last_record, g.worst_record])
        join record r on r.id = a.record_id and not r.deleted
        where g.id = %s order by a.at, a.record_id
        """,
        (group_id,),
    )
    fields = Sample.__struct_fields__
    return [Sample(**dict(zip(fields, row, strict=True))) for row in await rows.fetchall()]


async def links_of_group(db: Db, group_id: int) -> list[LinkRow]:
    """The links of one group, the newest first."""
    return await _links(db, "l.a = %(group)s or l.b = %(group)s", {"group": group_id, "of": None})


async def links_of_incident(db: Db, incident_id: int) -> list[LinkRow]:
    """The links between the groups of an incident, and the related ones, the newest first."""
    where: LiteralString = (
        "a.incident_id = %(of)s and b.incident_id = %(of)s"
        " or l.kind = 'related' and %(of)s in (a.incident_id, b.incident_id)"
    )
    return await _links(db, where, {"of": incident_id})


async def _links(db: Db, where: LiteralString, params: dict[str, Any]) -> list[LinkRow]:
    query: LiteralString = _LINK + " where " + where + " order by l.id desc limit %(most)s"
    async with db.cursor(row_factory=class_row(LinkRow)) as cursor:
        await cursor.execute(query, {**params, "most": MOST_LINKS})
        return await cursor.fetchall()


async def hubs(db: Db, viewer: Viewer, *, limit: int = 100) -> Sequence[HubRow]:
    """What too many groups share, the latest first."""
    viewer.require(Permission.INCIDENT_READ)
    async with db.cursor(row_factory=class_row(HubRow)) as cursor:
        await cursor.execute(
            """
            select h.uuid, h.kind, h.type, h.value, h.groups, h.code, h.params, i.uuid as incident,
                   i.number as incident_number, h.first_at, h.last_at
            from alert_hub h left join incident i on i.id = h.incident_id
            order by h.last_at desc, h.id desc limit %s
            """,
            (limit,),
        )
        return await cursor.fetchall()


async def sums(db: Db) -> Sums:
    """What was accepted and what was counted; `db` must see all, so it is for the operator."""
    row = await (
        await db.execute(
            """
            select c.accepted, coalesce(g.n, 0)::bigint, (select count(*) from alert),
                   coalesce(g.gone, 0)::bigint, g.groups,
                   (select count(*) from change n
                    where n.seq > c.seq and n.kind = 'alert' and n.op = 'add')
            from alert_cursor c,
                 (select sum(count) as n, sum(gone) as gone, count(*) as groups from alert_group) g
            """
        )
    ).fetchone()
    assert row is not None
    return Sums(**dict(zip(Sums.__struct_fields__, row, strict=True)))


def _place(after: str | None) -> tuple[datetime, int] | None:
    if after is None:
        return None
    at, _, number = after.partition("_")
    if not all(each.isascii() and each.isdigit() and len(each) < 19 for each in (at, number)):
        raise BadPlace
    try:
        return EPOCH + int(at) * MICROSECOND, int(number)
    except OverflowError:
        raise BadPlace from None
