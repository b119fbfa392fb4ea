"""What lies together: merge and split incidents, cut a link, and take any of it back."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.respond import regroup
from zvon.store import alert_page, incident_detail, incident_step
from zvon.store.incident_step import Step
from zvon.store.transaction import transaction
from zvon.store.visibility import read
from zvon.web.api.alert_groups import MOST_GROUPS, LinkOut, Made, link_out
from zvon.web.api.blocks import Reason
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems


class MergeIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The incidents that are one with this one, and why."""

    others: Annotated[list[UUID], Meta(min_length=1, max_length=regroup.MOST_MERGED - 1)]
    reason: Reason


class SplitIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Groups of alerts, or reports, that do not belong, and why."""

    groups: Annotated[list[UUID], Meta(max_length=MOST_GROUPS)] = []
    reports: Annotated[list[UUID], Meta(max_length=MOST_GROUPS)] = []
    reason: Reason


class CutIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Why the link does not hold."""

    reason: Reason


class CutOut(Struct, frozen=True):
    """The incident, and the new one of what fell off; null when other links hold all together."""

    incident: UUID
    made: UUID | None


class StepOut(Struct, frozen=True, kw_only=True):
    """One line of what was done to the incident; without `person` the correlation did it."""

    id: UUID
    kind: str
    incident: UUID
    incident_number: str
    other: UUID | None
    other_number: str | None
    person: str | None
    reason: str
    at: datetime
    undone_at: datetime | None
    undone_by: str | None


class Joined(Struct, frozen=True, kw_only=True):
    """Why the groups of an incident belong together, and the steps that shaped it."""

    links: list[LinkOut]
    steps: list[StepOut]


def _step(row: Step) -> StepOut:
    return StepOut(
        id=row.uuid, kind=row.kind, incident=row.incident, incident_number=row.incident_number,
        other=row.other, other_number=row.other_number, person=row.person, reason=row.reason,
        at=row.at, undone_at=row.undone_at, undone_by=row.undone_by,
    )  # fmt: skip


@get(
    "/incidents/{id:uuid}/links", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_links(context: In, who: Who, id: UUID) -> Joined:
    """The newest links between the groups of an incident, and its merges, splits and cuts."""
    async with read(context.pool, who) as db:
        found = await incident_detail.get(db, who, id)
        links = await alert_page.links_of_incident(db, found.id)
        steps = await incident_step.history(db, who, found.id)
    return Joined(links=[link_out(each) for each in links], steps=[_step(each) for each in steps])


@post(
    "/incidents/{id:uuid}/merges", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def merge_incidents(context: In, who: Who, id: UUID, data: MergeIn) -> Made:
    """Make one of several incidents: the oldest stays, the others point to it; reversible."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        into = await regroup.merge(tx, who, [id, *data.others], data.reason, now, context.random)
    return Made(into)


@post(
    "/incidents/{id:uuid}/splits", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def split_incident(context: In, who: Who, id: UUID, data: SplitIn) -> Made:
    """Take groups or reports out, into a new incident; they stay apart, whatever they share."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        made = await regroup.split(
            tx, who, id, groups=data.groups, reports=data.reports, reason=data.reason, now=now,
            random=context.random,
        )  # fmt: skip
    return Made(made)


@post(
    "/incidents/links/{id:uuid}/cut", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def cut_link(context: In, who: Who, id: UUID, data: CutIn) -> CutOut:
    """Undo one link; what no longer hangs together becomes an incident of its own."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        incident, made = await regroup.cut(tx, who, id, data.reason, now, context.random)
    return CutOut(incident, made)


@post(
    "/incidents/steps/{id:uuid}/undo", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def undo_step(context: In, who: Who, id: UUID) -> Made:
    """Take a merge, a split or a cut back; later ones of the same incidents come first."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        found = await regroup.undo(tx, who, id, now)
    return Made(found)


router = Router(
    "/",
    route_handlers=[get_links, merge_incidents, split_incident, cut_link, undo_step],
    tags=["incidents"],
)
