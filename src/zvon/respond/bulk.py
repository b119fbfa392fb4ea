"""One decision on many incidents: previewed, confirmed by two people when large, done item by item.

Every item goes through the function that decides one incident, so that nothing that is refused
for one is possible for many. Items are done in batches, each with its results in one transaction:
killed anywhere, the next run goes on with what is left.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.jobs import Context, enqueue
from zvon.model.bulk import (
    Action,
    Assign,
    BulkState,
    Move,
    Outcome,
    SayAlertVerdict,
    SayVerdict,
    Snooze,
    encode,
)
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.lifecycle import IncidentState
from zvon.respond import bulk_policy, decide, life
from zvon.respond.bulk_policy import BulkPolicy
from zvon.store import bulk as rows
from zvon.store import bulk_step as steps
from zvon.store import incident_life, person, snooze
from zvon.store.bulk import Bulk, Effect, NotInState
from zvon.store.bulk_step import Open
from zvon.store.incident_decision import lock
from zvon.store.incident_filter import Filter
from zvon.store.savepoint import savepoint
from zvon.store.transaction import AuditEntry, Pool, Tx, transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting

JOB = "respond.bulk"


class BadBulk(ValueError):
    """The reason is missing or too long, or the time of a snooze has passed."""


class StaleBulk(ValueError):
    """What is confirmed is not what was previewed."""


class OwnBulk(Refused):
    """The second person is another one, and sees all of the list."""


async def ask(
    tx: Tx,
    viewer: Viewer,
    action: Action,
    what: Sequence[UUID] | Filter,
    reason: str,
    now: datetime,
    random: Callable[[int], bytes],
) -> UUID:
    """Freeze a list of incidents and what shall be done with them; nothing is done yet.

    Raises `Denied`, `BadBulk`, `NothingChosen`, `TooMany`.
    """
    viewer.require(Permission.INCIDENT_DECIDE)
    why = reason.strip()
    if not 3 <= len(why) <= 500 or not why.isprintable():
        raise BadBulk("reason: 3 to 500 characters in one line")
    if isinstance(action, Snooze) and not now < action.until <= now + snooze.LONGEST:
        raise BadBulk("until: later than now, and at most 90 days ahead")
    policy = await bulk_policy.current(tx.db)
    chosen = await rows.chosen(tx.db, viewer, what, now, policy.most)
    uuid = uuid7(now, random(RANDOM_BYTES))
    await steps.create(
        tx, viewer, uuid=uuid, action=action, items=chosen, reason=why,
        need=2 if len(chosen) > policy.second_person_above else 1,
        holds=timedelta(minutes=policy.holds_minutes), now=now,
    )  # fmt: skip
    return uuid


async def preview(tx: Tx, viewer: Viewer, bulk: Bulk) -> Effect:
    """What it touches, as the viewer sees it now."""
    viewer.require(Permission.INCIDENT_READ)
    return await rows.effect(tx.db, bulk.action, await rows.ids_of(tx.db, bulk))


async def start(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> Bulk:
    """The person who asked lets it begin; a large one waits for another person then.

    Raises `OwnBulk` for anybody else, `NotInState` when it is past this step or lapsed.
    """
    viewer.require(Permission.INCIDENT_DECIDE)
    found = await rows.get(tx.db, viewer, uuid, lock=True)
    if found.asker != viewer.person_id:
        raise _refused(viewer, found, f"{found.asked_by} asked for it and starts it")
    _still(found, BulkState.PREVIEWED, now)
    if found.need > 1:
        await steps.step(tx, viewer, found, BulkState.WAITING, now)
    else:
        await steps.step(tx, viewer, found, BulkState.RUNNING, now)
        await _later(tx, uuid)
    return await rows.get(tx.db, viewer, uuid)


async def confirm(
    tx: Tx, viewer: Viewer, uuid: UUID, *, agrees: bool, body_sha: str, now: datetime
) -> Bulk:
    """The second person's word on exactly what was previewed (`body_sha`).

    Raises `OwnBulk` for who asked, and for who does not see all of the list; `StaleBulk`,
    `NotInState`.
    """
    viewer.require(Permission.INCIDENT_SETTLE)
    found = await rows.get(tx.db, viewer, uuid, lock=True)
    if found.asker == viewer.person_id:
        raise _refused(viewer, found, "you asked for it; another person confirms")
    if found.seen < found.total:
        raise _refused(viewer, found, "its list is not all yours to see; ask who sees more")
    _still(found, BulkState.WAITING, now)
    if body_sha != found.body_sha:
        raise StaleBulk("what you saw is not what is asked for; look at it again")
    to = BulkState.RUNNING if agrees else BulkState.REFUSED
    await steps.step(tx, viewer, found, to, now, confirms=True, ends=not agrees)
    if agrees:
        await _later(tx, uuid)
    return await rows.get(tx.db, viewer, uuid)


async def undo(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> Bulk:
    """Take all of it back, item by item; what somebody worked on since is kept as it is.

    Blocks that it ended stay ended. Raises `NotInState` unless it is done.
    """
    viewer.require(Permission.INCIDENT_DECIDE)
    found = await rows.get(tx.db, viewer, uuid, lock=True)
    if found.asker != viewer.person_id and not viewer.may(Permission.INCIDENT_SETTLE):
        raise _refused(viewer, found, f"{found.asked_by} or a lead takes it back")
    if found.state is not BulkState.DONE:
        raise NotInState(f"this decision is {found.state}; only one that is done is taken back")
    await steps.step(tx, viewer, found, BulkState.UNDOING, now)
    await _later(tx, uuid)
    return await rows.get(tx.db, viewer, uuid)


async def job(context: Context, payload: dict[str, Any]) -> None:
    """Do, or take back, what is left of a decision; may run twice."""
    await work(context.pool, UUID(payload["bulk"]), context.clock)


async def work(pool: Pool, uuid: UUID, clock: Callable[[], datetime]) -> None:
    """Do all batches of a decision; a second call goes on where the first one ended."""
    async with read(pool, SYSTEM) as db:
        policy = await bulk_policy.current(db)
    while await _batch(pool, uuid, policy, clock()):
        pass


async def _batch(pool: Pool, uuid: UUID, policy: BulkPolicy, now: datetime) -> bool:
    """One transaction of items; False when nothing is left."""
    async with read(pool, SYSTEM) as db:
        due_for = await steps.worker(db, uuid)
        actor = None if due_for is None else await person.viewer(db, due_for[1])
    if due_for is None:
        return False
    undoing = due_for[0] is BulkState.UNDOING
    wanted = Outcome.DONE if undoing else Outcome.WAITING
    if actor is None or not actor.may(Permission.INCIDENT_DECIDE):
        async with transaction(pool, now) as tx:
            await steps.give_up(tx, uuid, now)
        return False
    async with transaction(pool, now, viewer=viewer_setting(actor)) as tx:
        found = await rows.get(tx.db, actor, uuid)
        due = await steps.take(tx, found, wanted, policy.batch)
        for item in due:
            await (_undo_one if undoing else _do_one)(tx, actor, found, item, now)
        if not due:
            if await steps.left(tx, found, wanted):
                return False  # another worker holds them and ends it
            ended = BulkState.UNDONE if undoing else BulkState.DONE
            locked = await rows.get(tx.db, actor, uuid, lock=True)
            if locked.state not in {BulkState.DONE, BulkState.UNDONE}:
                await steps.step(tx, actor, found, ended, now, ends=True)
        return bool(due)


async def _do_one(tx: Tx, viewer: Viewer, bulk: Bulk, item: Open, now: datetime) -> None:
    try:
        async with savepoint(tx):
            before = await lock(tx, item.uuid, item.version)
            owner = await steps.login_of(tx, before.owner_id)
            await _apply(tx, viewer, bulk, item, now)
            after = await lock(tx, item.uuid)
    except Exception as refusal:  # noqa: BLE001 - `_left_alone` raises again what is none of ours
        await _left_alone(tx, bulk, item, Outcome.SKIPPED, refusal)
        return
    if after.version == item.version:
        # A rule keeps it until a second person says the same of this one.
        await steps.put_outcome(tx, bulk, item.n, Outcome.SKIPPED, detail="BULK_SECOND_PERSON")
        return
    await steps.put_outcome(
        tx, bulk, item.n, Outcome.DONE, before={"state": before.state.value, "owner": owner},
        version_after=after.version,
    )  # fmt: skip


async def _apply(tx: Tx, viewer: Viewer, bulk: Bulk, item: Open, now: datetime) -> None:
    uuid, version, why = item.uuid, item.version, bulk.reason
    match bulk.action:
        case SayVerdict(word=word):
            await decide.verdict(tx, viewer, uuid, word, version=version, reason=why, now=now)
        case SayAlertVerdict(value=value):
            await life.alert_verdict(tx, viewer, uuid, value, version=version, reason=why, now=now)
        case Assign(login=login):
            await incident_life.assign(tx, viewer, uuid, owner=login, lead=None, version=version,
                                       now=now)  # fmt: skip
        case Snooze(until=until):
            await snooze.snooze(tx, viewer, uuid, until, why, version=version, now=now)
        case Move(to=to):
            await life.move(tx, viewer, uuid, to, version, why, now)


async def _undo_one(tx: Tx, viewer: Viewer, bulk: Bulk, item: Open, now: datetime) -> None:
    try:
        async with savepoint(tx):
            await lock(tx, item.uuid, item.version_after)
            await _back(tx, viewer, bulk, item, now)
    except Exception as refusal:  # noqa: BLE001 - `_left_alone` raises again what is none of ours
        await _left_alone(tx, bulk, item, Outcome.KEPT, refusal)
        return
    await steps.put_outcome(tx, bulk, item.n, Outcome.UNDONE)


async def _back(tx: Tx, viewer: Viewer, bulk: Bulk, item: Open, now: datetime) -> None:
    before = item.before or {}
    version = item.version_after or 0
    match bulk.action:
        case SayVerdict() | SayAlertVerdict():
            await decide.undo(tx, viewer, item.uuid, now)
        case Assign():
            await incident_life.assign(tx, viewer, item.uuid, owner=before.get("owner") or "",
                                       lead=None, version=version, now=now)  # fmt: skip
        case Snooze():
            await snooze.wake(tx, viewer, item.uuid, now=now)
        case Move():
            # Nothing becomes new again; it is taken up instead.
            was = IncidentState(before["state"])
            to = IncidentState.TRIAGE if was is IncidentState.NEW else was
            await life.move(tx, viewer, item.uuid, to, version, bulk.reason, now)


# The nearest class of an error's own names the code that the page says.
_WHY = {
    "Stale": "BULK_CHANGED",
    "NotFound": "BULK_GONE",
    "IllegalMove": "BULK_NO_MOVE",
    "Denied": "BULK_DENIED",
    "PermissionError": "BULK_DENIED",
    "NotWaiting": "BULK_NO_MOVE",
    "NothingToUndo": "BULK_NOTHING",
    "NeedsVerdict": "BULK_NEEDS_VERDICT",
    "NeedsSecond": "BULK_SECOND_PERSON",
    "OwnOpinion": "BULK_SECOND_PERSON",
    "ValueError": "BULK_REFUSED",
    "LookupError": "BULK_GONE",
}


async def _left_alone(tx: Tx, bulk: Bulk, item: Open, outcome: Outcome, refusal: Exception) -> None:
    """Say why one item stays as it is; an error that is none of ours ends the batch instead."""
    if not steps.refused(refusal):
        raise refusal
    known = (_WHY[k.__name__] for k in type(refusal).__mro__ if k.__name__ in _WHY)
    code = next(known, "BULK_REFUSED")
    for entry in getattr(refusal, "audit", ()):
        tx.audit(entry)
    await steps.put_outcome(tx, bulk, item.n, outcome, detail=code)


async def _later(tx: Tx, uuid: UUID) -> None:
    await enqueue(tx, JOB, {"bulk": str(uuid)})


def _still(found: Bulk, state: BulkState, now: datetime) -> None:
    if found.state is not state:
        raise NotInState(f"this decision is {found.state}")
    if found.expires_at <= now:
        raise NotInState("it waited too long; choose again, so that the list is of now")


def _refused(viewer: Viewer, found: Bulk, why: str) -> OwnBulk:
    return OwnBulk(why, AuditEntry(actor=viewer.login, action="bulk:confirm",
                                   object=f"bulk:{found.uuid}", outcome="refused",
                                   rule="four_eyes", detail={"action": encode(found.action)}))  # fmt: skip


__all__ = ["BadBulk", "OwnBulk", "StaleBulk", "ask", "confirm", "job", "preview", "start",
           "undo", "work"]  # fmt: skip
