"""An incident's timeline in two lanes: pages, entries of people, files to take along; its values."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.model.incident_life import Lane, Precision
from zvon.model.observable import Observable, ObservableType
from zvon.respond import entry
from zvon.store import incident_brief, promotion, timeline
from zvon.store.block_eyes import check_text
from zvon.store.timeline import Entry
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

# What a spreadsheet would take for a formula begins with one of these.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class EntryOut(Struct, frozen=True, kw_only=True):
    """A line of a lane. `code` with `params` is a sentence of the catalogue; a person's own words
    stand in `params.text`. `id` only where a person entered it.
    """

    line: str
    id: UUID | None
    lane: str
    at: datetime
    precision: str
    kind: str
    actor: str
    code: str
    params: dict[str, Any]
    source_kind: str | None
    source: UUID | None
    exported: bool
    struck_at: datetime | None
    struck_by: str | None


class TimelineOut(Struct, frozen=True, kw_only=True):
    """The last lines of a lane, oldest first; `before` leads to the earlier ones."""

    entries: list[EntryOut]
    before: str | None


class EntryIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody knows happened, when, how surely, and on which row it stands."""

    at: Annotated[datetime, Meta(tz=True)]
    text: Annotated[str, Meta(min_length=1, max_length=2000)]
    lane: Lane = Lane.ATTACK
    precision: Precision = Precision.EXACT
    exported: bool = True
    source_kind: Annotated[str, Meta(max_length=40)] | None = None
    source: UUID | None = None


class Added(Struct, frozen=True):
    """The identifier of what was added."""

    id: UUID


class StrikeIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the entry is taken back."""

    reason: Annotated[str, Meta(min_length=3, max_length=500)]


class ExportedIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a line stands in what leaves as a file."""

    line: Annotated[str, Meta(pattern="^[0-9]{1,18}$")]
    exported: bool


class ValueOut(Struct, frozen=True, kw_only=True):
    """A value that the incident's reports and alerts name."""

    type: str
    value: str
    records: int
    first_at: datetime
    last_at: datetime
    indicator: UUID | None
    promoted_by: str | None


class Values(Struct, frozen=True):
    """Values, those in most records first."""

    values: list[ValueOut]


class IndicatorIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The value of the incident that is useful for finding more of the same, and why."""

    type: ObservableType
    value: Annotated[str, Meta(min_length=1, max_length=8192)]
    reason: Annotated[str, Meta(min_length=3, max_length=500)]


def entry_out(e: Entry) -> EntryOut:
    """What the API shows of a line."""
    return EntryOut(
        line=str(e.id), id=e.uuid, lane=e.lane, at=e.at, precision=e.precision, kind=e.kind,
        actor=e.actor, code=e.code, params=e.params, source_kind=e.source_kind,
        source=e.source_uuid, exported=e.exported, struck_at=e.struck_at, struck_by=e.struck_by,
    )  # fmt: skip


@get(
    "/incidents/{id:uuid}/timeline", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def get_timeline(
    context: In, who: Who, id: UUID, lane: Lane = Lane.RESPONSE,
    before: Annotated[str | None, Parameter(max_length=100)] = None,
    limit: Annotated[int, Parameter(ge=1, le=500)] = timeline.PAGE,
) -> TimelineOut:  # fmt: skip
    """The last lines of a lane, by the time at which things happened."""
    async with read(context.pool, who) as db:
        found = await incident_brief.get(db, who, id)
        page = await timeline.page(db, found.id, lane, before=before, limit=limit)
    return TimelineOut(entries=[entry_out(e) for e in page.entries], before=page.before)


@post(
    "/incidents/{id:uuid}/timeline", opt={"permission": Permission.INCIDENT_NOTE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def add_entry(context: In, who: Who, id: UUID, data: EntryIn) -> Added:
    """Enter what happened, at the time when it happened."""
    now = context.clock()
    source = None
    if data.source_kind is not None and data.source is not None:
        source = (data.source_kind, data.source)
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await entry.add(
            tx, who, id, lane=data.lane, at=data.at, precision=data.precision, text=data.text,
            exported=data.exported, source=source, now=now, random=context.random,
        )  # fmt: skip
    return Added(made)


@post(
    "/incidents/{id:uuid}/timeline/{entry_id:uuid}/strike",
    opt={"permission": Permission.INCIDENT_NOTE}, responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def strike_entry(
    context: In, who: Who, id: UUID, entry_id: UUID, data: StrikeIn
) -> TimelineOut:
    """Take an entry back; it stays readable and leaves with no file."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await entry.strike(tx, who, id, entry_id, data.reason, now)
    async with read(context.pool, who) as db:
        found = await incident_brief.get(db, who, id)
        page = await timeline.page(db, found.id, Lane.ATTACK)
    return TimelineOut(entries=[entry_out(e) for e in page.entries], before=page.before)


