"""The tree of organisations: add one, put it below another."""

from typing import Annotated
from uuid import UUID

from litestar import Router, get, post, put
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.store import party_tree
from zvon.store.transaction import transaction
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems


class BranchOut(Struct, frozen=True, kw_only=True):
    """An organisation at its place."""

    id: UUID
    name: str
    kind: str
    country: str
    own: bool
    parent: UUID | None
    depth: int
    people: int


class Tree(Struct, frozen=True):
    """The tree as far as the caller may see it, each organisation before those below it."""

    parties: list[BranchOut]


class PartyIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new organisation."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    kind: Annotated[str, Meta(max_length=20)]
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    parent: UUID | None = None


class PartyMade(Struct, frozen=True):
    """The organisation that was added."""

    id: UUID


class ParentIn(Struct, frozen=True, forbid_unknown_fields=True):
    """What the organisation stands below; nothing: it stands at the top."""

    parent: UUID | None


@get("/parties/tree", opt={"permission": Permission.PERSON_READ}, responses=problems(*SIGNED))
async def tree(context: In, who: Who) -> Tree:
    """The operator sees all, others their own branch."""
    async with read(context.pool, who) as db:
        found = await party_tree.branches(db, who)
    return Tree([
        BranchOut(id=b.uuid, name=b.name, kind=b.kind, country=b.country, own=b.own,
                  parent=b.parent, depth=b.depth, people=b.people)
        for b in found
    ])  # fmt: skip


@post(
    "/parties", opt={"permission": Permission.POLICY_MANAGE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def add(context: In, who: Who, data: PartyIn) -> PartyMade:
    """Add an organisation; its people are added by an administrator."""
    now = context.clock()
    uuid = uuid7(now, context.random(RANDOM_BYTES))
    async with transaction(context.pool, now) as tx:
        await party_tree.add(
            tx, who, uuid=uuid, name=data.name, kind=data.kind, country=data.country,
            parent=data.parent,
        )  # fmt: skip
    return PartyMade(uuid)


@put(
    "/parties/{id:uuid}/parent", opt={"permission": Permission.POLICY_MANAGE}, status_code=204,
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def move(context: In, who: Who, id: UUID, data: ParentIn) -> None:
    """Put an organisation below another one, or at the top."""
    async with transaction(context.pool, context.clock()) as tx:
        await party_tree.move(tx, who, id, data.parent)


router = Router("/", route_handlers=[tree, add, move], tags=["parties"])
