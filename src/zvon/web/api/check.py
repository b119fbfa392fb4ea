"""Is a name blocked? Anybody may ask; what is not published is not answered differently."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from litestar import Router, get
from litestar.params import Parameter
from msgspec import Struct

from zvon.formats.defang import refang
from zvon.model.name import BadName, canonical
from zvon.store.public_block import PublicBlock, standing
from zvon.store.transaction import Pool
from zvon.store.visibility import SYSTEM, read
from zvon.web.api.inject import AnyRequest, In
from zvon.web.doorkeeper import PUBLIC
from zvon.web.problem import BadInput, problems
from zvon.web.turns import CHECKS, turn

MAX_ASKED = 2_000


class BlockedOut(Struct, frozen=True, kw_only=True):
    """One block that stands: `rule` is the owner that speaks for the name in the policy zone."""

    reference: str
    name: str
    scope: str
    category: str
    rule: str
    feeds: Sequence[str]
    countries: Sequence[str]
    ground: str
    since: datetime
    until: datetime


class CheckOut(Struct, frozen=True, kw_only=True):
    """The name as it was understood, and the blocks that stand for it now."""

    name: str
    blocked: bool
    blocks: list[BlockedOut]


def name_in(text: str) -> str:
    """The canonical name in what a person typed: a name, a link, a defanged one. Raises `BadName`.

    What stands beside the name in a link (path, login, port) is dropped at once.
    """
    rest = refang(text.strip())
    _, scheme, after = rest.partition("://")
    host = (after if scheme else rest).replace("\\", "/")
    for end in "/?#":
        host = host.partition(end)[0]
    host = host.rpartition("@")[2]
    head, colon, port = host.rpartition(":")
    name = canonical(head if colon and (port.isdigit() or not port) else host)
    if "." not in name:
        raise BadName("a whole name is needed, as in the address bar")
    return name


async def looked_up(pool: Pool, name: str) -> list[PublicBlock]:
    """The blocks that stand for a canonical name."""
    async with read(pool, SYSTEM) as db:
        return await standing(db, name)


@get("/check", opt={"permission": PUBLIC}, responses=problems(422, 429))
async def check(
    request: AnyRequest,
    context: In,
    name: Annotated[str, Parameter(min_length=1, max_length=MAX_ASKED)],
) -> CheckOut:
    """Is this name blocked now, why, since when, until when, by which rule and decision?"""
    turn(request, CHECKS, context)
    try:
        asked = name_in(name)
    except BadName as problem:
        raise BadInput(f"name: {problem}") from None
    found = await looked_up(context.pool, asked)
    return CheckOut(
        name=asked,
        blocked=bool(found),
        blocks=[
            BlockedOut(
                reference=b.number, name=b.name, scope=b.scope, category=b.category, rule=b.owner,
                feeds=b.feeds, countries=b.countries, ground=b.ground, since=b.since, until=b.until,
            )
            for b in found
        ],
    )  # fmt: skip


router = Router("/", route_handlers=[check], tags=["check"])
