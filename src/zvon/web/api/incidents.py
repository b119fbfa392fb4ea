"""Incidents: one incident, verdicts, notes, proposals."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.model.marking import Pap, Tlp
from zvon.model.scope import Scope
from zvon.model.verdict import Reason, Severity, VerdictWord
from zvon.respond import decide
from zvon.store import block as blocks
from zvon.store import incident_detail
from zvon.store.incident_detail import IncidentDetail
from zvon.store.transaction import Tx, transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.block_out import Blocks, block_out
from zvon.web.api.blocks import Reason as Why
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, BadInput, problems


class NameOut(Struct, frozen=True, kw_only=True):
    """A name, and what we advise."""

    name: str
    scope: str
    reason: str
    action: str
    url: str | None
    reports: int


class ReportRef(Struct, frozen=True, kw_only=True):
    """A report of the incident, and why it belongs."""

    id: UUID
    number: str
    channel: str
    lang: str
    status: str
    received_at: datetime
    links: list[Any]


class BlockRef(Struct, frozen=True, kw_only=True):
    """A block of the incident."""

    id: UUID
    number: str
    name: str
    scope: str
    state: str
    proposer: str
    expires_at: datetime


class ShareRef(Struct, frozen=True, kw_only=True):
    """A release of the incident."""

    id: UUID
    group: UUID
    state: str
    prepared_at: datetime


class CampaignRef(Struct, frozen=True, kw_only=True):
    """The campaign, and how many reports it has."""

    id: UUID
    number: str
    reports: int


class LineOut(Struct, frozen=True, kw_only=True):
    """One line of the story."""

    at: datetime
    kind: str
    actor: str
    code: str
    params: dict[str, Any]


class IncidentOut(Struct, frozen=True, kw_only=True):
    """An incident whole; `version` goes back with a verdict, so that no update is lost."""

    id: UUID
    number: str
    title: str
    title_params: dict[str, Any]
    state: str
    verdict: str | None
    category: str | None
    brand: str | None
    probability: float | None
    origin: str
    made_by: str
    tlp: str
    pap: str
    version: int
    alert_verdict: str | None
    severity: str
    owner: str | None
    alert_count: int
    group_count: int
    first_at: datetime
    last_at: datetime
    report_count: int
    campaign: CampaignRef | None
    duplicate_of: UUID | None
    reasons: list[Reason]
    names: list[NameOut]
    reports: list[ReportRef]
    blocks: list[BlockRef]
    shares: list[ShareRef]
    timeline: list[LineOut]


class VerdictIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's verdict on the version that the person saw."""

    word: VerdictWord
    version: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    reason: Annotated[str, Meta(max_length=500)] = ""


class DuplicateIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The incident that this one repeats."""

    of: UUID
    version: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    reason: Annotated[str, Meta(max_length=500)] = ""


class NoteIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A remark in the incident's story."""

    text: Annotated[str, Meta(min_length=1, max_length=4000)]


class ProposalIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A block of the incident's names as advised; `names` picks some of them."""

    reason: Why
    legal_ground: Why
    names: Annotated[list[str], Meta(max_length=1000)] | None = None
    days: Annotated[int, Meta(ge=1, le=90)] | None = None


def incident_out(i: IncidentDetail) -> IncidentOut:
    """What the API shows of an incident."""
    campaign = None
    if i.campaign_uuid is not None and i.campaign_number is not None:
        campaign = CampaignRef(id=i.campaign_uuid, number=i.campaign_number, reports=i.report_count)
    return IncidentOut(
        id=i.uuid, number=i.number, title=i.title, title_params=i.title_params, state=i.state,
        verdict=i.verdict, category=i.category, brand=i.brand, probability=i.probability,
        origin=i.origin, made_by=i.made_by, tlp=Tlp(i.tlp).label, pap=Pap(i.pap).label,
        version=i.version, alert_verdict=i.alert_verdict,
        severity=Severity(i.severity).name.lower(), owner=i.owner, alert_count=i.alert_count,
        group_count=i.group_count, first_at=i.first_at, last_at=i.last_at,
        report_count=i.report_count,
        campaign=campaign, duplicate_of=i.duplicate_uuid, reasons=list(i.reasons),
        names=[NameOut(name=n.name, scope=n.scope, reason=n.reason, action=n.action, url=n.url,
                       reports=n.reports) for n in i.names],
        reports=[ReportRef(id=r.uuid, number=r.number, channel=r.channel, lang=r.lang,
                           status=r.status, received_at=r.received_at, links=r.links)
                 for r in i.reports],
        blocks=[BlockRef(id=b.uuid, number=b.number, name=b.name, scope=b.scope, state=b.state,
                         proposer=b.proposer, expires_at=b.expires_at) for b in i.blocks],
        shares=[ShareRef(id=s.uuid, group=s.group_uuid, state=s.state, prepared_at=s.prepared_at)
                for s in i.shares],
        timeline=[LineOut(at=t.at, kind=t.kind, actor=t.actor, code=t.code, params=t.params)
                  for t in i.timeline],
    )  # fmt: skip


