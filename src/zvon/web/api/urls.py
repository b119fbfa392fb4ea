"""Rules for pages: proposed, approved and lifted like blocks, for proxies and browsers."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store import url_notice, url_row, url_rule
from zvon.store.transaction import Tx, transaction
from zvon.store.url_row import Offer, UrlRule
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, BadInput, problems

MAX_BATCH = 500
Reason = Annotated[str, Meta(min_length=3, max_length=500)]
Address = Annotated[str, Meta(min_length=4, max_length=8192)]
State = Literal["proposed", "published", "rejected", "lifted"]


class NewUrls(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pages to list together; without `urls` those that the incident offers.

    `days` is how long: 2 for a hacked site, which is looked at every ten minutes meanwhile.
    """

    urls: Annotated[list[Address], Meta(max_length=MAX_BATCH)] = []
    reason: Reason
    legal_ground: Reason
    days: Annotated[int, Meta(ge=1, le=90)] = 2
    incident: UUID | None = None
    feed: Annotated[str, Meta(max_length=63)] | None = None


class ChosenUrls(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules, and why; the reason is kept in the audit."""

    urls: Annotated[list[UUID], Meta(min_length=1, max_length=MAX_BATCH)]
    reason: Reason


class UndoUrls(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to end: all that is given has to fit. `person` (a login) proposed or approved it."""

    reason: Reason
    source: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    person: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    since: Annotated[datetime, Meta(tz=True)] | None = None


class UrlOut(Struct, frozen=True, kw_only=True):
    """A rule for one page."""

    id: UUID
    number: str
    url: str
    host: str
    category: str
    state: str
    feed: str
    reason: str
    legal_ground: str
    proposer: str
    approver: str | None
    proposed_at: datetime
    published_at: datetime | None
    expires_at: datetime
    lifted_at: datetime | None
    lift_reason: str | None
    retest_at: datetime | None
    gone_since: datetime | None
    incident: UUID | None


class Urls(Struct, frozen=True, kw_only=True):
    """Rules; `next` goes into `before` for older ones."""

    urls: list[UrlOut]
    next: int | None = None


class Offers(Struct, frozen=True, kw_only=True):
    """Pages of an incident whose names should not be blocked."""

    offers: list[Offer]


class NoticeOut(Struct, frozen=True, kw_only=True):
    """A letter that waits for a person to send it; `recipient` is empty when nobody is known."""

    id: UUID
    lang: str
    recipient: str | None
    subject: str
    body: str
    made_at: datetime
    sent_at: datetime | None
    sent_by: str | None


class Notices(Struct, frozen=True, kw_only=True):
    """The letters about a page, one in each language."""

    notices: list[NoticeOut]


def _out(row: UrlRule) -> UrlOut:
    return UrlOut(
        id=row.uuid, number=row.number, url=row.url, host=row.host, category=row.category,
        state=row.state, feed=row.feed, reason=row.reason, legal_ground=row.legal_ground,
        proposer=row.proposer, approver=row.approver, proposed_at=row.proposed_at,
        published_at=row.published_at, expires_at=row.expires_at, lifted_at=row.lifted_at,
        lift_reason=row.lift_reason, retest_at=row.retest_at, gone_since=row.gone_since,
        incident=row.incident_uuid,
    )  # fmt: skip


@get("/urls", opt={"permission": Permission.BLOCK_READ}, responses=problems(*SIGNED, 422))
async def list_urls(
    context: In,
    who: Who,
    states: Annotated[list[State] | None, Parameter(query="state", max_items=4)] = None,
    before: Annotated[int | None, Parameter(ge=0, le=(1 << 62))] = None,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 200,
) -> Urls:
    """Rules for pages, newest first."""
    async with read(context.pool, who) as db:
        rows = await url_row.page(db, who, states=states, before=before, limit=limit)
    return Urls(urls=[_out(r) for r in rows], next=rows[-1].id if len(rows) == limit else None)


@get(
    "/incidents/{id:uuid}/urls", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def list_offers(context: In, who: Who, id: UUID) -> Offers:
    """The pages of an incident that should be listed, because their names should not be blocked."""
    async with read(context.pool, who) as db:
        return Offers(offers=await url_row.offers(db, who, id))


@post(
    "/urls",
    opt={"permission": Permission.BLOCK_PROPOSE},
    responses=problems(*SIGNED, 404, 409, 422),
)
async def propose_urls(context: In, who: Who, data: NewUrls) -> Urls:
    """Propose pages. One that covers a whole host, or a protected front page, refuses all (422)."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        chosen = list(data.urls)
        if not chosen and data.incident is not None:
            chosen = [offer.url for offer in await url_row.offers(tx.db, who, data.incident)]
        if not chosen:
            raise BadInput("urls: at least one, or an incident that offers some")
        rows = await url_rule.propose(
            tx,
            who,
            url_rule.Proposal(
                urls=tuple(chosen),
                feed=data.feed or context.settings.country.lower(),
                reason=data.reason,
                legal_ground=data.legal_ground,
                expires_at=now + timedelta(days=data.days),
                incident_uuid=data.incident,
            ),
            now,
            context.random,
        )
    return Urls(urls=[_out(r) for r in rows])


Act = Callable[[Tx, Viewer, Sequence[UUID], str, datetime], Awaitable[list[UrlRule]]]


async def _act(context: In, who: Who, data: ChosenUrls, act: Act) -> Urls:
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        rows = await act(tx, who, data.urls, data.reason, now)
    return Urls(urls=[_out(r) for r in rows])


@post(
    "/urls/approvals", opt={"permission": Permission.BLOCK_APPROVE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def approve_urls(context: In, who: Who, data: ChosenUrls) -> Urls:
    """Publish proposed pages in the lists of their feed. The proposer cannot approve (403)."""
    return await _act(context, who, data, url_rule.approve)


@post(
    "/urls/rejections", opt={"permission": Permission.BLOCK_READ},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def reject_urls(context: In, who: Who, data: ChosenUrls) -> Urls:
    """Say no to proposed pages (`block:approve`), or take one's own back (`block:propose`)."""
    return await _act(context, who, data, url_rule.reject)


@post(
    "/urls/lifts", opt={"permission": Permission.BLOCK_READ},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def lift_urls(context: In, who: Who, data: ChosenUrls) -> Urls:
    """Take pages out of all lists (`block:lift`); whoever proposed a rule may always do so."""
    return await _act(context, who, data, url_rule.lift)


@post(
    "/urls/undo", opt={"permission": Permission.BLOCK_LIFT},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def undo_urls(context: In, who: Who, data: UndoUrls) -> Urls:
    """End in one action what a source or a person caused, or all since a moment."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        rows = await url_rule.undo(tx, who, data.reason, now, source=data.source,
                                   login=data.person, since=data.since)  # fmt: skip
    return Urls(urls=[_out(r) for r in rows])


@get(
    "/urls/{id:uuid}/notices", opt={"permission": Permission.BLOCK_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def list_notices(context: In, who: Who, id: UUID) -> Notices:
    """The letters to the owner or provider of a page, ready for a person to send."""
    async with read(context.pool, who) as db:
        rows = await url_notice.of_rule(db, who, id)
    return Notices(
        notices=[
            NoticeOut(id=n.uuid, lang=n.lang, recipient=n.recipient, subject=n.subject,
                      body=n.body, made_at=n.made_at, sent_at=n.sent_at, sent_by=n.sent_by)
            for n in rows
        ]
    )  # fmt: skip


@post(
    "/urls/notices/{id:uuid}/sent", opt={"permission": Permission.BLOCK_PROPOSE},
    responses=problems(*SIGNED, 404), status_code=204,
)  # fmt: skip
async def notice_sent(context: In, who: Who, id: UUID) -> None:
    """Write down that you sent a letter; the node sends none."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await url_notice.mark_sent(tx, who, id, now)


router = Router(
    "/",
    route_handlers=[
        list_urls, list_offers, propose_urls, approve_urls, reject_urls, lift_urls, undo_urls,
        list_notices,
        notice_sent,
    ],
    tags=["urls"],
)  # fmt: skip
