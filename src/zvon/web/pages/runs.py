"""Runs of playbooks: which go on and whose turn it is, one of them with its steps, and trials."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get
from litestar.params import Parameter
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.playbook import Playbook
from zvon.store import dry_run, playbook, run_brake, run_call, run_list, run_version
from zvon.store.party import Db
from zvon.store.run_answer import Answer
from zvon.store.run_list import Whole
from zvon.store.run_row import StepRow, WaitRow
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import language, render

Cursor = Annotated[str | None, Parameter(max_length=300)]
LINKS = {"block": "/blocks/", "run": "/runs/"}


class Card(Struct, frozen=True):
    """One pass over one step as the page shows it."""

    step: StepRow
    title: str
    wait: WaitRow | None
    answers: list[Answer]


@get("/runs", opt={"permission": Permission.PLAYBOOK_READ}, include_in_schema=False)
async def runs_page(
    request: AnyRequest, context: In, who: Who, cursor: Cursor = None, ended: Cursor = None
) -> Response[str]:
    """Runs that go on, the late ones first, and those that are over."""
    lang = language(request, who)
    async with read(context.pool, who, context.clock()) as db:
        stopped = await run_brake.stopped(db)
        values = {
            "open": await run_list.open_runs(db, who, cursor=cursor),
            "ended": await run_list.ended_runs(db, who, cursor=ended),
            "counts": await run_list.counts(db, who),
            "receivers": await run_call.targets(db, who),
            "brakes": [
                (row.title(lang), row.uuid, stopped[row.id].failures, stopped[row.id].stopped_at)
                for row in await playbook.list_all(db, who) if row.id in stopped
            ],
        }  # fmt: skip
    return render(request, "runs.html", values)


@get("/runs/{id:uuid}", opt={"permission": Permission.PLAYBOOK_READ}, include_in_schema=False)
async def run_page(request: AnyRequest, context: In, who: Who, id: UUID) -> Response[str]:
    """One run: what it asks, its steps, what it made, its log."""
    lang = language(request, who)
    async with read(context.pool, who, context.clock()) as db:
        found = await run_list.whole(db, who, id)
        versions = await run_list.versions_of(db, who, found.run)
    titles = _titles(found.of.playbook, lang)
    values = {
        "r": found.listed, "run": found.run, "of": found.of, "acts_for": found.acts_for,
        "cards": _cards(found, titles), "titles": titles, "effects": found.effects,
        "log": found.log, "versions": versions, "links": LINKS,
    }  # fmt: skip
    return render(request, "run.html", values)


@get(
    "/playbooks/{id:uuid}/trials", opt={"permission": Permission.PLAYBOOK_READ},
    include_in_schema=False,
)  # fmt: skip
async def trials_page(request: AnyRequest, context: In, who: Who, id: UUID) -> Response[str]:
    """Dry runs of a playbook on past incidents, and a form for another one."""
    async with read(context.pool, who, context.clock()) as db:
        row = await playbook.get(db, who, id)
        values = {
            "p": row,
            "versions": await playbook.versions(db, who, row),
            "runs": await dry_run.of_playbook(db, who, id),
        }
    return render(request, "dry_runs.html", values)


async def facts_for(db: Db, who: Viewer, incident: UUID) -> dict[str, Any]:
    """What `incident_runs.html` shows: the runs about an incident, and what can be started."""
    if not who.may(Permission.PLAYBOOK_READ):
        return {"run_rows": [], "run_playbooks": []}
    offered: list[tuple[UUID, str]] = []
    if who.may(Permission.RUN_START):
        stopped = await run_brake.stopped(db)
        offered = [
            (one.playbook_uuid, one.playbook.title(who.lang))
            for one in await run_version.all_in_force(db)
            if one.playbook_id not in stopped and not _asks(one.playbook)
        ]
    rows = await run_list.of_incident(db, who, incident)
    return {"run_rows": rows, "run_playbooks": sorted(offered, key=lambda each: each[1])}


def _asks(of: Playbook) -> bool:
    """Whether somebody has to say something before it can start; the API takes that."""
    return any(v.external and v.value is None for v in of.variables.values())


def _titles(of: Playbook, lang: str) -> dict[str, str]:
    return {name: step.titles.get(lang) or step.name or name for name, step in of.steps.items()}


def _cards(found: Whole, titles: dict[str, str]) -> list[Card]:
    return [
        Card(step, titles.get(step.step, step.step), found.waits.get(step.id),
             found.answers.get(step.id, []))
        for step in found.steps if step.kind not in {"start", "end"}
    ]  # fmt: skip


HANDLERS = (runs_page, run_page, trials_page)
