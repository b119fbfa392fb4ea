"""One box over everything that is stored: values or records, how to narrow them, exports."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import anyio.from_thread
import anyio.to_thread
from litestar import Router, get
from litestar.params import Parameter
from litestar.response import Stream
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.formats.registry import formats
from zvon.formats.result_row import csv_head, csv_line, json_line
from zvon.jobs import Context
from zvon.model.item import Encode, Item
from zvon.model.query import MAX_QUERY, parse, write
from zvon.share.values import ValueDoor, is_outward, open_door, shown
from zvon.store.search import Found, search
from zvon.store.search_export import Export, item, pages, prepare
from zvon.store.search_facets import Facets, facets
from zvon.store.search_index import Lag, lag
from zvon.store.search_records import FoundRecord, records
from zvon.store.transaction import transaction
from zvon.store.visibility import counts_hidden, read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

QueryText = Annotated[
    str,
    Parameter(
        max_length=MAX_QUERY,
        description="A value, `*part*`, a network, `type: source: tag: tlp: pap: kind: after:"
        " before: seen: role: lang: text:`, `-`, `OR`, parentheses.",
    ),
]
Place = Annotated[str | None, Parameter(max_length=60)]
Limit = Annotated[int, Parameter(ge=1, le=500)]


class ValueOut(Struct, frozen=True, kw_only=True):
    """A value, and what the search finds of it; `more`: `records` is at least."""

    type: str
    value: str
    records: int
    more: bool
    sources: list[str]
    first_at: datetime
    last_at: datetime
    tlp: str
    pap: str
    roles: list[str]


class NamedValue(Struct, frozen=True, kw_only=True):
    """A value of a record."""

    type: str
    value: str


class RecordOut(Struct, frozen=True, kw_only=True):
    """A record with the first of its `count` values; `more`: `count` is at least."""

    id: UUID
    kind: str
    title: str
    source: str | None
    at: datetime
    tlp: str
    pap: str
    values: list[NamedValue]
    count: int
    more: bool


class Result(Struct, frozen=True, kw_only=True):
    """A page of what was found; `next` goes into `after` to go on, also when the page is empty.

    `query` is in canonical form, `reading` says how bare values were understood (`whole`, `part`
    of a value, `words` of a record). `behind` is what came in and
    cannot be found yet; it counts what others see too, so it is for those who may know that.
    """

    query: str
    reading: str
    values: list[ValueOut] = []
    records: list[RecordOut] = []
    facets: Facets | None = None
    next: str | None
    took_ms: float
    behind: Lag | None


@get("/search", opt={"permission": Permission.SEARCH_READ}, responses=problems(*SIGNED, 422))
async def find(
    context: In,
    who: Who,
    q: QueryText = "",
    of: Literal["values", "records"] = "values",
    after: Place = None,
    limit: Limit = 50,
    counts: Annotated[bool, Parameter(query="facets")] = False,
) -> Result:
    """Find values, or the records that name them; newest first."""
    query, now = parse(q), context.clock()
    async with read(context.pool, who) as db:
        narrowed = await facets(db, who, query, now) if counts else None
        behind = await lag(db) if counts_hidden(who) else None
        if of == "records":
            listed = await records(db, who, query, now, after=after, limit=limit)
            return Result(
                query=write(query), reading=listed.reading, next=listed.next, facets=narrowed,
                records=[record_out(row) for row in listed.rows], behind=behind,
                took_ms=round(listed.took * 1000, 1),
            )  # fmt: skip
        page = await search(db, who, query, now, after=after, limit=limit)
    return Result(
        query=write(query), reading=page.reading, next=page.next, facets=narrowed, behind=behind,
        values=[value_out(row) for row in page.rows], took_ms=round(page.took * 1000, 1),
    )  # fmt: skip


@get(
    "/search/export/{format:str}", opt={"permission": Permission.EXPORT_READ},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def export(
    context: In,
    who: Who,
    format: Annotated[str, Parameter(max_length=20, description="csv, json, stix or misp")],
    q: QueryText = "",
) -> Stream:
    """All values that are found, in a file; `json` has one object a line.

    What TLP:RED or PAP:RED keeps from machines is left out; `X-Zvon-Withheld` says how many
    records that is (with `+`: at least). A form for other tools, and any form for another
    organisation, passes the sharing gate: values of victims are not in it.
    """
    if format not in WRITTEN:
        raise UnknownFormat(format)
    query, now = parse(q), context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        ready = await prepare(tx, who, query, format, now)
        door = (
            await open_door(tx, who, format, now, context.node, random=context.random)
            if is_outward(who, format)
            else None
        )
    found = _outward(context, who, ready, now, door)
    suffix, media_type, encode = WRITTEN[format]
    body = _lines(found, format) if encode is None else _encoded(found, encode)
    return Stream(
        body, media_type=media_type,
        headers={
            "X-Zvon-Withheld": f"{ready.withheld}{'+' if ready.more else ''}",
            "Content-Disposition": f'attachment; filename="zvon-{now:%Y%m%dT%H%M%S}.{suffix}"',
        },
    )  # fmt: skip


class UnknownFormat(LookupError):
    """Results are not written in this format."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no format {name!r}; one of {', '.join(WRITTEN)}")


