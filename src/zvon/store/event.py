"""Events as they leave and arrive: what an incident holds, and what a taken-back one leaves."""

from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from zvon.model.observable import CODE, ObservableType
from zvon.store.party import Db
from zvon.store.transaction import Change, Op, Tx

# Enough to show what the messages look like; the rest travels as observables.
MAX_MESSAGES = 3


class ReleasedShare(Struct, frozen=True, kw_only=True):
    """A release whose event stands in a group's feed."""

    id: int
    uuid: UUID
    group_uuid: UUID
    incident_id: int | None
    state: str
    policy: dict[str, Any]
    after: dict[str, Any] | None
    incident_tlp: int | None


class CausedBlock(Struct, frozen=True, kw_only=True):
    """A block that a partner's machine account proposed."""

    uuid: UUID
    name: str
    state: str


class NoSuchIncident(LookupError):
    """No incident has this identifier."""

    def __init__(self, uuid: UUID) -> None:
        super().__init__(f"no incident {uuid}")


class NoSuchShare(LookupError):
    """No release has this identifier."""

    def __init__(self, uuid: object) -> None:
        super().__init__(f"no share {uuid}")


async def incident_facts(db: Db, incident_uuid: UUID) -> dict[str, Any]:
    """The columns of an incident that an event is made of. Raises `NoSuchIncident`."""
    async with db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            """
            select i.id, i.title, i.title_params, i.verdict, i.category, i.brand, i.probability,
                   i.report_count, i.first_at, i.last_at, r.tlp, r.pap, n.country,
                   coalesce((select v.reasons from verdict v where v.incident_id = i.id
                             and jsonb_array_length(v.reasons) > 0 order by v.at desc limit 1),
                            (select v.reasons from verdict v join report p using (record_id)
                             where p.incident_id = i.id order by v.probability desc nulls last,
                             v.at desc limit 1), '[]') as reasons
            from incident i join record r on r.id = i.record_id cross join node n
            where i.uuid = %s
            """,
            (incident_uuid,),
        )
        found = await cursor.fetchone()
    if found is None:
        raise NoSuchIncident(incident_uuid)
    return found


async def incident_names(db: Db, incident_id: int) -> list[dict[str, Any]]:
    """The names of an incident with the scope that is advised, most reported first."""
    async with db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "select name, scope, reason from incident_name where incident_id = %s"
            " order by reports desc, name",
            (incident_id,),
        )
        return await cursor.fetchall()


async def incident_messages(db: Db, incident_id: int) -> list[dict[str, Any]]:
    """The payloads of the first reports, one of each wording."""
    rows = await (
        await db.execute(
            """
            select payload from (
              select distinct on (r.payload->>'text') r.payload, p.received_at, p.record_id
              from report p join record r on r.id = p.record_id
              where p.incident_id = %s and not r.deleted
              order by r.payload->>'text', p.received_at, p.record_id) x
            order by received_at, record_id limit %s
            """,
            (incident_id, MAX_MESSAGES),
        )
    ).fetchall()
    return [row[0] for row in rows]


_ACTOR = [CODE[ObservableType.IPV4], CODE[ObservableType.IPV6]]


async def incident_observables(db: Db, incident_id: int, limit: int) -> list[tuple[int, str, int]]:
    """(type, value, role) of what the reports of an incident mention, most seen first.

    Of its alerts only who did it, as said by them: the machine that they are about is ours, and
    what else they hold is accused by nobody.
    """
    rows = await (
        await db.execute(
            """
            select type, value, min(role) from (
              select o.type, o.value, c.role, count(*) as n
              from report p join occurrence c on c.record_id = p.record_id
              join observable o on o.id = c.observable_id
              where p.incident_id = %(id)s group by 1, 2, 3
              union all
              select (%(types)s::smallint[])[case family(a.actor) when 4 then 1 else 2 end],
                     host(a.actor), 1, sum(a.count)
              from (select zvon_inet(g.actor) as actor, g.count from alert_group g
                    where g.incident_id = %(id)s and zvon_inet(g.actor) is not null) a
              group by 1, 2
            ) seen
            group by type, value order by sum(n) desc, type, value limit %(limit)s
            """,
            {"id": incident_id, "types": _ACTOR, "limit": limit},
        )
    ).fetchall()
    return [(row[0], row[1], row[2]) for row in rows]


_SHARE: LiteralString = """
select s.id, s.uuid, s.group_uuid, s.incident_id, s.state, s.policy, s.after, r.tlp as incident_tlp
from share s left join incident i on i.id = s.incident_id left join record r on r.id = i.record_id
"""


