"""Takedown packages: made on request, fetched as an archive, sent by a person."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, Router, get, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.share import takedown as takedowns
from zvon.store import takedown
from zvon.store.takedown import Contact
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems


class NewTakedown(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The page of an incident that a package shall be made about."""

    incident: UUID
    url: Annotated[str, Meta(min_length=4, max_length=8192)]


class TakedownOut(Struct, frozen=True, kw_only=True):
    """A package; `sha256` is of the archive."""

    id: UUID
    url: str
    contacts: list[Contact]
    sha256: str
    made_at: datetime


@post(
    "/takedowns", opt={"permission": Permission.TAKEDOWN_WRITE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def make(context: In, who: Who, data: NewTakedown) -> TakedownOut:
    """Make a package about one page of an incident; nothing is sent."""
    made = await takedowns.make(context, who, data.incident, data.url)
    return TakedownOut(
        id=made.uuid, url=made.url, contacts=list(made.contacts), sha256=made.sha256.hex(),
        made_at=made.made_at,
    )  # fmt: skip


@get(
    "/takedowns/{id:uuid}/package", opt={"permission": Permission.TAKEDOWN_WRITE},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def package(context: In, who: Who, id: UUID) -> Response[bytes]:
    """The archive; a browser only ever keeps it."""
    async with read(context.pool, who) as db:
        body = await takedown.package(db, who, id, context.node.key)
    return Response(
        body,
        media_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="takedown-{id}.zip"',
            "X-Content-Type-Options": "nosniff",
        },
    )


router = Router("/", route_handlers=[make, package], tags=["takedowns"])
