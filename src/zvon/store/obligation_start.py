"""Starting a duty, and keeping its steps as the rules say whenever something becomes known."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, spoken, uuid7
from zvon.model.obligation_plan import Happened, Known, Planned, plan
from zvon.model.rule_pack import EVENTS, PREFIXES
from zvon.store import incident_time, obligation, rule_pack
from zvon.store.incident_row import timeline
from zvon.store.obligation import Obligation, Step
from zvon.store.party import Db
from zvon.store.rule_pack import PackRow
from zvon.store.transaction import AuditEntry, Change, Op, Tx

Random = Callable[[int], bytes]
SKEW = timedelta(minutes=5)
MOST_ENTITY = 300
MOST_NOTE = 1000
OPEN = ("not_due", "armed", "drafting", "in_review")


class BadObligation(ValueError):
    """A field of the duty or of its event cannot be used; says which."""


class NotInForce(ValueError):
    """The pack does not hold on this day."""


async def start(
    tx: Tx, viewer: Viewer | None, *, incident_uuid: UUID | None, pack: str, entity: str,
    entity_kind: str, now: datetime, random: Random, key: str | None = None,
    events: Sequence[tuple[str, datetime]] = (), by: str = "system",
) -> UUID:  # fmt: skip
    """Start a duty under the active version of `pack`, which it keeps; its identifier.

    Without `viewer` a run or a rule of ours starts it, in the name of `by`. The same `key` starts
    it once. Raises `Denied`, `NoPack`, `NotInForce`, `NoObligation` for an unknown incident,
    `BadObligation`.
    """
    if viewer is not None:
        viewer.require(Permission.OBLIGATION_WRITE)
        by = viewer.login
    if key is not None:
        row = await (
            await tx.execute("select uuid from obligation where key = %s", (key,))
        ).fetchone()
        if row is not None:
            return UUID(str(row[0]))
    rules = await rule_pack.active(tx.db, pack)
    name = _text("entity", entity, MOST_ENTITY)
    kind = entity_kind.strip()
    if kind and rules.rules.entity_types and kind not in rules.rules.entity_types:
        raise BadObligation(f"entity_kind: one of {', '.join(rules.rules.entity_types)}")
    if not rules.rules.holds(now.date()):
        raise NotInForce(f"{pack} {rules.version} does not hold on {now.date().isoformat()}")
    incident_id = None if incident_uuid is None else await _incident(tx, incident_uuid)
    drawn = await (await tx.execute("select nextval('obligation_number')")).fetchone()
    assert drawn is not None
    uuid, number = uuid7(now, random(RANDOM_BYTES)), spoken("N", now.year, int(drawn[0]))
    await tx.execute(
        """
        insert into obligation (uuid, number, incident_id, pack_id, entity, entity_kind, started_by,
                                started_at, key)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (uuid, number, incident_id, rules.id, name, kind, by, now, key),
    )
    made = await obligation.known(tx.db, uuid)
    for what, at in events:
        await _put_event(tx, made, what, at, None, "", by, now)
    await follow(tx, made, rules, now, random)
    tell(tx, by, "start", made, Op.ADD, pack=pack, version=rules.version, entity=name)
    await say(tx, made, by, "OBLIGATION_STARTED", {"number": number, "pack": pack}, now)
    return uuid


async def event(
    tx: Tx, viewer: Viewer, uuid: UUID, kind: str, at: datetime, *, due_at: datetime | None,
    note: str, now: datetime, random: Random,
) -> Obligation:  # fmt: skip
    """Write down what happened: a request, a receipt, a decision; the steps follow.

    The same event at the same time is one. Raises `Denied`, `NoObligation`, `BadObligation`.
    """
    viewer.require(Permission.OBLIGATION_WRITE)
    found = await obligation.known(tx.db, uuid, lock=True)
    if found.closed_at is not None:
        raise BadObligation(f"{found.number} is closed")
    await _put_event(tx, found, kind, at, due_at, note, viewer.login, now)
    rules = await obligation.pack_of(tx.db, found)
    await follow(tx, found, rules, now, random)
    tell(tx, viewer.login, "event", found, Op.EDIT, event=kind, at=at.isoformat())
    await say(
        tx, found, viewer.login, "OBLIGATION_EVENT", {"number": found.number, "event": kind}, now
    )
    return await obligation.known(tx.db, uuid)


