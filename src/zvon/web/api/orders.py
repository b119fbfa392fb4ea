"""Orders of authorities: what was ordered, and the written copy of what was said."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import Router, get, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.store import order as orders
from zvon.store.order import Order
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Text = Annotated[str, Meta(min_length=3, max_length=500)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Instant = Annotated[datetime, Meta(tz=True)]


class NewOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order as it came. A written one has the SHA-256 of its document, an oral one gets it later.

    Without `received_at` it came now.
    """

    authority: Text
    reference: Text
    kind: Literal["written", "oral"]
    legal_ground: Text
    expires_at: Instant
    received_at: Instant | None = None
    document_sha256: Digest | None = None


class WrittenCopy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The SHA-256 of the written copy, in hex."""

    document_sha256: Digest


class OrderOut(Struct, frozen=True, kw_only=True):
    """An order. `overdue`: its written copy should be here; `blocks` rest on it.

    `state`: announced, confirmed, in_force, ended, lapsed (no written copy came).
    """

    id: UUID
    number: str
    authority: str
    reference: str
    kind: str
    state: str
    legal_ground: str
    received_at: datetime
    written_due: datetime | None
    written_at: datetime | None
    overdue: bool
    document_sha256: str | None
    expires_at: datetime
    person: str
    blocks: int


class Orders(Struct, frozen=True):
    """Orders, newest first."""

    orders: list[OrderOut]


def order_out(one: Order, now: datetime) -> OrderOut:
    """What the API shows of an order."""
    return OrderOut(
        id=one.uuid, number=one.number, authority=one.authority, reference=one.reference,
        kind=one.kind, state=one.state, legal_ground=one.legal_ground, received_at=one.received_at,
        written_due=one.written_due, written_at=one.written_at, overdue=one.overdue(now),
        document_sha256=one.document_sha256, expires_at=one.expires_at, person=one.person,
        blocks=one.blocks,
    )  # fmt: skip


@get("/orders", opt={"permission": Permission.ORDER_READ}, responses=problems(*SIGNED))
async def list_orders(context: In, who: Who) -> Orders:
    """The newest 500 orders."""
    now = context.clock()
    async with read(context.pool, who) as db:
        found = await orders.list_all(db, who)
    return Orders([order_out(one, now) for one in found])


@post("/orders", opt={"permission": Permission.ORDER_WRITE}, responses=problems(*SIGNED, 422))
async def add_order(context: In, who: Who, data: NewOrder) -> OrderOut:
    """Write an order down, so that blocks can rest on it."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await orders.record(
            tx, who, authority=data.authority, reference=data.reference, kind=data.kind,
            legal_ground=data.legal_ground, received_at=data.received_at or now,
            expires_at=data.expires_at, document_sha256=data.document_sha256, now=now,
            random=context.random,
        )  # fmt: skip
    return order_out(made, now)


@post(
    "/orders/{id:uuid}/written", opt={"permission": Permission.ORDER_WRITE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def written_order(context: In, who: Who, id: UUID, data: WrittenCopy) -> OrderOut:
    """The written copy of an oral order came."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await orders.written(tx, who, id, data.document_sha256, now)
    return order_out(made, now)


router = Router("/", route_handlers=[list_orders, add_order, written_order], tags=["orders"])
