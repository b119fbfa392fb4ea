"""Collectors: machines at a SOC's or a branch's that read sources there and send batches."""

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg import errors
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.collector import Sharing, Status
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.policy import read_agreement
from zvon.privacy.tables import agreements
from zvon.store import party, policy
from zvon.store.party import Db
from zvon.store.source import operator
from zvon.store.transaction import AuditEntry, Tx

TOKEN_BYTES = 24
TOKEN_DAYS = timedelta(days=7)
KEY_BYTES = 32
MAX_NAME = 100


class NoCollector(LookupError):
    """There is no such collector, or it was removed."""


class CollectorTaken(ValueError):
    """A collector has this name."""


class KeyTaken(ValueError):
    """Another collector has this key."""


class Collector(Struct, frozen=True, kw_only=True):
    """A collector. `public_key` is `None` until it has enrolled; `status` is what it last said.

    `policy` is the sharing policy that it applies before it sends; empty: none.
    """

    id: int
    uuid: UUID
    name: str
    party_id: int
    party: str
    policy: str
    public_key: bytes | None
    status: dict[str, Any]
    made_at: datetime
    enrolled_at: datetime | None
    seen_at: datetime | None


class SpoolEnd(Struct, frozen=True, kw_only=True):
    """How far a spool is taken: the last batch, things in all of them, and how many never came."""

    spool: UUID
    source: str
    n: int
    items: int
    lost: int


_SELECT: LiteralString = """
select c.id, c.uuid, c.name, c.party_id, p.name as party, c.policy, c.public_key, c.status,
       c.made_at, c.enrolled_at, c.seen_at
from collector c join party p on p.id = c.party_id where c.removed_at is null and """


async def create(
    tx: Tx, viewer: Viewer, name: str, *, of: UUID | None, applies: str, fingerprint: str,
    now: datetime, random: Callable[[int], bytes],
) -> tuple[Collector, str]:  # fmt: skip
    """Make a collector; return it with its token, which works once, for a week.

    `of` is the organisation whose sources it reads, ours when `None`; `applies` names a sharing
    policy. `fingerprint` of the node's key ends the token, so that nobody else can pass for the
    node. Raises `Denied`, `CollectorTaken`, `LookupError` for what there is not.
    """
    operator(viewer, Permission.SOURCE_MANAGE)
    owner = await party.own(tx.db) if of is None else await party.get(tx.db, of)
    if owner is None:
        raise LookupError(f"there is no organisation {of}")
    await sharing(tx.db, applies)
    token = f"{base64.urlsafe_b64encode(random(TOKEN_BYTES)).decode()}.{fingerprint}"
    uuid = uuid7(now, random(RANDOM_BYTES))
    row = await (
        await tx.execute(
            """
            insert into collector (uuid, name, party_id, token_sha256, token_until, policy, made_at,
                                   by_person)
            values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (name) do nothing returning id
            """,
            (uuid, name, owner.id, _hash(token), now + TOKEN_DAYS, applies, now, viewer.person_id),
        )
    ).fetchone()
    if row is None:
        raise CollectorTaken(f"there is, or was, a collector named {name!r}")
    _audit(tx, viewer.login, "collector:add", name, {"policy": applies, "party": owner.name})
    return await by_uuid(tx.db, uuid), token


async def enrol(tx: Tx, token: str, public_key: bytes, now: datetime) -> Collector | None:
    """Take the collector's key; `None` when no collector has this token. Raises `KeyTaken`."""
    if len(public_key) != KEY_BYTES:
        raise ValueError("a public key has 32 octets")
    try:
        async with tx.db.transaction():
            row = await (
                await tx.execute(
                    """
                    update collector set public_key = %(key)s, enrolled_at = %(now)s,
                      token_sha256 = null, token_until = null, seen_at = %(now)s
                    where token_sha256 = %(token)s and token_until > %(now)s
                      and removed_at is null
                    returning uuid
                    """,
                    {"key": public_key, "now": now, "token": _hash(token)},
                )
            ).fetchone()
    except errors.UniqueViolation:
        raise KeyTaken("this key is enrolled already; make a new one") from None
    if row is None:
        return None
    made = await by_uuid(tx.db, row[0])
    _audit(tx, f"collector:{made.uuid}", "collector:enrol", made.name, {})
    return made


