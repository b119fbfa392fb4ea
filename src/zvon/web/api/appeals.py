"""Appeals: what waits for a decision, and the decision."""

from datetime import datetime
from uuid import UUID

from litestar import Router, get, post
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.store import appeal as appeals
from zvon.store import appeal_letter
from zvon.store.appeal import Appeal
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.blocks import Reason
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems


class AppealOut(Struct, frozen=True, kw_only=True):
    """An appeal; `block` is what the name is blocked by, if it is; `letter` is our apology."""

    id: UUID
    number: str
    name: str
    text: str
    lang: str
    state: str
    filed_at: datetime
    due_at: datetime
    overdue: bool
    has_contact: bool
    decided_by: str | None
    decided_at: datetime | None
    reason: str
    block: UUID | None
    block_number: str | None
    block_name: str | None
    block_state: str | None
    letter: UUID | None


class Appeals(Struct, frozen=True):
    """Appeals, the most urgent first."""

    appeals: list[AppealOut]


class Decision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Yes or no, and why; the reason is shown to the person who filed it."""

    granted: bool
    reason: Reason


class ContactOut(Struct, frozen=True):
    """How to reach the person who filed it; null when they did not say."""

    contact: str | None


class LetterOut(Struct, frozen=True):
    """The message that is the letter."""

    message: UUID


def appeal_out(one: Appeal, now: datetime) -> AppealOut:
    """What the API shows of an appeal."""
    return AppealOut(
        id=one.uuid, number=one.number, name=one.name, text=one.text, lang=one.lang,
        state=one.state, filed_at=one.filed_at, due_at=one.due_at, overdue=one.overdue(now),
        has_contact=one.has_contact, decided_by=one.decided_by, decided_at=one.decided_at,
        reason=one.reason, block=one.block, block_number=one.block_number,
        block_name=one.block_name, block_state=one.block_state,
        letter=one.letter,
    )  # fmt: skip


@get("/appeals", opt={"permission": Permission.APPEAL_READ}, responses=problems(*SIGNED))
async def list_appeals(context: In, who: Who, decided: bool = False) -> Appeals:
    """Open appeals; with `decided` the latest decided ones instead."""
    now = context.clock()
    async with read(context.pool, who) as db:
        found = await appeals.open_list(db, who, decided=decided)
    return Appeals([appeal_out(one, now) for one in found])


@get(
    "/appeals/{id:uuid}", opt={"permission": Permission.APPEAL_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_appeal(context: In, who: Who, id: UUID) -> AppealOut:
    """One appeal."""
    async with read(context.pool, who) as db:
        return appeal_out(await appeals.get(db, who, id), context.clock())


@post(
    "/appeals/{id:uuid}/contact", opt={"permission": Permission.APPEAL_DECIDE},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def read_contact(context: In, who: Who, id: UUID) -> ContactOut:
    """Open the sealed contact; who opened it is written down."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return ContactOut(await appeals.contact(tx, who, id, context.node.key))


@post(
    "/appeals/{id:uuid}/decision", opt={"permission": Permission.APPEAL_DECIDE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def decide_appeal(context: In, who: Who, id: UUID, data: Decision) -> AppealOut:
    """Grant it, which lifts the block everywhere at once, or refuse it with a reason."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        done = await appeals.decide(tx, who, id, granted=data.granted, reason=data.reason, now=now)
    return appeal_out(done, now)


@post(
    "/appeals/{id:uuid}/letter", opt={"permission": Permission.APPEAL_DECIDE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def draft_letter(context: In, who: Who, id: UUID) -> LetterOut:
    """Draft the apology for a block that an appeal ended; needs `message:send` too. Nothing leaves."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return LetterOut(
            await appeal_letter.draft(tx, who, id, context.node.key, now, context.random)
        )


router = Router(
    "/",
    route_handlers=[list_appeals, get_appeal, read_contact, decide_appeal, draft_letter],
    tags=["appeals"],
)
