"""Hits: what resolvers did because of our rules, counted without saying for whom."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from litestar import Router, get
from litestar.params import Parameter
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.store import block_row, hit
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Days = Annotated[int, Parameter(ge=1, le=365)]


class MinuteOut(Struct, frozen=True, kw_only=True):
    """One rule at one subscriber in one minute; `clients` is an estimate, never below five."""

    minute: datetime
    subscriber: str
    zone: str
    owner: str
    action: str
    hits: int
    clients: int | None


class BlockHits(Struct, frozen=True, kw_only=True):
    """The hits of one block, with its newest minutes; scanners may be among the askers."""

    block: UUID
    hits: int
    minutes: list[MinuteOut]


class TotalOut(Struct, frozen=True, kw_only=True):
    """A block with its hits over all subscribers."""

    block: UUID
    number: str
    name: str
    hits: int
    subscribers: int
    last: datetime


class Totals(Struct, frozen=True, kw_only=True):
    """The blocks with the most hits since a moment."""

    since: datetime
    blocks: list[TotalOut]


@get(
    "/blocks/{id:uuid}/hits", opt={"permission": Permission.HIT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_block_hits(context: In, who: Who, id: UUID, days: Days = 30) -> BlockHits:
    """What the resolvers of subscribers refused because of this block, minute by minute."""
    async with read(context.pool, who) as db:
        await block_row.by_uuid(db, [id])
        since = context.clock() - timedelta(days=days)
        rows = await hit.of_block(db, who, id, since)
        hits = await hit.count(db, id, since)
    return BlockHits(
        block=id, hits=hits,
        minutes=[MinuteOut(**{f: getattr(row, f) for f in row.__struct_fields__}) for row in rows],
    )  # fmt: skip


@get("/hits", opt={"permission": Permission.HIT_READ}, responses=problems(*SIGNED))
async def get_hits(context: In, who: Who, days: Days = 7) -> Totals:
    """The blocks that were met most often."""
    since = context.clock() - timedelta(days=days)
    async with read(context.pool, who) as db:
        rows = await hit.totals(db, who, since)
    return Totals(
        since=since,
        blocks=[TotalOut(**{f: getattr(row, f) for f in row.__struct_fields__}) for row in rows],
    )


router = Router("/", route_handlers=[get_block_hits, get_hits], tags=["hits"])
