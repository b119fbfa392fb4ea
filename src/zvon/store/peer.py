"""Partners: the other nodes, the groups we share in, and who belongs to them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.store.party import Db
from zvon.store.transaction import Change, Op, Tx

NONCE_KEPT = timedelta(minutes=11)  # longer than the window in which a request is accepted
HINT_PATIENCE = timedelta(seconds=60)


class Peer(Struct, frozen=True, kw_only=True):
    """Another node. `person_id` is the machine account that its decisions are written under."""

    id: int
    uuid: UUID
    party_id: int
    person_id: int
    name: str
    country: str
    url: str
    tls_pin: bytes
    signing_key: bytes
    state: str
    state_reason: str
    synced_at: datetime | None
    error: str | None
    created_at: datetime
    stale: bool = False
    held: int = 0


class Group(Struct, frozen=True, kw_only=True):
    """A sharing group that this node belongs to; `membership` is the signed note as sent."""

    uuid: UUID
    name: str
    max_tlp: int
    witnesses: int
    policy: dict[str, Any]
    membership: bytes
    version: int
    members: int = 0


class NoSuchPeer(LookupError):
    """No partner of this node has that identifier."""

    def __init__(self, who: object) -> None:
        super().__init__(f"no peer {who}")


class NoSuchGroup(LookupError):
    """No group of this node has that identifier."""

    def __init__(self, group: UUID) -> None:
        super().__init__(f"no sharing group {group}")


class SpentInvitation(PermissionError):
    """The invitation was used by another node, has expired, or was never written here."""

    def __init__(self) -> None:
        super().__init__("the invitation is unknown, expired or already used")


_PEER: LiteralString = """
select p.id, p.uuid, p.party_id, p.person_id, p.name, p.country, p.url, p.tls_pin, p.signing_key,
       p.state, p.state_reason, p.synced_at, p.error, p.created_at,
       exists (select from share_feed f where f.origin = p.uuid and f.stale) as stale,
       (select count(*) from feed_entry e where e.origin = p.uuid and e.state = 'held') as held
from peer p
"""

_GROUP: LiteralString = """
select uuid, name, max_tlp, witnesses, policy, membership, version,
       (select count(*) from share_member m where m.group_uuid = g.uuid) as members
from share_group g
"""


async def put(
    tx: Tx,
    *,
    uuid: UUID,
    party_id: int,
    person_id: int,
    name: str,
    country: str,
    url: str,
    tls_pin: bytes,
    signing_key: bytes,
    now: datetime,
) -> int:
    """Add a partner, or bring its address and keys up to date; a frozen one stays frozen."""
    row = await (
        await tx.execute(
            """
            insert into peer (uuid, party_id, person_id, name, country, url, tls_pin, signing_key,
                              created_at)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
            on conflict (uuid) do update
              set name = excluded.name, country = excluded.country, url = excluded.url,
                  tls_pin = excluded.tls_pin, signing_key = excluded.signing_key,
                  state = case when peer.state = 'frozen' then 'frozen' else 'active' end
            returning id, xmax = 0
            """,
            (uuid, party_id, person_id, name, country, url, tls_pin, signing_key, now),
        )
    ).fetchone()
    assert row is not None
    tx.note(Change(kind="peer", subject=uuid, op=Op.ADD if row[1] else Op.EDIT))
    return int(row[0])


async def get(db: Db, uuid: UUID) -> Peer:
    """One partner by its node's identifier. Raises `NoSuchPeer`."""
    found = await _one(db, _PEER + "where p.uuid = %s", (uuid,))
    if found is None:
        raise NoSuchPeer(uuid)
    return found


async def by_id(db: Db, peer_id: int) -> Peer:
    """One partner by its row. Raises `NoSuchPeer`."""
    found = await _one(db, _PEER + "where p.id = %s", (peer_id,))
    if found is None:
        raise NoSuchPeer(peer_id)
    return found


async def _one(db: Db, query: LiteralString, params: tuple[Any, ...]) -> Peer | None:
    async with db.cursor(row_factory=class_row(Peer)) as cursor:
        await cursor.execute(query, params)
        return await cursor.fetchone()


async def list_all(db: Db) -> list[Peer]:
    """Every partner by name, past ones too."""
    async with db.cursor(row_factory=class_row(Peer)) as cursor:
        await cursor.execute(_PEER + "order by p.name, p.id")
        return await cursor.fetchall()


async def account(db: Db, uuid: UUID) -> int | None:
    """The machine account of a partner that is already known."""
    row = await (await db.execute("select person_id from peer where uuid = %s", (uuid,))).fetchone()
    return None if row is None else int(row[0])


async def set_state(tx: Tx, uuid: UUID, state: str, reason: str) -> None:
    """Make a partner `active`, `frozen` or `revoked`, and say why. Raises `NoSuchPeer`."""
    done = await tx.execute(
        "update peer set state = %s, state_reason = %s where uuid = %s", (state, reason, uuid)
    )
    if done.rowcount == 0:
        raise NoSuchPeer(uuid)
    tx.note(Change(kind="peer", subject=uuid, op=Op.EDIT))


async def want(tx: Tx, peer_id: int, now: datetime) -> bool:
    """Note that a partner has news; false when a pull that has not begun already knows.

    So a storm of hints makes one job, and a hint that comes during a pull is not lost.
    """
    done = await tx.execute(
        """
        update peer set wanted_at = %(now)s
        where id = %(id)s and state = 'active'
          and (wanted_at is null or pulling_at >= wanted_at or wanted_at < %(now)s - %(patience)s)
        """,
        {"now": now, "id": peer_id, "patience": HINT_PATIENCE},
    )
    return done.rowcount == 1


