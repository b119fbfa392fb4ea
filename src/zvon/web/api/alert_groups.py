"""Alerts of sensors: groups, what is in them, why they belong together, and what joins nothing."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.model.marking import Tlp
from zvon.respond import regroup
from zvon.store import alert_page
from zvon.store.alert_page import GroupRow, HubRow, LinkRow, Sample
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read
from zvon.web.api.blocks import Reason
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

MOST_GROUPS = 1_000


class GroupOut(Struct, frozen=True, kw_only=True):
    """One group. `novel` is false for background; `count` is how many alerts it stands for."""

    id: UUID
    signature: str
    title: str
    host: str
    actor: str
    severity: int
    novel: bool
    hours: int
    signature_hours: int
    count: int
    skewed: int
    first_at: datetime
    last_at: datetime
    tlp: str
    attention: int
    attention_why: str
    incident: UUID | None
    incident_number: str | None


class Groups(Struct, frozen=True, kw_only=True):
    """A page of groups, the latest first; `next` goes into `after`."""

    groups: list[GroupOut]
    next: str | None


class SampleOut(Struct, frozen=True, kw_only=True):
    """One alert that is kept to be looked at; `raw` is what its sensor wrote, quoted."""

    record: UUID
    at: datetime
    received_at: datetime
    severity: int
    place: str
    raw: Any


class LinkOut(Struct, frozen=True, kw_only=True):
    """Why two groups belong together; `kind` `related` joins nothing."""

    id: UUID
    kind: str
    score: float
    code: str
    params: dict[str, Any]
    at: datetime
    person: str | None
    a: UUID
    b: UUID
    undone_at: datetime | None


class GroupWhole(Struct, frozen=True, kw_only=True):
    """One group with its samples and its links."""

    group: GroupOut
    samples: list[SampleOut]
    links: list[LinkOut]


class HubOut(Struct, frozen=True, kw_only=True):
    """A value that too many groups share, or a heap of groups that has stopped to grow."""

    id: UUID
    kind: str
    type: str
    value: str
    groups: int
    code: str
    params: dict[str, Any]
    incident: UUID | None
    first_at: datetime
    last_at: datetime


class Hubs(Struct, frozen=True):
    """What joins nothing because too many have it."""

    hubs: list[HubOut]


class SumsOut(Struct, frozen=True, kw_only=True):
    """What must be equal: alerts that were accepted and the counts of all groups."""

    accepted: int
    counted: int
    stored: int
    gone: int
    groups: int
    waiting: int
    equal: bool


class RaiseIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Groups that should be worked on, and why."""

    groups: Annotated[list[UUID], Meta(min_length=1, max_length=MOST_GROUPS)]
    reason: Reason


class Made(Struct, frozen=True):
    """The incident that a step made, or that it was done to."""

    incident: UUID


def group_out(row: GroupRow) -> GroupOut:
    """What the API shows of a group."""
    return GroupOut(
        id=row.uuid, signature=row.signature, title=row.title, host=row.host, actor=row.actor,
        severity=row.severity, novel=row.novel, hours=row.hours,
        signature_hours=row.signature_hours, count=row.count, skewed=row.skewed,
        first_at=row.first_at, last_at=row.last_at, tlp=Tlp(row.tlp).label,
        attention=row.attention, attention_why=row.attention_why, incident=row.incident,
        incident_number=row.incident_number,
    )  # fmt: skip


def link_out(row: LinkRow) -> LinkOut:
    """What the API shows of a link."""
    return LinkOut(id=row.uuid, kind=row.kind, score=row.score, code=row.code, params=row.params,
                   at=row.at, person=row.person, a=row.a, b=row.b, undone_at=row.undone_at)  # fmt: skip


def _sample(row: Sample) -> SampleOut:
    return SampleOut(record=row.record, at=row.at, received_at=row.received_at,
                     severity=row.severity, place=row.place, raw=row.said)  # fmt: skip


def _hub(row: HubRow) -> HubOut:
    return HubOut(id=row.uuid, kind=row.kind, type=row.type, value=row.value, groups=row.groups,
                  code=row.code, params=row.params, incident=row.incident, first_at=row.first_at,
                  last_at=row.last_at)  # fmt: skip


@get(
    "/alert-groups", opt={"permission": Permission.INCIDENT_READ}, responses=problems(*SIGNED, 422)
)
async def list_groups(
    context: In,
    who: Who,
    incident: UUID | None = None,
    signature: Annotated[str | None, Parameter(max_length=500)] = None,
    host: Annotated[str | None, Parameter(max_length=500)] = None,
    loose: bool = False,
    after: Annotated[str | None, Parameter(max_length=60)] = None,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 50,
) -> Groups:
    """Groups, the latest first; `loose` are those of no incident."""
    async with read(context.pool, who) as db:
        page = await alert_page.groups(
            db, who, incident=incident, signature=signature, host=host, loose=loose, after=after,
            limit=limit,
        )  # fmt: skip
    return Groups(groups=[group_out(row) for row in page.groups], next=page.next)


@get(
    "/alert-groups/{id:uuid}", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_group(context: In, who: Who, id: UUID) -> GroupWhole:
    """One group with at most 19 of its alerts as their sensor wrote them, and its links."""
    async with read(context.pool, who) as db:
        row = await alert_page.group(db, who, id)
        samples = await alert_page.samples(db, row.id)
        links = await alert_page.links_of_group(db, row.id)
    return GroupWhole(group=group_out(row), samples=[_sample(each) for each in samples],
                      links=[link_out(each) for each in links])  # fmt: skip


@post(
    "/alert-groups/incidents", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def raise_groups(context: In, who: Who, data: RaiseIn) -> Made:
    """Make an incident of groups that the correlation asked nobody about."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        made = await regroup.raise_up(tx, who, data.groups, data.reason, now, context.random)
    return Made(made)


@get("/alert-hubs", opt={"permission": Permission.INCIDENT_READ}, responses=problems(*SIGNED))
async def list_hubs(
    context: In, who: Who, limit: Annotated[int, Parameter(ge=1, le=500)] = 100
) -> Hubs:
    """Values that too many groups share, and heaps that have stopped to grow."""
    async with read(context.pool, who) as db:
        return Hubs([_hub(row) for row in await alert_page.hubs(db, who, limit=limit)])


@get("/alert-sums", opt={"permission": Permission.JOB_READ}, responses=problems(*SIGNED))
async def get_sums(context: In, who: Who) -> SumsOut:
    """Whether every accepted alert is counted, once."""
    who.require(Permission.JOB_READ)
    async with read(context.pool, SYSTEM) as db:
        found = await alert_page.sums(db)
    return SumsOut(accepted=found.accepted, counted=found.counted, stored=found.stored,
                   gone=found.gone, groups=found.groups, waiting=found.waiting,
                   equal=found.equal)  # fmt: skip


router = Router(
    "/",
    route_handlers=[list_groups, get_group, raise_groups, list_hubs, get_sums],
    tags=["alerts"],
)
