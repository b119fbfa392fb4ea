"""One box over everything that the node knows: values, what is known of one, and records."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import Parameter

from zvon.access.permission import Permission
from zvon.collect.enricher.run import enrich
from zvon.collect.reference.folder import reference
from zvon.formats.defang import refang
from zvon.model import query as queries
from zvon.model.observable import Observable, ObservableType, canonical
from zvon.model.query import BadQuery
from zvon.store import record_page, search, search_view, sighting
from zvon.store.search_facets import facets
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import quoted, render

PAGE = 50
DAY = timedelta(days=1)
MAX_SAID = 60_000  # characters of a payload that a page shows


def value_link(value: Observable) -> str:
    """The page of a value."""
    return "/observables?" + urlencode({"type": value.type.value, "value": value.value})


@get("/search", opt={"permission": Permission.SEARCH_READ}, include_in_schema=False)
async def box(
    request: AnyRequest,
    context: In,
    who: Who,
    q: Annotated[str, Parameter(max_length=queries.MAX_QUERY)] = "",
    after: Annotated[str | None, Parameter(max_length=80)] = None,
) -> Response[str]:
    """The box, what it found, and what it can be narrowed to."""
    values: dict[str, Any] = {
        "q": q, "page": None, "facets": None, "problem": None, "value_link": value_link,
        "narrowed": lambda field, text: _narrowed(q, field, text),
        "shown": ("type", "source", "kind", "tlp", "tag", "day"),
    }  # fmt: skip
    async with read(context.pool, who) as db:
        values["views"] = await search_view.list_all(db, who)
        if q.strip():
            try:
                asked = queries.parse(q)
                values["page"] = await search.search(
                    db, who, asked, context.clock(), after=after, limit=PAGE
                )
                if after is None:
                    values["facets"] = await facets(db, who, asked, context.clock())
            except BadQuery as problem:
                values["problem"] = problem
            except search.TooWide:
                values["problem"] = "QUERY_WIDE"
    return render(request, "search.html", values)


def _narrowed(q: str, field: str, text: str) -> str:
    """The address of the same search, narrowed by a facet."""
    asked = queries.parse(q)
    if field == "day":
        day = datetime.fromisoformat(text)
        for at, name in ((day, queries.Field.AFTER), (day + DAY, queries.Field.BEFORE)):
            asked = queries.both(asked, queries.Term(name, at.date().isoformat()))
    else:
        asked = queries.both(asked, queries.Term(queries.Field(field), text))
    return "/search?" + urlencode({"q": queries.write(asked)})


@get("/observables", opt={"permission": Permission.SEARCH_READ}, include_in_schema=False)
async def value(
    request: AnyRequest,
    context: In,
    who: Who,
    type: ObservableType,
    value: Annotated[str, Parameter(min_length=1, max_length=8192)],
) -> Response[str]:
    """What is known of one value, and the records that name it."""
    asked = canonical(type, refang(value))
    known = (await enrich(context, who, [asked]))[asked]
    async with read(context.pool, who) as db:
        records = await sighting.records_of(db, who, asked)
    values = {"o": asked, "known": known, "records": records, "value_link": value_link}
    return render(request, "observable.html", values)


@get("/records/{uuid:uuid}", opt={"permission": Permission.SEARCH_READ}, include_in_schema=False)
async def record(request: AnyRequest, context: In, who: Who, uuid: UUID) -> Response[str]:
    """One record: what it says, its values, and where it came from."""
    async with read(context.pool, who, context.clock()) as db:
        found = await record_page.get(db, who, uuid)
    said = found.payload.get("said", found.payload)
    text = msgspec.json.format(msgspec.json.encode(said), indent=2).decode()
    tags = reference(context.settings.reference_folder).tags
    values = {
        "r": found, "said": quoted(text[:MAX_SAID]), "cut": len(text) > MAX_SAID,
        "meanings": {tag: tags[tag] for tag in found.tags if tag in tags},
        "value_link": value_link,
    }  # fmt: skip
    return render(request, "record.html", values)


HANDLERS = (box, value, record)
