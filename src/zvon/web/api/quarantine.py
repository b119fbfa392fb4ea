"""Quarantine: pieces of deliveries that nobody could read, and reading them again."""

import base64
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.collect.replay import replay_deliveries
from zvon.store import delivery, quarantine, source
from zvon.store.quarantine import Piece
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, BadInput, problems

MAX_KEY = (1 << 63) - 1


class PieceOut(Struct, frozen=True, kw_only=True):
    """A piece: where it stands, why it could not be read, and its beginning.

    `text` is the beginning as text; `base64` the bytes themselves.
    """

    id: int
    source: UUID
    source_name: str
    delivery: UUID
    delivery_name: str
    position: str
    reason: str
    text: str
    base64: str
    at: datetime
    replayed_at: datetime | None


class Pieces(Struct, frozen=True):
    """Pieces that wait, newest first; `next` is the `after` of the page that follows."""

    pieces: list[PieceOut]
    next: str | None


class Replay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to read again: one source's deliveries, or one delivery, or neither for all.

    With `all` the whole of them, also where nothing was wrong.
    """

    source: UUID | None = None
    delivery: UUID | None = None
    all: bool = False


class Replayed(Struct, frozen=True):
    """How many deliveries are read again."""

    deliveries: int


def _out(p: Piece) -> PieceOut:
    body = p.piece or b""
    return PieceOut(
        id=p.id, source=p.source_uuid, source_name=p.source_name, delivery=p.delivery_uuid,
        delivery_name=p.delivery_name, position=p.position, reason=p.reason,
        text=body.decode("utf-8", "replace"), base64=base64.b64encode(body).decode(), at=p.at,
        replayed_at=p.replayed_at,
    )  # fmt: skip


@get(
    "/quarantine", opt={"permission": Permission.QUARANTINE_READ}, responses=problems(*SIGNED, 404)
)
async def list_pieces(
    context: In,
    who: Who,
    source_id: Annotated[UUID | None, Parameter(query="source")] = None,
    delivery_id: Annotated[UUID | None, Parameter(query="delivery")] = None,
    after: Annotated[int | None, Parameter(ge=1, le=MAX_KEY)] = None,
    limit: Annotated[int, Parameter(ge=1, le=500)] = 100,
) -> Pieces:
    """Pieces that wait, of one source or delivery if asked."""
    async with read(context.pool, who) as db:
        found = await quarantine.pieces(
            db, who, after=after, limit=limit,
            source_id=None if source_id is None else (await source.by_uuid(db, source_id)).id,
            delivery_id=None if delivery_id is None else (await delivery.raw(db, who, delivery_id)).id,
        )  # fmt: skip
    return Pieces([_out(p) for p in found], str(found[-1].id) if len(found) == limit else None)


@get(
    "/quarantine/{number:str}", opt={"permission": Permission.QUARANTINE_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_piece(
    context: In, who: Who, number: Annotated[str, Parameter(max_length=40)]
) -> PieceOut:
    """One piece, replayed or not."""
    if not number.isdecimal() or not number.isascii():
        raise quarantine.NoPiece(f"there is no piece {number!r}")
    async with read(context.pool, who) as db:
        return _out(await quarantine.one(db, who, int(number)))


@post(
    "/quarantine/replays", opt={"permission": Permission.QUARANTINE_REPLAY},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def replay(context: In, who: Who, data: Replay) -> Replayed:
    """Read again what could not be read, with today's decoders and the confirmed mapping."""
    if data.source is not None and data.delivery is not None:
        raise BadInput("source and delivery: say one of them")
    return Replayed(
        await replay_deliveries(
            context.pool, who, context.clock(), of_source=data.source, of_delivery=data.delivery,
            everything=data.all,
        )
    )  # fmt: skip


router = Router("/", route_handlers=[list_pieces, get_piece, replay], tags=["sources"])