async def close(tx: Tx, viewer: Viewer, uuid: UUID, reason: str, now: datetime) -> Obligation:
    """End a duty of which nothing is left to do. Raises `BadObligation` while a step runs."""
    viewer.require(Permission.OBLIGATION_WRITE)
    why = _text("reason", reason, MOST_NOTE)
    found = await obligation.known(tx.db, uuid, lock=True)
    if found.closed_at is not None:
        raise BadObligation(f"{found.number} is closed")
    left = [each.step for each in await obligation.steps(tx.db, found) if each.runs]
    if left:
        raise BadObligation(
            f"steps: {', '.join(left)} are not done; say first why they do not apply"
        )
    await tx.execute(
        "update obligation set closed_at = %s, closed_reason = %s, version = version + 1"
        " where id = %s",
        (now, why, found.id),
    )
    tell(tx, viewer.login, "close", found, Op.EDIT, reason=why)
    await say(tx, found, viewer.login, "OBLIGATION_CLOSED", {"number": found.number}, now)
    return await obligation.known(tx.db, uuid)


async def migrate(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime, random: Random) -> Obligation:
    """Take a running duty to the active version of its pack; what was sent stays as it was sent.

    Raises `Denied`, `NoObligation`, `NoPack`, `BadObligation` when it has that version.
    """
    viewer.require(Permission.OBLIGATION_SUBMIT)
    found = await obligation.known(tx.db, uuid, lock=True)
    rules = await rule_pack.active(tx.db, found.pack)
    if rules.id == found.pack_id:
        raise BadObligation(f"{found.number} has version {rules.version} already")
    await tx.execute(
        "update obligation set pack_id = %s, version = version + 1 where id = %s",
        (rules.id, found.id),
    )
    made = await obligation.known(tx.db, uuid)
    await follow(tx, made, rules, now, random)
    tell(tx, viewer.login, "migrate", made, Op.EDIT, old=found.pack_version, new=rules.version)
    await say(tx, made, viewer.login, "OBLIGATION_MIGRATED",
              {"number": made.number, "version": rules.version}, now)  # fmt: skip
    return made


async def known_of(tx: Tx, found: Obligation, now: datetime) -> Known:
    """What is known of a duty: the times of its incident, events, and what was sent."""
    happened = [Happened(each.kind, each.at, each.due_at)
                for each in await obligation.events(tx.db, found)]  # fmt: skip
    made = await obligation.steps(tx.db, found)
    sent = {each.step: each.submitted_at for each in made if each.submitted_at and each.n == 1}
    accepted = {each.step: each.accepted_at for each in made if each.accepted_at and each.n == 1}
    return Known(
        now=now, times=await times(tx.db, found.incident_id), events=happened, sent=sent,
        accepted=accepted, entity_kind=found.entity_kind,
    )  # fmt: skip


async def times(db: Db, incident_id: int | None) -> dict[str, datetime]:
    """The times of an incident; of `aware` the earliest of all incidents that are one with it.

    Merging never gives more time: whoever knew of one of them knew.
    """
    if incident_id is None:
        return {}
    rows = await (
        await db.execute(
            """
            with recursive same(id) as (
              select %s::bigint
              union
              select x.id from same s join incident i on i.id = s.id
              join lateral (
                select m.id from incident m where m.state = 'merged' and m.duplicate_of = i.id
                union all
                select i.duplicate_of where i.state = 'merged' and i.duplicate_of is not null) x on true)
            select id from same limit 200
            """,
            (incident_id,),
        )
    ).fetchall()
    own = {what: row.at for what, row in (await incident_time.current(db, incident_id)).items()}
    for (other,) in rows:
        found = {} if other == incident_id else await incident_time.current(db, other)
        for what in ("aware", "detected"):
            if what in found:
                own[what] = min(found[what].at, own.get(what, found[what].at))
    return own


async def follow(tx: Tx, found: Obligation, rules: PackRow, now: datetime, random: Random) -> None:
    """Bring the steps of a duty to what the rules say now; idempotent.

    What a person has begun or sent is not taken away: a draft keeps its fields, its date follows.
    """
    stand = {(each.step, each.n): each for each in await obligation.steps(tx.db, found)}
    planned = plan(rules.rules, await known_of(tx, found, now))
    for each in planned:
        old = stand.pop((each.step, each.n), None)
        if old is None:
            await _insert(tx, found, rules, each, now, random)
        elif old.state in OPEN or (old.state == "not_applicable" and not old.due_at):
            await _update(tx, found, old, each)
    for gone in stand.values():
        if gone.state in {"not_due", "armed"} and (gone.due_at or gone.urgent):
            await _update(tx, found, gone, Planned(step=gone.step, n=gone.n, why="waits"))


async def follow_all(tx: Tx, now: datetime, random: Random) -> None:
    """Follow every open duty; what changed nothing writes nothing."""
    rows = await (
        await tx.execute(
            "select uuid from obligation where closed_at is null order by id limit 5000"
        )
    ).fetchall()
    for (uuid,) in rows:
        found = await obligation.known(tx.db, uuid, lock=True)
        await follow(tx, found, await obligation.pack_of(tx.db, found), now, random)


