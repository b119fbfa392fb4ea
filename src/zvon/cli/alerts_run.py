"""One pass of the correlation over alerts that were read: incidents, ranks, and hourly views."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.cli.alerts_read import Records
from zvon.cli.alerts_triage import Triage
from zvon.ml.correlate.engine import Engine
from zvon.ml.correlate.group import Component
from zvon.ml.correlate.link import Reason
from zvon.ml.correlate.memory import Memory
from zvon.ml.correlate.policy import Policy
from zvon.ml.correlate.rank import Score, facts_of, score, titled
from zvon.ml.triage.model import Model, shipped

HOUR_S = 3600
DAY_S = 86400

Summary = tuple[int, float, tuple[Reason, ...]]


class Ranked(Struct, frozen=True):
    """An incident and its place; times are those of its first and last alert, epoch seconds."""

    incident: int
    rank: int
    score: float
    first: float
    last: float
    alerts: int
    reasons: tuple[Reason, ...]


class Seen(Struct, frozen=True):
    """The place of an incident among those active in the 24 hours before `at`."""

    at: int
    incident: int
    rank: int
    score: float


class Result(Struct, frozen=True):
    """`incident` of each record in the order of reading, -1 for none; ranking; hourly views."""

    incident: NDArray[np.int32]
    ranking: tuple[Ranked, ...]
    hourly: tuple[Seen, ...]


def run(records: Records, policy: Policy, *, hourly: bool, model: Model | None = None) -> Result:
    """Correlate everything that was read, in the order of time.

    Equal times are ordered by signature and host, so the order of rows and files says nothing.
    `model` judges what is new; ours, when none is given.
    """
    times = np.frombuffer(records.times, dtype=np.float64) if records.times else np.empty(0)
    kinds = np.frombuffer(records.kinds, dtype=np.int32) if records.kinds else np.empty(0, np.int32)
    order = _order(records, times, kinds)
    engine = Engine(Memory(policy), hand_out=True)
    take, known = engine.take, records.known
    group = np.zeros(len(kinds), dtype=np.int32)
    views: list[tuple[int, int, float]] = []
    gone: list[Summary] = []
    rested: dict[int, int] = {}
    triage = Triage(model or shipped(), records, float(times[order[0]]) if len(order) else 0.0)
    for start, stop, end in _hours(times, order):
        for record in order[start:stop].tolist():
            kind, at = known[kinds[record]], times[record]
            outcome = take(kind.at(at))
            group[record] = outcome.group
            if outcome.novel:
                triage.see(outcome, kind, at)
        triage.judge(end)
        for name, component in engine.forgotten:
            gone.append(_summary(name, component, records, policy, triage))
            rested |= dict.fromkeys(component.parts, name)
        engine.forgotten.clear()
        if hourly:
            views += [
                (end, name, _score(each, policy, triage).value)
                for name, each in engine.memory.active(end - DAY_S)
            ]
    memory = engine.memory
    scored = gone + [_summary(*each, records, policy, triage) for each in memory.active(-1.0)]
    kept = [each for each in scored if each[1] >= policy.incident.floor]
    names = np.full(memory.next_group, -1, dtype=np.int32)
    for number in np.unique(group[kinds >= 0]).tolist():
        names[number] = rested.get(number) or memory.component(number)
    views = [(at, rested.get(name) or memory.component(name), value) for at, name, value in views]
    alive = {each[0] for each in kept}
    names[~np.isin(names, np.fromiter(alive, np.int64, len(alive)))] = -1
    incident = np.where(kinds >= 0, names[group], -1)
    return Result(incident, _ranking(kept, incident, times), _views(views, alive, policy))


def _order(
    records: Records, times: NDArray[np.float64], kinds: NDArray[np.int32]
) -> NDArray[np.int64]:
    by_text = sorted(range(len(records.known)), key=lambda kind: _text(records, kind))
    place = np.empty(len(records.known) + 1, dtype=np.int32)
    place[by_text] = np.arange(len(by_text), dtype=np.int32)
    alerts = np.flatnonzero(kinds >= 0)
    return alerts[np.lexsort((place[kinds[alerts]], times[alerts]))]


def _text(records: Records, kind: int) -> tuple[str, str, str, int, tuple[tuple[str, str], ...]]:
    each = records.known[kind]
    return each.signature, each.host, each.actor, each.severity, each.observables


def _hours(times: NDArray[np.float64], order: NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
    """Where each hour with alerts begins and ends in the order, and the full hour after it.

    Quiet hours within a day of an alert come too, empty: what is active changes in them.
    """
    if not len(order):
        return
    hours = (times[order] // HOUR_S).astype(np.int64)
    starts = [0, *(np.flatnonzero(np.diff(hours)) + 1).tolist(), len(order)]
    for start, stop in pairwise(starts):
        hour = int(hours[start])
        yield start, stop, (hour + 1) * HOUR_S
        following = int(hours[stop]) if stop < len(order) else hour + 1
        for quiet in range(hour + 1, min(following, hour + 25)):
            yield stop, stop, (quiet + 1) * HOUR_S


def _score(component: Component, policy: Policy, triage: Triage) -> Score:
    return score(facts_of(component, policy, triage.probability), policy)


def _summary(
    name: int, component: Component, records: Records, policy: Policy, triage: Triage
) -> Summary:
    found = _score(component, policy, triage)
    said = (titled(each, lambda code: records.titles.get(code, code)) for each in found.reasons())
    return name, found.value, tuple(said)


def _ranking(
    kept: list[Summary],
    incident: NDArray[np.int32],
    times: NDArray[np.float64],
) -> tuple[Ranked, ...]:
    inside = np.flatnonzero(incident >= 0)
    names, place, alerts = np.unique(incident[inside], return_inverse=True, return_counts=True)
    first, last = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    np.minimum.at(first, place, times[inside])
    np.maximum.at(last, place, times[inside])
    span = {
        int(name): (float(first[i]), float(last[i]), int(alerts[i])) for i, name in enumerate(names)
    }
    # The newer of two equals stands above: it can still be acted upon.
    order = sorted(kept, key=lambda each: (-each[1], -span[each[0]][1], each[0]))
    return tuple(
        Ranked(name, rank, value, *span[name], reasons)
        for rank, (name, value, reasons) in enumerate(order, 1)
    )


def _views(
    views: list[tuple[int, int, float]], alive: set[int], policy: Policy
) -> tuple[Seen, ...]:
    """The views with the names that incidents have in the end; those that joined count once."""
    hours: dict[int, dict[int, float]] = {}
    for at, name, value in views:
        if value >= policy.incident.floor and name in alive:
            hour = hours.setdefault(at, {})
            hour[name] = max(value, hour.get(name, 0.0))
    found = []
    for at, hour in hours.items():
        order = sorted(hour, key=lambda name: (-hour[name], -name))
        found += [Seen(at, name, rank, hour[name]) for rank, name in enumerate(order, 1)]
    return tuple(found)
