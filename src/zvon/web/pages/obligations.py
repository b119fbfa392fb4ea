"""Duties of the law: what is due, one duty with its forms, the rules behind, and significance."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, get
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.obligation_form import Filled, missing
from zvon.model.rule_pack import Pack
from zvon.model.rule_pack_file import Difference, differences
from zvon.respond.obligation_send import entry_of
from zvon.store import (
    feed_view,
    justification,
    obligation,
    obligation_alarm,
    obligation_fact,
    rule_pack,
)
from zvon.store.obligation import Obligation, Step
from zvon.store.party import Db
from zvon.store.rule_pack import NoPack, PackRow
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render

EVENTS = ("requested", "received:early_warning", "decision:cross_border", "decision:high_risk",
          "classified", "period_ended")  # fmt: skip


class Duty(Struct, frozen=True):
    """A duty of an incident with its steps and its rules."""

    o: Obligation
    steps: list[Step]
    pack: Pack


@get("/obligations", opt={"permission": Permission.OBLIGATION_READ}, include_in_schema=False)
async def obligations_page(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """What is due, the most urgent first; what was sent lately; duties that run."""
    now = context.clock()
    async with read(context.pool, who, now) as db:
        due = await obligation.due_list(db, who)
        sent = await obligation.due_list(db, who, done=True)
        duties = await obligation.list_all(db, who)
        packs = await _packs(db, [*due, *sent])
        active = await rule_pack.all_active(db)
        alarms = {each.step: each for each in await obligation_alarm.open_alarms(db, who)}
    values = {
        "due": due, "sent": sent[:50], "duties": duties, "packs": packs, "alarms": alarms,
        "active": active, "unchecked": [row for row in active if not row.checked_by],
        "local": local,
    }  # fmt: skip
    return render(request, "obligations.html", values)


@get(
    "/obligations/{id:uuid}",
    opt={"permission": Permission.OBLIGATION_READ},
    include_in_schema=False,
)
async def obligation_page(request: AnyRequest, context: In, who: Who, id: UUID) -> Response[str]:
    """One duty: its steps, what happened, what was sent."""
    async with read(context.pool, who, context.clock()) as db:
        found = await obligation.get(db, who, id)
        row = await obligation.pack_of(db, found)
        newer, changes = await _newer(db, row)
        values = {
            "o": found, "row": row, "pack": row.rules, "steps": await obligation.steps(db, found),
            "happened": await obligation.events(db, found),
            "proofs": await obligation.submissions(db, found), "newer": newer, "changes": changes,
            "event_kinds": _events(row.rules), "local": local,
            "cross_border": await _cross_border(db, found),
        }  # fmt: skip
    return render(request, "obligation.html", values)


@get(
    "/obligations/steps/{id:uuid}",
    opt={"permission": Permission.OBLIGATION_READ},
    include_in_schema=False,
)
async def step_page(request: AnyRequest, context: In, who: Who, id: UUID) -> Response[str]:
    """One step: its form, what is missing, where each value comes from, and sending it."""
    async with read(context.pool, who, context.clock()) as db:
        one = await obligation.step(db, who, id)
        found = await obligation.known(db, one.obligation)
        row = await obligation.pack_of(db, found)
        form = await rule_pack.form(db, one.form) if one.form else None
        proofs = [p for p in await obligation.submissions(db, found)
                  if (p.step, p.n) == (one.step, one.n)]  # fmt: skip
    values = {
        "s": one, "o": found, "row": row, "pack": row.rules, "form": form, "filled": one.filled,
        "empty": Filled(), "missing": [] if form is None else missing(form, one.filled),
        "entry": entry_of(row.rules, one.step), "proofs": proofs, "local": local,
    }  # fmt: skip
    return render(request, "obligation_step.html", values)


@get("/obligations/rules", opt={"permission": Permission.OBLIGATION_READ}, include_in_schema=False)
async def rules_page(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """Rule packs: versions, who checked them, what a new one changes, and making one active."""
    async with read(context.pool, who) as db:
        rows = await rule_pack.list_all(db, who)
    active = {row.pack: row for row in rows if row.state == "active"}
    changes: dict[UUID, list[Difference]] = {
        row.uuid: differences(active[row.pack].rules, row.rules)
        for row in rows
        if row.pack in active and row.state in {"loaded", "proposed"}
    }
    return render(request, "rule_packs.html", {"rows": rows, "changes": changes})


@get(
    "/obligations/justifications", opt={"permission": Permission.BLOCK_READ},
    include_in_schema=False,
)  # fmt: skip
async def justifications_page(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """Why a feed may block: what was written, who agreed, when it is looked at again."""
    async with read(context.pool, who) as db:
        rows = await justification.list_all(db, who)
        feeds = [each.name for each in await feed_view.list_all(db)]
    return render(request, "justifications.html", {"rows": rows, "feeds": feeds})


async def facts_for(db: Db, who: Viewer, incident: UUID, now: datetime) -> dict[str, Any]:
    """What the incident's page shows of its duties; all keys begin with `obl_`."""
    if not who.may(Permission.OBLIGATION_READ):
        return {"obl_may": False}
    duties = await obligation.list_all(db, who, incident=incident)
    shown = [Duty(each, await obligation.steps(db, each), (await obligation.pack_of(db, each)).rules)
             for each in duties]  # fmt: skip
    active = [row for row in await rule_pack.all_active(db) if row.rules.steps]
    return {
        "obl_may": True, "obl_duties": shown, "obl_local": local,
        "obl_judged": await obligation_fact.judge(db, who, incident, None, now),
        "obl_packs": [row for row in active if row.side in {"entity", "csirt", "spoc"}],
        "obl_kinds": sorted({kind for row in active for kind in row.rules.entity_types}),
    }  # fmt: skip


def local(at: datetime, pack: Pack) -> datetime:
    """A time in the zone of the rules."""
    return at.astimezone(ZoneInfo(pack.zone))


def _events(pack: Pack) -> list[str]:
    """What can happen to a duty of this pack, by its own steps."""
    starts = [when.start for step in pack.steps for when in step.whens]
    return [each for each in EVENTS if each in starts]


async def _packs(db: Db, steps: list[Step]) -> Mapping[int, Pack]:
    return {key: (await rule_pack.by_id(db, key)).rules for key in {each.pack_id for each in steps}}


async def _newer(db: Db, row: PackRow) -> tuple[PackRow | None, list[Difference]]:
    try:
        active = await rule_pack.active(db, row.pack)
    except NoPack:
        return None, []
    if active.id == row.id:
        return None, []
    return active, differences(row.rules, active.rules)


async def _cross_border(db: Db, found: Obligation) -> bool:
    """True when a report of the same incident says that other states are affected."""
    if found.incident is None or found.side == "entity":
        return False
    steps = await obligation.read_steps(
        db, "i.uuid = %(incident)s and s.fields -> 'cross_border' ->> 'value' = 'true' limit 1",
        {"incident": found.incident},
    )  # fmt: skip
    return bool(steps)


HANDLERS = (obligations_page, rules_page, justifications_page, step_page, obligation_page)
