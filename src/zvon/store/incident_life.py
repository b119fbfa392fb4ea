"""The one door of state changes by people, and what else people say of an incident's life.

What one person alone may not do is asked with `countersign` and happens when another one agrees.
"""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from psycopg.errors import CheckViolation

from zvon.access.permission import Denied, Permission
from zvon.access.viewer import Viewer
from zvon.model.incident_life import (
    REJECTING,
    REOPENED,
    Act,
    Precision,
    TimeOf,
    moves_of,
    needs_reason,
)
from zvon.model.lifecycle import IllegalMove, IncidentState
from zvon.model.marking import Tlp
from zvon.model.verdict import AlertVerdict, Severity, VerdictWord
from zvon.store import countersign, incident_end, incident_time
from zvon.store import incident_decision as decision
from zvon.store.block_eyes import check_text
from zvon.store.incident_decision import Current, Stale
from zvon.store.incident_row import timeline
from zvon.store.savepoint import savepoint
from zvon.store.transaction import AuditEntry, Change, Op, Tx

__all__ = ["BadHold", "BadTime", "Moved", "NeedsSecond", "NeedsVerdict", "NoSuchOwner", "Stale", "assign",
           "move", "require", "set_severity", "set_time", "wake"]  # fmt: skip

S = IncidentState
LONGEST_HOLD = timedelta(days=366)
MAX_SKEW = timedelta(minutes=5)


class NeedsVerdict(ValueError):
    """Nothing is rejected or closed before a person said what it was."""


class BadHold(ValueError):
    """A hold has an end, in the future and within a year."""


class BadTime(ValueError):
    """The time lies in the future."""


class NoSuchOwner(LookupError):
    """Nobody who may decide incidents has this login."""


class NeedsSecond(ValueError):
    """A rule asks for a second person's opinion before this."""


class Moved(Struct, frozen=True, kw_only=True):
    """Where an incident stands now.

    With `waits_for` (a question) or `reviewed` (a second opinion) another person has to agree first.
    """

    state: IncidentState
    waits_for: UUID | None = None
    reviewed: bool = False


class Standing(Struct, frozen=True, kw_only=True):
    """What the rules ask about an incident beside its state."""

    severity: Severity
    alert_verdict: AlertVerdict | None


def require(viewer: Viewer, permission: Permission, uuid: UUID) -> None:
    """Raise `Denied`, with a row for the audit, unless the viewer has `permission`."""
    if not viewer.may(permission):
        raise Denied(
            permission,
            AuditEntry(actor=viewer.login, action=permission.value, object=f"incident:{uuid}",
                       outcome="refused", rule=permission.value),
        )  # fmt: skip


async def move(
    tx: Tx,
    viewer: Viewer,
    uuid: UUID,
    to: IncidentState | str,
    version: int,
    reason: str,
    now: datetime,
    *,
    until: datetime | None = None,
) -> Moved:
    """Take an incident to another state; `version` is the one that the person saw.

    On hold needs `until`; it comes back by itself then, and no legal clock stops. Rejecting needs
    the verdict that it was no true positive, and ends its blocks in the same transaction. Closing
    needs a verdict; a critical one waits for a second person. Raises `Denied`, `NotFound`,
    `Stale`, `IllegalMove`, `NeedsVerdict`, `BadHold`, `BadText`.
    """
    require(viewer, Permission.INCIDENT_DECIDE, uuid)
    new = IncidentState(to)
    current = await decision.lock(tx, uuid, version)
    if new not in moves_of(current.state):
        raise IllegalMove(f"an incident cannot be taken from {current.state} to {new} so")
    why = check_text("reason", reason) if reason or needs_reason(current.state, new) else ""
    standing = await _standing(tx, current.id)
    if new is S.ON_HOLD:
        if until is None or until <= now or until > now + LONGEST_HOLD:
            raise BadHold("say until when it is on hold, at most a year from now")
    elif until is not None:
        raise BadHold("only what is on hold has an end")
    if new is S.REJECTED:
        _check_rejecting(current, standing)
    if new is S.CLOSED:
        if standing.alert_verdict is None and current.verdict_by is None:
            raise NeedsVerdict("nobody has said yet what it was; it is closed with a verdict")
        if standing.severity is Severity.CRITICAL:
            asked = await countersign.ask(
                tx, viewer, current, Act.CLOSE, {"from": current.state.value, "to": new.value},
                why or "close", now,
            )  # fmt: skip
            return Moved(state=current.state, waits_for=asked)
    await apply(tx, viewer, current, new, why, now, until=until)
    return Moved(state=new)