@get(
    "/incidents/{id:uuid}", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_incident(context: In, who: Who, id: UUID) -> IncidentOut:
    """One incident; absent and invisible are the same answer."""
    async with read(context.pool, who) as db:
        return incident_out(await incident_detail.get(db, who, id))


async def _decided(
    context: In, who: Who, id: UUID, act: Callable[[Tx, datetime], Awaitable[None]]
) -> IncidentOut:
    """Do `act` in a transaction of the caller's and answer with the incident as it is then."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await act(tx, now)
    async with read(context.pool, who) as db:
        return incident_out(await incident_detail.get(db, who, id))


@post(
    "/incidents/{id:uuid}/verdict", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def give_verdict(context: In, who: Who, id: UUID, data: VerdictIn) -> IncidentOut:
    """Say what the incident is. An older version is refused (409)."""
    return await _decided(
        context,
        who,
        id,
        lambda tx, now: decide.verdict(
            tx, who, id, data.word, version=data.version, reason=data.reason, now=now
        ),
    )


@post(
    "/incidents/{id:uuid}/duplicate", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def mark_duplicate(context: In, who: Who, id: UUID, data: DuplicateIn) -> IncidentOut:
    """Say that the incident repeats another; reversible."""
    return await _decided(
        context,
        who,
        id,
        lambda tx, now: decide.duplicate(
            tx, who, id, data.of, version=data.version, reason=data.reason, now=now
        ),
    )


@post(
    "/incidents/{id:uuid}/undo", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def undo_verdict(context: In, who: Who, id: UUID) -> IncidentOut:
    """Take the last decision on the incident back."""
    return await _decided(context, who, id, lambda tx, now: decide.undo(tx, who, id, now))


@post(
    "/incidents/{id:uuid}/notes", opt={"permission": Permission.INCIDENT_NOTE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def add_note(context: In, who: Who, id: UUID, data: NoteIn) -> IncidentOut:
    """Add a remark."""
    return await _decided(
        context, who, id, lambda tx, now: decide.note(tx, who, id, data.text, now)
    )


@post(
    "/incidents/{id:uuid}/proposals", opt={"permission": Permission.BLOCK_PROPOSE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def propose_names(context: In, who: Who, id: UUID, data: ProposalIn) -> Blocks:
    """Propose to block the incident's names, each with the scope that is advised."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        found = await incident_detail.get(tx.db, who, id)
        advised = {n.name: Scope(n.scope) for n in found.names if n.scope != Scope.NONE}
        unknown = sorted(set(data.names or ()) - set(advised))
        if unknown:
            raise BadInput(
                "the advice for a chosen name is not to block it, or it is not of this incident",
                [{"name": n} for n in unknown[:20]],
            )
        chosen = [n for n in advised if data.names is None or n in data.names]
        if not chosen:
            raise BadInput("no name of this incident should be blocked")
        rows = await blocks.propose(
            tx,
            who,
            blocks.Proposal(
                names=tuple((n, advised[n]) for n in chosen),
                feed=context.settings.country.lower(),
                reason=data.reason,
                legal_ground=data.legal_ground,
                expires_at=None if data.days is None else now + timedelta(days=data.days),
                incident_uuid=id,
            ),
            now,
            context.random,
        )
    return Blocks(blocks=[block_out(r) for r in rows])


router = Router(
    "/",
    route_handlers=[
        get_incident, give_verdict, mark_duplicate, undo_verdict, add_note,
        propose_names,
    ],
    tags=["incidents"],
)  # fmt: skip
