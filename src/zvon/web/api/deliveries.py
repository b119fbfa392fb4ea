"""Deliveries: sent into a source, followed until they are read, and given back as they came."""

from collections.abc import AsyncIterator
from datetime import datetime
from email.message import Message
from http import HTTPStatus
from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from litestar.response import Stream
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.collect import take as taking
from zvon.formats.registry import formats
from zvon.store import delivery, source
from zvon.store.delivery import Delivery
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.doorkeeper import SIGNED_IN
from zvon.web.problem import SIGNED, BadInput, TooLarge, problems

State = Literal["waiting", "reading", "done", "failed"]
MAX_KEY = (1 << 63) - 1


class Taken(Struct, frozen=True, kw_only=True):
    """A delivery that is kept now; `url` shows what became of it."""

    delivery: UUID
    state: str
    url: str


class DeliveryOut(Struct, frozen=True, kw_only=True):
    """A delivery and what became of it.

    `format` is the decoder that read it and `why` how it was chosen. `observables` are values
    stored with records, each once a record; `quarantined` pieces wait for a replay. `asks`: a
    person has to confirm first how the table is read. `again`: how often the same bytes came after.
    """

    id: UUID
    source: UUID
    source_name: str
    external: str | None
    name: str
    media_type: str
    sha256: str
    size: int
    state: str
    asks: bool
    format: str
    why: dict[str, Any]
    items: int
    records: int
    observables: int
    quarantined: int
    problem: str
    received_at: datetime
    done_at: datetime | None
    again: int
    again_at: datetime | None


class Deliveries(Struct, frozen=True):
    """A page of deliveries, newest first; `next` is the `after` of the page that follows."""

    deliveries: list[DeliveryOut]
    next: str | None


def delivery_out(d: Delivery) -> DeliveryOut:
    """What the API shows of a delivery."""
    return DeliveryOut(
        id=d.uuid, source=d.source_uuid, source_name=d.source_name, external=d.external,
        name=d.name, media_type=d.media_type, sha256=d.sha256.hex(), size=d.size, state=d.state,
        asks=d.state == delivery.WAITING and d.mapping_id is not None, format=d.format, why=d.why,
        items=d.items, records=d.records, observables=d.observables, quarantined=d.quarantined,
        problem=d.problem, received_at=d.received_at, done_at=d.done_at, again=d.again,
        again_at=d.again_at,
    )  # fmt: skip


@post(
    "/sources/{id:uuid}/deliveries", opt={"permission": Permission.INTAKE_WRITE},
    status_code=HTTPStatus.ACCEPTED, request_max_body_size=None,
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def send(
    request: AnyRequest,
    context: In,
    who: Who,
    id: UUID,
    name: Annotated[str, Parameter(max_length=500)] = "",
    format: Annotated[str, Parameter(max_length=100)] = "",
    external: Annotated[str | None, Parameter(min_length=1, max_length=2000)] = None,
) -> Taken:
    """Send the body, whatever it is, into a source; it is kept when the answer comes.

    Any file that the node reads, also compressed or an archive, up to the node's `intake_most`
    bytes. `name` (or the file name of `Content-Disposition`) helps to tell what it is, `format`
    says it. `external` (or `Idempotency-Key`) is your own name for it: it is taken once, and so are
    the same bytes.
    """
    if format and format not in formats():
        raise BadInput(f"there is no format {format!r}; one of {', '.join(sorted(formats()))}")
    async with read(context.pool, who) as db:
        setup = await source.for_sending(db, who, id)
    try:
        uuid = await taking.take(
            context, setup.id, request.stream(), name=name or _file_name(request),
            media_type=request.headers.get("content-type", ""), format=format,
            external=external or request.headers.get("idempotency-key") or None,
        )  # fmt: skip
    except taking.TooLarge as problem:
        raise TooLarge(str(problem)) from None
    return Taken(delivery=uuid, state=delivery.WAITING, url=f"/api/v1/deliveries/{uuid}")


@get("/deliveries", opt={"permission": Permission.SOURCE_READ}, responses=problems(*SIGNED, 404))
async def list_deliveries(
    context: In,
    who: Who,
    source_id: Annotated[UUID | None, Parameter(query="source")] = None,
    delivery_state: Annotated[State | None, Parameter(query="state")] = None,
    after: Annotated[int | None, Parameter(ge=1, le=MAX_KEY)] = None,
    limit: Annotated[int, Parameter(ge=1, le=delivery.MOST)] = 50,
) -> Deliveries:
    """Deliveries, newest first, of one source and in one state if asked."""
    async with read(context.pool, who) as db:
        of = None if source_id is None else (await source.get(db, who, source_id)).id
        found = await delivery.list_all(
            db, who, source_id=of, state=delivery_state, after=after, limit=limit
        )
    more = str(found[-1].id) if len(found) == limit else None
    return Deliveries([delivery_out(each) for each in found], more)


@get("/deliveries/{id:uuid}", opt={"permission": SIGNED_IN}, responses=problems(*SIGNED, 404))
async def get_delivery(context: In, who: Who, id: UUID) -> DeliveryOut:
    """What became of a delivery: for those who read sources, and for whoever sends into its own."""
    async with read(context.pool, who) as db:
        if who.party_own and who.may(Permission.SOURCE_READ):
            return delivery_out(await delivery.get(db, who, id))
    return delivery_out(await delivery.sent(context.pool, who, id))


@get(
    "/deliveries/{id:uuid}/raw", opt={"permission": Permission.QUARANTINE_READ},
    responses=problems(*SIGNED, 404), media_type="application/octet-stream",
)  # fmt: skip
async def get_raw(context: In, who: Who, id: UUID) -> Stream:
    """The bytes as they came, as a file to be saved: it may be hostile."""
    async with read(context.pool, who, context.clock()) as db:
        found = await delivery.readable(db, who, id)
    name = found.name.rpartition("/")[2] or f"{found.uuid}.bin"
    return Stream(
        _body(context, found),
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            "Content-Length": str(found.size),
            "X-Content-Type-Options": "nosniff",
        },
        media_type="application/octet-stream",
    )


async def _body(context: In, found: Delivery) -> AsyncIterator[bytes]:
    async for piece in delivery.body(context.pool, found.id):
        yield piece


def _file_name(request: AnyRequest) -> str:
    """The name in `Content-Disposition` (RFC 6266)."""
    said = Message()
    said["content-disposition"] = request.headers.get("content-disposition", "")
    return said.get_filename() or ""


router = Router(
    "/", route_handlers=[send, list_deliveries, get_delivery, get_raw], tags=["sources"]
)
