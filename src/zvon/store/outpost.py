"""Outposts: probes and collectors that run at a subscriber's, known by a key of their own."""

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from psycopg import errors
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.store import subscriber as subscribers
from zvon.store.block_row import Db
from zvon.store.transaction import AuditEntry, Tx

TOKEN_BYTES = 24
TOKEN_DAYS = timedelta(days=7)
KEY_BYTES = 32


class NoOutpost(LookupError):
    """There is no such outpost, or it was removed."""


class SpentToken(Refused):
    """The enrolment token is unknown, was used before, or is too old."""


class Outpost(Struct, frozen=True, kw_only=True):
    """A probe or collector. `public_key` is `None` until it has enrolled."""

    id: int
    uuid: UUID
    name: str
    subscriber_id: int
    subscriber: str
    subscriber_uuid: UUID
    feeds: list[str]
    public_key: bytes | None
    created_at: datetime
    enrolled_at: datetime | None
    seen_at: datetime | None
    removed_at: datetime | None

    @property
    def zones(self) -> list[str]:
        """The zones that its resolver may have."""
        named = [f"{kind}.{feed}.zvon" for feed in self.feeds for kind in ("hot", "cold", "ip")]
        return [f"allow.{self.subscriber}.zvon", *named]


_SELECT = """
select o.id, o.uuid, o.name, o.subscriber_id, s.name as subscriber, s.uuid as subscriber_uuid,
       array(select f.name from subscription n join feed f on f.id = n.feed_id
             where n.subscriber_id = s.id order by n.position) as feeds,
       o.public_key, o.created_at, o.enrolled_at, o.seen_at, o.removed_at
from outpost o join subscriber s on s.id = o.subscriber_id
"""


async def create(
    tx: Tx, viewer: Viewer, subscriber: UUID, name: str, now: datetime,
    random: Callable[[int], bytes],
) -> tuple[Outpost, str]:  # fmt: skip
    """Make an outpost for a subscriber; return it with its token, which works once, for a week."""
    viewer.require(Permission.SUBSCRIBER_MANAGE)
    of = await subscribers.get(tx.db, subscriber)
    if of.removed_at is not None:
        raise subscribers.NoSubscriber(f"there is no subscriber {subscriber}")
    token = base64.urlsafe_b64encode(random(TOKEN_BYTES)).decode()
    uuid = uuid7(now, random(RANDOM_BYTES))
    await tx.execute(
        "insert into outpost (uuid, subscriber_id, name, token_sha256, token_until, created_at)"
        " values (%s, %s, %s, %s, %s, %s)",
        (uuid, of.id, name, _hash(token), now + TOKEN_DAYS, now),
    )
    _audit(tx, viewer.login, of.name, {"outpost": str(uuid), "name": name})
    return await get(tx.db, uuid), token


async def enrol(tx: Tx, token: str, public_key: bytes, now: datetime) -> Outpost:
    """Take the outpost's key. Raises `SpentToken`; `ValueError` for a key that another has."""
    if len(public_key) != KEY_BYTES:
        raise ValueError("a public key has 32 octets")
    try:
        async with tx.db.transaction():
            row = await (
                await tx.execute(
                    """
                    update outpost o set public_key = %(key)s, enrolled_at = %(now)s,
                      token_sha256 = null, token_until = null, seen_at = %(now)s
                    from subscriber s
                    where s.id = o.subscriber_id and s.removed_at is null
                      and o.token_sha256 = %(token)s and o.token_until > %(now)s
                      and o.removed_at is null
                    returning o.uuid
                    """,
                    {"key": public_key, "now": now, "token": _hash(token)},
                )
            ).fetchone()
    except errors.UniqueViolation:
        raise ValueError("this key is enrolled already; make a new one") from None
    if row is None:
        refused = AuditEntry(actor="outpost", action="outpost:enrol", object="token",
                             outcome="refused", rule="spent_token")  # fmt: skip
        raise SpentToken("the token is unknown, used or older than a week; ask for a new one",
                         refused)  # fmt: skip
    made = await get(tx.db, row[0])
    _audit(tx, f"outpost:{made.uuid}", made.subscriber, {"enrolled": made.name})
    return made


async def get(db: Db, uuid: UUID) -> Outpost:
    """One outpost that is not removed. Raises `NoOutpost`."""
    async with db.cursor(row_factory=class_row(Outpost)) as cursor:
        await cursor.execute(
            (_SELECT + " where o.uuid = %s and o.removed_at is null and s.removed_at is null"),
            (uuid,),
        )
        found = await cursor.fetchone()
    if found is None:
        raise NoOutpost(f"there is no outpost {uuid}")
    return found


async def list_all(db: Db, viewer: Viewer) -> list[Outpost]:
    """All outposts that are not removed, by subscriber."""
    viewer.require(Permission.SUBSCRIBER_READ)
    async with db.cursor(row_factory=class_row(Outpost)) as cursor:
        await cursor.execute(
            _SELECT + " where o.removed_at is null and s.removed_at is null order by s.name, o.id"
        )
        return await cursor.fetchall()


async def keys(db: Db) -> dict[str, bytes]:
    """The public key of every outpost there ever was, by its identifier as a prober."""
    rows = await (
        await db.execute("select uuid, public_key from outpost where public_key is not null")
    ).fetchall()
    return {str(row[0]): bytes(row[1]) for row in rows}


async def note_seen(tx: Tx, outpost: Outpost, now: datetime) -> None:
    """Remember when an outpost was last heard."""
    await tx.execute("update outpost set seen_at = %s where id = %s", (now, outpost.id))


async def remove(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> None:
    """End an outpost: its key opens nothing from now on; its receipts stay."""
    viewer.require(Permission.SUBSCRIBER_MANAGE)
    known = await get(tx.db, uuid)
    await tx.execute(
        "update outpost set removed_at = %s, token_sha256 = null where id = %s", (now, known.id)
    )
    _audit(tx, viewer.login, known.subscriber, {"outpost": str(uuid), "removed": True})


def _audit(tx: Tx, actor: str, subscriber: str, detail: dict[str, object]) -> None:
    tx.audit(AuditEntry(actor=actor, action=Permission.SUBSCRIBER_MANAGE,
                        object=f"subscriber:{subscriber}", detail=detail))  # fmt: skip


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
