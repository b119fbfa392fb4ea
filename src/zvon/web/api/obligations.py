"""Duties of the law: what is due, starting one, what happened to it, ending it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.store import obligation, obligation_alarm, obligation_start, rule_pack
from zvon.store.obligation import Obligation, Step
from zvon.store.party import Db
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.blocks import Reason
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Moment = Annotated[datetime, Meta(tz=True)]
Line = Annotated[str, Meta(min_length=1, max_length=300)]
PackId = Annotated[str, Meta(min_length=1, max_length=64)]


class EventIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happened: `requested`, `received:STEP`, `decision:WORD`, `classified`, `period_ended`.

    `due_at` is what a request itself asks for. Without `at` it happened now.
    """

    kind: Annotated[str, Meta(min_length=3, max_length=100)]
    at: Moment | None = None
    due_at: Moment | None = None
    note: Annotated[str, Meta(max_length=1000)] = ""


class NewObligation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A duty under the active version of `pack`: whose it is, and of which incident."""

    pack: PackId
    entity: Line
    entity_kind: Annotated[str, Meta(max_length=64)] = ""
    incident: UUID | None = None


class Why(Struct, frozen=True, forbid_unknown_fields=True):
    """Why; it stays with the duty."""

    reason: Reason


class StepOut(Struct, frozen=True, kw_only=True):
    """A step. `due_at` is the strict date; `extended_at` the next working day, for information.

    `why` says why it is not due: `waits`, `ongoing`, `not_ongoing`, `not_sent`, `sent`.
    """

    id: UUID
    obligation: UUID
    number: str
    entity: str
    incident: UUID | None
    step: str
    n: int
    state: str
    start_at: datetime | None
    started_by: str
    due_at: datetime | None
    extended_at: datetime | None
    rest_day: str
    notes: list[str]
    urgent: bool
    provisional: bool
    why: str
    late: bool
    overdue: bool
    form: str
    drafted_by: str | None
    submitted_by: str | None
    submitted_at: datetime | None
    accepted_at: datetime | None
    not_applicable_reason: str
    not_applicable_asked_by: str | None
    not_applicable_by: str | None
    version: int


class StepWhole(StepOut, frozen=True, kw_only=True):
    """A step with its draft: each field with its state (empty, unknown, given), value and source."""

    fields: dict[str, Any]


class HappenedOut(Struct, frozen=True, kw_only=True):
    """What happened, and who wrote it down."""

    kind: str
    at: datetime
    due_at: datetime | None
    note: str
    by: str


class SubmissionOut(Struct, frozen=True, kw_only=True):
    """The proof that a step was sent. `sha256` is of `body` as canonical JSON."""

    step: str
    n: int
    sent_at: datetime
    recipient: str
    way: str
    receipt: str
    receipt_at: datetime | None
    message: UUID | None
    body: dict[str, Any]
    sha256: str
    late: bool
    by: str


class ObligationOut(Struct, frozen=True, kw_only=True):
    """A duty and the version of the rules that it keeps; `checked_by` empty: no lawyer did."""

    id: UUID
    number: str
    incident: UUID | None
    pack: str
    pack_version: str
    side: str
    checked_by: str
    entity: str
    entity_kind: str
    started_by: str
    started_at: datetime
    closed_at: datetime | None
    closed_reason: str


class ObligationWhole(ObligationOut, frozen=True, kw_only=True):
    """A duty with its steps, events and proofs. `newer` is the active version when it is another."""

    steps: list[StepOut]
    events: list[HappenedOut]
    submissions: list[SubmissionOut]
    newer: str | None


class AlarmOut(Struct, frozen=True, kw_only=True):
    """So many percent of the time of a step are gone; `audience` is the owner or a role."""

    step: UUID
    number: str
    name: str
    percent: int
    due_at: datetime
    audience: str
    at: datetime
    seen_by: str | None


class Obligations(Struct, frozen=True, kw_only=True):
    """Steps that are due, the most urgent first, the duties that run, and the alarms."""

    steps: list[StepOut]
    obligations: list[ObligationOut]
    alarms: list[AlarmOut]


@get(
    "/obligations", opt={"permission": Permission.OBLIGATION_READ}, responses=problems(*SIGNED, 404)
)
async def list_obligations(
    context: In, who: Who,
    incident: Annotated[UUID | None, Parameter(description="Only those of this incident.")] = None,
    done: Annotated[bool, Parameter(description="Steps sent lately instead.")] = False,
) -> Obligations:  # fmt: skip
    """What is due, the most urgent first."""
    now = context.clock()
    async with read(context.pool, who, now) as db:
        steps = await obligation.due_list(db, who, done=done)
        duties = await obligation.list_all(db, who, incident=incident)
        alarms = await obligation_alarm.open_alarms(db, who)
    if incident is not None:
        steps = [each for each in steps if each.incident == incident]
    return Obligations(
        steps=[step_out(each, now) for each in steps], obligations=[_out(each) for each in duties],
        alarms=[AlarmOut(step=a.step, number=a.number, name=a.name, percent=a.percent,
                         due_at=a.due_at, audience=a.audience, at=a.at, seen_by=a.seen_by)
                for a in alarms],
    )  # fmt: skip


@post(
    "/obligations", opt={"permission": Permission.OBLIGATION_WRITE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def start_obligation(context: In, who: Who, data: NewObligation) -> ObligationWhole:
    """Start a duty; its steps follow from the times of the incident."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await obligation_start.start(
            tx, who, incident_uuid=data.incident, pack=data.pack, entity=data.entity,
            entity_kind=data.entity_kind, now=now, random=context.random,
        )  # fmt: skip
        return await _whole(tx.db, await obligation.known(tx.db, made), now)