@post(
    "/incidents/{id:uuid}/timeline/exported", opt={"permission": Permission.INCIDENT_NOTE},
    responses=problems(*SIGNED, 404, 422), status_code=200,
)  # fmt: skip
async def flag_line(context: In, who: Who, id: UUID, data: ExportedIn) -> ExportedIn:
    """Say whether a line stands in what leaves as a file."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await entry.set_exported(tx, who, id, int(data.line), exported=data.exported)
    return data


@get(
    "/incidents/{id:uuid}/timeline.json", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404), media_type="application/json",
)  # fmt: skip
async def timeline_json(context: In, who: Who, id: UUID) -> Response[bytes]:
    """Both lanes as a file, without what was kept out of files or taken back."""
    async with read(context.pool, who) as db:
        found = await incident_brief.get(db, who, id)
        rows = await timeline.exported(db, found.id)
    body = msgspec.json.encode({"incident": found.number, "entries": [entry_out(e) for e in rows]})
    return _file(body, "application/json", f"{found.number}-timeline.json")


@get(
    "/incidents/{id:uuid}/timeline.csv", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404), media_type="text/csv",
)  # fmt: skip
async def timeline_csv(context: In, who: Who, id: UUID) -> Response[bytes]:
    """Both lanes as a table (RFC 4180); no cell begins as a formula would."""
    async with read(context.pool, who) as db:
        found = await incident_brief.get(db, who, id)
        rows = await timeline.exported(db, found.id)
    return _file(_csv(rows), "text/csv; charset=utf-8", f"{found.number}-timeline.csv")


@get(
    "/incidents/{id:uuid}/values", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_values(context: In, who: Who, id: UUID) -> Values:
    """Values that the incident's reports and alerts name, without the reporter's side."""
    async with read(context.pool, who) as db:
        found = await incident_brief.get(db, who, id)
        rows = await promotion.values(db, found.id)
    return Values([
        ValueOut(type=v.kind.value, value=v.value, records=v.records, first_at=v.first_at,
                 last_at=v.last_at, indicator=v.indicator, promoted_by=v.promoted_by)
        for v in rows
    ])  # fmt: skip


@post(
    "/incidents/{id:uuid}/indicators", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def promote(context: In, who: Who, id: UUID, data: IndicatorIn) -> Added:
    """Call a value of the incident an indicator; an act of its own, with a reason."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await promotion.promote(
            tx, who, id, Observable(data.type, data.value), check_text("reason", data.reason), now,
            context.random,
        )  # fmt: skip
    return Added(made)


def _csv(rows: Iterable[Entry]) -> bytes:
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["at", "precision", "lane", "kind", "actor", "code", "text", "source"])
    for e in rows:
        said = "; ".join(f"{k}={v}" for k, v in e.params.items() if k != "words")
        text = str(e.params.get("text") or said)
        source = f"{e.source_kind}:{e.source_uuid}" if e.source_kind else ""
        table.writerow([
            e.at.isoformat(), e.precision, e.lane, e.kind, _cell(e.actor), e.code, _cell(text),
            source,
        ])  # fmt: skip
    return out.getvalue().encode("utf-8", "replace")


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _file(body: bytes, media_type: str, name: str) -> Response[bytes]:
    return Response(
        body, media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"',
                 "X-Content-Type-Options": "nosniff"},
    )  # fmt: skip


router = Router(
    "/",
    route_handlers=[
        get_timeline, add_entry, strike_entry, flag_line, timeline_json, timeline_csv, get_values,
        promote,
    ],
    tags=["incidents"],
)  # fmt: skip
