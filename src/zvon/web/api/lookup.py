"""Many values at once: pasted, or a column of a table."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated, Literal

import anyio.to_thread
from litestar import Router, post
from litestar.response import Stream
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.collect.reference.folder import reference
from zvon.formats.pasted import Pasted, column, pasted
from zvon.formats.result_row import csv_head, csv_line, json_line
from zvon.jobs import Context
from zvon.model.observable import Observable
from zvon.store.lookup import AT_ONCE, Known, distinct, lookup
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

MAX_VALUES = 100_000
MAX_BODY = 32 * 1024 * 1024


class ToLookUp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values as they stand: one to a line or anywhere in a text, defanged or not, of any types.

    `column` names a column (or gives its number from 1) when the text is a table.
    """

    text: str
    column: Annotated[str, Meta(max_length=200)] = ""
    format: Literal["json", "csv"] = "json"


class KnownOut(Struct, frozen=True, kw_only=True):
    """A line of the answer; the fields are those of `store.lookup.Known`."""

    given: str
    type: str | None
    value: str | None
    known: bool
    records: int
    more: bool
    sources: tuple[str, ...]
    first_at: datetime | None
    last_at: datetime | None
    tlp: str | None
    verdict: str | None
    incidents: tuple[str, ...]
    networks: tuple[str, ...]
    warning_lists: tuple[str, ...]


@post(
    "/lookup", opt={"permission": Permission.SEARCH_READ}, status_code=200,
    responses=problems(*SIGNED, 404, 422), request_max_body_size=MAX_BODY,
    media_type="application/x-ndjson",
)  # fmt: skip
async def look_up(context: In, who: Who, data: ToLookUp) -> Stream:
    """Say of each value whether it is known, from whom, since when, and what was decided.

    At most 100,000 values, each once; a line for each, as JSON or comma-separated.
    """
    given = await anyio.to_thread.run_sync(values_in, data.text, data.column)
    csv = data.format == "csv"
    return Stream(
        _answers(context, who, given, csv=csv),
        media_type="text/csv; charset=utf-8" if csv else "application/x-ndjson",
    )


def values_in(text: str, named: str) -> list[Pasted]:
    """The distinct values of a text or of a column. Raises `LookupError`, `ValueError`."""
    if named:
        return distinct(column(text.splitlines(), named), MAX_VALUES)
    return distinct(pasted(text), MAX_VALUES)


def known_out(one: Known) -> KnownOut:
    """An answer as the API shows it."""
    value = one.observable
    return KnownOut(
        given=one.text, type=value.type if value else None, value=value.value if value else None,
        known=one.records > 0, records=one.records, more=one.more, sources=one.sources,
        first_at=one.first_at, last_at=one.last_at,
        tlp=None if one.tlp is None else one.tlp.label, verdict=one.verdict,
        incidents=one.incidents, networks=one.networks, warning_lists=one.warning_lists,
    )  # fmt: skip


async def _answers(
    context: Context, who: Viewer, given: Sequence[Pasted], *, csv: bool
) -> AsyncIterator[bytes]:
    lists = reference(context.settings.reference_folder).warning_lists
    now = context.clock()

    def listed(values: Sequence[Observable]) -> list[list[str]]:
        return [[each.name for each in found] for found in lists.all_hits(values)]

    names = KnownOut.__struct_fields__
    if csv:
        yield csv_head(names)
    for start in range(0, len(given), AT_ONCE):
        async with read(context.pool, who) as db:
            answers = await lookup(db, who, given[start : start + AT_ONCE], now, listed=listed)
        rows = [known_out(one) for one in answers]
        if csv:
            yield b"".join(csv_line([getattr(row, name) for name in names]) for row in rows)
        else:
            yield b"".join(json_line(row) for row in rows)


router = Router("/", route_handlers=[look_up], tags=["search"])
