"""The page of one submission: what came, what was found at each stage, what to do about it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from litestar import Response, get
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.link import links
from zvon.model.page import Capture
from zvon.store import capture, evidence, incident_detail, observable, report_page, takedown
from zvon.store.incident_detail import IncidentDetail
from zvon.store.observable import Related
from zvon.store.party import Db
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.api.reports import brand_name
from zvon.web.pages.evidence import marked
from zvon.web.pages.page import render

MOST_PIVOTS = 40
MOST_TARGETS = 5
MOST_LOOKS = 12
SHORT = 200  # characters of a value in the table of facts
SECRET = frozenset({EvidenceCode.RESOURCES})  # long lists of hashes: only how many


class Pivot(Struct, frozen=True, kw_only=True):
    """A value of the report that occurs elsewhere: in `n` records, `report` the newest of them."""

    type: str
    value: str
    n: int
    at: datetime
    report: UUID | None


@get("/reports/{id:uuid}", opt={"permission": Permission.REPORT_READ}, include_in_schema=False)
async def submission(request: AnyRequest, context: In, who: Who, id: UUID) -> Response[str]:
    """One submission."""
    async with read(context.pool, who, context.clock()) as db:
        found = await report_page.get(db, who, id)
        rows = await evidence.of_record(db, found.id)
        looks = await capture.of_record(db, found.id)
        others = await observable.related(db, found.id)
        incident = await _incident(db, who, found.incident_uuid)
        packages = await takedown.of_incident(db, who, incident.uuid) if incident else []
    message, verdict = found.message, found.verdict
    reasons = verdict.reasons if verdict else ()
    own = {link.host for link in links(message) if link.host} if message else set()
    values: dict[str, Any] = {
        "r": found,
        "report": found,
        "message": message,
        "verdict": verdict,
        "reasons": reasons,
        "pieces": list(marked(message.text, reasons)) if message else [],
        "brand": brand_name(verdict.brand) if verdict else None,
        "i": incident,
        "names": [n for n in incident.names if covers(n.name, own)] if incident else [],
        "captures": distinct(looks)[:MOST_LOOKS],
        "facts": list(by_stage(rows)),
        "pivots": list(pivots(others)),
        "targets": [link.url for link in links(message)][:MOST_TARGETS] if message else [],
        "takedowns": packages,
        "shown_value": shown_value,
    }
    return render(request, "submission.html", values)


async def _incident(db: Db, who: Viewer, id: UUID | None) -> IncidentDetail | None:
    if id is None or not who.may(Permission.INCIDENT_READ):
        return None
    try:
        return await incident_detail.get(db, who, id)
    except incident_detail.NotFound:
        return None


def covers(name: str, hosts: Collection[str]) -> bool:
    """Whether a block of `name` and all below it would reach one of `hosts`."""
    return any(host == name or host.endswith("." + name) for host in hosts)


def distinct(looks: Iterable[Capture]) -> list[tuple[Capture, int]]:
    """Looks, newest first; those that ended without a page stand once, with how often."""
    found: dict[object, tuple[Capture, int]] = {}
    for look in sorted(looks, key=lambda each: each.at, reverse=True):
        same = (look.url, look.vantage, look.outcome, look.reason)
        key = look.uuid if look.facts else same
        newest, times = found.get(key, (look, 0))
        found[key] = (newest, times + 1)
    return list(found.values())


def by_stage(rows: Sequence[Evidence]) -> Iterator[tuple[int, list[Evidence]]]:
    """Facts in the order of the stages; of one fact seen twice the newest."""
    newest = {(row.stage, row.observable, row.code, row.value): row
              for row in sorted(rows, key=lambda row: row.seen_at)}  # fmt: skip
    ordered = sorted(newest.values(), key=lambda row: (row.stage, row.observable.value, row.code))
    for stage, group in groupby(ordered, key=lambda row: row.stage):
        yield stage, list(group)


def pivots(others: Iterable[Related]) -> Iterator[Pivot]:
    """The values that other records share, those of most records first."""
    found: dict[tuple[str, str], list[Related]] = {}
    for each in others:
        found.setdefault((each.type.value, each.value), []).append(each)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    for (kind, value), rows in ordered[:MOST_PIVOTS]:
        newest = max(rows, key=lambda row: row.seen_at)
        reports = [row for row in rows if row.kind == "report"]
        yield Pivot(
            type=kind, value=value, n=len({row.uuid for row in rows}), at=newest.seen_at,
            report=max(reports, key=lambda row: row.seen_at).uuid if reports else None,
        )  # fmt: skip


def shown_value(row: Evidence) -> str:
    """The value of a fact as a line of a table shows it."""
    if row.code in SECRET:
        return str(len(row.value.split()))
    params = ", ".join(f"{key} {value}" for key, value in row.params.items())
    text = row.value if len(row.value) <= SHORT else row.value[:SHORT] + " …"
    return f"{text} ({params})" if params else text


HANDLERS = (submission,)