async def sharing(db: Db, name: str) -> Sharing | None:
    """The sharing policy called `name`: one of this node's, else a shipped one; none when empty.

    Raises `LookupError` for a name that means nothing, `BadAgreement` for one that cannot be read.
    """
    if not name:
        return None
    own = await policy.newest(db, f"sharing.{name}")
    found = read_agreement(own) if own is not None else agreements().get(name)
    if found is None:
        raise LookupError(f"there is no sharing policy {name!r}")
    return Sharing(name=name, agreement=found)


async def by_uuid(db: Db, uuid: UUID) -> Collector:
    """One collector that is not removed, for our own receiver. Raises `NoCollector`."""
    async with db.cursor(row_factory=class_row(Collector)) as cursor:
        await cursor.execute(_SELECT + "c.uuid = %s", (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoCollector(f"there is no collector {uuid}")
    return found


async def list_all(db: Db, viewer: Viewer) -> list[Collector]:
    """All collectors by name. Raises `Denied`."""
    operator(viewer, Permission.SOURCE_READ)
    async with db.cursor(row_factory=class_row(Collector)) as cursor:
        await cursor.execute(_SELECT + "true order by c.name limit 1000")
        return await cursor.fetchall()


async def get(db: Db, viewer: Viewer, uuid: UUID) -> Collector:
    """One collector for a reader. Raises `Denied`, `NoCollector`."""
    operator(viewer, Permission.SOURCE_READ)
    return await by_uuid(db, uuid)


async def ends(db: Db, collector: Collector) -> list[SpoolEnd]:
    """How far each spool of a collector is taken, by the name of its source."""
    async with db.cursor(row_factory=class_row(SpoolEnd)) as cursor:
        await cursor.execute(
            """
            select c.spool, coalesce(s.name, '') as source, c.n, c.items, c.lost
            from collector_spool c left join source s on s.id = c.source_id
            where c.collector_id = %s order by s.name, c.spool
            """,
            (collector.id,),
        )
        return await cursor.fetchall()


async def note_status(tx: Tx, collector: Collector, status: Status, now: datetime) -> None:
    """Keep what a collector said of itself, with how far its clock is from ours in seconds."""
    said = msgspec.to_builtins(status)
    said.pop("nonce")
    said["clock_s"] = round((status.at - now).total_seconds(), 1)
    await tx.execute(
        "update collector set status = %s, seen_at = %s where id = %s",
        (Jsonb(said), now, collector.id),
    )


async def note_seen(tx: Tx, collector: Collector, now: datetime) -> None:
    """Remember when a collector was last heard."""
    await tx.execute(
        "update collector set seen_at = %s where id = %s and (seen_at is null or seen_at < %s)",
        (now, collector.id, now - timedelta(seconds=30)),
    )


async def apply_policy(tx: Tx, viewer: Viewer, uuid: UUID, name: str) -> Collector:
    """Have a collector apply another sharing policy, from its next answer on.

    Raises `Denied`, `NoCollector`, `LookupError`.
    """
    operator(viewer, Permission.SOURCE_MANAGE)
    before = await by_uuid(tx.db, uuid)
    await sharing(tx.db, name)
    await tx.execute("update collector set policy = %s where id = %s", (name, before.id))
    _audit(tx, viewer.login, "collector:change", before.name,
           {"policy": name, "before": before.policy})  # fmt: skip
    return await by_uuid(tx.db, uuid)


async def remove(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> None:
    """End a collector: its key opens nothing from now on; what it sent stays.

    Raises `Denied`, `NoCollector`.
    """
    operator(viewer, Permission.SOURCE_MANAGE)
    known = await by_uuid(tx.db, uuid)
    await tx.execute(
        "update collector set removed_at = %s, token_sha256 = null,"
        " name = name || ' (' || uuid::text || ')' where id = %s",
        (now, known.id),
    )
    _audit(tx, viewer.login, "collector:remove", known.name, {})


def _audit(tx: Tx, actor: str, action: str, name: str, detail: dict[str, Any]) -> None:
    tx.audit(AuditEntry(actor=actor, action=action, object=name, detail=detail))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
