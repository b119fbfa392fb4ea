"""Rows of sign-in: sessions, one-time links, API keys. Only hashes are stored."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.store.party import Db
from zvon.store.transaction import Tx


class Session(Struct, frozen=True):
    """An open session: whose it is, and the token that unsafe requests must carry."""

    person_id: int
    csrf: str


class ApiKey(Struct, frozen=True, kw_only=True):
    """What is shown of a key; the secret was shown once and is not kept."""

    id: str
    name: str
    permissions: list[str] | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class KeySecret(Struct, frozen=True):
    """What a presented key is compared with."""

    person_id: int
    secret_hash: bytes
    permissions: list[str] | None


async def open_session(
    tx: Tx, digest: bytes, person_id: int, csrf: str, now: datetime, until: datetime
) -> None:
    """Store a new session, and forget those that have ended."""
    await tx.execute("delete from session where expires_at <= %s", (now,))
    await tx.execute(
        "insert into session (hash, person_id, csrf, created_at, expires_at)"
        " values (%s, %s, %s, %s, %s)",
        (digest, person_id, csrf, now, until),
    )


async def find(db: Db, digest: bytes, now: datetime) -> Session | None:
    """The session with this hash, unless it has ended."""
    async with db.cursor(row_factory=class_row(Session)) as cursor:
        await cursor.execute(
            "select person_id, csrf from session where hash = %s and expires_at > %s",
            (digest, now),
        )
        return await cursor.fetchone()


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
            "select person_id, secret_hash, permissions from api_key"
            " where id = %s and revoked_at is null and expires_at > %s",
            (key_id, now),
        )
        return await cursor.fetchone()


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
            "select id, name, permissions, created_at, expires_at, revoked_at from api_key"
            " where person_id = %s order by created_at desc, id",
            (person_id,),
        )
        return await cursor.fetchall()
