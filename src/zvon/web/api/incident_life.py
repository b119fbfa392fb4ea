"""An incident's life: states, what it was, people, severity, times, and second persons."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.model.incident_life import Precision, TimeOf, moves_of, needs_reason
from zvon.model.lifecycle import IncidentState
from zvon.model.verdict import AlertVerdict, Severity
from zvon.respond import life
from zvon.store import countersign, incident_brief, incident_life, incident_time, incident_verdict
from zvon.store.countersign import Question
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Version = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Why = Annotated[str, Meta(max_length=500)]
Login = Annotated[str, Meta(max_length=200)]


class MoveOut(Struct, frozen=True):
    """A state that a person may take the incident to, and whether a reason is needed."""

    to: str
    needs_reason: bool


class SaidOut(Struct, frozen=True, kw_only=True):
    """An alert verdict; without `by` a machine said it. The newest of a person counts."""

    id: UUID
    value: str
    confidence: float | None
    reason: str
    duplicate_of: UUID | None
    by: str | None
    at: datetime
    undone_at: datetime | None


class TimeOut(Struct, frozen=True, kw_only=True):
    """A time that somebody or something stated; `counts` for the newest of its kind."""

    what: str
    at: datetime
    precision: str
    source: str
    reason: str
    by: str | None
    set_at: datetime
    counts: bool


class QuestionOut(Struct, frozen=True, kw_only=True):
    """What one person asks another to agree to; it `stands` until an answer or another change."""

    id: UUID
    incident: UUID
    number: str
    act: str
    old: str
    new: str
    reason: str
    asked_by: str
    asked_at: datetime
    person: str | None
    agrees: bool | None
    answer: str
    at: datetime | None
    stands: bool


class LifeOut(Struct, frozen=True, kw_only=True):
    """How an incident stands; `version` goes back with a change, so that none is lost.

    `waits_for` is the question that a second person has to answer first, `reviewed` is true when
    a rule asks for a second opinion; in both nothing has changed yet.
    """

    id: UUID
    number: str
    state: str
    hold_until: datetime | None
    moves: list[MoveOut]
    alert_verdict: str | None
    verdicts: list[SaidOut]
    severity: str
    severity_by: str | None
    owner: str | None
    lead: str | None
    times: list[TimeOut]
    questions: list[QuestionOut]
    version: int
    waits_for: UUID | None = None
    reviewed: bool = False


class Questions(Struct, frozen=True):
    """Questions that wait for a second person."""

    questions: list[QuestionOut]


class Numbered(Struct, frozen=True):
    """An incident's identifier and its number."""

    id: UUID
    number: str


class StateIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the incident goes; `until` with `on_hold` only."""

    to: IncidentState
    version: Version
    reason: Why = ""
    until: datetime | None = None


class AlertVerdictIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the incident was; `of` with `duplicate` only. Without `follow` the state stays."""

    value: AlertVerdict
    version: Version
    reason: Why = ""
    confidence: Annotated[float, Meta(ge=0, le=1)] | None = None
    of: UUID | None = None
    follow: bool = True


class AssignmentIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Logins; an empty one takes the person away, one that is not given stays."""

    version: Version
    owner: Login | None = None
    lead: Login | None = None


class SeverityIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How bad it is: unknown, low, medium, high, critical (0 to 4)."""

    severity: Severity
    version: Version
    reason: Annotated[str, Meta(min_length=3, max_length=500)]


class TimeIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A time of the incident; what changes a known one says why."""

    what: TimeOf
    at: Annotated[datetime, Meta(tz=True)]
    precision: Precision = Precision.EXACT
    reason: Why = ""


class AnswerIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Yes or no of the second person; a no says why."""

    agrees: bool
    reason: Why = ""


def question_out(q: Question) -> QuestionOut:
    """What the API shows of a question."""
    return QuestionOut(
        id=q.uuid, incident=q.incident, number=q.number, act=q.act, old=str(q.body.get("from", "")),
        new=str(q.body.get("to", "")), reason=q.reason, asked_by=q.asked_by, asked_at=q.asked_at,
        person=q.person, agrees=q.agrees, answer=q.answer, at=q.at, stands=q.stands,
    )  # fmt: skip


