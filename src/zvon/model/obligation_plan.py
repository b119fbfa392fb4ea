"""What an obligation asks for now: each step, when it is due, from what, and why not yet.

Pure: times, events and what was sent go in, steps come out; asked again whenever one changes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from zvon.model.deadline import Due, due, earliest, length
from zvon.model.rule_pack import FROM_REQUEST, TIMES, WITHOUT_DELAY, WORDS, Pack, Step, When

Why = Literal["", "waits", "ongoing", "not_ongoing", "not_sent", "sent"]


class Happened(Struct, frozen=True):
    """An event with its time; `due_at` is what a request itself asks for."""

    kind: str
    at: datetime
    due_at: datetime | None = None


class Known(Struct, frozen=True, kw_only=True):
    """What is known of an obligation at `now`. `sent` and `accepted` are by step."""

    now: datetime
    times: Mapping[str, datetime]
    events: Sequence[Happened] = ()
    sent: Mapping[str, datetime] = {}
    accepted: Mapping[str, datetime] = {}
    entity_kind: str = ""


class Planned(Struct, frozen=True, kw_only=True):
    """A step as of now, the `n`th of those that repeat.

    Without `due` and `urgent` it is not due, and `why` says why. `provisional`: nobody said when
    the subject became aware, so it counts from an earlier time. `urgent` is due without delay.
    """

    step: str
    n: int = 1
    start: datetime | None = None
    started_by: str = ""
    due: Due | None = None
    urgent: bool = False
    provisional: bool = False
    why: Why = ""

    @property
    def runs(self) -> bool:
        """True when it has to be done."""
        return self.due is not None or self.urgent


def plan(pack: Pack, known: Known) -> list[Planned]:
    """Every step of the pack; one that repeats stands once for each of its events."""
    found: list[Planned] = []
    for step in pack.steps:
        if step.repeat:
            found += _repeated(pack, step, known)
        else:
            found.append(_conditions(step, known, _planned(pack, step, known)))
    return found


def handled_by(known: Known, moment: datetime) -> bool:
    """True when the incident was over at `moment`, as far as is known now."""
    over = known.times.get("resolved")
    return over is not None and over <= moment


def _repeated(pack: Pack, step: Step, known: Known) -> list[Planned]:
    events = [each for each in known.events if each.kind in {when.start for when in step.whens}]
    events.sort(key=lambda each: each.at)
    if not events:
        return [Planned(step=step.id, why="waits")]
    found = []
    for n, event in enumerate(events, start=1):
        when = next(when for when in step.whens if when.start == event.kind)
        made = _due(pack, step, when, event.at, event.due_at, known)
        found.append(Planned(step=step.id, n=n, start=event.at, started_by=event.kind, due=made,
                             urgent=made is None))  # fmt: skip
    return found


def _planned(pack: Pack, step: Step, known: Known) -> Planned:
    """The earliest of a step's deadlines among those whose start is known."""
    dues: list[tuple[Due, When, datetime, bool]] = []
    urgent: Planned | None = None
    for when in step.whens:
        start, asked, provisional = _start(pack, when.start, known)
        if start is None:
            continue
        made = _due(pack, step, when, start, asked, known)
        if made is None:
            urgent = Planned(step=step.id, start=start, started_by=when.start, urgent=True,
                             provisional=provisional)  # fmt: skip
        else:
            dues.append((made, when, start, provisional))
    first = earliest([each[0] for each in dues])
    if first is None:
        return urgent or Planned(step=step.id, why="waits")
    made, when, start, provisional = next(each for each in dues if each[0] is first)
    return Planned(step=step.id, start=start, started_by=when.start, due=made,
                   provisional=provisional)  # fmt: skip


def _start(pack: Pack, said: str, known: Known) -> tuple[datetime | None, datetime | None, bool]:
    """When it begins, what a request asks for, and whether that is only until we know better."""
    name = WORDS.get(said, said)
    if name in TIMES:
        if name in known.times:
            return known.times[name], None, False
        if name == "aware" and pack.provisional_from in known.times:
            return known.times[pack.provisional_from], None, True
        return None, None, False
    prefix, _, of = said.partition(":")
    if prefix == "sent":
        return known.sent.get(of), None, False
    if prefix == "accepted":
        return known.accepted.get(of), None, False
    events = [each for each in known.events if each.kind == said]
    if not events:
        return None, None, False
    first = min(events, key=lambda each: each.at)
    return first.at, first.due_at, False


def _due(
    pack: Pack, step: Step, when: When, start: datetime, asked: datetime | None, known: Known
) -> Due | None:
    said = when.due
    for special in step.due_if:
        if special.entity_kind == known.entity_kind:
            said = special.due
    if said == FROM_REQUEST:
        return None if asked is None else Due(asked, asked)
    if said == WITHOUT_DELAY:
        return None
    country = "" if pack.country == "EU" else pack.country
    return due(start, length(said), zone=pack.zone, country=country, moves=pack.weekend_moves)


def _conditions(step: Step, known: Known, made: Planned) -> Planned:
    if not made.runs:
        return made
    # What was so when it was due decides: a report that came due while the incident ran stays due.
    moment = known.now if made.due is None else min(known.now, made.due.at)
    ongoing = not handled_by(known, moment)
    why: Why = ""
    if (step.only_if == "ongoing") and not ongoing:
        why = "not_ongoing"
    elif step.unless == "ongoing" and ongoing:
        why = "ongoing"
    elif (of := step.only_if.partition(":")[2]) and of not in known.sent:
        why = "not_sent"
    elif (of := step.unless.partition(":")[2]) and of in known.sent:
        why = "sent"
    return Planned(step=step.id, why=why) if why else made
