"""Feeds: the entries per (group, origin), their Merkle state, checkpoints and acknowledgements."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.store.party import Db
from zvon.store.transaction import Change, Op, Tx


class FeedState(Struct, frozen=True, kw_only=True):
    """Where a feed ends here. `peaks` belongs to `formats.merkle.Frontier`."""

    group_uuid: UUID
    origin: UUID
    size: int
    peaks: bytes
    last_leaf: bytes
    checkpoint_at: datetime | None
    stale: bool
    frozen_at: datetime | None
    frozen_reason: str | None


class EntryRow(Struct, frozen=True, kw_only=True):
    """One entry with what became of it here; `body` is `None` after erasure."""

    group_uuid: UUID
    origin: UUID
    n: int
    leaf: bytes
    kind: str
    object: UUID
    body: bytes | None
    share_id: int | None = None
    record_id: int | None = None
    incident_id: int | None = None
    state: str = "stored"
    problem: str = ""
    at: datetime
    applied_at: datetime | None = None


class CheckpointRow(Struct, frozen=True, kw_only=True):
    """A checkpoint as its origin signed it."""

    size: int
    root: bytes
    note: bytes
    at: datetime


class AckRow(Struct, frozen=True, kw_only=True):
    """One acknowledgement: `peer` did with entry `n` of a feed what `state` says."""

    group_uuid: UUID
    origin: UUID
    n: int
    peer: UUID
    state: str
    body: bytes
    at: datetime


_STATE: LiteralString = """
select group_uuid, origin, size, peaks, last_leaf, checkpoint_at, stale, frozen_at, frozen_reason
from share_feed where group_uuid = %s and origin = %s
"""

_ENTRY: LiteralString = """
select group_uuid, origin, n, leaf, kind, object, body, share_id, record_id,
       incident_id, state, problem, at, applied_at
