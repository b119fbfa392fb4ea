"""Campaigns: reports of one operation, why they belong together, and what people change in that."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.store import campaign_graph, campaign_list, campaign_page, campaign_step, campaign_undo
from zvon.store.campaign import Campaign
from zvon.store.campaign_graph import Graph
from zvon.store.campaign_list import Listed
from zvon.store.campaign_page import CampaignPage
from zvon.store.transaction import transaction
from zvon.store.visibility import read
from zvon.web.api.blocks import Reason
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

MOST_PARTED = 1_000


class CampaignOut(Struct, frozen=True, kw_only=True):
    """A campaign as it stands after a step."""

    id: UUID
    number: str
    brand: str | None
    first_at: datetime
    last_at: datetime
    reports: int


class Campaigns(Struct, frozen=True):
    """Campaigns, those with the newest reports first."""

    campaigns: list[Listed]


class PartIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reports that do not belong, and why."""

    reports: Annotated[list[UUID], Meta(min_length=1, max_length=MOST_PARTED)]
    reason: Reason


class SplitIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The key (`keys[].id` of the campaign) whose reports do not belong, and why."""

    key: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    reason: Reason


class MergeIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The campaign that goes into this one, and why."""

    other: UUID
    reason: Reason


@get("/campaigns", opt={"permission": Permission.INCIDENT_READ}, responses=problems(*SIGNED))
async def list_campaigns(
    context: In, who: Who,
    brand: Annotated[str | None, Parameter(max_length=100)] = None,
    before: UUID | None = None,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 50,
) -> Campaigns:  # fmt: skip
    """Living campaigns; `before` is the last one of the page before."""
    async with read(context.pool, who) as db:
        found = await campaign_list.newest(db, who, brand=brand, before=before, limit=limit)
    return Campaigns(found)


@get(
    "/campaigns/{id:uuid}", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_campaign(context: In, who: Who, id: UUID) -> CampaignPage:
    """One campaign; one without a report that the caller may see is not there.

    A merged one answers as the one that it went into.
    """
    async with read(context.pool, who) as db:
        return await campaign_page.page(db, who, id)


@get(
    "/campaigns/{id:uuid}/graph", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_graph(context: In, who: Who, id: UUID) -> Graph:
    """What ties the reports of a campaign together, as nodes and edges."""
    async with read(context.pool, who) as db:
        return await campaign_graph.graph(db, who, id)


@post(
    "/campaigns/{id:uuid}/part", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def part_campaign(context: In, who: Who, id: UUID, data: PartIn) -> CampaignOut:
    """Take reports out, into a campaign of their own; keys never bring them back."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        made = await campaign_step.part(tx, who, id, data.reports, data.reason, now, context.random)
    return _out(made)


@post(
    "/campaigns/{id:uuid}/split", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def split_campaign(context: In, who: Who, id: UUID, data: SplitIn) -> CampaignOut:
    """Take all reports with one key out, into a campaign of their own."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        made = await campaign_step.split(tx, who, id, data.key, data.reason, now, context.random)
    return _out(made)


@post(
    "/campaigns/{id:uuid}/merge", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def merge_campaign(context: In, who: Who, id: UUID, data: MergeIn) -> CampaignOut:
    """Put another campaign into this one, and its incident into this one's."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        made = await campaign_step.merge(tx, who, id, data.other, data.reason, now)
    return _out(made)


@post(
    "/campaigns/steps/{id:uuid}/undo", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def undo_step(context: In, who: Who, id: UUID) -> CampaignOut:
    """Take one line of a campaign's history back; later ones of the same reports come first."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        found = await campaign_undo.undo(tx, who, id, now)
    return _out(found)


def _out(found: Campaign) -> CampaignOut:
    return CampaignOut(id=found.uuid, number=found.number, brand=found.brand,
                       first_at=found.first_at, last_at=found.last_at,
                       reports=found.reports)  # fmt: skip


router = Router(
    "/",
    route_handlers=[
        list_campaigns, get_campaign, get_graph, part_campaign, split_campaign, merge_campaign,
        undo_step,
    ],
    tags=["campaigns"],
)  # fmt: skip