async def share(db: Db, uuid: UUID) -> ReleasedShare:
    """One release. Raises `NoSuchShare`."""
    async with db.cursor(row_factory=class_row(ReleasedShare)) as cursor:
        await cursor.execute(_SHARE + "where s.uuid = %s", (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoSuchShare(uuid)
    return found


async def released_of_block(
    db: Db, *, block_uuid: UUID | None = None, block_id: int | None = None
) -> tuple[str, list[ReleasedShare]]:
    """The name of a block, and the releases of its incident that stand."""
    row = await (
        await db.execute(
            "select name, incident_id from block where uuid = %s or id = %s",
            (block_uuid, block_id),
        )
    ).fetchone()
    if row is None or row[1] is None:
        return "", []
    async with db.cursor(row_factory=class_row(ReleasedShare)) as cursor:
        await cursor.execute(
            _SHARE + "where s.incident_id = %s and s.state = 'released' order by s.id", (row[1],)
        )
        return row[0], await cursor.fetchall()


async def mark_revoked(tx: Tx, share_id: int, uuid: UUID, reason: str, now: datetime) -> bool:
    """Close a release; false when it was not open."""
    done = await tx.execute(
        "update share set state = 'revoked', revoked_at = %s, revoke_reason = %s"
        " where id = %s and state = 'released'",
        (now, reason, share_id),
    )
    if done.rowcount:
        tx.note(Change(kind="share", subject=uuid, op=Op.REVOKE))
    return done.rowcount == 1


async def retire(tx: Tx, uuid: UUID) -> None:
    """Take our own released event off every surface; what it said stays with its share."""
    row = await (
        await tx.execute(
            "update record set deleted = true where uuid = %s and kind = 'event' and not deleted"
            " returning id",
            (uuid,),
        )
    ).fetchone()
    if row is not None:
        tx.note(Change(kind="event", subject=uuid, op=Op.REVOKE, record_id=row[0]))


async def is_taken(db: Db, uuid: UUID) -> bool:
    """True when a record with this identifier is here, whoever made it."""
    row = await (await db.execute("select from record where uuid = %s", (uuid,))).fetchone()
    return row is not None


async def revise(
    tx: Tx,
    record_id: int,
    uuid: UUID,
    payload: dict[str, Any],
    *,
    tlp: int,
    pap: int,
    now: datetime,
) -> None:
    """Put a newer payload in place; the one before is kept as a version."""
    await tx.execute(
        "insert into record_version (record_id, modified_at, payload)"
        " select id, modified_at, payload from record where id = %s on conflict do nothing",
        (record_id,),
    )
    await tx.execute(
        "update record set payload = %s, modified_at = %s, tlp = %s, pap = %s where id = %s",
        (Jsonb(payload), now, tlp, pap, record_id),
    )
    tx.note(Change(kind="event", subject=uuid, op=Op.EDIT, record_id=record_id))


async def entomb(tx: Tx, record_id: int, uuid: UUID, reason: str, now: datetime) -> None:
    """Erase what a taken-back event said, in every version; a tombstone stays."""
    await tx.execute("delete from record_version where record_id = %s", (record_id,))
    await tx.execute("delete from occurrence where record_id = %s", (record_id,))
    await tx.execute("delete from tag_use where record_id = %s", (record_id,))
    await tx.execute(
        "update record set deleted = true, payload = %s, modified_at = %s where id = %s",
        (Jsonb({"uuid": str(uuid), "revoked": reason}), now, record_id),
    )
    tx.note(Change(kind="event", subject=uuid, op=Op.REVOKE, record_id=record_id))


async def incident_uuid(db: Db, incident_id: int) -> UUID:
    """The identifier of an incident by its row."""
    row = await (
        await db.execute("select uuid from incident where id = %s", (incident_id,))
    ).fetchone()
    assert row is not None
    found: UUID = row[0]
    return found


async def caused_blocks(db: Db, incident_id: int, person_id: int) -> list[CausedBlock]:
    """Blocks of an incident that one account proposed and that still stand or wait."""
    async with db.cursor(row_factory=class_row(CausedBlock)) as cursor:
        await cursor.execute(
            """
            select uuid, name, state from block
            where incident_id = %s and proposer_id = %s
              and state not in ('lifted', 'withdrawn', 'rejected')
            order by id
            """,
            (incident_id, person_id),
        )
        return await cursor.fetchall()


async def event_payload(db: Db, uuid: UUID) -> dict[str, Any] | None:
    """A shared event: ours as it was released, or a partner's as it was received.

    An event that a source of ours sent (`store.intake`) was shared by nobody.
    """
    async with db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            """
            select r.payload as event, r.tlp, r.pap, r.modified_at, r.group_uuid,
                   o.uuid as party_uuid, o.name as party_name, o.country
            from record r join party o on o.id = r.orgc_id
            where r.uuid = %(uuid)s and r.kind = 'event' and not r.deleted
              and not exists (select from source_setup s where s.source_id = r.source_id)
            """,
            {"uuid": uuid},
        )
        return await cursor.fetchone()
