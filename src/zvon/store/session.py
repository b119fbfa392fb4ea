"""Rows of sign-in: sessions, one-time links, API keys. Only hashes are stored."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.store.party import Db
from zvon.store.transaction import Tx


class Session(Struct, frozen=True, kw_only=True):
    """An open session: whose it is, and the token that unsafe requests must carry.

    `limits` is the body of the newest policy of sessions, `None` for the shipped one.
    """

    uuid: UUID
    person_id: int
    csrf: str
    created_at: datetime
    seen_at: datetime
    strong_at: datetime | None
    limits: Any


class Origin(Struct, frozen=True):
    """Where a session was opened: the address, and what the browser calls itself."""

    address: str = ""
    agent: str = ""


NOWHERE = Origin()
"""Of a session that no browser opened."""


class OpenSession(Struct, frozen=True, kw_only=True):
    """What is shown of a session."""

    uuid: UUID
    person: UUID
    login: str
    name: str
    method: str
    address: str
    agent: str
    created_at: datetime
    seen_at: datetime
    strong_at: datetime | None
    expires_at: datetime


class ApiKey(Struct, frozen=True, kw_only=True):
    """What is shown of a key; the secret was shown once and is not kept."""

    id: str
    name: str
    permissions: list[str] | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None = None


class KeySecret(Struct, frozen=True):
    """What a presented key is compared with, when it was last used, and the limits that hold."""

    person_id: int
    secret_hash: bytes
    permissions: list[str] | None
    used_at: datetime | None
    limits: Any


async def open_session(
    tx: Tx,
    digest: bytes,
    person_id: int,
    csrf: str,
    now: datetime,
    until: datetime,
    *,
    uuid: UUID,
    method: str,
    origin: Origin,
    strong_at: datetime | None = None,
) -> None:
    """Store a new session, and forget those that have ended."""
    await tx.execute("delete from session where expires_at <= %s", (now,))
    await tx.execute(
        """
        insert into session (hash, uuid, person_id, csrf, method, address, agent, created_at,
                             seen_at, strong_at, expires_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (digest, uuid, person_id, csrf, method, origin.address[:64], origin.agent[:200], now, now,
         strong_at, until),
    )  # fmt: skip


async def find(db: Db, digest: bytes, now: datetime) -> Session | None:
    """The session with this hash, unless it has ended."""
    async with db.cursor(row_factory=class_row(Session)) as cursor:
        await cursor.execute(
            """
            select uuid, person_id, csrf, created_at, seen_at, strong_at,
                   (select body from policy where name = 'access'
                    order by version desc limit 1) as limits
            from session where hash = %s and expires_at > %s
            """,
            (digest, now),
        )
        return await cursor.fetchone()


async def seen(db: Db, digest: bytes, now: datetime) -> None:
    """Write down that the session is in use."""
    await db.execute(
        "update session set seen_at = %s where hash = %s and seen_at < %s", (now, digest, now)
    )


async def prove(tx: Tx, uuid: UUID, now: datetime) -> None:
    """Write down that a passkey has just proved who sits there."""
    await tx.execute("update session set strong_at = %s where uuid = %s", (now, uuid))


async def open_now(db: Db, now: datetime, person_id: int | None = None) -> list[OpenSession]:
    """Sessions that have not ended, of one person or of all, the last used first."""
    async with db.cursor(row_factory=class_row(OpenSession)) as cursor:
        await cursor.execute(
            """
            select s.uuid, p.uuid as person, p.login, p.name, s.method, s.address, s.agent,
                   s.created_at, s.seen_at, s.strong_at, s.expires_at
            from session s join person p on p.id = s.person_id
            where s.expires_at > %(now)s
              and (%(person)s::bigint is null or s.person_id = %(person)s)
            order by s.seen_at desc, s.uuid limit 500
            """,
            {"now": now, "person": person_id},
        )
        return await cursor.fetchall()


async def end(tx: Tx, uuid: UUID) -> bool:
    """End a session by its name; false when it had ended."""
    return (await tx.execute("delete from session where uuid = %s", (uuid,))).rowcount == 1


async def end_all(tx: Tx, person_id: int, but: UUID | None = None) -> int:
    """End every session of a person, one perhaps not; how many ended."""
    done = await tx.execute(
        "delete from session where person_id = %s and uuid is distinct from %s", (person_id, but)
    )
    return done.rowcount


