"""What a playbook would have done with a past incident: the interpreter, with effects only counted.

Pure: what was known then goes in, and what would have followed comes out. People are taken to say
yes after the time that they took in fact; who waits for an answer by mail gets none, because
nothing says that there would have been one.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from msgspec import Struct, field

from zvon.model.playbook import Action, Call, Outcome, Playbook
from zvon.model.playbook_action import (
    ACTIONS,
    CreateTask,
    DecideBlock,
    Notify,
    StartObligation,
    WaitUntil,
    Webhook,
)
from zvon.model.playbook_check import timeout_of
from zvon.model.playbook_condition import Value
from zvon.model.playbook_values import BadArgument, bound
from zvon.respond import run
from zvon.respond.run import Began, Finished, Place, Transition

DEPTH = 5
MOST_EXAMPLES = 20
ENRICH = timedelta(minutes=1)


class Past(Struct, frozen=True, kw_only=True):
    """A past incident: what was known when it was made, and how it came out.

    `false` says that it was judged to be nothing bad later. `blocked_at` is when the first of its
    names was really published, if one was.
    """

    number: str
    made_at: datetime
    known: Mapping[str, Value]
    false: bool
    blocked_at: datetime | None


class Would(Struct, kw_only=True):
    """What would have been done about one incident."""

    number: str
    names: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    recipients: set[str] = field(default_factory=set)
    blocked_at: datetime | None = None
    error: str = ""
    step: str = ""


class Tally(Struct, frozen=True, kw_only=True):
    """What a version would have done with all of them. Times in seconds.

    `false_names` are names that would have been blocked in incidents judged false later;
    `earlier_s` is the median by which a name would have been blocked earlier (later when negative)
    over the `compared` incidents where one really was.
    """

    incidents: int
    finished: int
    failed: dict[str, int]
    names: int
    false_names: int
    false_incidents: int
    approvals: int
    tasks: int
    letters: int
    recipients: int
    shares: int
    obligations: int
    calls: int
    earlier_s: float | None
    compared: int
    examples: list[dict[str, Any]]


def simulate(
    playbook: Playbook, past: Past, *, approval: timedelta, known: Mapping[str, Playbook]
) -> Would:
    """Go through a playbook with one incident. `known` are the playbooks that it may call."""
    would = Would(number=past.number)
    _go(playbook, past, past.made_at, dict(past.known), would, approval, known, DEPTH)
    return would


def _go(
    playbook: Playbook, past: Past, at: datetime, given: dict[str, Value], would: Would,
    approval: timedelta, known: Mapping[str, Playbook], depth: int,
) -> datetime:  # fmt: skip
    """Go through one playbook from `at`; when it is over. Branches run at their own times."""
    values = {**{n: v.value for n, v in playbook.variables.items()}, **given}
    place, said = run.start(playbook, values)
    waiting: list[tuple[datetime, int, Began]] = []
    while True:
        finished = _note(place, said, waiting, at)
        if finished is not None:
            if finished.error and not would.error:
                would.error, would.step = finished.error, finished.step
            return at
        if not waiting:
            return at
        waiting.sort(key=lambda each: (each[0], each[1]))
        at, token, began = waiting.pop(0)
        step = playbook.steps[began.step]
        begins = at + timedelta(seconds=step.delay_s)
        if isinstance(step, Call):
            inner = known.get(step.playbook)
            outcome = Outcome.FAILURE if inner is None or depth == 0 else Outcome.SUCCESS
            at = begins
            if inner is not None and depth:
                at = _go(inner, past, begins, values, would, approval, known, depth - 1)
        elif isinstance(step, Action):
            outcome, at, made = _act(step, begins, {**values, **{
                n: v.value for n, v in step.variables.items()}}, would, approval)  # fmt: skip
            values |= {to: made[of] for of, to in step.out.items() if of in made}
        else:
            outcome, at = Outcome.SUCCESS, begins
        if not run.answers(playbook, began.step, outcome):
            would.counts["escalations"] += 1  # a person would have been asked, and lets it go on
            outcome = Outcome.SUCCESS
        place, said = run.advance(playbook, place, token, outcome, values)


def _note(
    place: Place, said: Sequence[Transition], waiting: list[tuple[datetime, int, Began]],
    at: datetime,
) -> Finished | None:  # fmt: skip
    for each in said:
        match each:
            case Began(token):
                waiting.append((at, token, each))
            case Finished():
                return each
            case _:
                pass
    waiting[:] = [each for each in waiting if each[1] in place.tokens]
    return None


def _act(
    step: Action, at: datetime, values: Mapping[str, Value], would: Would, approval: timedelta
) -> tuple[Outcome, datetime, dict[str, Any]]:
    """What one action would have done: how it ends, when, and with what."""
    if step.action not in ACTIONS:
        return Outcome.FAILURE, at, {}
    try:
        given = bound(ACTIONS[step.action], step.args, values)
    except BadArgument:
        would.counts["bad_arguments"] += 1
        return Outcome.FAILURE, at, {}
    made: dict[str, Any] = {}
    match given:
        case DecideBlock():
            names = [n for n in given.names.replace(",", " ").replace(";", " ").split() if n]
            if not names:
                return Outcome.FAILURE, at, {}
            would.names |= set(names)
            would.counts["approvals"] += 1
            at += approval if given.wait else timedelta()
            if would.blocked_at is None or at < would.blocked_at:
                would.blocked_at = at
            made = {"proposed": len(names), "published": len(names), "refused": 0}
        case Notify():
            would.counts["letters"] += 1
            would.recipients.add(given.to)
            made = {"sent": True}
        case WaitUntil():
            at += timedelta(hours=given.hours)
        case CreateTask():
            would.counts["tasks"] += 1
        case StartObligation():
            would.counts["obligations"] += 1
        case Webhook():
            would.counts["calls"] += 1
            made = {"status": 200, "body": ""}
        case _:
            return _people(step, at, would, approval)
    return Outcome.SUCCESS, at, made


def _people(
    step: Action, at: datetime, would: Would, approval: timedelta
) -> tuple[Outcome, datetime, dict[str, Any]]:
    match step.action:
        case "ask":
            would.counts["approvals"] += 1
            return Outcome.SUCCESS, at + approval, {"answer": True}
        case "share":
            would.counts["shares"] += 1
            return Outcome.SUCCESS, at + approval, {"released": True}
        case "message.wait":
            return Outcome.TIMEOUT, at + timedelta(seconds=timeout_of(step)), {"answered": False}
        case "isolate.propose" | "manual":
            would.counts["tasks"] += 1
            return Outcome.SUCCESS, at, {}
        case "enrich":
            return Outcome.SUCCESS, at + ENRICH, {}
        case _:
            return Outcome.SUCCESS, at, {}


def tally(pasts: Sequence[Past], woulds: Sequence[Would]) -> Tally:
    """All incidents together."""
    counts = sum((would.counts for would in woulds), Counter[str]())
    pairs = list(zip(pasts, woulds, strict=True))
    false = [would for past, would in pairs if past.false and would.names]
    earlier = [
        (past.blocked_at - would.blocked_at).total_seconds()
        for past, would in pairs
        if past.blocked_at is not None and would.blocked_at is not None
    ]
    failed = Counter(would.error for would in woulds if would.error)
    return Tally(
        incidents=len(pairs), finished=sum(not would.error for would in woulds),
        failed=dict(sorted(failed.items())), names=sum(len(would.names) for would in woulds),
        false_names=sum(len(would.names) for would in false), false_incidents=len(false),
        approvals=counts["approvals"], tasks=counts["tasks"] + counts["escalations"],
        letters=counts["letters"], recipients=sum(len(would.recipients) for would in woulds),
        shares=counts["shares"], obligations=counts["obligations"], calls=counts["calls"],
        earlier_s=median(earlier) if earlier else None, compared=len(earlier),
        examples=[_example(past, would) for past, would in pairs
                  if would.error or (past.false and would.names)][:MOST_EXAMPLES],
    )  # fmt: skip


def _example(past: Past, would: Would) -> dict[str, Any]:
    return {"incident": past.number, "names": len(would.names), "false": past.false,
            "error": would.error, "step": would.step}  # fmt: skip
