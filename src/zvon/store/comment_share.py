"""What of the talk about an incident goes to a group, and what comes from its partners."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.mention import handle
from zvon.store.party import Db
from zvon.store.transaction import Tx

Random = Callable[[int], bytes]
MOST_A_DAY = 200
"""Comments of one partner on one incident that we take in a day."""


class NoCommentShare(LookupError):
    """No part of the talk has this identifier, or not for this viewer."""


class Outbound(Struct, frozen=True, kw_only=True):
    """A comment on its way to a group. `answers` is the name there of what it answers to."""

    id: int
    uuid: UUID
    comment: UUID
    comment_id: int
    incident_id: int
    record_id: int
    number: str
    tlp: int
    text: str
    gone: bool
    group_uuid: UUID
    group_name: str
    asked_for: Sequence[str]
    state: str
    answers: UUID | None


class Standing(Struct, frozen=True, kw_only=True):
    """The event of an incident in a group: ours with its release, or a partner's."""

    object: UUID
    share_id: int | None
    tlp: int
    pap: int
    epoch: str | None
    gone: Sequence[str]


class Partner(Struct, frozen=True, kw_only=True):
    """A partner who can be called; `shared` says whether the incident's event stands in `group_name`."""

    name: str
    group_uuid: UUID
    group_name: str
    shared: bool


_SELECT: LiteralString = """
select s.id, s.uuid, c.uuid as comment, c.id as comment_id, c.incident_id, i.record_id, i.number,
       i.tlp, c.text, c.gone_at is not null as gone, s.group_uuid, g.name as group_name, s.asked_for,
       s.state,
       (select coalesce(case when r.origin is not null and r.group_uuid = s.group_uuid then r.uuid end,
               (select x.uuid from comment_share x where x.comment_id = r.id
                and x.group_uuid = s.group_uuid and x.state = 'released'))
        from comment r where r.id = c.root_id) as answers
from comment_share s join comment c on c.id = s.comment_id join incident i on i.id = c.incident_id
join share_group g on g.uuid = s.group_uuid
"""
# Ours that was released to the group, else what a partner of it sent.
_STANDING: LiteralString = """
select object, share_id, tlp, pap, epoch, gone from (
select s.uuid as object, s.id as share_id, coalesce((s.policy ->> 'tlp')::int, 2) as tlp,
       coalesce((s.policy ->> 'pap')::int, 1) as pap, s.policy ->> 'epoch' as epoch,
       array(select d ->> 'text' from jsonb_array_elements(s.decisions) d
             where d ->> 'state' not in ('keep', 'ask')) as gone, 0 as place
from share s where s.incident_id = %(incident)s and s.group_uuid = %(group)s and s.state = 'released'
union all
select e.object, null, r.tlp, r.pap, null, array[]::text[], 1
from feed_entry e join record r on r.id = e.record_id
where e.incident_id = %(incident)s and e.group_uuid = %(group)s and e.state = 'applied'
  and e.kind in ('add', 'supersede') and not r.deleted) x
order by place, share_id desc nulls last limit 1
"""


async def partners(db: Db, incident_id: int) -> list[Partner]:
    """Who can be called, each with the group that they would read it in.

    That is a group in which the event of the incident stands, the smallest if there are several.
    """
    async with db.cursor(row_factory=class_row(Partner)) as cursor:
        await cursor.execute(
            """
            select distinct on (p.name) p.name, g.uuid as group_uuid, g.name as group_name, x.shared
            from peer p join share_member m on m.node_uuid = p.uuid
            join share_group g on g.uuid = m.group_uuid
            cross join lateral (select exists (select from share s where s.incident_id = %(incident)s
                and s.group_uuid = g.uuid and s.state = 'released')
              or exists (select from feed_entry e where e.incident_id = %(incident)s
                and e.group_uuid = g.uuid and e.kind in ('add', 'supersede')
                and e.state = 'applied') as shared) x
            where p.state = 'active'
            order by p.name, x.shared desc,
                     (select count(*) from share_member n where n.group_uuid = g.uuid), g.uuid
            """,
            {"incident": incident_id},
        )
        return await cursor.fetchall()


async def ask(
    tx: Tx, incident_id: int, comment_id: int, names: Sequence[str], now: datetime, random: Random
) -> tuple[str, ...]:
    """Have a comment wait for the groups of the partners that are named; the names of nobody."""
    if not names:
        return ()
    known = {handle(each.name): each for each in await partners(tx.db, incident_id)}
    wanted: dict[UUID, list[str]] = {}
    for name in names:
        if name in known:
            wanted.setdefault(known[name].group_uuid, []).append(known[name].name)
    for group, asked_for in wanted.items():
        await tx.execute(
            """
            insert into comment_share as s (uuid, comment_id, group_uuid, asked_for)
            values (%s, %s, %s, %s)
            on conflict (comment_id, group_uuid) do update set asked_for = excluded.asked_for
            """,
            (uuid7(now, random(RANDOM_BYTES)), comment_id, group, asked_for),
        )
    return tuple(name for name in names if name not in known)


async def lock(tx: Tx, uuid: UUID) -> Outbound:
    """A part of the talk, locked until the transaction ends. Raises `NoCommentShare`."""
    await tx.execute("select from comment_share where uuid = %s for update", (uuid,))
    found = await _select(tx.db, "where s.uuid = %(key)s", uuid)
    if not found:
        raise NoCommentShare(f"no part of the talk {uuid}")
    return found[0]