async def spend(tx: Tx, digest: bytes, until: datetime, now: datetime) -> bool:
    """Use up a state or a challenge; false when it was used before."""
    await tx.execute("delete from sign_in_spent where expires_at <= %s", (now,))
    done = await tx.execute(
        "insert into sign_in_spent (hash, expires_at) values (%s, %s) on conflict do nothing",
        (digest, until),
    )
    return done.rowcount == 1


async def close(tx: Tx, digest: bytes) -> int | None:
    """End a session; the person it belonged to, or `None` when there was none."""
    row = await (
        await tx.execute("delete from session where hash = %s returning person_id", (digest,))
    ).fetchone()
    return None if row is None else int(row[0])


async def add_link(tx: Tx, digest: bytes, person_id: int, until: datetime) -> None:
    """Store a one-time link; unused older ones of the person stop working."""
    await tx.execute(
        "delete from login_link where person_id = %s and used_at is null", (person_id,)
    )
    await tx.execute(
        "insert into login_link (hash, person_id, expires_at) values (%s, %s, %s)",
        (digest, person_id, until),
    )


async def use_link(tx: Tx, digest: bytes, now: datetime) -> int | None:
    """Spend a one-time link; the person, or `None` when it is unknown, used or too old."""
    row = await (
        await tx.execute(
            """
            update login_link set used_at = %(now)s
            where hash = %(hash)s and used_at is null and expires_at > %(now)s
            returning person_id
            """,
            {"hash": digest, "now": now},
        )
    ).fetchone()
    return None if row is None else int(row[0])


async def refused_since(db: Db, login: str, since: datetime) -> int:
    """How many sign-ins as `login` were refused since then; the audit rows are the count."""
    row = await (
        await db.execute(
            """
            select count(*) from audit
            where action = 'session:sign_in' and object = %s and outcome = 'refused' and at > %s
            """,
            (login, since),
        )
    ).fetchone()
    assert row is not None
    return int(row[0])


async def add_key(
    tx: Tx,
    *,
    key_id: str,
    person_id: int,
    secret_hash: bytes,
    name: str,
    permissions: list[Permission] | None,
    now: datetime,
    until: datetime,
) -> None:
    """Store a key."""
    await tx.execute(
        "insert into api_key (id, person_id, secret_hash, name, permissions, created_at,"
        " expires_at) values (%s, %s, %s, %s, %s, %s, %s)",
        (key_id, person_id, secret_hash, name, permissions, now, until),
    )


async def find_key(db: Db, key_id: str, now: datetime) -> KeySecret | None:
    """The key with this id, unless it was revoked or has ended."""
    async with db.cursor(row_factory=class_row(KeySecret)) as cursor:
        await cursor.execute(
            """
            select person_id, secret_hash, permissions, used_at,
                   (select body from policy where name = 'access'
                    order by version desc limit 1) as limits
            from api_key where id = %s and revoked_at is null and expires_at > %s
            """,
            (key_id, now),
        )
        return await cursor.fetchone()


async def key_used(db: Db, key_id: str, now: datetime) -> None:
    """Write down that a key is in use."""
    await db.execute("update api_key set used_at = %s where id = %s", (now, key_id))


async def key_owner(db: Db, key_id: str) -> UUID | None:
    """Whose key this is; revoked and ended ones too."""
    row = await (
        await db.execute(
            "select p.uuid from api_key k join person p on p.id = k.person_id where k.id = %s",
            (key_id,),
        )
    ).fetchone()
    return None if row is None else UUID(str(row[0]))


async def revoke_key(tx: Tx, key_id: str, now: datetime) -> bool:
    """Make a key useless; false when it already was, or never existed."""
    done = await tx.execute(
        "update api_key set revoked_at = %s where id = %s and revoked_at is null", (now, key_id)
    )
    return done.rowcount == 1


async def keys_of(db: Db, person_id: int) -> list[ApiKey]:
    """The keys of an account, newest first."""
    async with db.cursor(row_factory=class_row(ApiKey)) as cursor:
        await cursor.execute(
            "select id, name, permissions, created_at, expires_at, revoked_at,"
            " used_at from api_key"
            " where person_id = %s order by created_at desc, id",
            (person_id,),
        )
        return await cursor.fetchall()
