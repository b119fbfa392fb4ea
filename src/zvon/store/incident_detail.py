"""One incident whole: reports, names, reasons, blocks, shares, and its story."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.verdict import Reason
from zvon.store.party import Db

MAX_LISTED = 200
T = TypeVar("T")


class NotFound(LookupError):
    """There is no such incident, or the viewer may not see it: the two are not told apart."""

    def __init__(self, uuid: UUID) -> None:
        super().__init__(f"no incident {uuid}")


class IncidentReport(Struct, frozen=True, kw_only=True):
    """A report of the incident, and why it belongs to the campaign."""

    record_id: int
    uuid: UUID
    number: str
    channel: str
    lang: str
    status: str
    answer: str | None
    received_at: datetime
    links: list[Any]


class IncidentName(Struct, frozen=True, kw_only=True):
    """A name, and what we advise about it."""

    name: str
    scope: str
    reason: str
    action: str
    url: str | None
    reports: int


class IncidentVerdict(Struct, frozen=True, kw_only=True):
    """One judgement of the incident; without `person` a machine made it."""

    word: str
    category: str
    probability: float | None
    brand: str | None
    reasons: tuple[Reason, ...]
    models: Sequence[str]
    person: str | None
    at: datetime


class IncidentBlock(Struct, frozen=True, kw_only=True):
    """A block that was proposed for the incident."""

    uuid: UUID
    number: str
    name: str
    scope: str
    state: str
    proposer: str
    held_rule: str | None
    expires_at: datetime


class IncidentShare(Struct, frozen=True, kw_only=True):
    """A release of the incident to a group, in work or done."""

    uuid: UUID
    group_uuid: UUID
    group: str
    state: str
    prepared_at: datetime
    released_at: datetime | None
    revoked_at: datetime | None


class Line(Struct, frozen=True, kw_only=True):
    """One line of the story; `code` is a message of the `respond` catalogue."""

    id: int
    at: datetime
    kind: str
    actor: str
    code: str
    params: dict[str, Any]


class IncidentDetail(Struct, frozen=True, kw_only=True):
    """Everything that the page of one incident shows.

    `reasons` are those of the newest machine verdict. `reports` are the newest `MAX_LISTED` of
    `report_count`. `version` is sent back with a decision, so that none is lost.
    """

    id: int
    uuid: UUID
    number: str
    record_id: int
    title: str
    title_params: dict[str, Any]
    state: str
    verdict: str | None
    category: str | None
    brand: str | None
    probability: float | None
    rank: float
    rank_reasons: list[Any]
    report_count: int
    first_at: datetime
    last_at: datetime
    owner: str | None
    decided_by: str | None
    verdict_at: datetime | None
    origin: str
    made_by: str
    tlp: int
    pap: int
    group_uuid: UUID | None
    version: int
    campaign_id: int | None
    campaign_uuid: UUID | None
    campaign_number: str | None
    duplicate_uuid: UUID | None
    duplicate_number: str | None
    rsit: str | None
    alert_verdict: str | None
    severity: int
    alert_count: int
    group_count: int
    reports: tuple[IncidentReport, ...] = ()
    names: tuple[IncidentName, ...] = ()
    verdicts: tuple[IncidentVerdict, ...] = ()
    reasons: tuple[Reason, ...] = ()
    blocks: tuple[IncidentBlock, ...] = ()
    shares: tuple[IncidentShare, ...] = ()
    timeline: tuple[Line, ...] = ()


_HEAD: LiteralString = """
select i.id, i.uuid, i.number, i.record_id, i.title, i.title_params, i.state, i.verdict,
       i.category, i.brand, i.probability, i.rank, i.rank_reasons, i.report_count, i.first_at,
       i.last_at, o.login as owner, d.login as decided_by, i.verdict_at, i.origin,
       p.name as made_by, i.tlp, r.pap, i.group_uuid, i.version, c.id as campaign_id,
       c.uuid as campaign_uuid, c.number as campaign_number, f.uuid as duplicate_uuid,
       f.number as duplicate_number, i.rsit, i.alert_verdict, i.severity, i.alert_count,
       i.group_count
from incident i
join record r on r.id = i.record_id
join party p on p.id = i.orgc_id
left join person o on o.id = i.owner_id
left join person d on d.id = i.verdict_by
left join campaign c on c.id = i.campaign_id
left join incident f on f.id = i.duplicate_of
where i.uuid = %s and not r.deleted
"""
_REPORTS: LiteralString = """
select p.record_id, r.uuid, p.number, p.channel, p.lang, p.status, p.answer, p.received_at,
       coalesce(m.reasons, '[]') as links
from report p join record r on r.id = p.record_id
left join lateral (select reasons from campaign_member m where m.record_id = p.record_id
                   order by m.at desc limit 1) m on true
where p.incident_id = %s order by p.received_at desc, p.record_id desc limit %s
"""
_NAMES: LiteralString = """
select name, scope, reason, action, url, reports from incident_name where incident_id = %s
order by reports desc, name limit %s
"""
_VERDICTS: LiteralString = """
select v.word, v.category, v.probability, v.brand, v.reasons, v.models, p.login as person, v.at
from verdict v left join person p on p.id = v.by_person
where v.incident_id = %s order by v.at desc, v.id desc limit %s
"""
_BLOCKS: LiteralString = """
select b.uuid, b.number, b.name, b.scope, b.state, p.login as proposer, b.held_rule, b.expires_at
from block b join person p on p.id = b.proposer_id where b.incident_id = %s
order by b.id desc limit %s
"""
_SHARES: LiteralString = """
select s.uuid, s.group_uuid, g.name as group, s.state, s.prepared_at, s.released_at, s.revoked_at
from share s join share_group g on g.uuid = s.group_uuid where s.incident_id = %s
order by s.id desc limit %s
"""
_TIMELINE: LiteralString = """
select id, at, kind, actor, code, params from timeline where incident_id = %s
order by at, id limit %s
"""


async def get(db: Db, viewer: Viewer, uuid: UUID) -> IncidentDetail:
    """The incident as the viewer may see it; `db` comes from `visibility.read(pool, viewer)`.

    Raises `Denied` without `incident:read`, and `NotFound`.
    """
    viewer.require(Permission.INCIDENT_READ)
    async with db.cursor(row_factory=class_row(IncidentDetail)) as cursor:
        await cursor.execute(_HEAD, (uuid,))
        head = await cursor.fetchone()
    if head is None:
        raise NotFound(uuid)
    judged = tuple(
        msgspec.structs.replace(v, reasons=msgspec.convert(v.reasons, tuple[Reason, ...]))
        for v in await _rows(db, IncidentVerdict, _VERDICTS, head.id)
    )
    return msgspec.structs.replace(
        head,
        reports=tuple(await _rows(db, IncidentReport, _REPORTS, head.id)),
        names=tuple(await _rows(db, IncidentName, _NAMES, head.id)),
        verdicts=judged,
        reasons=next((v.reasons for v in judged if v.reasons), ()),
        blocks=tuple(await _rows(db, IncidentBlock, _BLOCKS, head.id)),
        shares=tuple(await _rows(db, IncidentShare, _SHARES, head.id)),
        timeline=tuple(await _rows(db, Line, _TIMELINE, head.id, limit=1000)),
    )


async def _rows(
    db: Db, kind: type[T], query: LiteralString, of: int, limit: int = MAX_LISTED
) -> list[T]:
    async with db.cursor(row_factory=class_row(kind)) as cursor:
        await cursor.execute(query, (of, limit))
        return await cursor.fetchall()
