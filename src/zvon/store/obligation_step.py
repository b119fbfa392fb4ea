"""What people do with a step: draft, review, send with proof, or say that it does not apply.

A step that is late is worked on like any other: nothing is blocked because of the time, and what
was sent late is sent late, in the record for good.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.obligation_form import Filled, Form, changed, missing
from zvon.store import obligation, party, rule_pack
from zvon.store.block_eyes import check_text
from zvon.store.obligation import Obligation, Stale, Step
from zvon.store.obligation_start import SKEW, BadObligation, follow, say, start, tell
from zvon.store.transaction import AuditEntry, Op, Tx

Random = Callable[[int], bytes]
Way = Literal["mail", "file", "portal", "phone", "other"]
LONGEST_PAST = timedelta(days=366)
MOST_RECIPIENT = 300


class NotInState(ValueError):
    """The step is not in the state that this needs."""


class MissingFields(ValueError):
    """Required fields are empty: each needs a value, or that it is unknown yet."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"required and empty: {', '.join(names)}; fill them or say unknown yet")
        self.errors = [{"field": name, "reason": "required and empty"} for name in names]


class Sent(Struct, frozen=True, kw_only=True):
    """How a step was sent: when, to whom, on which way, and the proof, if there is one yet."""

    sent_at: datetime
    recipient: str
    way: Way
    receipt: str = ""
    message: UUID | None = None


async def fill(
    tx: Tx, viewer: Viewer, uuid: UUID, said: Mapping[str, Any], version: int, now: datetime
) -> Step:
    """Write fields of the draft; what was in review is drafted again.

    Raises `Denied`, `NoObligation`, `Stale`, `NotInState`, `BadField`.
    """
    one = await _locked(tx, viewer, uuid, version, "armed", "drafting", "in_review")
    rules = (await rule_pack.by_id(tx.db, one.pack_id)).rules
    made = changed(await _form(tx, one), one.filled, said, viewer.login, rules.zone)
    return await _drafted(tx, viewer, one, made, now)


async def prefill(
    tx: Tx, viewer: Viewer, uuid: UUID, values: Mapping[str, Filled], version: int, now: datetime
) -> Step:
    """Put what the node knows into fields that no person wrote. Raises as `fill`."""
    one = await _locked(tx, viewer, uuid, version, "armed", "drafting", "in_review")
    form = await _form(tx, one)
    made = dict(one.filled)
    for field in form.fields:
        old = made.get(field.id, Filled())
        if field.id in values and (old.state == "empty" or not old.source.startswith("person:")):
            made[field.id] = values[field.id]
    return await _drafted(tx, viewer, one, made, now)


async def review(tx: Tx, viewer: Viewer, uuid: UUID, version: int, now: datetime) -> Step:
    """Give the draft to whoever sends it. Raises as `fill`, and `MissingFields`."""
    one = await _locked(tx, viewer, uuid, version, "drafting")
    if empty := missing(await _form(tx, one), one.filled):
        raise MissingFields(empty)
    await tx.execute(
        "update obligation_step set state = 'in_review', review_at = %s, version = version + 1"
        " where id = %s",
        (now, one.id),
    )
    return await _done(tx, viewer, one, "review", "OBLIGATION_REVIEW", now)


async def give_back(
    tx: Tx, viewer: Viewer, uuid: UUID, reason: str, version: int, now: datetime
) -> Step:
    """The draft is not right yet; `reason` says what. Raises as `fill`."""
    why = check_text("reason", reason)
    one = await _locked(tx, viewer, uuid, version, "in_review")
    await tx.execute(
        "update obligation_step set state = 'drafting', version = version + 1 where id = %s",
        (one.id,),
    )
    return await _done(tx, viewer, one, "return", "OBLIGATION_RETURNED", now, reason=why)