# Suffix, media type, and the encoder of items; without one a line is written for each value.
WRITTEN: dict[str, tuple[str, str, Encode | None]] = {
    "csv": ("csv", "text/csv; charset=utf-8", None),
    "json": ("jsonl", "application/x-ndjson", None),
    "stix": ("stix.json", "application/stix+json;version=2.1", formats()["stix"].encode),
    "misp": ("misp.json", "application/json", formats()["misp"].encode),
}


def value_out(row: Found) -> ValueOut:
    """A value as the API and exports show it."""
    return ValueOut(
        type=row.observable.type, value=row.observable.value, records=row.records, more=row.more,
        sources=list(row.sources), first_at=row.first_at, last_at=row.last_at, tlp=row.tlp.label,
        pap=row.pap.label, roles=list(row.roles),
    )  # fmt: skip


def record_out(row: FoundRecord) -> RecordOut:
    """A record as the API shows it."""
    return RecordOut(
        id=row.uuid, kind=row.kind, title=row.title, source=row.source, at=row.at,
        tlp=row.tlp.label, pap=row.pap.label, count=row.values, more=row.more,
        values=[NamedValue(type=o.type, value=o.value) for o in row.observables],
    )  # fmt: skip


async def _outward(
    context: Context, who: Viewer, ready: Export, now: datetime, door: ValueDoor | None
) -> AsyncIterator[tuple[Found, ...]]:
    """The values page by page, through the door when there is one."""
    async for found in pages(context.pool, who, ready, now):
        if door is None:
            yield found
        elif passed := shown(found, await door.release(found)):
            yield passed
    if door is not None:
        async with transaction(context.pool, now) as tx:
            await door.close(tx)


async def _lines(coming: AsyncIterator[tuple[Found, ...]], format: str) -> AsyncIterator[bytes]:
    names = ValueOut.__struct_fields__
    if format == "csv":
        yield csv_head(names)
    async for found in coming:
        rows = [value_out(row) for row in found]
        if format == "csv":
            yield b"".join(csv_line([getattr(row, name) for name in names]) for row in rows)
        else:
            yield b"".join(json_line(row) for row in rows)


async def _encoded(
    coming: AsyncIterator[tuple[Found, ...]], encode: Encode
) -> AsyncIterator[bytes]:
    """What an encoder writes, page by page: it runs in a thread and asks this loop for the next."""

    async def page() -> tuple[Found, ...]:
        async for found in coming:  # not `anext` with a default: CPython 3.11 fails in it
            return found
        return ()

    def items() -> Iterator[Item]:
        while found := anyio.from_thread.run(page):
            yield from (made for row in found if (made := item(row)) is not None)

    pieces = encode(items())

    def some() -> bytes:
        held = bytearray()
        for piece in pieces:
            held += piece
            if len(held) >= 1 << 16:
                break
        return bytes(held)

    while piece := await anyio.to_thread.run_sync(some):
        yield piece


router = Router("/", route_handlers=[find, export], tags=["search"])
