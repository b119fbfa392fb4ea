"""Incidents come together: the oldest stays, the others point to it, and nothing forgets its origin.

Groups of alerts move; reports, tasks, messages and exhibits stay with the incident that they came
to, which shows where it went. Obligations never merge: each keeps its own clock.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from zvon.model.lifecycle import IncidentState, check_incident_move
from zvon.model.marking import Tlp
from zvon.store import alert_component, alert_incident, incident_step
from zvon.store.incident_row import Random, timeline
from zvon.store.incident_step import Contradiction
from zvon.store.transaction import Change, Op, Tx


class Side(Struct, frozen=True, kw_only=True):
    """One of two incidents that come together."""

    id: int
    uuid: UUID
    number: str
    record_id: int
    tlp: Tlp
    state: IncidentState
    orgc_id: int
    duplicate_of: int | None


async def side(tx: Tx, incident_id: int) -> Side:
    """The incident, locked until the end."""
    row = await (
        await tx.execute(
            "select id, uuid, number, record_id, tlp, state, orgc_id, duplicate_of from incident"
            " where id = %s for no key update",
            (incident_id,),
        )
    ).fetchone()
    assert row is not None
    return Side(id=row[0], uuid=row[1], number=row[2], record_id=row[3], tlp=Tlp(row[4]),
                state=IncidentState(row[5]), orgc_id=row[6], duplicate_of=row[7])  # fmt: skip


async def merge(
    tx: Tx, into: Side, other: Side, *, by_person: int | None, actor: str, reason: str,
    now: datetime, random: Random,
) -> UUID:  # fmt: skip
    """Put `other` into `into`; the step, by which it is taken back.

    Raises `Contradiction` with a sentence, `IllegalMove` for a state that cannot be merged.
    """
    await check(tx, into, other)
    check_incident_move(other.state, IncidentState.MERGED)
    groups = await _groups(tx, other.id)
    stood = await incident_step.before(tx, [into.id, other.id], [g for g, _, _ in groups])
    number, uuid = await incident_step.note(
        tx, "merge", incident_id=into.id, other_id=other.id, stood=stood, by_person=by_person,
        reason=reason, now=now, random=random,
    )  # fmt: skip
    if by_person is not None:
        await _together(tx, await _groups(tx, into.id), groups, number)
    await alert_incident.assign(tx, [g for g, _, _ in groups], into.id)
    await tx.execute(
        "update incident set state = 'merged', duplicate_of = %s, hold_until = null,"
        " hold_from = null, version = version + 1 where id = %s",
        (into.id, other.id),
    )
    if groups:
        await tx.execute("update incident set version = version + 1 where id = %s", (into.id,))
        await alert_incident.count(tx, [into.id], now)
        if by_person is not None:
            await alert_component.rebuild(tx, [g for g, _, _ in groups])
    await timeline(tx, other.id, "state", actor, "DUPLICATE_OF",
                   {"number": into.number, "reason": reason}, now)  # fmt: skip
    await timeline(tx, into.id, "state", actor, "HAS_DUPLICATE",
                   {"number": other.number, "reason": reason}, now)  # fmt: skip
    for each in (into, other):
        tx.note(Change(kind="incident", subject=each.uuid, op=Op.EDIT, record_id=each.record_id,
                       tlp=each.tlp))  # fmt: skip
    return uuid


async def check(tx: Tx, into: Side, other: Side) -> None:
    """Raise `Contradiction` when these two cannot be one."""
    if into.id == other.id:
        raise Contradiction(f"{into.number} cannot be merged with itself")
    if other.duplicate_of is not None:
        raise Contradiction(f"{other.number} was merged already; take that back first")
    if into.duplicate_of is not None:
        raise Contradiction(f"{into.number} was merged into another one; merge into that")
    if into.orgc_id != other.orgc_id:
        raise Contradiction(
            f"{into.number} and {other.number} are of different organisations: they can be "
            "related, not merged"
        )
    row = await (
        await tx.execute(
            """
            select p.login, s.at::date from alert_apart x
            join alert_group g on g.id = x.a join alert_group h on h.id = x.b
            join incident_step s on s.id = x.step_id left join person p on p.id = s.by_person
            where x.undone_at is null and (g.incident_id, h.incident_id) in ((%(a)s, %(b)s), (%(b)s, %(a)s))
            order by s.id desc limit 1
            """,
            {"a": into.id, "b": other.id},
        )
    ).fetchone()
    if row is not None:
        raise Contradiction(
            f"{into.number} and {other.number} were parted by {row[0]} on {row[1]}; take that "
            "step back first"
        )


async def _groups(tx: Tx, incident_id: int) -> list[tuple[int, int, int]]:
    """The groups of an incident: row, realm, component."""
    rows = await tx.execute(
        "select id, realm_id, component from alert_group where incident_id = %s order by id",
        (incident_id,),
    )
    return [(int(a), int(b), int(c)) for a, b, c in await rows.fetchall()]


async def _together(
    tx: Tx,
    mine: Sequence[tuple[int, int, int]],
    theirs: Sequence[tuple[int, int, int]],
    step_id: int,
) -> None:
    """Each part of the other hangs together with ours of its realm from now on."""
    first: dict[int, int] = {}
    for group, realm, _ in mine:
        first.setdefault(realm, group)
    parts = {(realm, component): group for group, realm, component in reversed(theirs)}
    pairs = [(first[realm], group) for (realm, _), group in sorted(parts.items()) if realm in first]
    for a, b in pairs:
        await tx.execute(
            "insert into alert_together (a, b, step_id) values (%s, %s, %s)",
            (min(a, b), max(a, b), step_id),
        )


__all__ = ["Contradiction", "Side", "check", "merge", "side"]
