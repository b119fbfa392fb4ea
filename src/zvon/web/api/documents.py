"""Documents: what each says, with the place of every statement."""

from datetime import datetime
from uuid import UUID

from litestar import Router, get
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.model.document import Card
from zvon.model.marking import Tlp
from zvon.store import document
from zvon.store.document import Repeat
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems


class RepeatOut(Struct, frozen=True, kw_only=True):
    """A document that says the same; `jaccard` (0 to 1) is how alike the two are."""

    id: UUID
    source: str
    at: datetime
    jaccard: float | None


class DocumentOut(Struct, frozen=True, kw_only=True):
    """A document and its card.

    `first` is the earlier document that it repeats. `repeats` counts those that repeat it, from
    `sources` sources; `lately` are the last of them.
    """

    id: UUID
    source: str
    at: datetime
    tlp: str
    first: RepeatOut | None
    repeats: int
    sources: int
    lately: list[RepeatOut]
    card: Card


@get(
    "/documents/{id:uuid}", opt={"permission": Permission.SEARCH_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def one(context: In, who: Who, id: UUID) -> DocumentOut:
    """What a document says: values with their roles, techniques with their sentences, names.

    Places are half-open ranges of code points of the text of a part.
    """
    async with read(context.pool, who) as db:
        page = await document.get(db, who, id)
    return DocumentOut(
        id=page.uuid, source=page.source, at=page.at, tlp=Tlp(page.tlp).label,
        first=None if page.first is None else _repeat(page.first), repeats=page.repeats,
        sources=page.sources, lately=[_repeat(each) for each in page.lately], card=page.card,
    )  # fmt: skip


def _repeat(each: Repeat) -> RepeatOut:
    return RepeatOut(id=each.uuid, source=each.source, at=each.at, jaccard=each.jaccard)


router = Router("/", route_handlers=[one], tags=["documents"])
