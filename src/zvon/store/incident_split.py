"""Groups of alerts leave an incident for a new one, and stay apart from the rest for good."""

from collections.abc import Collection, Sequence
from datetime import datetime

from zvon.store import alert_component, alert_incident, incident_step
from zvon.store.incident_merge import Side
from zvon.store.incident_row import Random, timeline
from zvon.store.incident_step import Contradiction
from zvon.store.transaction import Change, Op, Tx

MAX_MOVED = 5_000  # groups that one step moves


async def split(
    tx: Tx, of: Side, groups: Collection[int], kind: str, *, by_person: int, actor: str,
    reason: str, now: datetime, random: Random, cut: Sequence[int] = (),
) -> tuple[int, int]:  # fmt: skip
    """Move groups (row numbers) of an incident into a new one: the new incident, the step.

    The links between both parts are cut, `cut` are further ones. What hung together inside a part
    stays together. Raises `Contradiction` when nothing would move, or nothing stay.
    """
    rows = await (
        await tx.execute("select id from alert_group where incident_id = %s order by id", (of.id,))
    ).fetchall()
    held = [int(row[0]) for row in rows]
    going = sorted(set(groups) & set(held))
    if len(going) < len(set(groups)):
        raise LookupError(f"{of.number} has no such group")
    staying = [group for group in held if group not in set(groups)]
    if not going or not staying:
        raise Contradiction("a split takes some groups and leaves some; these are none or all")
    if len(going) > MAX_MOVED:
        raise Contradiction(f"a step moves at most {MAX_MOVED} groups")
    between = await links_between(tx, going, staying)
    stood = await incident_step.before(tx, [of.id], going)
    undone = tuple(sorted({*between, *cut}))
    made = await alert_incident.found(
        tx, going, after=None, told="INCIDENT_SPLIT_OFF", now=now, random=random
    )
    number, _ = await incident_step.note(
        tx, kind, incident_id=of.id, other_id=made,
        stood=incident_step.Before(incidents=stood.incidents, groups=stood.groups, cut=undone),
        by_person=by_person, reason=reason, now=now, random=random,
    )  # fmt: skip
    await undo_links(tx, undone, number, now)
    await stay_apart(tx, going, staying, number)
    await alert_component.rebuild(tx, [*going, *staying])
    await tx.execute("update incident set version = version + 1 where id = %s", (of.id,))
    await alert_incident.count(tx, [of.id, made], now)
    fresh = await (
        await tx.execute("select number from incident where id = %s", (made,))
    ).fetchone()
    assert fresh is not None
    told = {"number": fresh[0], "n": len(going), "reason": reason}
    await timeline(tx, of.id, "state", actor, "GROUPS_PARTED", told, now)
    tx.note(Change(kind="incident", subject=of.uuid, op=Op.EDIT, record_id=of.record_id,
                   tlp=of.tlp))  # fmt: skip
    return made, number


async def stay_apart(tx: Tx, going: Sequence[int], staying: Sequence[int], step_id: int) -> None:
    """Two parts stay apart for good, and each stays one, by the word of a step."""
    rows = await tx.execute(
        "select id, realm_id from alert_group where id = any(%s) order by id", ([*going, *staying],)
    )
    realm = {int(group): int(realm_id) for group, realm_id in await rows.fetchall()}
    for realm_id in sorted(set(realm.values())):
        mine = [g for g in sorted(going) if realm[g] == realm_id]
        theirs = [g for g in sorted(staying) if realm[g] == realm_id]
        await _chain(tx, mine, step_id)
        await _chain(tx, theirs, step_id)
        if mine and theirs:
            await tx.execute(
                "insert into alert_apart (a, b, step_id) values (%s, %s, %s)",
                (min(mine[0], theirs[0]), max(mine[0], theirs[0]), step_id),
            )


async def undo_links(tx: Tx, links: Sequence[int], step_id: int, now: datetime) -> None:
    """Cut links, as a part of a step."""
    await tx.execute(
        "update alert_link set undone_at = %s, undone_step = %s where id = any(%s)"
        " and undone_at is null",
        (now, step_id, list(links)),
    )


async def links_between(tx: Tx, going: Sequence[int], staying: Sequence[int]) -> list[int]:
    """The live links between the two parts."""
    rows = await tx.execute(
        """
        select id from alert_link where undone_at is null and kind <> 'related'
          and (a = any(%(go)s) and b = any(%(stay)s) or a = any(%(stay)s) and b = any(%(go)s))
        """,
        {"go": list(going), "stay": list(staying)},
    )
    return [int(row[0]) for row in await rows.fetchall()]


async def _chain(tx: Tx, part: Sequence[int], step_id: int) -> None:
    """One part stays one, also where only the links that are cut now held it.

    Each piece of it that its own links hold is tied to the first by a word of this step.
    """
    if len(part) < 2:
        return
    rows = await (
        await tx.execute(
            "select a, b from alert_link where undone_at is null and kind <> 'related'"
            " and a = any(%(part)s) and b = any(%(part)s) union"
            " select a, b from alert_together where undone_at is null and a = any(%(part)s)"
            " and b = any(%(part)s)",
            {"part": list(part)},
        )
    ).fetchall()
    pieces = alert_component.pieces(part, [(int(a), int(b)) for a, b in rows])
    first, *others = sorted(set(pieces.values()))
    for other in others:
        await tx.execute(
            "insert into alert_together (a, b, step_id) values (%s, %s, %s)",
            (first, other, step_id),
        )


__all__ = ["MAX_MOVED", "links_between", "split", "stay_apart", "undo_links"]