async def apply(
    tx: Tx,
    viewer: Viewer,
    current: Current,
    new: IncidentState,
    reason: str,
    now: datetime,
    *,
    until: datetime | None = None,
) -> None:
    """Write a move that was checked: state, times, story, and the end of what follows from it."""
    try:
        async with savepoint(tx):
            await _set_state(tx, viewer, current, new, until)
    except CheckViolation:
        raise NeedsSecond("a rule asks for a second person's opinion before this") from None
    await incident_time.first(tx, current.id, TimeOf.ACKNOWLEDGED, now, "state", now)
    if new in {S.CONTAINED, S.RESOLVED}:
        await incident_time.put(tx, current.id, new.value, now, "state", now,
                                person_id=viewer.person_id)  # fmt: skip
    code = "REOPENED" if current.state in REOPENED and new is not S.CLOSED else f"MOVED_{new.name}"
    more = {} if until is None else {"until": until.isoformat()}
    await decision.tell(tx, viewer, current, "state", code, reason, now, to=new.value, **more)
    if new is S.REJECTED:
        await incident_end.blocks(tx, viewer, current.id, reason or "rejected", now)


async def _set_state(
    tx: Tx, viewer: Viewer, current: Current, new: IncidentState, until: datetime | None
) -> None:
    await tx.execute(
        """
        update incident set state = %s, hold_until = %s, hold_from = %s,
          owner_id = coalesce(owner_id, %s), version = version + 1 where id = %s
        """,
        (new.value, until, current.state.value if until else None, viewer.person_id, current.id),
    )


async def assign(
    tx: Tx, viewer: Viewer, uuid: UUID, *, owner: str | None, lead: str | None, version: int,
    now: datetime,
) -> None:  # fmt: skip
    """Say who works on it and who leads; `None` leaves it, an empty login takes it away.

    Raises `Denied`, `NotFound`, `Stale`, `NoSuchOwner`.
    """
    require(viewer, Permission.INCIDENT_DECIDE, uuid)
    current = await decision.lock(tx, uuid, version)
    for column, login in (("owner", owner), ("lead", lead)):
        if login is None:
            continue
        person = None if login == "" else await _worker(tx, login)
        if column == "owner":
            await tx.execute(
                "update incident set owner_id = %s where id = %s",
                (None if person is None else person[0], current.id),
            )
            await incident_time.first(tx, current.id, TimeOf.ACKNOWLEDGED, now, "owner", now)
        else:
            await tx.execute(
                "update incident set lead_id = %s where id = %s",
                (None if person is None else person[0], current.id),
            )
        code = f"{column.upper()}_SET" if person else f"{column.upper()}_GONE"
        await decision.tell(tx, viewer, current, "owner", code, "", now,
                            name="" if person is None else person[1])  # fmt: skip
    await tx.execute("update incident set version = version + 1 where id = %s", (current.id,))


async def set_severity(
    tx: Tx, viewer: Viewer, uuid: UUID, severity: Severity, *, version: int, reason: str,
    now: datetime,
) -> UUID | None:  # fmt: skip
    """Say how bad it is. Taking `critical` back waits for a second person: its question comes back.

    Raises `Denied`, `NotFound`, `Stale`, `BadText`.
    """
    require(viewer, Permission.INCIDENT_DECIDE, uuid)
    why = check_text("reason", reason)
    current = await decision.lock(tx, uuid, version)
    old = (await _standing(tx, current.id)).severity
    if old is Severity.CRITICAL and severity < old:
        body = {"from": int(old), "to": int(severity)}
        return await countersign.ask(tx, viewer, current, Act.SEVERITY, body, why, now)
    await apply_severity(tx, viewer, current, old, severity, why, now)
    return None


async def apply_severity(
    tx: Tx, viewer: Viewer, current: Current, old: Severity, new: Severity, reason: str,
    now: datetime,
) -> None:  # fmt: skip
    """Write a severity that was checked."""
    await tx.execute(
        "update incident set severity = %s, severity_by = %s, version = version + 1 where id = %s",
        (int(new), viewer.person_id, current.id),
    )
    await decision.tell(tx, viewer, current, "severity", f"SEVERITY_{new.name}", reason, now,
                        old=old.name.lower())  # fmt: skip


