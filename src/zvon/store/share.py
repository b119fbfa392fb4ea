"""Releases to a group: prepared, held, released, revoked; nothing leaves without such a row."""

from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.store.party import Db
from zvon.store.transaction import Tx

PAGE = 100


class ShareRow(Struct, frozen=True, kw_only=True):
    """One release. `before` and `decisions` hold originals: for the originator alone."""

    id: int
    uuid: UUID
    incident_id: int
    incident_uuid: UUID
    incident_number: str
    incident_record_id: int
    group_uuid: UUID
    group_name: str
    state: str
    policy: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any] | None
    decisions: list[dict[str, Any]]
    overrides: dict[str, str]
    residue: dict[str, Any]
    risk: float
    approver_needed: bool
    approvals: list[dict[str, Any]]
    prepared_by: str | None
    prepared_at: datetime
    released_by: str | None
    released_at: datetime | None
    revoked_at: datetime | None
    revoke_reason: str | None


class IncidentRow(Struct, frozen=True, kw_only=True):
    """What a release says of its incident."""

    id: int
    record_id: int
    number: str


class Standing(Struct, frozen=True, kw_only=True):
    """What taking a release back needs to know of it; `gone` are originals that did not leave."""

    id: int
    group_uuid: UUID
    group_name: str
    policy: dict[str, Any]
    number: str | None
    record_id: int | None
    gone: list[str]


class NoShare(LookupError):
    """No release has this identifier, or the reader may not see it."""

    def __init__(self, uuid: UUID) -> None:
        super().__init__(f"no share {uuid}")


_SELECT: LiteralString = """
select s.id, s.uuid, s.incident_id, i.uuid as incident_uuid, i.number as incident_number,
       i.record_id as incident_record_id, s.group_uuid, g.name as group_name, s.state, s.policy,
       s.before, s.after, s.decisions, s.overrides, s.residue, s.risk, s.approver_needed,
       coalesce((select jsonb_agg(jsonb_build_object('login', w.login, 'word', a.word,
                                                     'reason', a.reason, 'at', a.at) order by a.at)
                 from share_approval a join person w on w.id = a.person_id
                 where a.share_id = s.id), '[]') as approvals,
       b.login as prepared_by, s.prepared_at, p.login as released_by,
       s.released_at, s.revoked_at, s.revoke_reason
from share s
join incident i on i.id = s.incident_id
join share_group g on g.uuid = s.group_uuid
left join person p on p.id = s.released_by
left join person b on b.id = s.prepared_by
"""


