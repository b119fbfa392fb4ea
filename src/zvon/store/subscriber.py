"""Subscribers: whose resolvers take a feed, how they are known, and their keys."""

import base64
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection, errors
from psycopg.rows import TupleRow, class_row, kwargs_row

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.seal import NONCE_BYTES, seal
from zvon.access.viewer import Viewer
from zvon.config import host_port
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.zone import TOP
from zvon.store import allow as allow_zone
from zvon.store import justification, zone
from zvon.store.transaction import ZONE_CHANNEL, AuditEntry, Change, Op, Tx

Db = AsyncConnection[TupleRow]
Random = Callable[[int], bytes]

RELAYS = ("knot", "nsd")
"""They hand zones on and block nothing."""
LISTS = ("kresd", "windows", "pfsense", "opnsense")
"""They fetch lists over HTTP; no zone is transferred to them."""
BRANDS = ("bind", "unbound", "pdns", *RELAYS, *LISTS, "proof")
MODES = ("log-only", "enforce")
WAYS = ("udp", "tcp", "dot", "doh")
MAX_FEEDS = 8
"""With two or three zones each, and the limit of 32 policy zones of older BINDs, in mind."""
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
    """A resolver that takes feeds, in the order in which it looks at them.

    `known_by` says how its transfers are told from others: `tsig` or `address`; with `export` there
    are none, it fetches lists. `mandatory` ones must be proved before a block counts as enforced. A
    `canary` is our own and gets batches and cold changes before the others. `feed` and `feed_id`
    are those of the first feed.
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
    canary: bool
    notify_address: str
    probe_address: str | None
    probe_via: str
    feed: str
    feed_id: int
    feeds: tuple[str, ...]
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
       s.mode, s.mandatory, s.canary, s.notify_address, s.probe_address, s.probe_via,
       f.name as feed, s.feed_id,
       array(select t.name from subscription n join feed t on t.id = n.feed_id
             where n.subscriber_id = s.id order by n.position) as feeds,
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
    feeds: Sequence[str],
    notify_address: str,
    now: datetime,
    random: Random,
    key: bytes,
    probe_address: str | None = None,
    probe_via: str = "udp",
    relay: bool | None = None,
    known_by: str | None = None,
    mode: str = "log-only",
    mandatory: bool | None = None,
    canary: bool = False,
    party_id: int | None = None,
    allow: Sequence[str] = (),
) -> tuple[Subscriber, str | None]:
    """Add a subscriber; return it with its TSIG secret in base64, which is never shown again.

    `key` is the node key that seals the secret. An Unbound has no TSIG: it is known by `address`,
    unless it takes the feed through the relay kit. One that shall `enforce` at once needs feeds that
    are justified: raises `NeedsJustification`. `mandatory` defaults to whether it can be
    probed. `allow` are names that this subscriber never wants blocked.
    """
    viewer.require(Permission.SUBSCRIBER_MANAGE)
    zone.check_label(name)
    relay, known_by = _known_by(brand, relay, known_by)
    _check(mode, probe_via, notify_address, probe_address)
    if brand in RELAYS and (probe_address is not None or mandatory or canary):
        raise BadSubscriber(f"{brand} hands zones on and blocks nothing: it cannot be probed")
    if canary and probe_address is None:
        raise BadSubscriber("probe_address: a canary has to be asked what it answers")
    names = allow_zone.checked(name, allow)
    first, *_ = feed_ids = await _feed_ids(tx.db, feeds)
    uuid = uuid7(now, random(RANDOM_BYTES))
    try:
        async with tx.db.transaction():
            row = await (
                await tx.execute(
                    """
                    insert into subscriber (uuid, name, party_id, brand, address, known_by, relay,
                      mode, mandatory, canary, notify_address, probe_address, probe_via, feed_id,
                      created_at)
                    values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id
                    """,
                    (uuid, name, party_id or viewer.party_id, brand, address, known_by, relay,
                     mode, probe_address is not None if mandatory is None else mandatory, canary,
                     notify_address, probe_address, probe_via, first, now),
                )
            ).fetchone()  # fmt: skip
    except errors.UniqueViolation as taken:
        what = address if taken.diag.constraint_name == "subscriber_address" else name
        raise AlreadySubscribed(f"there is a subscriber {what!r} already") from None
    assert row is not None
    await _subscribe(tx, row[0], feed_ids)
    if mode == "enforce":
        await justification.require(tx.db, row[0], name)
    await zone.make_allow(tx, name)
    await allow_zone.replace(tx, name, names)
    secret = await _make_key(tx, row[0], name, now, random, key) if known_by == "tsig" else None
    tx.note(Change(kind="subscriber", subject=uuid, op=Op.ADD))
    tx.audit(
        AuditEntry(
            actor=viewer.login,
            action=Permission.SUBSCRIBER_MANAGE,
            object=f"subscriber:{name}",
            detail={"brand": brand, "known_by": known_by, "mode": mode, "feeds": list(feeds),
                    "canary": canary},
        )
    )  # fmt: skip
    await _tell(tx)
    return await get(tx.db, uuid), secret


def _known_by(brand: str, relay: bool | None, known_by: str | None) -> tuple[bool, str]:
    """Whether the relay kit is used, and how transfers are known, where nothing else was said."""
    if brand not in BRANDS:
        raise BadSubscriber(f"brand: one of {', '.join(BRANDS)}, got {brand!r}")
    if relay is None:
        relay = brand == "unbound" and known_by != "address"
    if relay and brand != "unbound":
        raise BadSubscriber("relay: only an Unbound needs it")
    fits = "export" if brand in LISTS else "tsig"
    if brand == "unbound" and not relay:
        fits = "address"
    if known_by not in (None, fits):
        raise BadSubscriber(f"known_by: {known_by} does not fit {brand}")
    return relay, fits


def _check(mode: str, probe_via: str, notify_address: str, probe_address: str | None) -> None:
    if mode not in MODES:
        raise BadSubscriber(f"mode: one of {', '.join(MODES)}, got {mode!r}")
    if probe_via not in WAYS:
        raise BadSubscriber(f"probe_via: one of {', '.join(WAYS)}, got {probe_via!r}")
    for field, value in (("notify_address", notify_address), ("probe_address", probe_address)):
        if value is not None:
            _check_address(field, value)


async def _feed_ids(db: Db, names: Sequence[str]) -> list[int]:
    """The ids of the feeds, in their order. Raises `BadSubscriber`, `LookupError`."""
    if not 1 <= len(names) <= MAX_FEEDS:
        raise BadSubscriber(f"feeds: 1 to {MAX_FEEDS}")
    if len(set(names)) != len(names):
        raise BadSubscriber("feeds: one of them stands twice")
    return [await zone.feed_id(db, name) for name in names]


async def _subscribe(tx: Tx, subscriber_id: int, feeds: Sequence[int]) -> None:
    """Replace the feeds of a subscriber.

    Raises `AlreadySubscribed` when a resolver that is known by the same address takes one of them:
    the two could not be told apart.
    """
    await tx.execute(
        "delete from subscription where subscriber_id = %s and feed_id <> all(%s::bigint[])",
        (subscriber_id, list(feeds)),
    )
    await tx.execute(
        "insert into subscription (subscriber_id, feed_id, position)"
        " select %s, feed, n from unnest(%s::bigint[]) with ordinality x(feed, n)"
        " on conflict (subscriber_id, feed_id) do update set position = excluded.position",
        (subscriber_id, list(feeds)),
    )
    row = await (
        await tx.execute(
            """
            select other.name from subscriber one
            join subscriber other on other.known_by = 'address' and other.id <> one.id
              and other.removed_at is null
              and regexp_split_to_array(other.address, ',\\s*')
                  && regexp_split_to_array(one.address, ',\\s*')
            where one.id = %s and one.known_by = 'address' and exists (
              select from subscription a join subscription b using (feed_id)
              where a.subscriber_id = one.id and b.subscriber_id = other.id)
            """,
            (subscriber_id,),
        )
    ).fetchone()
    if row is not None:
        raise AlreadySubscribed(f"{row[0]!r} is known by the same address and takes the same feed")
    await tx.execute("update subscriber set feed_id = %s where id = %s", (feeds[0], subscriber_id))


async def set_feeds(
    tx: Tx, viewer: Viewer, uuid: UUID, feeds: Sequence[str], now: datetime
) -> Subscriber:
    """Say which feeds a subscriber takes, in the order in which it looks at them.

    Its configuration has to be written anew; until then it has the zones that stay. Raises
    `NeedsJustification` when it blocks and one that it did not take has no justification.
    """
    viewer.require(Permission.SUBSCRIBER_MANAGE)
    known = await get(tx.db, uuid)
    await _subscribe(tx, known.id, await _feed_ids(tx.db, feeds))
    if known.mode == "enforce":
        await justification.require(tx.db, known.id, known.name, except_=known.feeds)
    await tx.execute(
        """
        delete from endpoint_serial e using zone z
        where z.id = e.zone_id and e.subscriber_id = %(s)s and z.feed_id is not null
          and not z.feed_id in (select feed_id from subscription where subscriber_id = %(s)s)
        """,
        {"s": known.id},
    )
    _note(tx, viewer, known, {"feeds": list(feeds), "was": list(known.feeds)})
    await _tell(tx)
    return await get(tx.db, uuid)


async def exceptions(db: Db, uuid: UUID) -> list[str]:
    """The names that a subscriber lets pass, whatever its feeds block. Nobody else sees them."""
    return await allow_zone.names(db, (await get(db, uuid)).name)


async def set_exceptions(
    tx: Tx, viewer: Viewer, uuid: UUID, names: Sequence[str], now: datetime
) -> list[str]:
    """Replace the names that a subscriber lets pass, with all names below them.

    Raises `BadName`, `BadException`, `NoSubscriber`.
    """
    viewer.require(Permission.SUBSCRIBER_MANAGE)
    known = await get(tx.db, uuid)
    wanted = allow_zone.checked(known.name, names)
    added, removed = await allow_zone.replace(tx, known.name, wanted)
    _note(tx, viewer, known, {"exceptions_added": added, "exceptions_removed": removed})
    return wanted


def _note(tx: Tx, viewer: Viewer, known: Subscriber, detail: dict[str, Any]) -> None:
    tx.note(Change(kind="subscriber", subject=known.uuid, op=Op.EDIT))
    tx.audit(
        AuditEntry(
            actor=viewer.login,
            action=Permission.SUBSCRIBER_MANAGE,
            object=f"subscriber:{known.name}",
            detail=detail,
        )
    )


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


def _subscriber(*, feeds: list[str], **fields: Any) -> Subscriber:
    return Subscriber(feeds=tuple(feeds), **fields)


async def get(db: Db, uuid: UUID) -> Subscriber:
    """One subscriber. Raises `NoSubscriber`."""
    async with db.cursor(row_factory=kwargs_row(_subscriber)) as cursor:
        await cursor.execute(_SELECT + " where s.uuid = %s", (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoSubscriber(f"there is no subscriber {uuid}")
    return found


async def list_all(db: Db, *, removed: bool = False) -> list[Subscriber]:
    """All subscribers by name; removed ones only when asked for."""
    async with db.cursor(row_factory=kwargs_row(_subscriber)) as cursor:
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
    """Say whether the subscriber only logs or blocks; its own configuration decides in the end.

    Raises `NeedsJustification` while a feed that it takes has no justification that holds.
    """
    viewer.require(Permission.SUBSCRIBER_MANAGE)
    if mode not in MODES:
        raise BadSubscriber(f"mode: one of {', '.join(MODES)}, got {mode!r}")
    known = await get(tx.db, uuid)
    if mode == "enforce" and known.mode != mode:
        await justification.require(tx.db, known.id, known.name)
    await tx.execute("update subscriber set mode = %s where id = %s", (mode, known.id))
    _note(tx, viewer, known, {"mode": mode, "was": known.mode, "reason": reason})
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
    _note(tx, viewer, known, {"key": "new"})
    await _tell(tx)
    return await get(tx.db, uuid), secret


async def revoke_old_keys(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> int:
    """End all keys of a subscriber but the newest; returns how many ended."""
    viewer.require(Permission.SUBSCRIBER_MANAGE)
    known = await get(tx.db, uuid)
    ended = await tx.execute(
        "update tsig_key set revoked_at = %(now)s where revoked_at is null"
        " and subscriber_id = %(s)s and id < (select max(id) from tsig_key"
        "   where subscriber_id = %(s)s and revoked_at is null)",
        {"now": now, "s": known.id},
    )
    _note(tx, viewer, known, {"keys_ended": ended.rowcount})
    await _tell(tx)
    return ended.rowcount


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
