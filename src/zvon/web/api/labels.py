"""What people teach the models: questions, answers, and what has been taught."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.model.verdict import Category, VerdictWord
from zvon.store import label, label_task
from zvon.store.label import Taught
from zvon.store.label_task import Task
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems


class Tasks(Struct, frozen=True, kw_only=True):
    """Questions that wait for the caller, what has been taught, and how well two people agree.

    `agreement` is Cohen's kappa over `twice` addresses that two people judged.
    """

    tasks: list[Task]
    taught: list[Taught]
    twice: int
    agreement: float | None


class Answer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The judgement of an address; without `sure` it is kept and not trained on."""

    word: VerdictWord
    category: Category = Category.UNSURE
    sure: bool = True


@get("/labels", opt={"permission": Permission.LABEL_READ}, responses=problems(*SIGNED))
async def get_labels(
    context: In, who: Who, limit: Annotated[int, Parameter(ge=1, le=100)] = 20
) -> Tasks:
    """Questions for the caller, and what has been taught so far."""
    async with read(context.pool, who) as db:
        twice, agreement = await label_task.agreement(db)
        return Tasks(
            tasks=await label_task.open_list(db, who, limit=limit),
            taught=await label.counts(db, who), twice=twice, agreement=agreement,
        )  # fmt: skip


class Answered(Struct, frozen=True):
    """When the answer was taken."""

    at: datetime


@post(
    "/labels/{id:uuid}/answer", opt={"permission": Permission.LABEL_WRITE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def answer(context: In, who: Who, id: UUID, data: Answer) -> Answered:
    """Judge an address."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await label_task.answer(tx, who, id, data.word, data.category, sure=data.sure, now=now)
    return Answered(now)


router = Router("/", route_handlers=[get_labels, answer], tags=["learning"])
