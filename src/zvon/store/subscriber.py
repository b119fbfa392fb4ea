"""Subscribers: whose resolvers take a feed, how they are known, and their keys."""

import base64
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection, errors
from psycopg.rows import TupleRow, class_row

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.seal import NONCE_BYTES, seal
from zvon.access.viewer import Viewer
from zvon.config import host_port
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.name import canonical
from zvon.model.zone import TOP
from zvon.store import zone
from zvon.store.transaction import ZONE_CHANNEL, AuditEntry, Change, Op, Tx, ZoneOp

Db = AsyncConnection[TupleRow]
Random = Callable[[int], bytes]

BRANDS = ("bind", "unbound", "pdns", "proof")
MODES = ("log-only", "enforce")
ALGORITHM = "hmac-sha256"
KEY_PURPOSE = "dns.tsig"
_KEY_BYTES = 32


class BadSubscriber(ValueError):
    """A field of the subscriber cannot be used; the message says which and why."""


class AlreadySubscribed(ValueError):
    """The name, or the address that a resolver would be known by, is taken."""


class NoSubscriber(LookupError):
    """There is no such subscriber."""


class Subscriber(Struct, frozen=True, kw_only=True):
    """A resolver that takes a feed.

    `known_by` says how its transfers are told from others: `tsig` or `address`. `mandatory` ones
    must be proved before a block counts as enforced.
    """

    id: int
    uuid: UUID
    name: str
    party: str
    party_id: int
    brand: str
    address: str
    known_by: str
    relay: bool
    mode: str
    mandatory: bool
    notify_address: str
    probe_address: str | None
    feed: str
    feed_id: int
    key_name: str | None
    algorithm: str | None
    created_at: datetime
    removed_at: datetime | None = None


class Key(Struct, frozen=True, kw_only=True):
    """A TSIG key as stored: sealed with the node key."""

    name: str
    algorithm: str
    secret_sealed: bytes
    subscriber_id: int


_SELECT = """
select s.id, s.uuid, s.name, p.name as party, s.party_id, s.brand, s.address, s.known_by, s.relay,
       s.mode, s.mandatory, s.notify_address, s.probe_address, f.name as feed, s.feed_id,
       k.name as key_name, k.algorithm, s.created_at, s.removed_at
from subscriber s
join party p on p.id = s.party_id
join feed f on f.id = s.feed_id
left join lateral (select name, algorithm from tsig_key
                   where subscriber_id = s.id and revoked_at is null
                   order by id desc limit 1) k on true
"""


async def add(
    tx: Tx,
    viewer: Viewer,
    *,
    name: str,
    brand: str,
    address: str,
    feed: str,
    notify_address: str,
    now: datetime,
    random: Random,
    key: bytes,
    probe_address: str | None = None,
    relay: bool | None = None,
    known_by: str | None = None,
    mode: str = "log-only",
    mandatory: bool | None = None,
    party_id: int | None = None,
    allow: tuple[str, ...] = (),
) -> tuple[Subscriber, str | None]:
    """Add a subscriber; return it with its TSIG secret in base64, which is never shown again.

    `key` is the node key that seals the secret. An Unbound has no TSIG: it is known by `address`,
    unless it takes the feed through the relay kit. `mandatory` defaults to whether it can be
    probed. `allow` are names that this subscriber never wants blocked.
    """
    viewer.require(Permission.SUBSCRIBER_MANAGE)
    zone.check_label(name)
    if brand not in BRANDS:
        raise BadSubscriber(f"brand: one of {', '.join(BRANDS)}, got {brand!r}")
    if mode not in MODES:
        raise BadSubscriber(f"mode: one of {', '.join(MODES)}, got {mode!r}")
    if relay is None:
        relay = brand == "unbound" and known_by != "address"
    if known_by is None:
        known_by = "address" if brand == "unbound" and not relay else "tsig"
    if relay and brand != "unbound":
        raise BadSubscriber("relay: only an Unbound needs it")
    if (known_by == "tsig") != (brand != "unbound" or relay):
        raise BadSubscriber(f"known_by: {known_by} does not fit {brand}")
    for field, value in (("notify_address", notify_address), ("probe_address", probe_address)):
        if value is not None:
            _check_address(field, value)
    names = tuple(canonical(n) for n in allow)
    feed_id = await zone.feed_id(tx.db, feed)
    uuid = uuid7(now, random(RANDOM_BYTES))
    try:
        async with tx.db.transaction():
            row = await (
                await tx.execute(
                    """
                    insert into subscriber (uuid, name, party_id, brand, address, known_by, relay,
                      mode, mandatory, notify_address, probe_address, feed_id, created_at)
                    values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id
                    """,
                    (uuid, name, party_id or viewer.party_id, brand, address, known_by, relay,
                     mode, probe_address is not None if mandatory is None else mandatory,
                     notify_address, probe_address, feed_id, now),
                )
            ).fetchone()  # fmt: skip
    except errors.UniqueViolation as taken:
        what = address if taken.diag.constraint_name == "subscriber_address" else name
        raise AlreadySubscribed(f"there is a subscriber {what!r} already") from None
    assert row is not None
    allow_zone = await zone.make_allow(tx, name)
    for one in names:
        for owner in (one, f"*.{one}"):
            tx.zone_ops.append(
                ZoneOp(zone_id=allow_zone, op="add", owner=owner, rdata=zone.PASSTHRU)
            )
    secret = await _make_key(tx, row[0], name, now, random, key) if known_by == "tsig" else None
    tx.note(Change(kind="subscriber", subject=uuid, op=Op.ADD))
    tx.audit(
        AuditEntry(
            actor=viewer.login,
            action=Permission.SUBSCRIBER_MANAGE,
            object=f"subscriber:{name}",
            detail={"brand": brand, "known_by": known_by, "mode": mode, "feed": feed},
        )
    )
    await _tell(tx)
    return await get(tx.db, uuid), secret


