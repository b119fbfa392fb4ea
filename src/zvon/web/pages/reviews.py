"""What waits for a second or third person, and how well people agree."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.verdict import shown
from zvon.store import incident_detail, report, review_count
from zvon.store import review as reviews
from zvon.store.party import Db
from zvon.store.review import ReviewKind
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.api.reports import brand_name
from zvon.web.pages.evidence import marked
from zvon.web.pages.page import render

PERIOD = timedelta(days=90)


async def facts_for(db: Db, who: Viewer, incident_id: int) -> dict[str, Any]:
    """Values of `incident_reviews.html`: what is asked for openly and not answered."""
    if not who.may(Permission.REVIEW_READ):
        return {"asked_reviews": []}
    found = await reviews.of_incident(db, who, incident_id)
    return {
        "asked_reviews": [
            r for r in found if r.state in {"open", "disputed"} and r.kind != ReviewKind.SAMPLE
        ]
    }


@get("/reviews", opt={"permission": Permission.REVIEW_READ}, include_in_schema=False)
async def reviews_page(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """Reviews that wait, oldest first; agreement and load of the last 90 days."""
    since = context.clock() - PERIOD
    async with read(context.pool, who) as db:
        values = {
            "reviews": await reviews.waiting(db, who),
            "agreement": await review_count.agreement(db, who, since),
            "load": await review_count.load(db, who, since),
        }
    return render(request, "reviews.html", values)


@get("/reviews/{id:uuid}", opt={"permission": Permission.REVIEW_READ}, include_in_schema=False)
async def review_page(request: AnyRequest, context: In, who: Who, id: UUID) -> Response[str]:
    """One review: what arrived, and, unless it is blind, what was said of it."""
    async with read(context.pool, who) as db:
        found = await reviews.get(db, who, id)
        about = await incident_detail.get(db, who, found.incident)
        newest = None
        if about.reports and who.may(Permission.REPORT_READ):
            newest = await report.get(db, who, about.reports[-1].uuid)
    message = newest.message if newest else None
    # The machine's reasons are evidence; the words of people are what a blind reader must not see.
    own = newest.verdict.reasons if newest and newest.verdict else ()
    reasons = shown(tuple(own) or about.reasons)
    values = {
        "r": found, "i": about, "report": newest, "message": message, "reasons": reasons,
        "pieces": list(marked(message.text, reasons)) if message else [],
        "brand": brand_name(about.brand),
    }  # fmt: skip
    return render(request, "review.html", values)


HANDLERS = (reviews_page, review_page)
