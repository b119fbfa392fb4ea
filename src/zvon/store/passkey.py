"""Rows of passkeys: the public half of what a person holds."""

from datetime import datetime
from typing import LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from zvon.store.party import Db
from zvon.store.savepoint import savepoint
from zvon.store.transaction import Tx


class Passkey(Struct, frozen=True, kw_only=True):
    """One passkey; `person` is what it calls its owner."""

    id: int
    uuid: UUID
    person_id: int
    person: UUID
    login: str
    credential: bytes
    public_key: bytes
    sign_count: int
    backed_up: bool
    name: str
    made_at: datetime
    used_at: datetime | None


class PasskeyKnown(ValueError):
    """Somebody has this passkey already."""


class NoPasskey(LookupError):
    """There is no such passkey, or not of this person."""


_SELECT: LiteralString = """
select k.id, k.uuid, k.person_id, p.uuid as person, p.login, k.credential, k.public_key,
       k.sign_count, k.backed_up, k.name, k.made_at, k.used_at
from passkey k join person p on p.id = k.person_id
"""


async def find(tx: Tx, credential: bytes) -> Passkey | None:
    """The passkey with this id, locked, so that its counter moves once at a time."""
    async with tx.db.cursor(row_factory=class_row(Passkey)) as cursor:
        await cursor.execute(_SELECT + "where k.credential = %s for update of k", (credential,))
        return await cursor.fetchone()


async def of_person(db: Db, person_id: int) -> list[Passkey]:
    """The passkeys of a person, oldest first."""
    async with db.cursor(row_factory=class_row(Passkey)) as cursor:
        await cursor.execute(_SELECT + "where k.person_id = %s order by k.id", (person_id,))
        return await cursor.fetchall()


async def add(
    tx: Tx,
    *,
    uuid: UUID,
    person_id: int,
    credential: bytes,
    public_key: bytes,
    sign_count: int,
    backed_up: bool,
    name: str,
    now: datetime,
) -> None:
    """Keep a new passkey. Raises `PasskeyKnown`."""
    try:
        async with savepoint(tx):
            await tx.execute(
                """
                insert into passkey (uuid, person_id, credential, public_key, sign_count, backed_up,
                                     name, made_at) values (%s, %s, %s, %s, %s, %s, %s, %s)
                """,
                (uuid, person_id, credential, public_key, sign_count, backed_up, name, now),
            )
    except UniqueViolation:
        raise PasskeyKnown("this passkey was added already") from None


async def used(tx: Tx, passkey_id: int, sign_count: int, backed_up: bool, now: datetime) -> None:
    """Write down a use and where its counter stands."""
    await tx.execute(
        "update passkey set sign_count = %s, backed_up = %s, used_at = %s where id = %s",
        (sign_count, backed_up, now, passkey_id),
    )


async def remove(tx: Tx, uuid: UUID, person_id: int) -> str:
    """Forget a passkey of this person; its name. Raises `NoPasskey`."""
    row = await (
        await tx.execute(
            "delete from passkey where uuid = %s and person_id = %s returning name",
            (uuid, person_id),
        )
    ).fetchone()
    if row is None:
        raise NoPasskey("there is no such passkey")
    return str(row[0])


async def any_of(db: Db, person_id: int) -> bool:
    """True when the person has a passkey."""
    row = await (
        await db.execute("select exists (select from passkey where person_id = %s)", (person_id,))
    ).fetchone()
    return row is not None and bool(row[0])


async def holders(db: Db) -> int:
    """How many open accounts have a passkey."""
    row = await (
        await db.execute(
            "select count(distinct k.person_id) from passkey k join person p on p.id = k.person_id"
            " where not p.disabled"
        )
    ).fetchone()
    assert row is not None
    return int(row[0])
