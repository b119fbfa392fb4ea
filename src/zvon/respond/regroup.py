"""What people do to what lies together: merge and split incidents, cut a link, raise, take back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from zvon.access.permission import Denied, Permission
from zvon.access.viewer import Viewer
from zvon.store import (
    alert_component,
    alert_incident,
    campaign_step,
    incident_merge,
    incident_named,
    incident_split,
    incident_step,
    incident_undo,
)
from zvon.store.campaign_gate import MAX_REASON
from zvon.store.incident_merge import Side
from zvon.store.incident_row import Random
from zvon.store.incident_step import Contradiction, NotLast
from zvon.store.transaction import AuditEntry, Tx

__all__ = ["BadWhy", "Contradiction", "NotLast", "cut", "merge", "raise_up", "split", "undo"]

MOST_MERGED = 50


class BadWhy(ValueError):
    """Every step says why, in words that can be stored."""


async def merge(
    tx: Tx, viewer: Viewer, incidents: Sequence[UUID], reason: str, now: datetime, random: Random
) -> UUID:
    """Make one of several incidents; the one that stays, which is the oldest.

    Incidents of two campaigns come together with these. Call it in a transaction as the system:
    what the viewer does not see is not found, and all that is moved is counted. Raises `Denied`,
    `NotFound`, `Contradiction` with a sentence, `IllegalMove`, `BadWhy`.
    """
    why = _allowed(viewer, "merge", reason)
    wanted = list(dict.fromkeys(incidents))
    if not 2 <= len(wanted) <= MOST_MERGED:
        raise Contradiction(f"a merge takes 2 to {MOST_MERGED} different incidents")
    ids = sorted([await incident_named.incident(tx, viewer, uuid) for uuid in wanted])
    into = await incident_merge.side(tx, ids[0])
    for other_id in ids[1:]:
        other = await incident_merge.side(tx, other_id)
        await incident_merge.check(tx, into, other)
        ours, theirs = await incident_named.campaigns(tx, into.id, other.id)
        if ours is not None and theirs is not None and ours != theirs:
            await campaign_step.merge(tx, viewer, ours, theirs, why, now)
        else:
            step = await incident_merge.merge(
                tx, into, other, by_person=viewer.person_id, actor=viewer.login, reason=why,
                now=now, random=random,
            )  # fmt: skip
            _told(tx, viewer, "merge", other, {"was": other.state.value, "into": into.number,
                                               "reason": why, "step": str(step)})  # fmt: skip
        into = await incident_merge.side(tx, into.id)
    return into.uuid


async def split(
    tx: Tx, viewer: Viewer, incident: UUID, *, groups: Sequence[UUID], reports: Sequence[UUID],
    reason: str, now: datetime, random: Random,
) -> UUID:  # fmt: skip
    """Take groups of alerts, or reports, out of an incident into a new one; the new one.

    They stay apart from the rest, whatever they share. Raises `Denied`, `NotFound`, `LookupError`
    for what the incident does not have, `Contradiction`, `BadWhy`.
    """
    why = _allowed(viewer, "split", reason)
    if bool(groups) == bool(reports):
        raise Contradiction("name groups of alerts or reports, and not both")
    found = await incident_merge.side(tx, await incident_named.incident(tx, viewer, incident))
    if reports:
        ours, _ = await incident_named.campaigns(tx, found.id, found.id)
        if ours is None:
            raise LookupError(f"{found.number} has no such report")
        await campaign_step.part(tx, viewer, ours, reports, why, now, random)
        return await incident_named.of_report(tx, reports[0])
    rows = await incident_named.groups(tx, viewer, groups)
    made, step = await incident_split.split(
        tx, found, rows, "split", by_person=viewer.person_id, actor=viewer.login, reason=why,
        now=now, random=random,
    )  # fmt: skip
    new = await incident_merge.side(tx, made)
    _told(tx, viewer, "split", found, {"into": new.number, "groups": len(rows), "reason": why,
                                       "step": step})  # fmt: skip
    return new.uuid


async def cut(
    tx: Tx, viewer: Viewer, link: UUID, reason: str, now: datetime, random: Random
) -> tuple[UUID, UUID | None]:
    """Undo one link. The incident, and the new one of what no longer hangs together with its first
    group; none when other links hold all together.

    Raises `Denied`, `LookupError`, `Contradiction`, `BadWhy`.
    """
    why = _allowed(viewer, "cut", reason)
    found = await incident_named.link(tx, viewer, link)
    number, a, b = found.id, found.a, found.b
    of = await incident_merge.side(tx, found.incident_id)
    going = await alert_component.without(tx, of.id, number, a, b)
    if going:
        made, step = await incident_split.split(
            tx, of, going, "cut", by_person=viewer.person_id, actor=viewer.login, reason=why,
            now=now, random=random, cut=[number],
        )  # fmt: skip
        new = (await incident_merge.side(tx, made)).uuid
    else:
        stood = await incident_step.before(tx, [of.id], [])
        step, _ = await incident_step.note(
            tx, "cut", incident_id=of.id, other_id=None, stood=stood,
            by_person=viewer.person_id, reason=why, now=now, random=random,
        )  # fmt: skip
        await incident_split.undo_links(tx, [number], step, now)
        await alert_component.rebuild(tx, [a, b])
        new = None
    _told(tx, viewer, "cut", of, {"link": str(link), "reason": why, "step": step})
    return of.uuid, new


async def raise_up(
    tx: Tx, viewer: Viewer, groups: Sequence[UUID], reason: str, now: datetime, random: Random
) -> UUID:
    """Make an incident of groups that nobody was asked about: background, or too little to ask.

    Raises `Denied`, `LookupError`, `Contradiction` for a group that is in one, or of two realms.
    """
    why = _allowed(viewer, "raise", reason)
    rows = await incident_named.groups(tx, viewer, groups)
    await incident_named.loose(tx, rows)
    made = await alert_incident.found(
        tx, rows, after=None, told="INCIDENT_RAISED", now=now, random=random
    )
    await alert_incident.count(tx, [made], now)
    side = await incident_merge.side(tx, made)
    _told(tx, viewer, "raise", side, {"groups": len(rows), "reason": why})
    return side.uuid


async def undo(tx: Tx, viewer: Viewer, step: UUID, now: datetime) -> UUID:
    """Take a step back; the incident that it was done to. Raises `Denied`, `LookupError`,
    `Contradiction`, `NotLast`.
    """
    _allowed(viewer, "undo", "undo")
    await incident_named.step(tx, viewer, step)
    found = await incident_undo.undo(
        tx, step, by_person=viewer.person_id, actor=viewer.login, now=now
    )
    _told(tx, viewer, "undo", found, {"step": str(step)})
    return found.uuid


def _allowed(viewer: Viewer, verb: str, reason: str) -> str:
    if not viewer.may(Permission.INCIDENT_DECIDE):
        entry = AuditEntry(actor=viewer.login, action=f"incident:{verb}", object="incident",
                           outcome="refused", rule=Permission.INCIDENT_DECIDE.value)  # fmt: skip
        raise Denied(Permission.INCIDENT_DECIDE, entry)
    why = reason.strip()
    if not why or len(why) > MAX_REASON:
        raise BadWhy(f"say why, in at most {MAX_REASON} characters")
    if "\x00" in why or any("\ud800" <= c <= "\udfff" for c in why):
        raise BadWhy("the reason has a character that cannot be stored")
    return why


def _told(tx: Tx, viewer: Viewer, verb: str, of: Side, detail: dict[str, str | int]) -> None:
    tx.audit(AuditEntry(actor=viewer.login, action=f"incident:{verb}",
                        object=f"incident:{of.number}", detail=detail))  # fmt: skip