async def set_time(
    tx: Tx, viewer: Viewer, uuid: UUID, what: TimeOf, at: datetime, *, reason: str,
    now: datetime, precision: Precision = Precision.EXACT,
) -> UUID | None:  # fmt: skip
    """Say when something happened. Later awareness waits for a second person: its question.

    A time that stood already needs a reason. Raises `Denied`, `NotFound`, `BadTime`, `BadText`.
    """
    require(viewer, Permission.INCIDENT_DECIDE, uuid)
    if at > now + MAX_SKEW:
        raise BadTime("it cannot have happened in the future")
    current = await decision.lock(tx, uuid)
    stood = (await incident_time.current(tx.db, current.id)).get(what.value)
    why = check_text("reason", reason) if reason or stood else ""
    if what is TimeOf.AWARE and stood is not None and at > stood.at:
        body = {"from": stood.at.isoformat(), "to": at.isoformat(), "precision": precision.value}
        return await countersign.ask(tx, viewer, current, Act.AWARE, body, why, now)
    await apply_time(tx, viewer, current, what, at, why, now, precision=precision)
    return None


async def apply_time(
    tx: Tx, viewer: Viewer, current: Current, what: TimeOf, at: datetime, reason: str,
    now: datetime, *, precision: Precision = Precision.EXACT,
) -> None:  # fmt: skip
    """Write a time that was checked."""
    await incident_time.put(tx, current.id, what, at, "person", now, precision=precision,
                            reason=reason, person_id=viewer.person_id)  # fmt: skip
    await decision.tell(tx, viewer, current, "time", f"TIME_{what.name}", reason, now,
                        at=at.isoformat())  # fmt: skip


async def wake(tx: Tx, now: datetime, most: int = 500) -> list[UUID]:
    """Bring back what was on hold until now: to where it was, new ones to triage. For a job."""
    rows = await (
        await tx.execute(
            """
            with due as (
              select id, hold_from from incident where state = 'on_hold' and hold_until <= %s
              order by hold_until limit %s for no key update skip locked)
            update incident i set version = version + 1,
              state = case when d.hold_from in ('open', 'contained') then d.hold_from else 'triage' end
            from due d where d.id = i.id returning i.id, i.uuid, i.record_id, i.tlp
            """,
            (now, most),
        )
    ).fetchall()
    for incident_id, uuid, record_id, tlp in sorted(rows):
        tx.note(
            Change(kind="incident", subject=uuid, op=Op.EDIT, record_id=record_id, tlp=Tlp(tlp))
        )
        await timeline(tx, incident_id, "state", "system", "HOLD_OVER", {}, now)
    return [row[1] for row in sorted(rows)]


def _check_rejecting(current: Current, standing: Standing) -> None:
    if standing.alert_verdict in REJECTING:
        return
    if standing.alert_verdict is None and current.verdict_by is not None and (
        current.verdict is not VerdictWord.MALICIOUS
    ):  # fmt: skip
        return
    if standing.alert_verdict is None and current.verdict_by is None:
        raise NeedsVerdict("nobody has said yet what it was; it is rejected with a verdict")
    raise NeedsVerdict("it was said to be real; resolve it, or correct the verdict first")


async def said(tx: Tx, incident_id: int) -> AlertVerdict | None:
    """The alert verdict that counts."""
    return (await _standing(tx, incident_id)).alert_verdict


async def _standing(tx: Tx, incident_id: int) -> Standing:
    row = await (
        await tx.execute(
            "select severity, alert_verdict from incident where id = %s", (incident_id,)
        )
    ).fetchone()
    assert row is not None
    word = None if row[1] is None else AlertVerdict(row[1])
    return Standing(severity=Severity(row[0]), alert_verdict=word)


async def _worker(tx: Tx, login: str) -> tuple[int, str]:
    """A person who may decide incidents, by login: id and name."""
    row = await (
        await tx.execute(
            """
            select p.id, p.name from person p where p.login = %s and not p.disabled and not p.machine
              and exists (select from person_role x join role r on r.name = x.role
                          where x.person_id = p.id and %s = any (r.permissions))
            """,
            (login, Permission.INCIDENT_DECIDE.value),
        )
    ).fetchone()
    if row is None:
        raise NoSuchOwner(f"nobody who works on incidents has the login {login!r}")
    return int(row[0]), str(row[1])
