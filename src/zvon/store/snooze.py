"""Putting an incident out of sight until later; it comes back by itself, and earlier if it gets worse."""

from datetime import datetime, timedelta
from uuid import UUID

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.marking import Tlp
from zvon.store.incident_decision import Current, Stale, lock
from zvon.store.incident_row import timeline
from zvon.store.transaction import AuditEntry, Change, Op, Tx

LONGEST = timedelta(days=90)


class BadSnooze(ValueError):
    """The time lies in the past or too far ahead, or the reason is missing."""


class NotWaiting(ValueError):
    """Only what waits can be put off, and only what was put off can be woken."""


async def snooze(
    tx: Tx,
    viewer: Viewer,
    uuid: UUID,
    until: datetime,
    reason: str,
    *,
    version: int | None = None,
    now: datetime,
) -> None:
    """Hide the incident from the queue until then. Raises `BadSnooze`, `NotWaiting`, `Stale`."""
    viewer.require(Permission.INCIDENT_DECIDE)
    why = reason.strip()
    if not now < until <= now + LONGEST:
        raise BadSnooze(f"until: later than now, and at most {LONGEST.days} days ahead")
    if not 3 <= len(why) <= 500 or not why.isprintable():
        raise BadSnooze("reason: 3 to 500 characters in one line")
    found = await lock(tx, uuid, version)
    made = await tx.execute(
        "update incident set snoozed_until = %s, version = version + 1"
        " where id = %s and state in ('new', 'triage', 'open')",
        (until, found.id),
    )
    if not made.rowcount:
        raise NotWaiting(f"{found.number} is {found.state}; only what waits can be put off")
    await _end(tx, found.id, now)
    await tx.execute(
        "insert into snooze (incident_id, person_id, until, reason, at) values (%s, %s, %s, %s, %s)",
        (found.id, viewer.person_id, until, why, now),
    )
    said = {"until": until.isoformat(timespec="minutes"), "reason": why}
    await _tell(tx, viewer.login, found, "SNOOZED", said, now)


async def wake(
    tx: Tx, viewer: Viewer, uuid: UUID, *, version: int | None = None, now: datetime
) -> None:
    """Bring it back now. Raises `NotWaiting` when it was not put off."""
    viewer.require(Permission.INCIDENT_DECIDE)
    found = await lock(tx, uuid, version)
    made = await tx.execute(
        "update incident set snoozed_until = null, version = version + 1"
        " where id = %s and snoozed_until is not null",
        (found.id,),
    )
    if not made.rowcount:
        raise NotWaiting(f"{found.number} was not put off")
    await _end(tx, found.id, now)
    await _tell(tx, viewer.login, found, "WOKEN", {}, now)


async def wake_due(tx: Tx, now: datetime, most: int = 1000) -> int:
    """Bring back what was put off until now; how many. What somebody works on waits for the next run."""
    rows = await (
        await tx.execute(
            """
            with due as (select id from incident where snoozed_until <= %s
                         order by snoozed_until limit %s for no key update skip locked)
            update incident i set snoozed_until = null, version = version + 1 from due
            where i.id = due.id returning i.id, i.uuid, i.record_id, i.tlp
            """,
            (now, most),
        )
    ).fetchall()
    for id_, uuid, record_id, tlp in sorted(rows):
        await _end(tx, id_, now)
        await timeline(tx, id_, "state", "system", "WOKEN", {}, now)
        tx.note(
            Change(kind="incident", subject=uuid, op=Op.EDIT, record_id=record_id, tlp=Tlp(tlp))
        )
    return len(rows)


async def _end(tx: Tx, incident_id: int, now: datetime) -> None:
    await tx.execute(
        "update snooze set ended_at = %s where incident_id = %s and ended_at is null",
        (now, incident_id),
    )


async def _tell(
    tx: Tx, login: str, found: Current, code: str, said: dict[str, str], now: datetime
) -> None:
    await timeline(tx, found.id, "state", login, code, said, now)
    tx.note(Change(kind="incident", subject=found.uuid, op=Op.EDIT, record_id=found.record_id,
                   tlp=found.tlp))  # fmt: skip
    tx.audit(AuditEntry(actor=login, action=f"incident:{code.lower()}",
                        object=f"incident:{found.number}", detail=dict(said)))  # fmt: skip


__all__ = ["BadSnooze", "NotWaiting", "Stale", "snooze", "wake", "wake_due"]
