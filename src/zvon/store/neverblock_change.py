"""Changing the never-block lists: two people of different roles, for a day, and written down.

It is the only way past the gate, and a narrow one: what belongs to the state, to banks, to our
constituency and subscribers, and what the network stands on, cannot be taken out at all, and of the
rest only a few names at a time. When the day is over the name is protected again, and blocks that
stand against it are lifted.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model import guard
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.name import BadName, canonical
from zvon.model.neverblock import REMOVABLE, chain
from zvon.store import neverblock
from zvon.store.block_publish import unpublish
from zvon.store.block_row import BlockRow, Db, read
from zvon.store.transaction import AuditEntry, Tx

DAY = timedelta(hours=24)
MOST_OUT = 5
"""How many names may be out of the lists, or waiting to be, at one time."""
SYSTEM = "system"


class BadChange(ValueError):
    """The change makes no sense; the message says why."""


class NoChange(LookupError):
    """There is no such change, or it is over."""


class Change(Struct, frozen=True, kw_only=True):
    """A change of the lists. It works from `approved_at` to `expires_at`, or to `ended_at`."""

    uuid: UUID
    name: str
    op: Literal["add", "remove"]
    reason: str
    proposer: str
    proposer_id: int
    proposed_at: datetime
    approver: str | None
    approved_at: datetime | None
    expires_at: datetime
    ended_at: datetime | None
    ended_by: str | None

    def works(self, now: datetime) -> bool:
        """True while the gate goes by it."""
        return self.approved_at is not None and self.ended_at is None and now < self.expires_at


async def propose(
    tx: Tx, viewer: Viewer, name: str, op: Literal["add", "remove"], reason: str,
    now: datetime, random: Callable[[int], bytes],
) -> Change:  # fmt: skip
    """Ask for a name to be protected, or not to be, for a day; another person has to agree.

    Raises `BadChange`, and `Refused` for a name that nobody can take out, or for one too many.
    """
    viewer.require(Permission.NEVERBLOCK_PROPOSE)
    if len(reason.strip()) < 3:
        raise BadChange("reason: at least three characters")
    try:
        name = canonical(name.removeprefix("*."))
    except BadName as problem:
        raise BadChange(f"name: {problem}") from None
    if op == "remove":
        await _removable(tx, viewer, name, now)
    uuid = uuid7(now, random(RANDOM_BYTES))
    await tx.execute(
        "insert into neverblock_change (uuid, name, op, reason, proposer_id, proposed_at,"
        " expires_at) values (%s, %s, %s, %s, %s, %s, %s)",
        (uuid, name, op, reason.strip(), viewer.person_id, now, now + DAY),
    )
    _audit(tx, viewer.login, "propose", name, op, reason)
    return await _get(tx.db, uuid)


async def approve(
    tx: Tx, viewer: Viewer, uuid: UUID, now: datetime
) -> tuple[Change, list[BlockRow]]:
    """Agree to a change of another person: it works from now on, for a day.

    Gives the blocks too that a newly protected name ended. Raises `NoChange`; `Refused` for the
    proposer, and for a person who has no role that the proposer lacks.
    """
    viewer.require(Permission.NEVERBLOCK_APPROVE)
    found = await _get(tx.db, uuid, lock=True)
    if found.approved_at is not None or found.ended_at is not None or found.expires_at <= now:
        raise NoChange(f"there is no change {uuid} that waits")
    if found.proposer_id == viewer.person_id:
        raise Refused(f"you proposed the change of {found.name}; another person has to agree",
                      _refusal(viewer, "approve", found.name, "four_eyes"))  # fmt: skip
    await _other_role(tx, viewer, found)
    if found.op == "remove":
        await _removable(tx, viewer, found.name, now, waiting=found.uuid)
    await tx.execute(
        "update neverblock_change set approver_id = %s, approved_at = %s, expires_at = %s"
        " where uuid = %s",
        (viewer.person_id, now, now + DAY, uuid),
    )
    _audit(tx, viewer.login, "approve", found.name, found.op, found.reason)
    lifted = await lift_protected(tx, [found.name], now) if found.op == "add" else []
    return await _get(tx.db, uuid), lifted


async def end(tx: Tx, viewer: Viewer, uuid: UUID, reason: str, now: datetime) -> Change:
    """Take a change back before its day is over; either of the two permissions will do."""
    if Permission.NEVERBLOCK_APPROVE not in viewer.permissions:
        viewer.require(Permission.NEVERBLOCK_PROPOSE)
    if len(reason.strip()) < 3:
        raise BadChange("reason: at least three characters")
    found = await _get(tx.db, uuid, lock=True)
    if found.ended_at is not None:
        raise NoChange(f"the change {uuid} is over")
    await _over(tx, [found], viewer.login, reason, now)
    return await _get(tx.db, uuid)


async def expire(tx: Tx, now: datetime) -> list[Change]:
    """End every change whose day is over; called by the `dns` role."""
    due = await _read(
        tx.db, "c.ended_at is null and c.expires_at <= %(now)s", {"now": now}, lock=True
    )
    if due:
        await _over(tx, due, SYSTEM, "its day is over", now)
    return due


async def list_all(db: Db, viewer: Viewer, *, now: datetime | None = None) -> list[Change]:
    """All changes, the newest first; with `now` only those that wait or work."""
    viewer.require(Permission.BLOCK_READ)
    if now is None:
        return await _read(db, "true", {})
    return await _read(db, "c.ended_at is null and c.expires_at > %(now)s", {"now": now})


async def lift_protected(tx: Tx, names: Sequence[str], now: datetime) -> list[BlockRow]:
    """Lift live blocks of these names, below or above them, that the gate would refuse now."""
    live = await read(
        tx.db,
        "b.trigger in ('qname', 'nsdname') and b.published_at is not null and b.lifted_at is null"
        " and (b.name = any(%(above)s) or exists (select from unnest(%(names)s::text[]) x(n)"
        "      where b.name like '%%.' || n))",
        {"names": list(names), "above": sorted({p for name in names for p in chain(name)})},
    )
    if not live:
        return []
    facts = await neverblock.facts(tx.db, [row.name for row in live], now)
    try:
        wrong = [row for row in live
                 if guard.check(row.name, row.scope, facts, trigger=row.trigger)]  # fmt: skip
    except guard.GuardNotReady:
        return []  # nobody can say now; the sweep of the `dns` role looks again
    if wrong:
        await unpublish(tx, wrong, actor=SYSTEM, reason="protected", now=now)
    return wrong


async def _over(tx: Tx, changes: Sequence[Change], actor: str, reason: str, now: datetime) -> None:
    await tx.execute(
        "update neverblock_change set ended_at = %s, ended_by = %s where uuid = any(%s)",
        (now, actor, [change.uuid for change in changes]),
    )
    for change in changes:
        _audit(tx, actor, "end", change.name, change.op, reason)
    out = [change.name for change in changes if change.op == "remove" and change.approved_at]
    if out:
        await lift_protected(tx, out, now)


async def _removable(
    tx: Tx, viewer: Viewer, name: str, now: datetime, *, waiting: UUID | None = None
) -> None:
    """Raise `Refused` unless only popularity or a platform's name protects `name`, and few are out."""
    facts = await neverblock.facts(tx.db, [name], now)
    entries = [entry for parent in chain(name) for entry in facts.by_name.get(parent, ())]
    kept = [entry for entry in entries if entry.list not in REMOVABLE]
    if kept:
        raise Refused(
            f"{name} cannot be taken out of the never-block lists: {kept[0].name} is"
            f" {kept[0].reason}",
            _refusal(viewer, "propose", name, kept[0].list),
        )
    control = await (
        await tx.execute("select name from control_name where name = any(%s)", (chain(name),))
    ).fetchone()
    if control is not None:
        raise Refused(f"{name} cannot be taken out: {control[0]} must go on resolving",
                      _refusal(viewer, "propose", name, "control_name"))  # fmt: skip
    if not any(entry.name == name for entry in entries):
        raise BadChange(f"name: {name} is not on a never-block list itself")
    # Serialised, so that two people at once cannot go over the limit together.
    await tx.execute("select pg_advisory_xact_lock(hashtextextended('zvon.neverblock', 0))")
    row = await (
        await tx.execute(
            "select count(*) from neverblock_change where op = 'remove' and ended_at is null"
            " and expires_at > %s and uuid is distinct from %s",
            (now, waiting),
        )
    ).fetchone()
    assert row is not None
    if row[0] >= MOST_OUT:
        raise Refused(f"{MOST_OUT} names are out of the lists, or about to be; end one first",
                      _refusal(viewer, "propose", name, "too_many_out"))  # fmt: skip


