"""What the law asks of us and of those that we watch over: duties, their steps, what was sent."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.marking import Tlp
from zvon.model.obligation_form import Filled
from zvon.store import rule_pack
from zvon.store.party import Db
from zvon.store.rule_pack import PackRow

MOST = 500
DONE = ("submitted", "accepted", "not_applicable")


class NoObligation(LookupError):
    """There is no such duty or step, or the viewer may not see its incident."""


class Stale(ValueError):
    """Somebody changed it since it was read; read it again."""


class Step(Struct, frozen=True, kw_only=True):
    """One step of a duty. `due_at` is the strict date; `late` stays once it is true.

    `provisional`: it counts from when the incident was detected, because nobody has said when the
    subject became aware. `why` says why a step is not due.
    """

    id: int
    uuid: UUID
    obligation_id: int
    obligation: UUID
    number: str
    entity: str
    incident: UUID | None
    incident_number: str | None
    pack_id: int
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
    form: str
    fields: dict[str, Any]
    four_eyes: bool
    drafted_by: str | None
    drafted_id: int | None
    drafted_at: datetime | None
    review_at: datetime | None
    submitted_by: str | None
    submitted_at: datetime | None
    accepted_at: datetime | None
    na_reason: str
    na_asked_by: str | None
    na_asked_id: int | None
    na_by: str | None
    version: int

    @property
    def done(self) -> bool:
        """True when nothing is left to do."""
        return self.state in DONE

    @property
    def runs(self) -> bool:
        """True when it has to be done and is not."""
        return not self.done and (self.due_at is not None or self.urgent)

    def overdue(self, now: datetime) -> bool:
        """True when it should have been sent and was not."""
        return self.runs and self.due_at is not None and self.due_at <= now

    @property
    def filled(self) -> dict[str, Filled]:
        """The fields of its draft."""
        return msgspec.convert(self.fields, dict[str, Filled])


class Obligation(Struct, frozen=True, kw_only=True):
    """A duty that was started, with the version of the rules that it keeps."""

    id: int
    uuid: UUID
    number: str
    incident_id: int | None
    incident: UUID | None
    incident_number: str | None
    pack_id: int
    pack: str
    pack_version: str
    pack_country: str
    side: str
    checked_by: str
    entity: str
    entity_kind: str
    started_by: str
    started_at: datetime
    closed_at: datetime | None
    closed_reason: str
    version: int


class Event(Struct, frozen=True, kw_only=True):
    """What happened to it, with its own time and who wrote it down."""

    kind: str
    at: datetime
    due_at: datetime | None
    note: str
    by_login: str
    noted_at: datetime


class Submission(Struct, frozen=True, kw_only=True):
    """The proof that a step was sent: to whom, when, how, what, and what came back."""

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
    person: str


_STEP: LiteralString = """
select s.id, s.uuid, s.obligation_id, o.uuid as obligation, o.number, o.entity, i.uuid as incident,
       i.number as incident_number, o.pack_id, s.step, s.n, s.state, s.start_at, s.started_by,
       s.due_at, s.extended_at, s.rest_day, s.notes, s.urgent, s.provisional, s.why, s.late, s.form,
       s.fields, s.four_eyes, d.login as drafted_by, s.drafted_by as drafted_id, s.drafted_at,
       s.review_at, b.login as submitted_by, s.submitted_at, s.accepted_at, s.na_reason,
       q.login as na_asked_by, s.na_asked_by as na_asked_id, n.login as na_by, s.version
from obligation_step s join obligation o on o.id = s.obligation_id
left join incident i on i.id = o.incident_id
left join person d on d.id = s.drafted_by left join person b on b.id = s.submitted_by
left join person q on q.id = s.na_asked_by left join person n on n.id = s.na_by
"""
_OBLIGATION: LiteralString = """
select o.id, o.uuid, o.number, o.incident_id, i.uuid as incident, i.number as incident_number,
       o.pack_id, r.pack, r.version as pack_version, r.country as pack_country, r.side,
       r.checked_by, o.entity, o.entity_kind, o.started_by, o.started_at, o.closed_at,
       o.closed_reason, o.version
