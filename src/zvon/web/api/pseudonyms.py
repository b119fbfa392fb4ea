"""Pseudonyms: their epochs, the way back for the originator, and what partners ask about them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.share import epochs as ends
from zvon.share import question as questions
from zvon.share import reversal
from zvon.store import pseudonym, pseudonym_question, pseudonym_reversal
from zvon.store.pseudonym import Destroyed, Epoch
from zvon.store.pseudonym_question import Question
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Reason = Annotated[str, Meta(min_length=1, max_length=500)]
Token = Annotated[str, Meta(min_length=1, max_length=300)]
EpochName = Annotated[str, Meta(min_length=1, max_length=40)]
Text = Annotated[str, Meta(min_length=1, max_length=4000)]


class Epochs(Struct, frozen=True, kw_only=True):
    """Epochs of all groups, newest first."""

    epochs: list[Epoch]


class ReverseIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pseudonym, the group that it went to, and why its original is needed."""

    group: UUID
    token: Token
    reason: Reason
    epoch: EpochName | None = None


class ReverseOut(Struct, frozen=True, kw_only=True):
    """The original, or the request that a second person has to agree to first."""

    epoch: str
    original: str | None
    waits: UUID | None


class DestroyIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The epoch whose key goes for ever, and why."""

    group: UUID
    epoch: EpochName
    reason: Reason


class ReversalOut(Struct, frozen=True, kw_only=True):
    """A request to see an original; never the original."""

    id: UUID
    group: UUID
    epoch: str
    token: str
    reason: str
    asked_by: str
    at: datetime
    agreed_by: str | None
    agreed_at: datetime | None
    shown_at: datetime | None


class Reversals(Struct, frozen=True, kw_only=True):
    """Requests, newest first."""

    reversals: list[ReversalOut]


class QuestionIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to ask the originator of a pseudonym that came with an event of a group."""

    group: UUID
    token: Token
    question: Text


class QuestionOut(Struct, frozen=True, kw_only=True):
    """A question: `ours` where we made the pseudonym and are asked."""

    id: UUID
    ours: bool
    peer: UUID
    peer_name: str
    group: UUID
    token: str
    question: str
    state: Literal["open", "answered", "refused"]
    answer: str
    at: datetime
    by: str | None
    sent_at: datetime | None
    answered_at: datetime | None


class Questions(Struct, frozen=True, kw_only=True):
    """Questions, newest first."""

    questions: list[QuestionOut]


class Asked(Struct, frozen=True, kw_only=True):
    """The question that was written down; it leaves with the next poll."""

    id: UUID


class AnswerIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer in words."""

    answer: Text


@get("/pseudonyms", opt={"permission": Permission.PSEUDONYM_MANAGE}, responses=problems(*SIGNED))
async def list_epochs(
    context: In, who: Who, limit: Annotated[int, Parameter(ge=1, le=1000)] = pseudonym.PAGE
) -> Epochs:
    """Epochs of pseudonyms: how many lead back, and when the way back ends or ended."""
    async with read(context.pool, who) as db:
        return Epochs(epochs=await pseudonym.epochs(db, who, limit=limit))


@post(
    "/pseudonyms/reverse", opt={"permission": Permission.PSEUDONYM_REVERSE}, status_code=200,
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def reverse(context: In, who: Who, data: ReverseIn) -> ReverseOut:
    """The original behind a pseudonym of ours; every call is in the audit."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        found = await reversal.reverse(
            tx, who, group_uuid=data.group, token=data.token, reason=data.reason,
            epoch=data.epoch, node=context.node, now=now, random=context.random,
        )  # fmt: skip
    return ReverseOut(epoch=found.epoch, original=found.original, waits=found.waits)


