"""Watched names: looking, letting go, handing to people, and the patterns that find more."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.collect import watch as watching
from zvon.ml.watch_pattern import BadPattern, checked
from zvon.model.verdict import Reason
from zvon.store import watch, watch_rule
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.store.watch import Item
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, BadInput, problems

BecauseText = Annotated[str, Meta(min_length=3, max_length=500)]
State = Literal["watching", "escalated", "dismissed", "expired"]
Word = Annotated[str | None, Parameter(min_length=1, max_length=100)]


class WatchOut(Struct, frozen=True, kw_only=True):
    """A watched name. `score` orders the list; it is no probability.

    `seen` is what the last look found, `report` the record that an escalation made of it.
    """

    id: UUID
    name: str
    registered: str
    brand: str
    technique: str
    score: float
    source: str
    state: str
    reasons: list[Reason]
    seen: dict[str, Any]
    checks: int
    first_at: datetime
    next_at: datetime | None
    ended_at: datetime | None
    report: UUID | None


class Watched(Struct, frozen=True, kw_only=True):
    """Watched names; `next` goes into `after` for more."""

    names: list[WatchOut]
    next: UUID | None = None


class Because(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why; kept in the audit."""

    reason: BecauseText


class Said(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a brand's desk says of a name: theirs, or not."""

    ours: bool
    reason: BecauseText


class NewRuleIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pattern of names: `{}` is a hole of letters and digits, `{#}` one of digits.

    It is held against what stands left of the public suffix, which may be any of `tlds`, or any
    at all when there are none.
    """

    brand: Annotated[str, Meta(min_length=1, max_length=100)]
    pattern: Annotated[str, Meta(min_length=4, max_length=200)]
    tlds: Annotated[
        list[Annotated[str, Meta(min_length=2, max_length=63)]], Meta(max_length=50)
    ] = []
    reason: BecauseText
    days: Annotated[int, Meta(ge=1, le=180)] = 30


class RuleOut(Struct, frozen=True, kw_only=True):
    """A pattern that is looked for until it expires; `found` counts names that only it found."""

    id: UUID
    brand: str
    pattern: str
    tlds: list[str]
    campaign: UUID | None
    reason: str
    made_at: datetime
    expires_at: datetime
    by: str | None
    found: int


class Rules(Struct, frozen=True, kw_only=True):
    """Patterns, the newest first."""

    rules: list[RuleOut]


def _out(item: Item) -> WatchOut:
    return WatchOut(
        id=item.uuid, name=item.name, registered=item.registered, brand=item.brand,
        technique=item.technique, score=item.score, source=item.source, state=item.state,
        reasons=item.reasons, seen=item.seen, checks=item.checks, first_at=item.first_at,
        next_at=item.next_at, ended_at=item.ended_at, report=item.record_uuid,
    )  # fmt: skip


def _rule(rule: watch_rule.Rule) -> RuleOut:
    return RuleOut(
        id=rule.uuid, brand=rule.brand, pattern=rule.pattern, tlds=rule.tlds,
        campaign=rule.campaign_uuid, reason=rule.reason, made_at=rule.made_at,
        expires_at=rule.expires_at, by=rule.by, found=rule.found,
    )  # fmt: skip


@get("/watch", opt={"permission": Permission.WATCH_READ}, responses=problems(*SIGNED, 422))
async def list_watch(
    context: In,
    who: Who,
    states: Annotated[list[State] | None, Parameter(query="state", max_items=4)] = None,
    brand: Word = None,
    technique: Word = None,
    source: Word = None,
    least: Annotated[float, Parameter(ge=0, le=1)] = 0.0,
    newest: bool = False,
    after: UUID | None = None,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 50,
) -> Watched:
    """Watched names, the likeliest bait first; a brand's desk sees its own brands only."""
    wanted = watch.Filter(states=states, brand=brand, technique=technique, source=source,
                          least=least, newest=newest, after=after)  # fmt: skip
    async with read(context.pool, who) as db:
        items = await watch.page(db, who, wanted, limit)
    return Watched(names=[_out(i) for i in items],
                   next=items[-1].uuid if len(items) == limit else None)  # fmt: skip


@get(
    "/watch/{id:uuid}", opt={"permission": Permission.WATCH_READ}, responses=problems(*SIGNED, 404)
)
async def get_watch(context: In, who: Who, id: UUID) -> WatchOut:
    """One watched name."""
    async with read(context.pool, who) as db:
        return _out(await watch.get(db, who, id))


@post(
    "/watch/{id:uuid}/dismissal", opt={"permission": Permission.WATCH_WRITE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def dismiss_watch(context: In, who: Who, id: UUID, data: Because) -> WatchOut:
    """Watch a name no longer, and never again."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _out(await watch.dismiss(tx, who, id, data.reason, now))


@post(
    "/watch/{id:uuid}/escalation", opt={"permission": Permission.WATCH_WRITE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def escalate_watch(context: In, who: Who, id: UUID, data: Because) -> WatchOut:
    """Make a report of a name now; it goes through the whole pipeline and to a person."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _out(await watching.escalate_now(tx, who, id, data.reason, now))


@post(
    "/watch/{id:uuid}/word", opt={"permission": Permission.BRAND_EDIT},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def say_watch(context: In, who: Who, id: UUID, data: Said) -> WatchOut:
    """A brand's desk says whether the name is theirs; theirs is official and never watched again."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _out(await watch.say(tx, who, id, ours=data.ours, reason=data.reason, now=now))


@get("/watch/rules", opt={"permission": Permission.WATCH_READ}, responses=problems(*SIGNED))
async def list_rules(context: In, who: Who, expired: bool = False) -> Rules:
    """Patterns of names of confirmed campaigns, the newest first."""
    async with read(context.pool, who) as db:
        found = await watch_rule.list_all(db, who, context.clock(), expired=expired)
    return Rules(rules=[_rule(r) for r in found])


@post("/watch/rules", opt={"permission": Permission.WATCH_WRITE}, responses=problems(*SIGNED, 422))
async def add_rule(context: In, who: Who, data: NewRuleIn) -> RuleOut:
    """Look for a pattern in every stream, for so many days."""
    now = context.clock()
    try:
        pattern = checked(data.pattern)
    except BadPattern as problem:
        raise BadInput(f"pattern: {problem}") from None
    new = watch_rule.NewRule(
        brand=data.brand, pattern=pattern, tlds=data.tlds, reason=data.reason,
        expires_at=now + timedelta(days=data.days),
    )  # fmt: skip
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _rule(await watch_rule.add(tx, who, new, now, context.random(10)))


@post(
    "/watch/rules/{id:uuid}/end", opt={"permission": Permission.WATCH_WRITE},
    responses=problems(*SIGNED, 404), status_code=204,
)  # fmt: skip
async def end_rule(context: In, who: Who, id: UUID) -> None:
    """Look for a pattern no longer."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await watch_rule.end(tx, who, id, now)


router = Router(
    "/",
    route_handlers=[
        list_watch, get_watch, dismiss_watch, escalate_watch, say_watch, list_rules, add_rule,
        end_rule,
    ],
    tags=["watch"],
)  # fmt: skip