from feed_entry
"""


async def lock(tx: Tx, group: UUID, origin: UUID, genesis: bytes) -> FeedState:
    """The end of a feed, begun when it is new, locked until the transaction ends."""
    await tx.execute(
        "insert into share_feed (group_uuid, origin, last_leaf) values (%s, %s, %s)"
        " on conflict do nothing",
        (group, origin, genesis),
    )
    found = await _state(tx.db, _STATE + "for update", group, origin)
    assert found is not None
    return found


async def state(db: Db, group: UUID, origin: UUID) -> FeedState | None:
    """The end of a feed; `None` when nothing of it is here."""
    return await _state(db, _STATE, group, origin)


async def _state(db: Db, query: LiteralString, group: UUID, origin: UUID) -> FeedState | None:
    async with db.cursor(row_factory=class_row(FeedState)) as cursor:
        await cursor.execute(query, (group, origin))
        return await cursor.fetchone()


async def extend(tx: Tx, rows: Sequence[EntryRow], peaks: bytes) -> None:
    """Append `rows`, consecutive entries of one feed that the caller has locked."""
    if not rows:
        return
    last = rows[-1]
    await tx.execute(
        """
        insert into feed_entry (group_uuid, origin, n, leaf, kind, object, body, share_id, state, at,
                                applied_at)
        select %s, %s, n, leaf, kind, object, body, share_id, state, at, applied_at
        from unnest(%s::bigint[], %s::bytea[], %s::text[], %s::uuid[], %s::bytea[], %s::bigint[],
                    %s::text[], %s::timestamptz[], %s::timestamptz[])
             x(n, leaf, kind, object, body, share_id, state, at, applied_at)
        """,
        (last.group_uuid, last.origin, [r.n for r in rows], [r.leaf for r in rows],
         [r.kind for r in rows], [r.object for r in rows], [r.body for r in rows],
         [r.share_id for r in rows], [r.state for r in rows], [r.at for r in rows],
         [r.applied_at for r in rows]),
    )  # fmt: skip
    await tx.execute(
        "update share_feed set size = %s, peaks = %s, last_leaf = %s"
        " where group_uuid = %s and origin = %s",
        (last.n + 1, peaks, last.leaf, last.group_uuid, last.origin),
    )


async def put_checkpoint(tx: Tx, group: UUID, origin: UUID, checkpoint: CheckpointRow) -> None:
    """Keep a verified checkpoint; a newer note of the same size replaces the older one."""
    await tx.execute(
        """
        insert into checkpoint as c (group_uuid, origin, size, root, note, at)
        values (%s, %s, %s, %s, %s, %s)
        on conflict (group_uuid, origin, size) do update
          set note = excluded.note, at = excluded.at
          where c.root = excluded.root and c.at <= excluded.at
        """,
        (group, origin, checkpoint.size, checkpoint.root, checkpoint.note, checkpoint.at),
    )
    await tx.execute(
        "update share_feed set checkpoint_at = greatest(checkpoint_at, %s), stale = false"
        " where group_uuid = %s and origin = %s",
        (checkpoint.at, group, origin),
    )


async def last_checkpoint(db: Db, group: UUID, origin: UUID) -> CheckpointRow | None:
    """The checkpoint of the largest size."""
    async with db.cursor(row_factory=class_row(CheckpointRow)) as cursor:
        await cursor.execute(
            "select size, root, note, at from checkpoint where group_uuid = %s and origin = %s"
            " order by size desc limit 1",
            (group, origin),
        )
        return await cursor.fetchone()


async def mark_stale(tx: Tx, before: datetime, own: UUID) -> list[UUID]:
    """Mark feeds of others whose newest checkpoint is older than `before`; returns their origins."""
    rows = await (
        await tx.execute(
            "update share_feed set stale = true"
            " where not stale and origin <> %s and checkpoint_at < %s returning origin",
            (own, before),
        )
    ).fetchall()
    origins = sorted({row[0] for row in rows})
    tx.note(*(Change(kind="peer", subject=origin, op=Op.EDIT) for origin in origins))
    return origins


async def freeze(
    tx: Tx, group: UUID, origin: UUID, *, first: bytes, second: bytes, reason: str, now: datetime
) -> None:
    """Stop taking from a feed that contradicts itself; both notes are kept as evidence."""
    await tx.execute(
        "insert into equivocation (group_uuid, origin, first_note, second_note, reason, at)"
        " values (%s, %s, %s, %s, %s, %s)",
        (group, origin, first, second, reason, now),
    )
    await tx.execute(
        "update share_feed set frozen_at = coalesce(frozen_at, %s), frozen_reason = %s"
        " where group_uuid = %s and origin = %s",
        (now, reason, group, origin),
    )


async def page(
    db: Db, group: UUID, origin: UUID, start: int, *, max_entries: int, max_bytes: int
) -> list[tuple[bytes, bytes | None]]:
    """(leaf, body) from entry `start` on, as many as fit; at least one when there is one."""
    rows = await (
        await db.execute(
            """
            select leaf, body from (
              select n, leaf, body, sum(coalesce(length(body), 32)) over (order by n) as total
              from feed_entry
              where group_uuid = %s and origin = %s and n >= %s and n < %s) x
            where total <= %s or n = %s order by n
            """,
            (group, origin, start, start + max_entries, max_bytes, start),
        )
    ).fetchall()
    return [(bytes(leaf), None if body is None else bytes(body)) for leaf, body in rows]


async def leaves(db: Db, group: UUID, origin: UUID, size: int) -> list[bytes]:
    """The first `size` leaf hashes of a feed."""
    rows = await (
        await db.execute(
            "select leaf from feed_entry where group_uuid = %s and origin = %s and n < %s order by n",
            (group, origin, size),
        )
    ).fetchall()
    return [bytes(row[0]) for row in rows]


async def entries_of(db: Db, origin: UUID, object_id: UUID) -> list[EntryRow]:
    """Every entry of one origin about one object, in any group, oldest first."""
    async with db.cursor(row_factory=class_row(EntryRow)) as cursor:
        await cursor.execute(
            _ENTRY + "where origin = %s and object = %s order by at, group_uuid, n",
            (origin, object_id),
        )
        return await cursor.fetchall()


async def in_state(db: Db, group: UUID, origin: UUID, wanted: str, limit: int) -> list[EntryRow]:
    """Entries of one feed that are in a state, oldest first."""
    async with db.cursor(row_factory=class_row(EntryRow)) as cursor:
        await cursor.execute(
            _ENTRY + "where group_uuid = %s and origin = %s and state = %s order by n limit %s",
            (group, origin, wanted, limit),
        )
        return await cursor.fetchall()


async def claim(tx: Tx, entry: EntryRow) -> bool:
    """Lock an entry until the transaction ends; false when somebody settled it meanwhile."""
    row = await (
        await tx.execute(
            "select state from feed_entry where group_uuid = %s and origin = %s and n = %s"
            " for update",
            (entry.group_uuid, entry.origin, entry.n),
        )
    ).fetchone()
    return row is not None and row[0] == entry.state


async def applied_since(db: Db, origin: UUID, since: datetime) -> int:
    """How many events of an origin were taken in since then."""
    row = await (
        await db.execute(
            "select count(*) from feed_entry where origin = %s and state = 'applied'"
            " and kind in ('add', 'supersede') and applied_at > %s",
            (origin, since),
        )
    ).fetchone()
    assert row is not None
    return int(row[0])


async def settle(
    tx: Tx,
    entry: EntryRow,
    state: str,
    *,
    problem: str = "",
    record_id: int | None = None,
    incident_id: int | None = None,
    now: datetime,
) -> None:
    """Write down what became of an entry."""
    await tx.execute(
        """
        update feed_entry set state = %s, problem = %s, record_id = coalesce(%s, record_id),
          incident_id = coalesce(%s, incident_id), applied_at = %s
        where group_uuid = %s and origin = %s and n = %s
        """,
        (
            state,
            problem[:500],
            record_id,
            incident_id,
            now,
            entry.group_uuid,
            entry.origin,
            entry.n,
        ),
    )


async def erase(tx: Tx, origin: UUID, object_id: UUID) -> int:
    """Drop the bodies of everything an origin said of an object, except that it took it back.

    The leaf hashes stay, so that every proof still verifies. Returns the number of bodies.
    """
    done = await tx.execute(
        """
        update feed_entry set body = null,
          state = case when state = 'own' then state else 'erased' end
        where origin = %s and object = %s and kind <> 'revoke' and body is not null
        """,
        (origin, object_id),
    )
    return done.rowcount


async def put_ack(tx: Tx, ack: AckRow, *, sent_at: datetime | None) -> bool:
    """Keep an acknowledgement, ours or a partner's; a newer one of the same entry replaces it.

    False when nothing changed.
    """
    done = await tx.execute(
        """
        insert into ack as a (group_uuid, origin, n, peer, state, body, at, sent_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (group_uuid, origin, n, peer) do update
          set state = excluded.state, body = excluded.body, at = excluded.at,
              sent_at = excluded.sent_at
          where a.at < excluded.at
        """,
        (ack.group_uuid, ack.origin, ack.n, ack.peer, ack.state, ack.body, ack.at, sent_at),
    )
    return done.rowcount == 1


_ACK: LiteralString = "select group_uuid, origin, n, peer, state, body, at from ack "


async def unsent_acks(db: Db, origin: UUID, own: UUID, limit: int) -> list[AckRow]:
    """Our acknowledgements that the origin has not taken yet."""
    async with db.cursor(row_factory=class_row(AckRow)) as cursor:
        await cursor.execute(
            _ACK + "where origin = %s and peer = %s and sent_at is null"
            " order by group_uuid, n limit %s",
            (origin, own, limit),
        )
        return await cursor.fetchall()


async def ack_sent(tx: Tx, ack: AckRow, now: datetime) -> None:
    """The origin took this acknowledgement (unless a newer one has replaced it since)."""
    await tx.execute(
        "update ack set sent_at = %s"
        " where group_uuid = %s and origin = %s and n = %s and peer = %s and at = %s",
        (now, ack.group_uuid, ack.origin, ack.n, ack.peer, ack.at),
    )


async def acks_of_share(db: Db, share_uuid: UUID) -> list[AckRow]:
    """What partners answered to the entries of one release, by entry and partner."""
    async with db.cursor(row_factory=class_row(AckRow)) as cursor:
        await cursor.execute(
            """
            select a.group_uuid, a.origin, a.n, a.peer, a.state, a.body, a.at
            from ack a join feed_entry e using (group_uuid, origin, n)
            join share s on s.id = e.share_id
            where s.uuid = %s order by a.n, a.peer
            """,
            (share_uuid,),
        )
        return await cursor.fetchall()
