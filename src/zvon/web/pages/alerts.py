"""Alerts of sensors: what nobody was asked about, what joins nothing, one group with its samples."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import Parameter

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.locale import Translator
from zvon.locale.correlate import explain
from zvon.store import alert_page, incident_step
from zvon.store.alert_page import HubRow, LinkRow
from zvon.store.party import Db
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import defanged, quoted, render

PAGE = 50
FIRST = 25  # groups that the page of an incident shows
MOST_RAW = 4000
SEVERITY = ("unknown", "low", "medium", "high", "critical")


@get("/alerts", opt={"permission": Permission.INCIDENT_READ}, include_in_schema=False)
async def alerts(
    request: AnyRequest,
    context: In,
    who: Who,
    after: Annotated[str | None, Parameter(max_length=60)] = None,
    host: Annotated[str, Parameter(max_length=500)] = "",
    signature: Annotated[str, Parameter(max_length=500)] = "",
    every: bool = False,
) -> Response[str]:
    """Groups of no incident, the latest first, and hubs; with `every` those of incidents too."""
    async with read(context.pool, who) as db:
        page = await alert_page.groups(
            db, who, loose=not every, host=host or None, signature=signature or None, after=after,
            limit=PAGE,
        )  # fmt: skip
        hubs = await alert_page.hubs(db, who) if after is None else ()
    values = {"page": page, "hubs": hubs, "host": host, "signature": signature, "every": every,
              "why": why, "severity": SEVERITY}  # fmt: skip
    return render(request, "alerts.html", values)


@get("/alerts/{id:uuid}", opt={"permission": Permission.INCIDENT_READ}, include_in_schema=False)
async def alert_group(request: AnyRequest, context: In, who: Who, id: UUID) -> Response[str]:
    """One group."""
    async with read(context.pool, who) as db:
        found = await alert_page.group(db, who, id)
        samples = await alert_page.samples(db, found.id)
        links = await alert_page.links_of_group(db, found.id)
    values = {"g": found, "samples": samples, "links": links, "why": why, "raw": raw,
              "severity": SEVERITY}  # fmt: skip
    return render(request, "alert_group.html", values)


async def facts_for(db: Db, who: Viewer, incident: UUID, incident_id: int) -> dict[str, Any]:
    """What `incident_groups.html` shows on the page of an incident."""
    page = await alert_page.groups(db, who, incident=incident, limit=FIRST)
    links = await alert_page.links_of_incident(db, incident_id)
    return {
        "grp_groups": page.groups,
        "grp_more": page.next is not None,
        "grp_links": [each for each in links if each.kind != "related" and each.undone_at is None],
        "grp_related": [each for each in links if each.kind == "related" and each.other_incident],
        "grp_steps": await incident_step.history(db, who, incident_id),
        "grp_why": why,
        "grp_severity": SEVERITY,
    }


def why(speak: Translator, of: LinkRow | HubRow) -> str:
    """The reason as a sentence; what the sensor wrote in it cannot be opened by accident."""
    if not of.params:
        return speak.text("What was named here is no longer kept.")
    params: Sequence[tuple[str, Any]] = [
        (key, defanged(value) if key in {"value", "host"} and isinstance(value, str) else value)
        for key, value in of.params.items()
    ]
    return explain(speak, of.code, params)


def raw(said: Any) -> str:
    """What the sensor wrote, as JSON in lines, with what could mislead the eye made visible."""
    return quoted(msgspec.json.format(msgspec.json.encode(said), indent=2).decode()[:MOST_RAW])


HANDLERS = (alerts, alert_group)