async def _out(
    context: Context,
    who: Viewer,
    id: UUID,
    *,
    waits_for: UUID | None = None,
    reviewed: bool = False,
) -> LifeOut:
    async with read(context.pool, who) as db:
        i = await incident_brief.get(db, who, id)
        said = await incident_verdict.said(db, i.id)
        times = await incident_time.past(db, i.id)
        questions = await countersign.of_incident(db, i.id)
    state, known = IncidentState(i.state), set[str]()
    shown = []
    for t in times:
        shown.append(
            TimeOut(what=t.what, at=t.at, precision=t.precision, source=t.source, reason=t.reason,
                    by=t.person, set_at=t.set_at, counts=t.what not in known)
        )  # fmt: skip
        known.add(t.what)
    return LifeOut(
        id=i.uuid, number=i.number, state=i.state, hold_until=i.hold_until,
        moves=[MoveOut(to.value, needs_reason(state, to)) for to in moves_of(state)],
        alert_verdict=i.alert_verdict,
        verdicts=[SaidOut(id=v.uuid, value=v.value, confidence=v.confidence, reason=v.reason,
                          duplicate_of=v.duplicate_uuid, by=v.person, at=v.at,
                          undone_at=v.undone_at) for v in said],
        severity=Severity(i.severity).name.lower(), severity_by=i.severity_by, owner=i.owner,
        lead=i.lead, times=shown, questions=[question_out(q) for q in questions],
        version=i.version, waits_for=waits_for, reviewed=reviewed,
    )  # fmt: skip


@get(
    "/incidents/numbered/{number:str}", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def by_number(
    context: In, who: Who, number: Annotated[str, Parameter(max_length=40)]
) -> Numbered:
    """The incident with this number, as people say it."""
    async with read(context.pool, who) as db:
        return Numbered(await incident_brief.by_number(db, who, number), number)


@get(
    "/incidents/{id:uuid}/life", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_life(context: In, who: Who, id: UUID) -> LifeOut:
    """How the incident stands, where it may go, its verdicts, times and open questions."""
    return await _out(context, who, id)


@post(
    "/incidents/{id:uuid}/state", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def move_incident(context: In, who: Who, id: UUID, data: StateIn) -> LifeOut:
    """Take the incident to another state. Closing a critical one waits for a second person."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        moved = await life.move(
            tx, who, id, data.to, data.version, data.reason, now, until=data.until
        )
    return await _out(context, who, id, waits_for=moved.waits_for, reviewed=moved.reviewed)


@post(
    "/incidents/{id:uuid}/alert-verdict", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def give_alert_verdict(context: In, who: Who, id: UUID, data: AlertVerdictIn) -> LifeOut:
    """Say what the incident was; the state follows. `undo` takes both back."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await life.alert_verdict(
            tx, who, id, data.value, version=data.version, reason=data.reason,
            confidence=data.confidence, of=data.of, follow=data.follow, now=now,
            random=context.random,
        )  # fmt: skip
    return await _out(context, who, id)


@post(
    "/incidents/{id:uuid}/assignment", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def assign_incident(context: In, who: Who, id: UUID, data: AssignmentIn) -> LifeOut:
    """Say who works on it and who leads."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await incident_life.assign(
            tx, who, id, owner=data.owner, lead=data.lead, version=data.version, now=now
        )
    return await _out(context, who, id)


@post(
    "/incidents/{id:uuid}/severity", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def set_severity(context: In, who: Who, id: UUID, data: SeverityIn) -> LifeOut:
    """Say how bad it is. Taking `critical` back waits for a second person."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        asked = await incident_life.set_severity(
            tx, who, id, data.severity, version=data.version, reason=data.reason, now=now
        )
    return await _out(context, who, id, waits_for=asked)


@post(
    "/incidents/{id:uuid}/times", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def set_time(context: In, who: Who, id: UUID, data: TimeIn) -> LifeOut:
    """Say when something happened. Later awareness waits for a second person."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        asked = await life.set_time(
            tx, who, id, data.what, data.at, reason=data.reason, now=now, precision=data.precision
        )
    return await _out(context, who, id, waits_for=asked)


@get(
    "/countersigns", opt={"permission": Permission.INCIDENT_SETTLE}, responses=problems(*SIGNED)
)  # fmt: skip
async def list_questions(context: In, who: Who) -> Questions:
    """What waits for a second person, oldest first."""
    async with read(context.pool, who) as db:
        return Questions([question_out(q) for q in await countersign.waiting(db, who)])


@post(
    "/countersigns/{id:uuid}/answer", opt={"permission": Permission.INCIDENT_SETTLE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def answer_question(context: In, who: Who, id: UUID, data: AnswerIn) -> QuestionOut:
    """Agree, and what was asked happens; or refuse. Whoever asked cannot agree (403)."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        done = await life.answer(tx, who, id, agrees=data.agrees, reason=data.reason, now=now)
    return question_out(done)


router = Router(
    "/",
    route_handlers=[
        by_number, get_life, move_incident, give_alert_verdict, assign_incident, set_severity, set_time,
        list_questions, answer_question,
    ],
    tags=["incidents"],
)  # fmt: skip