async def follow_incident(tx: Tx, incident: UUID, now: datetime, random: Random) -> int:
    """Follow every open duty of an incident and of those merged with it; how many."""
    rows = await (
        await tx.execute(
            """
            select o.uuid from obligation o join incident i on i.id = o.incident_id
            left join incident m on m.id = i.duplicate_of
            where o.closed_at is null and (i.uuid = %(u)s or m.uuid = %(u)s
              or i.id = (select duplicate_of from incident where uuid = %(u)s))
            order by o.id
            """,
            {"u": incident},
        )
    ).fetchall()
    for (uuid,) in rows:
        found = await obligation.known(tx.db, uuid, lock=True)
        await follow(tx, found, await obligation.pack_of(tx.db, found), now, random)
    return len(rows)


async def say(
    tx: Tx, found: Obligation, actor: str, code: str, params: dict[str, Any], now: datetime
) -> None:
    """A line in the story of the incident, when there is one."""
    if found.incident_id is not None:
        await timeline(tx, found.incident_id, "obligation", actor, code, params, now)


def tell(tx: Tx, actor: str, what: str, found: Obligation, op: Op, **detail: str | int) -> None:
    """The change and the audit of an act on a duty."""
    tx.note(Change(kind="obligation", subject=found.uuid, op=op))
    tx.audit(AuditEntry(actor=actor, action=f"obligation:{what}",
                        object=f"obligation:{found.number}", detail=dict(detail)))  # fmt: skip


async def _incident(tx: Tx, uuid: UUID) -> int:
    row = await (await tx.execute("select id from incident where uuid = %s", (uuid,))).fetchone()
    if row is None:
        raise obligation.NoObligation(f"no incident {uuid}")
    return int(row[0])


async def _put_event(
    tx: Tx, found: Obligation, kind: str, at: datetime, due_at: datetime | None, note: str, by: str,
    now: datetime,
) -> None:  # fmt: skip
    prefix, _, of = kind.partition(":")
    known = kind in EVENTS or (prefix in PREFIXES and prefix not in {"sent", "accepted"} and of)
    if not known or len(kind) > 100 or "\x00" in kind or not kind.isprintable():
        raise BadObligation(f"kind: one of {', '.join(EVENTS)}, received:STEP or decision:WORD")
    if at > now + SKEW:
        raise BadObligation("at: not in the future")
    if due_at is not None and due_at < at:
        raise BadObligation("due_at: not before the event itself")
    await tx.execute(
        """
        insert into obligation_event (obligation_id, kind, at, due_at, note, by_login, noted_at)
        values (%s, %s, %s, %s, %s, %s, %s) on conflict (obligation_id, kind, at) do nothing
        """,
        (found.id, kind, at, due_at, _text("note", note, MOST_NOTE) if note else "", by, now),
    )


async def _insert(
    tx: Tx, found: Obligation, rules: PackRow, each: Planned, now: datetime, random: Random
) -> None:
    step = rules.rules.step(each.step)
    due = each.due
    await tx.execute(
        """
        insert into obligation_step (uuid, obligation_id, step, n, state, start_at, started_by,
          due_at, extended_at, rest_day, notes, urgent, provisional, why, form, four_eyes, late)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (uuid7(now, random(RANDOM_BYTES)), found.id, each.step, each.n,
         "armed" if each.runs else "not_due", each.start, each.started_by,
         None if due is None else due.at, None if due is None else due.extended,
         "" if due is None else due.rest_day, [] if due is None else [n.value for n in due.notes],
         each.urgent, each.provisional, each.why, step.form, rules.rules.four_eyes,
         due is not None and due.at <= now),
    )  # fmt: skip


async def _update(tx: Tx, found: Obligation, old: Step, each: Planned) -> None:
    due = each.due
    state = old.state
    if old.state in {"not_due", "armed"}:
        state = "armed" if each.runs else "not_due"
    new = (state, each.start, each.started_by, None if due is None else due.at,
           None if due is None else due.extended, "" if due is None else due.rest_day,
           [] if due is None else [n.value for n in due.notes], each.urgent, each.provisional,
           each.why)  # fmt: skip
    stood = (old.state, old.start_at, old.started_by, old.due_at, old.extended_at, old.rest_day,
             old.notes, old.urgent, old.provisional, old.why)  # fmt: skip
    if new == stood:
        return
    await tx.execute(
        """
        update obligation_step set state = %s, start_at = %s, started_by = %s, due_at = %s,
          extended_at = %s, rest_day = %s, notes = %s, urgent = %s, provisional = %s, why = %s,
          version = version + 1
        where id = %s
        """,
        (*new, old.id),
    )
    tx.note(Change(kind="obligation", subject=found.uuid, op=Op.EDIT))


def _text(field: str, text: str, most: int) -> str:
    clean = text.strip()
    if not 1 <= len(clean) <= most:
        raise BadObligation(f"{field}: 1 to {most} characters")
    if "\x00" in clean or any("\ud800" <= c <= "\udfff" for c in clean):
        raise BadObligation(f"{field}: a character that cannot be stored")
    return clean