async def _make_key(
    tx: Tx, subscriber_id: int, name: str, now: datetime, random: Random, key: bytes
) -> str:
    secret = random(_KEY_BYTES)
    await tx.execute(
        """
        insert into tsig_key (subscriber_id, name, algorithm, secret_sealed, created_at)
        values (%s, %s, %s, %s, %s)
        """,
        (subscriber_id, f"{name}-{random(4).hex()}.{TOP}", ALGORITHM,
         seal(key, KEY_PURPOSE, secret, random(NONCE_BYTES)), now),
    )  # fmt: skip
    return base64.b64encode(secret).decode()


async def _tell(tx: Tx) -> None:
    """Let the primary read the subscribers anew after the commit."""
    await tx.execute("select pg_notify(%s, 'subscribers')", (ZONE_CHANNEL,))


def _check_address(field: str, value: str) -> None:
    try:
        host, port = host_port(value)
    except ValueError as problem:
        raise BadSubscriber(f"{field}: {problem}") from None
    if not host or not port:
        raise BadSubscriber(f"{field}: expected host:port, got {value!r}")


async def get(db: Db, uuid: UUID) -> Subscriber:
    """One subscriber. Raises `NoSubscriber`."""
    async with db.cursor(row_factory=class_row(Subscriber)) as cursor:
        await cursor.execute(_SELECT + " where s.uuid = %s", (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoSubscriber(f"there is no subscriber {uuid}")
    return found


async def list_all(db: Db, *, removed: bool = False) -> list[Subscriber]:
    """All subscribers by name; removed ones only when asked for."""
    async with db.cursor(row_factory=class_row(Subscriber)) as cursor:
        await cursor.execute(
            _SELECT + " where %s or s.removed_at is null order by s.name", (removed,)
        )
        return await cursor.fetchall()


async def keys(db: Db) -> list[Key]:
    """The keys that are live: at most two for each subscriber while one is being replaced."""
    async with db.cursor(row_factory=class_row(Key)) as cursor:
        await cursor.execute(
            """
            select k.name, k.algorithm, k.secret_sealed, k.subscriber_id
            from tsig_key k join subscriber s on s.id = k.subscriber_id
            where k.revoked_at is null and s.removed_at is null
            """
        )
        return await cursor.fetchall()


async def set_mode(
    tx: Tx, viewer: Viewer, uuid: UUID, mode: str, *, reason: str = ""
) -> Subscriber:
    """Say whether the subscriber only logs or blocks; its own configuration decides in the end."""
    viewer.require(Permission.SUBSCRIBER_MANAGE)
    if mode not in MODES:
        raise BadSubscriber(f"mode: one of {', '.join(MODES)}, got {mode!r}")
    known = await get(tx.db, uuid)
    await tx.execute("update subscriber set mode = %s where id = %s", (mode, known.id))
    tx.note(Change(kind="subscriber", subject=uuid, op=Op.EDIT))
    tx.audit(
        AuditEntry(
            actor=viewer.login,
            action=Permission.SUBSCRIBER_MANAGE,
            object=f"subscriber:{known.name}",
            detail={"mode": mode, "was": known.mode, "reason": reason},
        )
    )
    await _tell(tx)
    return await get(tx.db, uuid)


async def new_key(
    tx: Tx, viewer: Viewer, uuid: UUID, now: datetime, random: Random, key: bytes
) -> tuple[Subscriber, str]:
    """Give a subscriber a second key; the older one works until `revoke_old_keys`."""
    viewer.require(Permission.SUBSCRIBER_MANAGE)
    known = await get(tx.db, uuid)
    if known.known_by != "tsig":
        raise Refused(f"{known.name} is known by its address and has no key")
    await tx.execute(
        """
        update tsig_key set revoked_at = %s where revoked_at is null and subscriber_id = %s
        and id < (select max(id) from tsig_key where subscriber_id = %s and revoked_at is null)
        """,
        (now, known.id, known.id),
    )
    secret = await _make_key(tx, known.id, known.name, now, random, key)
    tx.audit(
        AuditEntry(
            actor=viewer.login,
            action=Permission.SUBSCRIBER_MANAGE,
            object=f"subscriber:{known.name}",
            detail={"key": "new"},
        )
    )
    await _tell(tx)
    return await get(tx.db, uuid), secret


async def remove(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> None:
    """End a subscription: its keys and its address open nothing from now on."""
    viewer.require(Permission.SUBSCRIBER_MANAGE)
    known = await get(tx.db, uuid)
    await tx.execute("update subscriber set removed_at = %s where id = %s", (now, known.id))
    await tx.execute(
        "update tsig_key set revoked_at = %s where subscriber_id = %s and revoked_at is null",
        (now, known.id),
    )
    tx.note(Change(kind="subscriber", subject=uuid, op=Op.DELETE))
    tx.audit(
        AuditEntry(
            actor=viewer.login,
            action=Permission.SUBSCRIBER_MANAGE,
            object=f"subscriber:{known.name}",
            detail={"removed": True},
        )
    )
    await _tell(tx)
