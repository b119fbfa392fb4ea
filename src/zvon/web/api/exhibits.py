"""Exhibits: files of evidence, who had them, and their bytes as a file that nothing opens."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from litestar.response import Stream
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.respond import exhibit as keep
from zvon.store import exhibit, incident_brief
from zvon.store.exhibit import Custody, Exhibit
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting
from zvon.web.api.captures import HARMLESS
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.problem import SIGNED, TooLarge, problems

Reason = Annotated[str, Meta(min_length=3, max_length=500)]


class ExhibitOut(Struct, frozen=True, kw_only=True):
    """A file of evidence. `media_type` and `name` are what was said; nobody looked inside.

    After `deleted_at` only this row and the custody are left.
    """

    id: UUID
    number: str
    incident: UUID
    name: str
    media_type: str
    sha256: str
    size: int
    origin: str
    note: str
    secured_at: datetime | None
    added_by: str | None
    at: datetime
    held_by: str | None
    hold_reason: str
    deleted_at: datetime | None
    deleted_by: str | None
    delete_reason: str


class Exhibits(Struct, frozen=True):
    """The exhibits of an incident, oldest first."""

    exhibits: list[ExhibitOut]


class CustodyOut(Struct, frozen=True, kw_only=True):
    """Who did what with it, and its hash then; without `by` this node itself."""

    act: str
    by: str | None
    note: str
    sha256: str
    at: datetime


class CustodyList(Struct, frozen=True):
    """The custody of an exhibit, oldest first."""

    custody: list[CustodyOut]


class ReasonIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why."""

    reason: Reason


class HandedIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To whom a copy was given, outside of this node."""

    to: Reason


def exhibit_out(e: Exhibit) -> ExhibitOut:
    """What the API shows of an exhibit."""
    return ExhibitOut(
        id=e.uuid, number=e.number, incident=e.incident, name=e.name, media_type=e.media_type,
        sha256=e.sha256.hex(), size=e.size, origin=e.origin, note=e.note, secured_at=e.secured_at,
        added_by=e.added_by, at=e.at, held_by=e.held_by, hold_reason=e.hold_reason,
        deleted_at=e.deleted_at, deleted_by=e.deleted_by, delete_reason=e.delete_reason,
    )  # fmt: skip


def custody_out(c: Custody) -> CustodyOut:
    """What the API shows of a line of custody."""
    return CustodyOut(act=c.act, by=c.person, note=c.note, sha256=c.sha256.hex(), at=c.at)


async def _one(context: Context, who: Viewer, id: UUID) -> ExhibitOut:
    async with read(context.pool, who) as db:
        return exhibit_out(await exhibit.get(db, who, id))


@get(
    "/incidents/{id:uuid}/exhibits", opt={"permission": Permission.EXHIBIT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def list_exhibits(context: In, who: Who, id: UUID) -> Exhibits:
    """The files of an incident, without their bytes; deleted ones as tombstones."""
    async with read(context.pool, who) as db:
        found = await incident_brief.get(db, who, id)
        return Exhibits([exhibit_out(e) for e in await exhibit.of_incident(db, who, found.id)])


@post(
    "/incidents/{id:uuid}/exhibits", opt={"permission": Permission.EXHIBIT_WRITE},
    request_max_body_size=keep.limits().file_bytes + 1, responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def add_exhibit(
    request: AnyRequest,
    context: In,
    who: Who,
    id: UUID,
    name: Annotated[str, Parameter(max_length=500)] = "",
    note: Annotated[str, Parameter(max_length=1000)] = "",
    secured_at: datetime | None = None,
) -> ExhibitOut:
    """Send the body, whatever it is, as an exhibit; it is sealed as it came and never opened."""
    # The body is here whole before the transaction begins: a slow sender keeps nobody waiting.
    body, most = bytearray(), keep.limits().file_bytes
    async with read(context.pool, who) as db:
        await incident_brief.get(db, who, id)
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise TooLarge(f"an exhibit has at most {most} bytes")
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await keep.add(
            tx, who, id, name=name, media_type=request.headers.get("content-type", ""),
            body=_once(bytes(body)), origin="upload", note=note, secured_at=_aware(secured_at),
            now=now, random=context.random,
        )  # fmt: skip
    return await _one(context, who, made)


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


def _aware(at: datetime | None) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise exhibit.BadExhibit("secured_at needs a time zone, as in 2026-11-22T21:00:00Z")
    return at


@get("/exhibits/{id:uuid}", opt={"permission": Permission.EXHIBIT_READ},
     responses=problems(*SIGNED, 404))  # fmt: skip
async def get_exhibit(context: In, who: Who, id: UUID) -> ExhibitOut:
    """One exhibit, without its bytes."""
    return await _one(context, who, id)


@get("/exhibits/{id:uuid}/custody", opt={"permission": Permission.EXHIBIT_READ},
     responses=problems(*SIGNED, 404))  # fmt: skip
async def get_custody(context: In, who: Who, id: UUID) -> CustodyList:
    """Who had it, when, and what they did."""
    return await _custody(context, who, id)


async def _custody(context: Context, who: Viewer, id: UUID) -> CustodyList:
    async with read(context.pool, who) as db:
        found = await exhibit.get(db, who, id)
        return CustodyList([custody_out(c) for c in await exhibit.custody(db, who, found)])


@get(
    "/exhibits/{id:uuid}/file", opt={"permission": Permission.EXHIBIT_READ},
    responses=problems(*SIGNED, 404, 410), media_type="application/octet-stream",
)  # fmt: skip
async def get_file(context: In, who: Who, id: UUID) -> Stream:
    """The bytes as they came, as a file to keep; that they were read is in the custody."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        found = await exhibit.open_(tx, who, id, "opened", "", now)
    # The name says what it is: nothing opens it by its ending.
    name = quote(f"{found.number}-{found.name}.exhibit", safe="")
    return Stream(
        _body(context, found),
        headers=HARMLESS | {
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "Content-Length": str(found.size),
            "Cache-Control": "no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
        media_type="application/octet-stream",
    )  # fmt: skip


async def _body(context: Context, found: Exhibit) -> AsyncIterator[bytes]:
    """The pieces; no connection is held between them."""
    for n in range(found.pieces):
        async with read(context.pool, SYSTEM) as db:
            piece = await exhibit.piece(db, found, n)
        if piece is None:  # deleted while it was read: the length tells the reader
            return
        yield piece


@post(
    "/exhibits/{id:uuid}/hold", opt={"permission": Permission.EXHIBIT_WRITE},
    responses=problems(*SIGNED, 404, 409, 410, 422),
)  # fmt: skip
async def hold_exhibit(context: In, who: Who, id: UUID, data: ReasonIn) -> ExhibitOut:
    """Keep it whatever its age, until another person lets go."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return exhibit_out(await keep.hold(tx, who, id, data.reason, now))


@post(
    "/exhibits/{id:uuid}/let-go", opt={"permission": Permission.HOLD_APPROVE},
    responses=problems(*SIGNED, 404, 409, 410, 422),
)  # fmt: skip
async def let_go_exhibit(context: In, who: Who, id: UUID, data: ReasonIn) -> ExhibitOut:
    """End a hold that another person set."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return exhibit_out(await keep.let_go(tx, who, id, data.reason, now))


@post(
    "/exhibits/{id:uuid}/deletion", opt={"permission": Permission.INCIDENT_SETTLE},
    responses=problems(*SIGNED, 404, 409, 410, 422),
)  # fmt: skip
async def delete_exhibit(context: In, who: Who, id: UUID, data: ReasonIn) -> ExhibitOut:
    """Destroy the bytes of what another person brought; a tombstone stays. It cannot be undone."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return exhibit_out(await keep.delete(tx, who, id, data.reason, now))


@post(
    "/exhibits/{id:uuid}/handover", opt={"permission": Permission.EXHIBIT_WRITE},
    responses=problems(*SIGNED, 404, 409, 410, 422),
)  # fmt: skip
async def hand_over(context: In, who: Who, id: UUID, data: HandedIn) -> CustodyList:
    """Note to whom a copy was given outside of this node."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await keep.hand_over(tx, who, id, data.to, now)
    return await _custody(context, who, id)


router = Router(
    "/",
    route_handlers=[
        list_exhibits, add_exhibit, get_exhibit, get_custody, get_file, hold_exhibit,
        let_go_exhibit, delete_exhibit, hand_over,
    ],
    tags=["exhibits"],
)  # fmt: skip
