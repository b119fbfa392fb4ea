"""The parts of an incident's page about the work on it: life, times, tasks, lanes, files, values."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.locale import Translator
from zvon.locale.sentence import sentence
from zvon.model.incident_life import REOPENED, Lane, TimeOf, moves_of, needs_reason
from zvon.model.lifecycle import IncidentState
from zvon.model.task import TASK_MOVES, TaskState
from zvon.respond.task_template import for_category
from zvon.store import (
    countersign,
    exhibit,
    incident_brief,
    incident_time,
    incident_verdict,
    promotion,
    timeline,
)
from zvon.store import task as tasks
from zvon.store.incident_time import TimeRow
from zvon.store.party import Db
from zvon.store.timeline import Entry

SHOWN_VALUES = 30
# The order of the buttons of a task.
TASK_BUTTONS = (
    TaskState.DOING,
    TaskState.DONE,
    TaskState.TODO,
    TaskState.BLOCKED,
    TaskState.DROPPED,
)
MOVES_OF_TASKS = {
    state.value: [to.value for to in TASK_BUTTONS if to in TASK_MOVES[state]] for state in TaskState
}


async def facts_for(
    db: Db, who: Viewer, id: UUID, *, now: datetime, speak: Translator, attack: str | None,
    response: str | None,
) -> dict[str, Any]:  # fmt: skip
    """Values of the templates `incident_life`, `_times`, `_tasks`, `_timeline`, `_exhibits`, `_values`."""
    brief = await incident_brief.get(db, who, id)
    state = IncidentState(brief.state)
    lane_of_attack = await timeline.page(db, brief.id, Lane.ATTACK, before=attack)
    lane_of_response = await timeline.page(db, brief.id, Lane.RESPONSE, before=response)
    work = await tasks.of_incident(db, who, brief.id)
    moves = [(to.value, needs_reason(state, to)) for to in moves_of(state)]
    return {
        "brief": brief,
        "moves": moves,
        "move_words": [to for to, _ in moves],
        "reopens": state in REOPENED,
        "said": await incident_verdict.said(db, brief.id),
        "questions": await countersign.of_incident(db, brief.id),
        "workers": await incident_brief.workers(db, Permission.INCIDENT_DECIDE),
        "task_workers": await incident_brief.workers(db, Permission.TASK_WRITE),
        "times": list(with_past(await incident_time.past(db, brief.id))),
        "time_words": [each.value for each in TimeOf],
        "tasks": work,
        "overdue": sum(each.overdue(now) for each in work),
        "task_moves": MOVES_OF_TASKS,
        "templates": for_category(brief.category)[:3],
        "attack": list(runs(lane_of_attack.entries)),
        "attack_before": lane_of_attack.before,
        "response": list(runs(lane_of_response.entries)),
        "response_before": lane_of_response.before,
        "told": lambda entry: told(speak, entry),
        "exhibits": await exhibit.of_incident(db, who, brief.id)
        if who.may(Permission.EXHIBIT_READ)
        else [],
        "values": await promotion.values(db, brief.id, limit=SHOWN_VALUES),
        "related": await incident_brief.related(db, brief.id),
    }


def with_past(rows: Sequence[TimeRow]) -> Iterator[tuple[TimeRow, list[TimeRow]]]:
    """Each time with the statement that counts and the older ones, in the order of `TimeOf`."""
    for what in TimeOf:
        said = [row for row in rows if row.what == what.value]
        if said:
            yield said[0], said[1:]


def runs(entries: Sequence[Entry]) -> Iterator[tuple[Entry, int]]:
    """Lines of one kind in a row by one actor as the first and a count; a person's own stand alone."""
    for _, run in groupby(entries, key=lambda e: (e.code, e.actor, e.uuid, e.struck_at)):
        first, *others = run
        yield first, len(others)


def told(speak: Translator, entry: Entry) -> str:
    """The sentence of a line, with its times as the reader writes them."""
    params = dict(entry.params)
    for name in ("at", "until"):
        if isinstance(params.get(name), str):
            params[name] = speak.moment(datetime.fromisoformat(params[name]))
    return sentence(speak, entry.code, params)
