"""Looks at pages: what was seen, its picture made anew, its source as a text; never the page."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

import anyio.to_thread
from litestar import Response, Router, get, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.collect.ask_look import ask_look
from zvon.collect.render.picture import BadPicture, NoPictures, reencoded
from zvon.jobs import Context
from zvon.model.page import Capture
from zvon.store import capture, evidence_file, report_page
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

# What was fetched from strangers is nobody's page here: no script, no frame, no guessing of types.
HARMLESS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}
MOST_TEXT = 2000


class NotKept(LookupError):
    """The look left no such thing behind, or it cannot be shown here."""


class NewLook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address of a report that shall be looked at again.

    `keep_token` leaves the victim's token in the address; the other side then sees that victim.
    """

    report: UUID
    url: Annotated[str, Meta(min_length=4, max_length=8192)]
    keep_token: bool = False


class LookOrdered(Struct, frozen=True):
    """The canonical address, and the stages (3 without scripts, 4 browser) that will look."""

    url: str
    stages: list[int]


class HopOut(Struct, frozen=True):
    """A step of the way to the page, and how it led on."""

    url: str
    status: int
    via: str


class CaptureOut(Struct, frozen=True, kw_only=True):
    """One look at a page; `text` is its beginning, `screenshot` and `source` are where they are."""

    id: UUID
    url: str
    stage: int
    vantage: str
    outcome: str
    reason: str
    at: datetime
    took_ms: int
    title: str
    text: str
    read: str
    hops: list[HopOut]
    asks: list[str]
    phash: str | None
    screenshot: str | None
    source: str | None


@get(
    "/reports/{id:uuid}/captures", opt={"permission": Permission.REPORT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def of_report(context: In, who: Who, id: UUID) -> list[CaptureOut]:
    """The looks that a report made us take, newest first."""
    async with read(context.pool, who, context.clock()) as db:
        found = await report_page.get(db, who, id)
        looks = await capture.of_record(db, found.id)
    return [_out(each) for each in reversed(looks)]


@post(
    "/captures", opt={"permission": Permission.PAGE_LOOK}, status_code=HTTPStatus.ACCEPTED,
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def look_again(context: In, who: Who, data: NewLook) -> LookOrdered:
    """Have an address of a report looked at again; the same request twice is one look."""
    ordered = await ask_look(context, who, data.report, data.url, keep_token=data.keep_token)
    return LookOrdered(ordered.url, list(ordered.stages))


@get(
    "/captures/{id:uuid}/screenshot", opt={"permission": Permission.PAGE_LOOK},
    responses=problems(*SIGNED, 404), media_type="image/png",
)  # fmt: skip
async def screenshot(context: In, who: Who, id: UUID) -> Response[bytes]:
    """The picture of a page, its points written anew: nothing else of the file is left."""
    body = await _opened(context, who, id, "screenshot")
    try:
        clean = await anyio.to_thread.run_sync(reencoded, body)
    except NoPictures:
        raise NotKept("pictures cannot be shown here: the extra `visual` is missing") from None
    except BadPicture:
        raise NotKept("this picture cannot be read") from None
    named = {"Content-Disposition": f'inline; filename="{id}.png"'}
    return Response(clean, media_type="image/png", headers=HARMLESS | named)


@get(
    "/captures/{id:uuid}/source", opt={"permission": Permission.PAGE_LOOK},
    responses=problems(*SIGNED, 404), media_type="text/plain",
)  # fmt: skip
async def source(context: In, who: Who, id: UUID) -> Response[bytes]:
    """The source of a page, as a text file to keep; a browser does not show it."""
    body = await _opened(context, who, id, "html")
    named = {"Content-Disposition": f'attachment; filename="{id}.txt"'}
    return Response(body, media_type="text/plain; charset=utf-8", headers=HARMLESS | named)


async def _opened(context: Context, who: Viewer, id: UUID, kind: str) -> bytes:
    async with transaction(context.pool, context.clock(), viewer=viewer_setting(who)) as tx:
        seen = await capture.one(tx.db, id)
        sha = seen.screenshot if kind == "screenshot" else seen.html
        if sha is None:
            raise NotKept(f"this look kept no {kind}")
        found = await evidence_file.for_person(tx, who, context.node.key, bytes.fromhex(sha))
    return found.body


def _out(c: Capture) -> CaptureOut:
    facts = c.facts
    base = f"/api/v1/captures/{c.uuid}"
    assert c.uuid is not None  # it was read from the store
    return CaptureOut(
        id=c.uuid, url=c.url, stage=c.stage, vantage=c.vantage.value, outcome=c.outcome.value,
        reason=c.reason, at=c.at, took_ms=c.took_ms,
        title=facts.title if facts else "", text=facts.text[:MOST_TEXT] if facts else "",
        read=c.read[:MOST_TEXT],
        hops=[HopOut(hop.url, hop.status, hop.via) for hop in facts.hops] if facts else [],
        asks=sorted({kind.value for form in facts.forms for kind in form.asks}) if facts else [],
        phash=None if c.phash is None else f"{c.phash:016x}",
        screenshot=f"{base}/screenshot" if c.screenshot else None,
        source=f"{base}/source" if c.html else None,
    )  # fmt: skip


router = Router("/", route_handlers=[of_report, look_again, screenshot, source], tags=["captures"])
