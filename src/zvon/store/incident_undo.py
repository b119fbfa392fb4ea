"""Taking back what was done to incidents: states, owners and groups lie as they lay before."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from zvon.store import alert_component, alert_incident, incident_split, incident_step
from zvon.store.incident_merge import Side, side
from zvon.store.incident_row import timeline
from zvon.store.incident_step import Before, Contradiction, IncidentBefore, NotLast
from zvon.store.transaction import Change, Op, Tx


async def undo(tx: Tx, step: UUID, *, by_person: int, actor: str, now: datetime) -> Side:
    """Take a step back; the incident that took in, or lost, as it is then.

    What came since goes with the part that it hangs together with, else it stays. Raises
    `LookupError`, `Contradiction` for a step that was taken back, `NotLast`.
    """
    row = await (
        await tx.execute(
            "select id, kind, incident_id, other_id, before, undone_at, by_person from incident_step"
            " where uuid = %s for no key update",
            (step,),
        )
    ).fetchone()
    if row is None:
        raise LookupError(f"no step {step}")
    number, kind, incident_id, other_id, stored, undone, machine = *row[:6], row[6] is None
    if undone is not None:
        raise Contradiction("the step was taken back already")
    stood = msgspec.convert(stored, Before)
    home = await side(tx, incident_id)
    other = None if other_id is None else await side(tx, other_id)
    await _last(tx, number, stood, home, other)
    touched = await _unsay(tx, number, stood, now)
    if kind == "merge" and other is not None:
        await _part_again(tx, home, other, stood, touched)
        if machine:  # else the next alert would have it joined again
            await _stick(tx, home, other, number, now)
    else:
        await alert_component.rebuild(tx, touched)
        if other is not None:
            await _home(tx, home, other)
    await tx.execute(
        "update incident_step set undone_at = %s, undone_by = %s where id = %s",
        (now, by_person, number),
    )
    sides = [home] if other is None else [home, other]
    await tx.execute("update incident set version = version + 1 where id = %s", (incident_id,))
    await alert_incident.count(tx, [each.id for each in sides], now)
    for each in sides:
        await timeline(tx, each.id, "state", actor, "STEP_UNDONE", {}, now)
        tx.note(Change(kind="incident", subject=each.uuid, op=Op.EDIT, record_id=each.record_id,
                       tlp=each.tlp))  # fmt: skip
    return await side(tx, incident_id)


async def _last(tx: Tx, number: int, stood: Before, home: Side, other: Side | None) -> None:
    """Raise `NotLast` when a later step moved what this one moved, or one of both sides."""
    later = await tx.execute(
        """
        select from incident_step s where s.id > %(n)s and s.undone_at is null
          and (s.other_id = any(%(sides)s) or s.incident_id = %(other)s
               or exists (select from jsonb_array_elements(s.before -> 'groups') e
                          where (e ->> 0)::bigint = any(%(groups)s)))
        limit 1
        """,
        {"n": number, "sides": [home.id] if other is None else [home.id, other.id],
         "other": None if other is None else other.id, "groups": [g for g, _ in stood.groups]},
    )  # fmt: skip
    if later.rowcount:
        raise NotLast("later steps touched the same incidents; take those back first")


async def _unsay(tx: Tx, number: int, stood: Before, now: datetime) -> list[int]:
    """What the step said about groups holds no longer; the groups that this touches."""
    touched = {group for group, _ in stood.groups}
    for table in ("alert_apart", "alert_together"):
        rows = await tx.db.execute(
            f"update {table} set undone_at = %s where step_id = %s returning a, b".encode(),  # noqa: S608 -- literals only
            (now, number),
        )
        touched |= {group for row in await rows.fetchall() for group in row}
    rows = await tx.execute(
        "update alert_link set undone_at = null, undone_step = null"
        " where undone_step = %s returning a, b",
        (number,),
    )
    return sorted(touched | {group for row in await rows.fetchall() for group in row})


async def _part_again(
    tx: Tx, home: Side, other: Side, stood: Before, touched: Collection[int]
) -> None:
    """The merged incident is alive again with its groups, and with what hangs only on them."""
    was = _was(stood, other.id)
    back = [group for group, incident in stood.groups if incident == other.id]
    await tx.execute(
        "update alert_group set incident_id = %s where id = any(%s) and incident_id = %s",
        (other.id, back, home.id),
    )
    await alert_component.rebuild(tx, touched)
    await tx.execute(
        """
        update alert_group g set incident_id = %(other)s
        where g.incident_id = %(home)s and g.first_at >= %(since)s
          and exists (select from alert_group b where b.id = any(%(back)s)
                      and b.realm_id = g.realm_id and b.component = g.component)
          and not exists (select from alert_group h where h.incident_id = %(home)s
                          and h.realm_id = g.realm_id and h.component = g.component
                          and h.id < g.id and not h.id = any(%(back)s))
        """,
        {"other": other.id, "home": home.id, "back": back, "since": was.first_at},
    )
    await incident_step.restore(tx, was)
    await incident_step.narrow(tx, _was(stood, home.id))


async def _stick(tx: Tx, home: Side, other: Side, number: int, now: datetime) -> None:
    """What the correlation put together, and a person took apart, stays apart."""
    rows = await tx.execute(
        "select id, incident_id from alert_group where incident_id in (%s, %s) order by id",
        (home.id, other.id),
    )
    lying = {int(group): int(incident) for group, incident in await rows.fetchall()}
    going = [group for group, incident in lying.items() if incident == other.id]
    staying = [group for group, incident in lying.items() if incident == home.id]
    if going and staying:
        between = await incident_split.links_between(tx, going, staying)
        await incident_split.undo_links(tx, between, number, now)
        await incident_split.stay_apart(tx, going, staying, number)
        await alert_component.rebuild(tx, [*going, *staying])


async def _home(tx: Tx, home: Side, other: Side) -> None:
    """All that the made incident has goes back; it stays as one that was merged."""
    await tx.execute(
        "update alert_group set incident_id = %s where incident_id = %s", (home.id, other.id)
    )
    await tx.execute(
        "update incident set state = 'merged', duplicate_of = %s, hold_until = null,"
        " hold_from = null, version = version + 1 where id = %s",
        (home.id, other.id),
    )


def _was(stood: Before, incident_id: int) -> IncidentBefore:
    return next(each for each in stood.incidents if each.id == incident_id)
