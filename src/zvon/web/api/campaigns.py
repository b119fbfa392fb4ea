"""Campaigns: reports of one operation."""

from datetime import datetime
from uuid import UUID

from litestar import Router, get
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.store import campaign
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems


class CampaignOut(Struct, frozen=True, kw_only=True):
    """A campaign; a merged one answers as the one that it went into."""

    id: UUID
    number: str
    brand: str | None
    first_at: datetime
    last_at: datetime
    reports: int


@get(
    "/campaigns/{id:uuid}", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_campaign(context: In, who: Who, id: UUID) -> CampaignOut:
    """One campaign; one without a report that the caller may see is not there."""
    async with read(context.pool, who) as db:
        found = await campaign.by_uuid(db, id)
    if not found.reports:
        raise LookupError(f"no campaign {id}")
    return CampaignOut(id=found.uuid, number=found.number, brand=found.brand,
                       first_at=found.first_at, last_at=found.last_at,
                       reports=found.reports)  # fmt: skip


router = Router("/", route_handlers=[get_campaign], tags=["campaigns"])