async def get(db: Db, uuid: UUID) -> ShareRow:
    """One release. Raises `NoShare`."""
    async with db.cursor(row_factory=class_row(ShareRow)) as cursor:
        await cursor.execute(_SELECT + "where s.uuid = %s", (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoShare(uuid)
    return found


async def standing(db: Db, uuid: UUID) -> Standing:
    """A release as it stands, also one that has no incident any more. Raises `NoShare`."""
    async with db.cursor(row_factory=class_row(Standing)) as cursor:
        await cursor.execute(
            "select s.id, s.group_uuid, g.name as group_name, s.policy, i.number, i.record_id,"
            " array(select d ->> 'text' from jsonb_array_elements(s.decisions) d"
            "       where d ->> 'state' not in ('keep', 'ask')) as gone"
            " from share s join share_group g on g.uuid = s.group_uuid"
            " left join incident i on i.id = s.incident_id where s.uuid = %s",
            (uuid,),
        )
        found = await cursor.fetchone()
    if found is None:
        raise NoShare(uuid)
    return found


async def lock(tx: Tx, uuid: UUID) -> ShareRow:
    """One release, locked until the transaction ends. Raises `NoShare`."""
    await tx.execute("select from share where uuid = %s for update", (uuid,))
    return await get(tx.db, uuid)


async def newest(
    db: Db, *, incident_uuid: UUID | None = None, before: datetime | None = None, limit: int = PAGE
) -> list[ShareRow]:
    """Releases, newest first, of one incident or of all; `before` is the time of the last seen."""
    async with db.cursor(row_factory=class_row(ShareRow)) as cursor:
        await cursor.execute(
            _SELECT + "where (%(incident)s::uuid is null or i.uuid = %(incident)s)"
            " and (%(before)s::timestamptz is null or s.prepared_at < %(before)s)"
            " order by s.prepared_at desc, s.id desc limit %(limit)s",
            {"incident": incident_uuid, "before": before, "limit": limit},
        )
        return await cursor.fetchall()


async def incident_of(db: Db, incident_uuid: UUID) -> IncidentRow | None:
    """Row, record and number of an incident, or `None`."""
    async with db.cursor(row_factory=class_row(IncidentRow)) as cursor:
        await cursor.execute(
            "select id, record_id, number from incident where uuid = %s", (incident_uuid,)
        )
        return await cursor.fetchone()


async def add(
    tx: Tx, *, uuid: UUID, incident_id: int, group_uuid: UUID, state: str, policy: dict[str, Any],
    before: dict[str, Any], after: dict[str, Any] | None, decisions: list[dict[str, Any]],
    residue: dict[str, Any], risk: float, approver_needed: bool, person_id: int, now: datetime,
) -> int:  # fmt: skip
    """Store a prepared release; its row."""
    row = await (
        await tx.execute(
            "insert into share (uuid, incident_id, group_uuid, state, policy, before, after,"
            " decisions, residue, risk, approver_needed, prepared_by, prepared_at)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id",
            (uuid, incident_id, group_uuid, state, Jsonb(policy), Jsonb(before),
             None if after is None else Jsonb(after), Jsonb(decisions), Jsonb(residue), risk,
             approver_needed, person_id, now),
        )
    ).fetchone()  # fmt: skip
    assert row is not None
    return int(row[0])


async def undecided(tx: Tx, besides: int, limit: int) -> list[UUID]:
    """Releases that wait for a decision about a span, oldest first, but for one."""
    rows = await tx.execute(
        "select uuid from share where state = 'held' and id <> %s order by prepared_at, id limit %s",
        (besides, limit),
    )
    return [row[0] for row in await rows.fetchall()]


async def open_after(tx: Tx, after: int, limit: int) -> list[UUID]:
    """Releases that have not left, by number from the one after `after`."""
    rows = await tx.execute(
        "select uuid from share where state in ('held', 'waiting') and id > %s order by id limit %s",
        (after, limit),
    )
    return [row[0] for row in await rows.fetchall()]


async def put_review(
    tx: Tx, share_id: int, *, state: str, overrides: dict[str, str], after: dict[str, Any] | None,
    decisions: list[dict[str, Any]], residue: dict[str, Any], risk: float, approver_needed: bool,
) -> None:  # fmt: skip
    """Write down what people decided about spans so far, and what would leave now.

    An approval was about what would have left then; it falls when that changes.
    """
    now = None if after is None else Jsonb(after)
    await tx.execute(
        "delete from share_approval a using share s where a.share_id = s.id and s.id = %s"
        " and s.after is distinct from %s::jsonb",
        (share_id, now),
    )
    await tx.execute(
        "update share set state = %s, overrides = %s, after = %s, decisions = %s, residue = %s,"
        " risk = %s, approver_needed = %s where id = %s",
        (state, Jsonb(overrides), now, Jsonb(decisions), Jsonb(residue), risk, approver_needed,
         share_id),
    )  # fmt: skip


async def put_approval(
    tx: Tx, share_id: int, person_id: int, word: str, reason: str, now: datetime
) -> None:
    """Keep a second person's word; a later one of the same person replaces it."""
    await tx.execute(
        "insert into share_approval (share_id, person_id, word, reason, at)"
        " values (%s, %s, %s, %s, %s) on conflict (share_id, person_id)"
        " do update set word = excluded.word, reason = excluded.reason, at = excluded.at",
        (share_id, person_id, word, reason, now),
    )


async def need_approval(tx: Tx, share_id: int) -> None:
    """Say that this release waits for a second person."""
    await tx.execute("update share set approver_needed = true where id = %s", (share_id,))


async def mark_refused(tx: Tx, share_id: int) -> None:
    """End a release that a second person refused."""
    await tx.execute("update share set state = 'refused' where id = %s", (share_id,))


async def mark_released(
    tx: Tx, share_id: int, *, record_id: int, policy: dict[str, Any], after: dict[str, Any],
    decisions: list[dict[str, Any]], residue: dict[str, Any], risk: float, approver_needed: bool,
    person_id: int, now: datetime,
) -> None:  # fmt: skip
    """Write down what left, under which policy, decided by whom."""
    await tx.execute(
        "update share set state = 'released', record_id = %s, policy = %s, after = %s,"
        " decisions = %s, residue = %s, risk = %s, approver_needed = %s, released_by = %s,"
        " released_at = %s where id = %s",
        (record_id, Jsonb(policy), Jsonb(after), Jsonb(decisions), Jsonb(residue), risk,
         approver_needed, person_id, now, share_id),
    )  # fmt: skip