async def submit(
    tx: Tx, viewer: Viewer, uuid: UUID, sent: Sent, version: int, now: datetime, random: Random
) -> Step:
    """A reviewed draft was sent: keep the proof, and let the steps follow that count from it.

    Raises `Denied`, `NoObligation`, `Stale`, `NotInState`, `BadObligation`, `Refused` for whoever
    drafted it, where the rules ask for a second person.
    """
    viewer.require(Permission.OBLIGATION_SUBMIT)
    one = await _locked(tx, viewer, uuid, version, "in_review")
    if one.four_eyes and one.drafted_id == viewer.person_id:
        raise Refused(f"you drafted {one.step} of {one.number}; another person has to send it",
                      _refusal(viewer, "submit", one, "four_eyes"))  # fmt: skip
    if not now - LONGEST_PAST <= sent.sent_at <= now + SKEW:
        raise BadObligation("sent_at: not in the future, and within the last year")
    recipient = _line("recipient", sent.recipient)
    found = await obligation.known(tx.db, one.obligation)
    body = body_of(found, one)
    late = one.due_at is not None and sent.sent_at > one.due_at
    sha = hashlib.sha256(canonical(body)).hexdigest()
    await tx.execute(
        """
        insert into obligation_submission (step_id, sent_at, recipient, way, receipt, receipt_at,
                                           message, body, sha256, late, person_id, at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (one.id, sent.sent_at, recipient, sent.way,
         _line("receipt", sent.receipt) if sent.receipt else "",
         now if sent.receipt else None, sent.message, Jsonb(body), sha, late, viewer.person_id, now),
    )  # fmt: skip
    await tx.execute(
        "update obligation_step set state = 'submitted', submitted_at = %s, submitted_by = %s,"
        " late = %s, version = version + 1 where id = %s",
        (sent.sent_at, viewer.person_id, late, one.id),
    )
    rules = await obligation.pack_of(tx.db, found)
    await follow(tx, found, rules, now, random)
    await _own_duty(tx, found, one, sent.sent_at, now, random)
    return await _done(tx, viewer, one, "submit", "OBLIGATION_LATE_SENT" if late else
                       "OBLIGATION_SENT", now, recipient=recipient, sha256=sha)  # fmt: skip


async def accept(
    tx: Tx, viewer: Viewer, uuid: UUID, receipt: str, at: datetime, version: int, now: datetime,
    random: Random,
) -> Step:  # fmt: skip
    """The authority confirmed it; `receipt` is their number. Raises as `fill`, `BadObligation`."""
    proof = _line("receipt", receipt)
    one = await _locked(tx, viewer, uuid, version, "submitted")
    assert one.submitted_at is not None
    if not one.submitted_at <= at <= now + SKEW:
        raise BadObligation("at: after it was sent, and not in the future")
    await tx.execute(
        "update obligation_submission set receipt = %s, receipt_at = %s where step_id = %s",
        (proof, at, one.id),
    )
    await tx.execute(
        "update obligation_step set state = 'accepted', accepted_at = %s, version = version + 1"
        " where id = %s",
        (at, one.id),
    )
    found = await obligation.known(tx.db, one.obligation)
    await follow(tx, found, await obligation.pack_of(tx.db, found), now, random)
    return await _done(tx, viewer, one, "accept", "OBLIGATION_ACCEPTED", now, receipt=proof)


async def ask_not_applicable(
    tx: Tx, viewer: Viewer, uuid: UUID, reason: str, version: int, now: datetime
) -> Step:
    """Say that a step does not apply, and why; another person has to agree. Raises as `fill`."""
    why = check_text("reason", reason)
    one = await _locked(tx, viewer, uuid, version, "not_due", "armed", "drafting", "in_review")
    await tx.execute(
        "update obligation_step set na_reason = %s, na_asked_by = %s, na_asked_at = %s,"
        " version = version + 1 where id = %s",
        (why, viewer.person_id, now, one.id),
    )
    return await _done(
        tx, viewer, one, "ask_not_applicable", "OBLIGATION_NA_ASKED", now, reason=why
    )


async def answer_not_applicable(
    tx: Tx, viewer: Viewer, uuid: UUID, *, agree: bool, version: int, now: datetime
) -> Step:
    """Agree or not that a step does not apply. Raises as `fill`, `Refused` for whoever asked."""
    viewer.require(Permission.OBLIGATION_SUBMIT)
    one = await _locked(tx, viewer, uuid, version, "not_due", "armed", "drafting", "in_review")
    if one.na_asked_id is None:
        raise NotInState(f"nobody said that {one.step} of {one.number} does not apply")
    if one.na_asked_id == viewer.person_id:
        raise Refused(f"you said that {one.step} of {one.number} does not apply; another person"
                      " has to agree", _refusal(viewer, "not_applicable", one, "four_eyes"))  # fmt: skip
    if agree:
        await tx.execute(
            "update obligation_step set state = 'not_applicable', na_by = %s, na_at = %s,"
            " version = version + 1 where id = %s",
            (viewer.person_id, now, one.id),
        )
        return await _done(tx, viewer, one, "not_applicable", "OBLIGATION_NA", now,
                           reason=one.na_reason)  # fmt: skip
    await tx.execute(
        "update obligation_step set na_reason = '', na_asked_by = null, na_asked_at = null,"
        " version = version + 1 where id = %s",
        (one.id,),
    )
    return await _done(tx, viewer, one, "applicable", "OBLIGATION_NA_REFUSED", now)


async def take_up(
    tx: Tx, viewer: Viewer, uuid: UUID, reason: str, version: int, now: datetime, random: Random
) -> Step:
    """A step applies after all; its dates are as if nobody had said otherwise. Raises as `fill`."""
    why = check_text("reason", reason)
    one = await _locked(tx, viewer, uuid, version, "not_applicable")
    await tx.execute(
        "update obligation_step set state = case when due_at is null and not urgent then 'not_due'"
        " else 'armed' end, na_reason = '', na_asked_by = null, na_asked_at = null, na_by = null,"
        " na_at = null, version = version + 1 where id = %s",
        (one.id,),
    )
    found = await obligation.known(tx.db, one.obligation)
    await follow(tx, found, await obligation.pack_of(tx.db, found), now, random)
    return await _done(tx, viewer, one, "take_up", "OBLIGATION_NA_REFUSED", now, reason=why)


def body_of(found: Obligation, one: Step) -> dict[str, Any]:
    """What is sent, as it is kept and exported: fields with their state, and the rules behind."""
    return {
        "schema": "zvon.obligation/1", "obligation": found.number, "incident": found.incident_number,
        "entity": found.entity, "entity_kind": found.entity_kind,
        "pack": {"id": found.pack, "version": found.pack_version, "checked_by": found.checked_by},
        "step": one.step, "n": one.n, "form": one.form,
        "due_at": None if one.due_at is None else one.due_at.isoformat(),
        "fields": msgspec.to_builtins(one.filled),
    }  # fmt: skip


def canonical(body: Mapping[str, Any]) -> bytes:
    """The bytes whose SHA-256 proves what was sent: JSON, sorted, without blanks."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


async def _own_duty(
    tx: Tx, found: Obligation, one: Step, at: datetime, now: datetime, random: Random
) -> None:
    """What a CSIRT owes when it receives a report of an entity: its own duty, with its own clock."""
    home = await party.own(tx.db)
    if home.kind != "csirt" or found.side != "entity" or found.incident is None:
        return
    happened = f"received:{one.step}"
    active = [row for row in await rule_pack.all_active(tx.db) if row.side == "csirt"
              and any(happened == w.start for s in row.rules.steps for w in s.whens)]  # fmt: skip
    national = [row for row in active if row.country == home.country]
    for row in national or [row for row in active if row.country == "EU"]:
        await start(
            tx, None, incident_uuid=found.incident, pack=row.pack, entity=found.entity,
            entity_kind=found.entity_kind, now=now, random=random,
            key=f"received:{found.uuid}:{one.step}:{row.pack}", events=[(happened, at)], by="system",
        )  # fmt: skip


async def _form(tx: Tx, one: Step) -> Form:
    if not one.form:
        raise BadObligation(f"{one.step} has no form")
    return await rule_pack.form(tx.db, one.form)


async def _drafted(
    tx: Tx, viewer: Viewer, one: Step, made: Mapping[str, Filled], now: datetime
) -> Step:
    await tx.execute(
        "update obligation_step set state = 'drafting', fields = %s, drafted_by = %s,"
        " drafted_at = %s, version = version + 1 where id = %s",
        (Jsonb(msgspec.to_builtins(dict(made))), viewer.person_id, now, one.id),
    )
    return await _done(tx, viewer, one, "draft", "", now)


async def _locked(tx: Tx, viewer: Viewer, uuid: UUID, version: int, *states: str) -> Step:
    viewer.require(Permission.OBLIGATION_WRITE)
    found = await obligation.step(tx.db, viewer, uuid, lock=True)
    if found.version != version:
        raise Stale(f"{found.step} of {found.number} was changed meanwhile; read it again")
    if found.state not in states:
        raise NotInState(f"{found.step} of {found.number} is {found.state}")
    return found


async def _done(
    tx: Tx, viewer: Viewer, one: Step, what: str, code: str, now: datetime, **detail: str
) -> Step:
    found = await obligation.known(tx.db, one.obligation)
    tell(tx, viewer.login, what, found, Op.EDIT, step=one.step, n=one.n, **detail)
    if code:
        rules = (await obligation.pack_of(tx.db, found)).rules
        params = {"number": found.number, "pack": found.pack, "step": one.step,
                  "words": rules.words_of(one.step)}  # fmt: skip
        await say(tx, found, viewer.login, code, params, now)
    return await obligation.step(tx.db, viewer, one.uuid)


def _line(field: str, text: str) -> str:
    clean = " ".join(text.split())
    if not 1 <= len(clean) <= MOST_RECIPIENT:
        raise BadObligation(f"{field}: 1 to {MOST_RECIPIENT} characters")
    if not clean.isprintable() or any("\ud800" <= c <= "\udfff" for c in clean):
        raise BadObligation(f"{field}: a character that cannot be stored")
    return clean


def _refusal(viewer: Viewer, what: str, one: Step, rule: str) -> AuditEntry:
    return AuditEntry(
        actor=viewer.login, action=f"obligation:{what}", object=f"obligation:{one.number}",
        outcome="refused", rule=rule, detail={"step": one.step},
    )  # fmt: skip