@get(
    "/obligations/{id:uuid}", opt={"permission": Permission.OBLIGATION_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_obligation(context: In, who: Who, id: UUID) -> ObligationWhole:
    """One duty with its steps, what happened, and what was sent."""
    now = context.clock()
    async with read(context.pool, who, now) as db:
        return await _whole(db, await obligation.get(db, who, id), now)


@post(
    "/obligations/{id:uuid}/events", opt={"permission": Permission.OBLIGATION_WRITE},
    status_code=200, responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def add_event(context: In, who: Who, id: UUID, data: EventIn) -> ObligationWhole:
    """Write down what happened; steps that run from it are due from then on."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await obligation_start.event(
            tx, who, id, data.kind, data.at or now, due_at=data.due_at, note=data.note, now=now,
            random=context.random,
        )  # fmt: skip
        return await _whole(tx.db, made, now)


@post(
    "/obligations/{id:uuid}/closure", opt={"permission": Permission.OBLIGATION_WRITE},
    status_code=200, responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def close_obligation(context: In, who: Who, id: UUID, data: Why) -> ObligationWhole:
    """End a duty of which nothing is left to do."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await obligation_start.close(tx, who, id, data.reason, now)
        return await _whole(tx.db, made, now)


@post(
    "/obligations/{id:uuid}/migration", opt={"permission": Permission.OBLIGATION_SUBMIT},
    status_code=200, responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def migrate_obligation(context: In, who: Who, id: UUID) -> ObligationWhole:
    """Take a running duty to the active version of its rules; what was sent stays."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await obligation_start.migrate(tx, who, id, now, context.random)
        return await _whole(tx.db, made, now)


def step_out(one: Step, now: datetime) -> StepOut:
    """What the API shows of a step."""
    return StepOut(**step_values(one, now))


def step_values(one: Step, now: datetime) -> dict[str, Any]:
    """The fields of `StepOut`."""
    same = ("obligation", "number", "entity", "incident", "step", "n", "state", "start_at",
            "started_by", "due_at", "extended_at", "rest_day", "notes", "urgent", "provisional",
            "why", "late", "form", "drafted_by", "submitted_by", "submitted_at", "accepted_at",
            "version")  # fmt: skip
    return {
        **{name: getattr(one, name) for name in same}, "id": one.uuid, "overdue": one.overdue(now),
        "not_applicable_reason": one.na_reason, "not_applicable_asked_by": one.na_asked_by,
        "not_applicable_by": one.na_by,
    }  # fmt: skip


def _out(one: Obligation) -> ObligationOut:
    return ObligationOut(**_values(one))


def _values(one: Obligation) -> dict[str, Any]:
    same = ("number", "incident", "pack", "pack_version", "side", "checked_by", "entity",
            "entity_kind", "started_by", "started_at", "closed_at", "closed_reason")  # fmt: skip
    return {"id": one.uuid, **{name: getattr(one, name) for name in same}}


async def _whole(db: Db, one: Obligation, now: datetime) -> ObligationWhole:
    try:
        active = (await rule_pack.active(db, one.pack)).version
    except rule_pack.NoPack:
        active = one.pack_version
    return ObligationWhole(
        **_values(one),
        steps=[step_out(each, now) for each in await obligation.steps(db, one)],
        events=[HappenedOut(kind=e.kind, at=e.at, due_at=e.due_at, note=e.note, by=e.by_login)
                for e in await obligation.events(db, one)],
        submissions=[
            SubmissionOut(step=s.step, n=s.n, sent_at=s.sent_at, recipient=s.recipient, way=s.way,
                          receipt=s.receipt, receipt_at=s.receipt_at, message=s.message, body=s.body,
                          sha256=s.sha256, late=s.late, by=s.person)
            for s in await obligation.submissions(db, one)
        ],
        newer=None if active == one.pack_version else active,
    )  # fmt: skip


router = Router(
    "/",
    route_handlers=[list_obligations, start_obligation, get_obligation, add_event, close_obligation,
                    migrate_obligation],
    tags=["obligations"],
)  # fmt: skip