async def released(tx: Tx, comment: UUID) -> list[Outbound]:
    """What of a comment is at partners now."""
    return await _select(tx.db, "where c.uuid = %(key)s and s.state = 'released'", comment)


async def standing(db: Db, incident_id: int, group_uuid: UUID) -> Standing | None:
    """The event of an incident in a group, `None` where nothing of it was shared."""
    async with db.cursor(row_factory=class_row(Standing)) as cursor:
        await cursor.execute(_STANDING, {"incident": incident_id, "group": group_uuid})
        return await cursor.fetchone()


async def mark_released(
    tx: Tx, share_id: int, *, person_id: int, entry: int, said: str, now: datetime
) -> None:
    """Write down that it left, and how."""
    await tx.execute(
        "update comment_share set state = 'released', released_by = %s, released_at = %s,"
        " entry = %s, said = %s where id = %s",
        (person_id, now, entry, said, share_id),
    )


async def set_state(tx: Tx, share_id: int, state: str) -> None:
    """Drop what waits, ask again for what was dropped, or end what was taken back."""
    await tx.execute("update comment_share set state = %s where id = %s", (state, share_id))


async def incident_of(db: Db, object_id: UUID, group_uuid: UUID) -> int | None:
    """The incident here whose event in the group is `object_id`; after a merge the one that is left."""
    row = await (
        await db.execute(
            """
            select coalesce(i.duplicate_of, i.id) from (
              select s.incident_id from share s
              where s.uuid = %(object)s and s.group_uuid = %(group)s and s.state = 'released'
              union all
              select e.incident_id from feed_entry e
              where e.object = %(object)s and e.group_uuid = %(group)s and e.state = 'applied'
                and e.incident_id is not null) x
            join incident i on i.id = x.incident_id limit 1
            """,
            {"object": object_id, "group": group_uuid},
        )
    ).fetchone()
    return None if row is None else int(row[0])


async def receive(
    tx: Tx, *, incident_id: int, uuid: UUID, origin: UUID, group_uuid: UUID, entry: int,
    answers: UUID | None, text: str, now: datetime,
) -> str:  # fmt: skip
    """Keep what a partner said: `new`, `gone` when it took it back, `known`, `taken`, `many`.

    A partner words nothing anew: what was said under `uuid` stays. `taken` means that somebody else
    has this identifier. Who works on the incident finds it on their list.
    """
    known = await (
        await tx.execute("select id, origin, gone_at from comment where uuid = %s", (uuid,))
    ).fetchone()
    if known is not None and known[1] != origin:
        return "taken"
    if known is not None and not text and known[2] is None:
        await tx.execute("update comment set text = '', gone_at = %s, version = version + 1"
                         " where id = %s", (now, known[0]))  # fmt: skip
        return "gone"
    if known is not None or not text:
        return "known"
    row = await (
        await tx.execute(
            """
            insert into comment (uuid, incident_id, root_id, origin, group_uuid, entry, text, at)
            select %(uuid)s, %(incident)s,
                   (select coalesce(r.root_id, r.id) from comment r where r.incident_id = %(incident)s
                    and (r.uuid = %(answers)s or r.id in (select s.comment_id from comment_share s
                         where s.uuid = %(answers)s and s.group_uuid = %(group)s)) limit 1),
                   %(origin)s, %(group)s, %(entry)s, %(text)s, %(now)s
            where (select count(*) from comment c where c.origin = %(origin)s
                   and c.incident_id = %(incident)s
                   and c.at > %(now)s::timestamptz - interval '1 day') < %(most)s
            returning id
            """,
            {"uuid": uuid, "incident": incident_id, "answers": answers, "group": group_uuid,
             "origin": origin, "entry": entry, "text": text, "now": now, "most": MOST_A_DAY},
        )
    ).fetchone()  # fmt: skip
    if row is None:
        return "many"
    await tx.execute(
        """
        insert into mention (comment_id, person_id, at)
        select %(comment)s, p.id, %(now)s from incident i join person p
          on p.id in (i.owner_id, i.lead_id) where i.id = %(incident)s and not p.disabled
        union
        select %(comment)s, r.by_person, %(now)s from comment c join comment r
          on r.id = c.root_id or r.root_id = c.root_id
        where c.id = %(comment)s and r.by_person is not null
        on conflict do nothing
        """,
        {"comment": row[0], "now": now, "incident": incident_id},
    )
    return "new"


async def forget_origin(tx: Tx, object_id: UUID, group: UUID, origin: UUID, now: datetime) -> int:
    """Empty what a partner said about its event when it takes the event back; how much that was."""
    incident_id = await incident_of(tx.db, object_id, group)
    done = await tx.execute(
        "update comment set text = '', gone_at = %s, version = version + 1"
        " where origin = %s and group_uuid = %s and incident_id = %s and gone_at is null",
        (now, origin, group, incident_id),
    )
    return done.rowcount


async def _select(db: Db, rest: LiteralString, key: UUID) -> list[Outbound]:
    async with db.cursor(row_factory=class_row(Outbound)) as cursor:
        await cursor.execute(_SELECT + rest, {"key": key})
        return await cursor.fetchall()
