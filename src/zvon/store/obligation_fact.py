"""Facts about an incident that rules of law ask for: who said them, and what the node measured."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.rule_pack import FactRule, Pack
from zvon.model.significance import Earlier, Fact, Significance, Value, assess
from zvon.store import obligation, rule_pack
from zvon.store.incident_row import timeline
from zvon.store.party import Db
from zvon.store.rule_pack import PackRow
from zvon.store.transaction import AuditEntry, Change, Op, Tx

MOST_TEXT = 500
OUTAGES = ("unreachable", "resolver_broken", "control_blocked")
"""Causes of an alarm of the DNS watch that mean: nobody could use the service."""


class BadFact(ValueError):
    """The fact is not one that a rule asks for, or its value does not fit; says which."""


class Asked(Struct, frozen=True, kw_only=True):
    """The facts of an incident under one pack, and what they come to."""

    pack: PackRow
    facts: dict[str, Fact]
    result: Significance


async def put(
    tx: Tx, viewer: Viewer, incident: UUID, said: Mapping[str, Any], now: datetime
) -> dict[str, Fact]:
    """Write facts down; `None` takes one back. All of them or none; what stood before stays.

    Raises `Denied`, `NoObligation`, `BadFact`.
    """
    viewer.require(Permission.OBLIGATION_WRITE)
    incident_id = await incident_of(tx.db, incident)
    rules = await _declared(tx.db)
    checked = {name: _checked(rules, name, value) for name, value in said.items()}
    for name, value in checked.items():
        await tx.execute(
            "insert into incident_fact (incident_id, name, value, source, by_login, at)"
            " values (%s, %s, %s, %s, %s, %s)",
            (incident_id, name, None if value is None else Jsonb(value), f"person:{viewer.login}",
             viewer.login, now),
        )  # fmt: skip
    tx.note(Change(kind="incident", subject=incident, op=Op.EDIT))
    tx.audit(AuditEntry(actor=viewer.login, action="obligation:facts", object=f"incident:{incident}",
                        detail={"facts": sorted(checked)}))  # fmt: skip
    await timeline(tx, incident_id, "obligation", viewer.login, "OBLIGATION_FACTS",
                   {"facts": len(checked)}, now)  # fmt: skip
    return await current(tx.db, incident_id, now)


async def current(db: Db, incident_id: int, now: datetime) -> dict[str, Fact]:
    """The newest of each fact; what a person said counts more than what was measured."""
    rows = await (
        await db.execute(
            "select distinct on (name) name, value, source from incident_fact"
            " where incident_id = %s order by name, id desc",
            (incident_id,),
        )
    ).fetchall()
    said = {name: Fact(value, source) for name, value, source in rows if value is not None}
    return {**await _measured(db, incident_id, now), **said}


async def judge(
    db: Db, viewer: Viewer, incident: UUID, pack: str | None, now: datetime
) -> list[Asked]:
    """What the rules of significance come to, of one pack or of all that have some.

    A pack that is not active is asked too, so that one can see what it would say. Raises `Denied`,
    `NoObligation`, `NoPack` for a pack without such rules.
    """
    viewer.require(Permission.OBLIGATION_READ)
    incident_id = await incident_of(db, incident)
    facts = await current(db, incident_id, now)
    found = []
    for row in await with_rules(db):
        if (pack is None or row.pack == pack) and row.rules.significant is not None:
            earlier = await _earlier(db, incident_id, now)
            result = assess(row.rules.significant, facts, at=now, earlier=earlier)
            found.append(Asked(pack=row, facts=facts, result=result))
    if pack is not None and not found:
        raise rule_pack.NoPack(f"no rules of significance in {pack}")
    return found


async def with_rules(db: Db) -> list[PackRow]:
    """The newest usable version of every pack that has rules of significance."""
    rows = await (
        await db.execute(
            "select distinct on (pack) id from rule_pack where disabled = ''"
            " order by pack, state = 'active' desc, id desc"
        )
    ).fetchall()
    found = [await rule_pack.by_id(db, row[0]) for row in rows]
    return [each for each in found if each.rules.significant is not None]


async def incident_of(db: Db, uuid: UUID) -> int:
    """The key of an incident that the viewer sees. Raises `NoObligation`."""
    row = await (await db.execute("select id from incident where uuid = %s", (uuid,))).fetchone()
    if row is None:
        raise obligation.NoObligation(f"no incident {uuid}")
    return int(row[0])


async def _measured(db: Db, incident_id: int, now: datetime) -> dict[str, Fact]:
    """What our own probes saw while the incident lasted: the longest outage of a resolver.

    Our own push may have been the reason, and then it is ours to report.
    """
    row = await (
        await db.execute(
            """
            select s.name, a.cause,
                   extract(epoch from least(coalesce(a.closed_at, %(now)s), %(now)s) - a.opened_at) / 60
            from incident i
            join dns_alert a on a.cause = any(%(causes)s) and a.opened_at <= %(now)s
              and coalesce(a.closed_at, %(now)s) >= i.first_at
              and a.opened_at <= case when i.state in ('resolved', 'closed') then i.last_at
                                      else %(now)s end
            left join subscriber s on s.id = a.subscriber_id
            where i.id = %(id)s and exists (select from block b where b.incident_id = i.id)
            order by 3 desc limit 1
            """,
            {"now": now, "causes": list(OUTAGES), "id": incident_id},
        )
    ).fetchone()
    if row is None:
        return {}
    return {"dns.unavailable_minutes": Fact(round(float(row[2]), 1),
                                            f"probe:{row[0] or 'node'}:{row[1]}")}  # fmt: skip


async def _earlier(db: Db, incident_id: int, now: datetime) -> list[Earlier]:
    """Earlier incidents of the same subject with their facts; without a duty the subject is us."""
    rows = await (
        await db.execute(
            """
            with subject as (
              select lower(entity) as entity from obligation where incident_id = %(id)s)
            select i.id, i.number, i.first_at from incident i
            where i.id <> %(id)s and i.state not in ('merged', 'rejected')
              and i.first_at <= (select first_at from incident where id = %(id)s)
              and exists (select from incident_fact f where f.incident_id = i.id)
              and case when exists (select from subject)
                    then exists (select from obligation o join subject s on lower(o.entity) = s.entity
                                 where o.incident_id = i.id)
                    else not exists (select from obligation o where o.incident_id = i.id) end
            order by i.first_at desc limit 200
            """,
            {"id": incident_id},
        )
    ).fetchall()
    return [Earlier(number, at, await current(db, other, now)) for other, number, at in rows]


async def _declared(db: Db) -> dict[str, FactRule]:
    rows = await (
        await db.execute("select distinct on (pack) id from rule_pack order by pack, id desc")
    ).fetchall()
    packs: list[Pack] = [(await rule_pack.by_id(db, row[0])).rules for row in rows]
    return {fact.id: fact for pack in packs for fact in pack.facts}


def _checked(rules: Mapping[str, FactRule], name: str, value: Any) -> Value | None:
    rule = rules.get(name)
    if rule is None:
        raise BadFact(f"{name[:64]!r}: no rule asks for this fact")
    if value is None:
        return None
    match rule.type, value:
        case "bool", bool():
            return value
        case "number", int() | float() if not isinstance(value, bool) and 0 <= value < 1e15:
            return float(value)
        case "word", str() if value in rule.words:
            return value
        case "text", str() if 1 <= len(value.strip()) <= MOST_TEXT and value.isprintable():
            return value.strip()
    wants = {"bool": "true or false", "number": "a number from 0", "text": "a short text",
             "word": f"one of {', '.join(rule.words)}"}  # fmt: skip
    raise BadFact(f"{name}: {wants[rule.type]}")
