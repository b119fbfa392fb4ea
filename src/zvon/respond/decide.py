"""What a person does with an incident: verdict, undo, note, duplicate, taking it over."""

from datetime import datetime
from uuid import UUID

from zvon.access.permission import Denied, Permission
from zvon.access.viewer import Viewer
from zvon.jobs import enqueue
from zvon.model.lifecycle import after_verdict
from zvon.model.verdict import VerdictWord
from zvon.respond import review
from zvon.store import confirmed
from zvon.store import incident_decision as decision
from zvon.store.incident_decision import (
    BadDuplicate,
    Current,
    NothingToUndo,
    Stale,
)
from zvon.store.review import Scale
from zvon.store.transaction import AuditEntry, Tx

__all__ = ["BadDuplicate", "BadReason", "Current", "NothingToUndo", "Stale", "claim", "duplicate",
           "note", "undo", "verdict"]  # fmt: skip

MAX_REASON = 500
MAX_NOTE = 4000


class BadReason(ValueError):
    """The text is empty, too long, or cannot be stored."""


async def verdict(
    tx: Tx,
    viewer: Viewer,
    uuid: UUID,
    word: VerdictWord | str,
    *,
    version: int,
    reason: str = "",
    now: datetime,
) -> None:
    """Say what the incident is. `version` is the one that the person saw.

    Malicious opens it; benign ends it, withdraws its proposals and lifts its blocks. Where a rule
    asks for a second person nothing happens before that person says the same. Raises `Stale`,
    `NotFound`, `Denied`, `OwnOpinion`, `IllegalMove` for a merged one.
    """
    _require(viewer, Permission.INCIDENT_DECIDE, uuid)
    said = VerdictWord(word)
    current = await decision.lock(tx, uuid, version)
    state = after_verdict(current.state, said)
    text = _text(reason, MAX_REASON, empty=True)
    if await review.held(tx, viewer, current, Scale.VERDICT, said.value, state, text, now):
        return
    await decision.put_verdict(tx, viewer, current, said, state, text, now)
    if said is VerdictWord.MALICIOUS:
        # A name that was read off a picture is confirmed by this; its advice is given anew.
        for record_id in await confirmed.waiting(tx, current.id):
            await enqueue(tx, "assess.report", {"record_id": record_id, "again": True})


async def duplicate(
    tx: Tx,
    viewer: Viewer,
    uuid: UUID,
    of_uuid: UUID,
    *,
    version: int,
    reason: str = "",
    now: datetime,
) -> None:
    """Merge the incident into another. Raises `Stale`, `NotFound`, `BadDuplicate`."""
    _require(viewer, Permission.INCIDENT_DECIDE, uuid)
    text = _text(reason, MAX_REASON, empty=True)
    # Both are locked in one order, whichever way round they are named.
    first, second = sorted((uuid, of_uuid))
    locked = {first: await decision.lock(tx, first), second: await decision.lock(tx, second)}
    if locked[uuid].version != version:
        raise Stale(locked[uuid])
    await decision.put_duplicate(tx, viewer, locked[uuid], locked[of_uuid], text, now)


async def undo(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> None:
    """Take back the last decision on the incident, or one's own word that waits for a second.

    Raises `NothingToUndo`, `NotFound`.
    """
    _require(viewer, Permission.INCIDENT_DECIDE, uuid)
    current = await decision.lock(tx, uuid)
    if not await review.take_back(tx, viewer, current, now):
        await decision.undo(tx, viewer, current, now)


async def note(tx: Tx, viewer: Viewer, uuid: UUID, text: str, now: datetime) -> None:
    """Write something down. Raises `BadReason`, `NotFound`."""
    _require(viewer, Permission.INCIDENT_NOTE, uuid)
    await decision.add_note(tx, viewer, await decision.lock(tx, uuid), _text(text, MAX_NOTE), now)


async def claim(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> None:
    """Take the incident over: it is in the viewer's own tab from now on."""
    _require(viewer, Permission.INCIDENT_DECIDE, uuid)
    await decision.set_owner(tx, viewer, await decision.lock(tx, uuid), now)


def _require(viewer: Viewer, permission: Permission, uuid: UUID) -> None:
    if not viewer.may(permission):
        raise Denied(
            permission,
            AuditEntry(actor=viewer.login, action=permission.value, object=f"incident:{uuid}",
                       outcome="refused", rule=permission.value),
        )  # fmt: skip


def _text(text: str, most: int, *, empty: bool = False) -> str:
    clean = text.strip()
    if not clean and not empty:
        raise BadReason("the text is empty")
    if len(clean) > most:
        raise BadReason(f"the text has {len(clean)} characters; at most {most}")
    if "\x00" in clean or any("\ud800" <= c <= "\udfff" for c in clean):
        raise BadReason("the text has a character that cannot be stored")
    return clean