from obligation o join rule_pack r on r.id = o.pack_id left join incident i on i.id = o.incident_id
"""


async def due_list(db: Db, viewer: Viewer, *, done: bool = False) -> list[Step]:
    """Steps that have to be done, the most urgent first; with `done` those sent lately instead.

    Raises `Denied`.
    """
    viewer.require(Permission.OBLIGATION_READ)
    if done:
        return await read_steps(
            db, "s.state in ('submitted', 'accepted') order by s.submitted_at desc, s.id desc"
            " limit %(most)s", {"most": MOST},
        )  # fmt: skip
    return await read_steps(
        db, "s.state in ('armed', 'drafting', 'in_review') and o.closed_at is null"
        " and (s.due_at is not null or s.urgent)"
        " order by s.due_at nulls first, s.id limit %(most)s", {"most": MOST},
    )  # fmt: skip


async def list_all(db: Db, viewer: Viewer, *, incident: UUID | None = None) -> list[Obligation]:
    """Duties that run, newest first; those of one incident with `incident`, closed ones too."""
    viewer.require(Permission.OBLIGATION_READ)
    if incident is not None:
        return await _read(db, "i.uuid = %(incident)s", {"incident": incident})
    return await _read(db, "o.closed_at is null", {})


async def get(db: Db, viewer: Viewer, uuid: UUID) -> Obligation:
    """One duty. Raises `Denied`, `NoObligation`."""
    viewer.require(Permission.OBLIGATION_READ)
    return await known(db, uuid)


async def known(db: Db, uuid: UUID, *, lock: bool = False) -> Obligation:
    """One duty, for our own work. Raises `NoObligation`."""
    found = await _read(db, "o.uuid = %(uuid)s", {"uuid": uuid}, lock=lock)
    if not found:
        raise NoObligation(f"there is no obligation {uuid}")
    return found[0]


async def pack_of(db: Db, found: Obligation) -> PackRow:
    """The version of the rules that it keeps."""
    return await rule_pack.by_id(db, found.pack_id)


async def steps(db: Db, found: Obligation) -> list[Step]:
    """Its steps in the order of the rules."""
    return await read_steps(db, "s.obligation_id = %(id)s order by s.id", {"id": found.id})


async def step(db: Db, viewer: Viewer, uuid: UUID, *, lock: bool = False) -> Step:
    """One step. Raises `Denied`, `NoObligation`."""
    viewer.require(Permission.OBLIGATION_READ)
    tail = " for update of s" if lock else ""
    found = await read_steps(db, "s.uuid = %(uuid)s" + tail, {"uuid": uuid})
    if not found:
        raise NoObligation(f"there is no step {uuid}")
    return found[0]


async def events(db: Db, found: Obligation) -> list[Event]:
    """What happened to it, oldest first."""
    async with db.cursor(row_factory=class_row(Event)) as cursor:
        await cursor.execute(
            "select kind, at, due_at, note, by_login, noted_at from obligation_event"
            " where obligation_id = %s order by at, id limit 500",
            (found.id,),
        )
        return await cursor.fetchall()


async def submissions(db: Db, found: Obligation) -> list[Submission]:
    """What was sent for it, oldest first."""
    async with db.cursor(row_factory=class_row(Submission)) as cursor:
        await cursor.execute(
            """
            select t.step, t.n, s.sent_at, s.recipient, s.way, s.receipt, s.receipt_at, s.message,
                   s.body, s.sha256, s.late, p.login as person
            from obligation_submission s join obligation_step t on t.id = s.step_id
            join person p on p.id = s.person_id where t.obligation_id = %s order by s.id limit 500
            """,
            (found.id,),
        )
        return await cursor.fetchall()


async def marking(db: Db, found: Obligation) -> Tlp | None:
    """The marking of its incident; `None` without one."""
    if found.incident_id is None:
        return None
    row = await (
        await db.execute("select tlp from incident where id = %s", (found.incident_id,))
    ).fetchone()
    return None if row is None else Tlp(row[0])


async def read_steps(db: Db, where: LiteralString, params: Mapping[str, object]) -> list[Step]:
    """Steps that meet `where`, which is text of the store, never input."""
    async with db.cursor(row_factory=class_row(Step)) as cursor:
        await cursor.execute(_STEP + " where " + where, params)
        return await cursor.fetchall()


async def _read(
    db: Db, where: LiteralString, params: Mapping[str, object], *, lock: bool = False
) -> list[Obligation]:
    tail: LiteralString = " order by o.id desc limit 500" + (" for update of o" if lock else "")
    async with db.cursor(row_factory=class_row(Obligation)) as cursor:
        await cursor.execute(_OBLIGATION + " where " + where + tail, params)
        return await cursor.fetchall()