@post(
    "/pseudonyms/destroy", opt={"permission": Permission.PSEUDONYM_MANAGE}, status_code=200,
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def destroy(context: In, who: Who, data: DestroyIn) -> Destroyed:
    """Destroy the key of an epoch and all that leads back; nothing undoes it."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return await ends.destroy(
            tx, who, group_uuid=data.group, epoch=data.epoch, reason=data.reason, now=now
        )


@get(
    "/pseudonym-reversals", opt={"permission": Permission.PSEUDONYM_REVERSE},
    responses=problems(*SIGNED),
)  # fmt: skip
async def list_reversals(
    context: In,
    who: Who,
    limit: Annotated[int, Parameter(ge=1, le=1000)] = pseudonym_reversal.PAGE,
) -> Reversals:
    """Requests to see originals in groups that want two people for it."""
    async with read(context.pool, who) as db:
        found = await pseudonym_reversal.newest(db, who, limit=limit)
    return Reversals(reversals=[
        ReversalOut(
            id=r.uuid, group=r.group, epoch=r.epoch, token=r.token, reason=r.reason,
            asked_by=r.asked_by, at=r.at, agreed_by=r.agreed_by, agreed_at=r.agreed_at,
            shown_at=r.shown_at,
        )
        for r in found
    ])  # fmt: skip


@post(
    "/pseudonym-reversals/{id:uuid}/approval", status_code=204,
    opt={"permission": Permission.PSEUDONYM_REVERSE}, responses=problems(*SIGNED, 404),
)  # fmt: skip
async def agree(context: In, who: Who, id: UUID) -> None:
    """Let the asker see the original; the asker cannot agree (403)."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await reversal.agree(tx, who, id, now)


@get("/pseudonym-questions", opt={"permission": Permission.SHARE_READ}, responses=problems(*SIGNED))
async def list_questions(
    context: In,
    who: Who,
    question_state: Annotated[
        Literal["open", "answered", "refused"] | None, Parameter(query="state")
    ] = None,
    limit: Annotated[int, Parameter(ge=1, le=1000)] = pseudonym_question.PAGE,
) -> Questions:
    """What partners ask about our pseudonyms, and what we ask about theirs."""
    async with read(context.pool, who) as db:
        found = await pseudonym_question.newest(db, who, state=question_state, limit=limit)
    return Questions(questions=[_shown(one) for one in found])


@post(
    "/pseudonym-questions", opt={"permission": Permission.SHARE_PREPARE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def ask(context: In, who: Who, data: QuestionIn) -> Asked:
    """Ask the partner who made a pseudonym; a person there answers in words."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return Asked(id=await questions.ask(
            tx, who, group_uuid=data.group, token=data.token, question=data.question,
            node=context.node, now=now, random=context.random,
        ))  # fmt: skip


@post(
    "/pseudonym-questions/{id:uuid}/answer", status_code=204,
    opt={"permission": Permission.PSEUDONYM_REVERSE}, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def answer(context: In, who: Who, id: UUID, data: AnswerIn) -> None:
    """Answer in words; a text that holds the value does not leave (422)."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await questions.answer(tx, who, id, data.answer, context.node, now, context.random)


@post(
    "/pseudonym-questions/{id:uuid}/refusal", status_code=204,
    opt={"permission": Permission.PSEUDONYM_REVERSE}, responses=problems(*SIGNED, 404, 409),
)  # fmt: skip
async def refuse(context: In, who: Who, id: UUID) -> None:
    """Say no to a partner's question."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await questions.refuse(tx, who, id, now)


def _shown(q: Question) -> QuestionOut:
    state: Literal["open", "answered", "refused"] = (
        "open" if q.state == "open" else "answered" if q.state == "answered" else "refused"
    )
    return QuestionOut(
        id=q.uuid, ours=q.ours, peer=q.peer, peer_name=q.peer_name, group=q.group, token=q.token,
        question=q.question, state=state, answer=q.answer, at=q.at, by=q.by, sent_at=q.sent_at,
        answered_at=q.answered_at,
    )  # fmt: skip


router = Router(
    "/",
    route_handlers=[
        list_epochs, reverse, destroy, list_reversals, agree, list_questions, ask, answer, refuse,
    ],
    tags=["pseudonyms"],
)  # fmt: skip