async def _other_role(tx: Tx, viewer: Viewer, change: Change) -> None:
    rows = await (
        await tx.execute("select role from person_role where person_id = %s", (change.proposer_id,))
    ).fetchall()
    if not set(viewer.roles) - {row[0] for row in rows}:
        raise Refused("a person of another role than the proposer's has to agree",
                      _refusal(viewer, "approve", change.name, "same_role"))  # fmt: skip


async def _get(db: Db, uuid: UUID, *, lock: bool = False) -> Change:
    found = await _read(db, "c.uuid = %(uuid)s", {"uuid": uuid}, lock=lock)
    if not found:
        raise NoChange(f"there is no change {uuid}")
    return found[0]


_SELECT = """
select c.uuid, c.name, c.op, c.reason, p.login as proposer, c.proposer_id, c.proposed_at,
       a.login as approver, c.approved_at, c.expires_at, c.ended_at, c.ended_by
from neverblock_change c join person p on p.id = c.proposer_id
left join person a on a.id = c.approver_id
"""


async def _read(
    db: Db, where: str, params: dict[str, object], *, lock: bool = False
) -> list[Change]:
    """Changes that meet `where`, which is text of this file, never input."""
    tail = " order by c.id desc limit 500" + (" for update of c" if lock else "")
    async with db.cursor(row_factory=class_row(Change)) as cursor:
        await cursor.execute((_SELECT + " where " + where + tail).encode(), params)
        return await cursor.fetchall()


def _audit(tx: Tx, actor: str, what: str, name: str, op: str, reason: str) -> None:
    tx.audit(AuditEntry(actor=actor, action=f"neverblock:{what}", object=name,
                        detail={"op": op, "reason": reason}))  # fmt: skip


def _refusal(viewer: Viewer, what: str, name: str, rule: str) -> AuditEntry:
    return AuditEntry(actor=viewer.login, action=f"neverblock:{what}", object=name,
                      outcome="refused", rule=rule)  # fmt: skip