async def pull_begins(tx: Tx, peer_id: int, now: datetime) -> None:
    """A pull that sees all hints until now has begun."""
    await tx.execute(
        "update peer set pulling_at = greatest(%s, wanted_at) where id = %s", (now, peer_id)
    )


async def pull_ends(tx: Tx, peer_id: int, now: datetime, error: str | None) -> None:
    """Keep how the pull ended: `None` means that we hold all that the partner offered."""
    await tx.execute(
        """
        update peer set error = %(error)s,
          synced_at = case when %(error)s::text is null then %(now)s else synced_at end
        where id = %(id)s
        """,
        {"error": error, "now": now, "id": peer_id},
    )


async def group(db: Db, uuid: UUID) -> Group:
    """One group. Raises `NoSuchGroup`."""
    async with db.cursor(row_factory=class_row(Group)) as cursor:
        await cursor.execute(_GROUP + "where uuid = %s", (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoSuchGroup(uuid)
    return found


async def groups(db: Db) -> list[Group]:
    """The groups of this node, by name."""
    async with db.cursor(row_factory=class_row(Group)) as cursor:
        await cursor.execute(_GROUP + "order by name, uuid")
        return await cursor.fetchall()


async def groups_with(db: Db, node: UUID) -> list[UUID]:
    """The groups that we share with another node."""
    rows = await (
        await db.execute(
            "select group_uuid from share_member where node_uuid = %s order by group_uuid", (node,)
        )
    ).fetchall()
    return [row[0] for row in rows]


async def put_group(
    tx: Tx,
    *,
    uuid: UUID,
    name: str,
    max_tlp: int,
    witnesses: int,
    agreement: Mapping[str, Any],
    membership: bytes,
    version: int,
    members: Mapping[UUID, bool],
    now: datetime,
) -> None:
    """Store a version of a group; `members` maps each current node to whether it is this one.

    An older version than the stored one changes nothing. A later version can make the rules
    stricter and never laxer: what was agreed at the start was read by a person here.
    """
    done = await tx.execute(
        """
        insert into share_group as g (uuid, name, max_tlp, witnesses, policy, membership, version)
        values (%s, %s, %s, %s, %s, %s, %s)
        on conflict (uuid) do update
          set name = excluded.name, max_tlp = least(g.max_tlp, excluded.max_tlp),
              witnesses = greatest(g.witnesses, excluded.witnesses),
              membership = excluded.membership, version = excluded.version
          where g.version < excluded.version
        """,
        (
            uuid,
            name,
            max_tlp,
            witnesses,
            Jsonb(msgspec.to_builtins(agreement)),
            membership,
            version,
        ),
    )
    if done.rowcount == 0:
        return
    await tx.execute(
        "insert into share_membership (group_uuid, version, note, at) values (%s, %s, %s, %s)"
        " on conflict do nothing",
        (uuid, version, membership, now),
    )
    await tx.execute("delete from share_member where group_uuid = %s", (uuid,))
    await tx.execute(
        "insert into share_member (group_uuid, node_uuid, own)"
        " select %s, n, o from unnest(%s::uuid[], %s::boolean[]) x(n, o)",
        (uuid, list(members), list(members.values())),
    )
    tx.note(Change(kind="group", subject=uuid, op=Op.EDIT))


async def lock_group(tx: Tx, uuid: UUID) -> Group:
    """One group, locked until the transaction ends. Raises `NoSuchGroup`."""
    await tx.execute("select from share_group where uuid = %s for update", (uuid,))
    return await group(tx.db, uuid)


async def memberships(db: Db, group_uuid: UUID, since: int, limit: int = 50) -> list[bytes]:
    """The membership notes after version `since`, in order."""
    rows = await (
        await db.execute(
            "select note from share_membership where group_uuid = %s and version > %s"
            " order by version limit %s",
            (group_uuid, since, limit),
        )
    ).fetchall()
    return [bytes(row[0]) for row in rows]


async def put_invitation(
    tx: Tx, *, token_hash: bytes, group_uuid: UUID, created_by: int, expires_at: datetime
) -> None:
    """Remember an invitation by the hash of its token."""
    await tx.execute(
        "insert into invitation (hash, group_uuid, created_by, expires_at) values (%s, %s, %s, %s)",
        (token_hash, group_uuid, created_by, expires_at),
    )


async def take_invitation(tx: Tx, token_hash: bytes, node: UUID, now: datetime) -> UUID:
    """Spend an invitation for `node`; returns its group.

    The same node may come again with it (its first answer may have been lost); no other can.
    Raises `SpentInvitation`.
    """
    row = await (
        await tx.execute(
            """
            update invitation set used_at = coalesce(used_at, %(now)s), used_by = %(node)s
            where hash = %(hash)s and (used_by = %(node)s or used_by is null and expires_at > %(now)s)
            returning group_uuid
            """,
            {"now": now, "node": node, "hash": token_hash},
        )
    ).fetchone()
    if row is None:
        raise SpentInvitation
    found: UUID = row[0]
    return found


async def new_nonce(tx: Tx, node: UUID, nonce: bytes, now: datetime) -> bool:
    """Remember the nonce of a request; false when it was seen before."""
    done = await tx.execute(
        "insert into peer_nonce (node_uuid, nonce, at) values (%s, %s, %s) on conflict do nothing",
        (node, nonce, now),
    )
    return done.rowcount == 1


async def forget_nonces(tx: Tx, now: datetime) -> None:
    """Drop nonces of requests that are too old to be accepted."""
    await tx.execute("delete from peer_nonce where at < %s", (now - NONCE_KEPT,))
