"""Reviews: second opinions, what rules keep for a second person, blind samples, agreement."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.respond import review
from zvon.store import review as reviews
from zvon.store import review_count
from zvon.store.review import Opinion, Review
from zvon.store.review_count import ByCategory, Load
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems


class ReviewOut(Struct, frozen=True, kw_only=True):
    """A review; while it is blind it says neither which incident it is of nor what was said."""

    id: UUID
    kind: str
    scale: str
    state: str
    incident: UUID | None
    number: str | None
    question: str
    asked_by: str | None
    rule: str | None
    at: datetime
    ended_at: datetime | None
    opinions: list[Opinion]
    mine: bool


class Reviews(Struct, frozen=True):
    """Reviews that wait, oldest first."""

    reviews: list[ReviewOut]


class QuestionIn(Struct, frozen=True, forbid_unknown_fields=True):
    """What the second person should look at."""

    question: Annotated[str, Meta(max_length=500)] = ""


class OpinionIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The word of a second or third person, of the scale of the review."""

    word: Annotated[str, Meta(min_length=1, max_length=30)]
    reason: Annotated[str, Meta(max_length=500)] = ""


class Quality(Struct, frozen=True, kw_only=True):
    """Agreement of people beyond chance, and the load of those whom the caller may see."""

    since: datetime
    agreement: list[ByCategory]
    load: list[Load]


def review_out(found: Review) -> ReviewOut:
    """What the API shows of a review."""
    return ReviewOut(
        id=found.uuid, kind=found.kind, scale=found.scale, state=found.state,
        incident=None if found.blind else found.incident,
        number=None if found.blind else found.number, question=found.question,
        asked_by=found.asked_by, rule=found.rule, at=found.at, ended_at=found.ended_at,
        opinions=list(found.opinions), mine=found.mine,
    )  # fmt: skip


@get("/reviews", opt={"permission": Permission.REVIEW_READ}, responses=problems(*SIGNED))
async def list_reviews(
    context: In, who: Who, limit: Annotated[int, Parameter(ge=1, le=500)] = 100
) -> Reviews:
    """What waits for a second or third person."""
    async with read(context.pool, who) as db:
        return Reviews([review_out(r) for r in await reviews.waiting(db, who, limit=limit)])


@get("/reviews/quality", opt={"permission": Permission.REVIEW_READ}, responses=problems(*SIGNED))
async def quality(
    context: In, who: Who, days: Annotated[int, Parameter(ge=1, le=400)] = 90
) -> Quality:
    """How well people agree (Cohen's kappa by category), and how much they decided."""
    since = context.clock() - timedelta(days=days)
    async with read(context.pool, who) as db:
        return Quality(since=since, agreement=await review_count.agreement(db, who, since),
                       load=await review_count.load(db, who, since))  # fmt: skip


@get(
    "/reviews/{id:uuid}", opt={"permission": Permission.REVIEW_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_review(context: In, who: Who, id: UUID) -> ReviewOut:
    """One review."""
    async with read(context.pool, who) as db:
        return review_out(await reviews.get(db, who, id))


@post(
    "/incidents/{id:uuid}/reviews", opt={"permission": Permission.REVIEW_WRITE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def ask_review(context: In, who: Who, id: UUID, data: QuestionIn) -> ReviewOut:
    """Ask for a second opinion on what was decided."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await review.ask(tx, who, id, data.question, now)
        return review_out(await reviews.get(tx.db, who, made))


@post(
    "/reviews/{id:uuid}/opinions", opt={"permission": Permission.REVIEW_WRITE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def give_opinion(context: In, who: Who, id: UUID, data: OpinionIn) -> ReviewOut:
    """Say what it is; what two agree on, or the third settles, happens at once."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return review_out(await review.say(tx, who, id, data.word, data.reason, now))


router = Router(
    "/", route_handlers=[list_reviews, quality, get_review, ask_review, give_opinion],
    tags=["reviews"],
)  # fmt: skip
