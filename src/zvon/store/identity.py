"""Rows that bind accounts of the OpenID provider to people, and what its groups give."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.store.party import Db
from zvon.store.transaction import Tx


class Identity(Struct, frozen=True, kw_only=True):
    """An account at the provider and whose it is; `managed`: groups there say the roles here."""

    id: int
    uuid: UUID
    person_id: int
    person: UUID
    login: str
    issuer: str
    subject: str
    managed: bool
    made_at: datetime
    used_at: datetime | None


class Given(Struct, frozen=True):
    """What somebody's groups give: roles, and the organisation they belong to."""

    roles: tuple[str, ...]
    party_id: int


class GroupRole(Struct, frozen=True, kw_only=True):
    """One line of the mapping."""

    group_name: str
    role: str
    party: UUID
    party_name: str


_SELECT: LiteralString = """
select i.id, i.uuid, i.person_id, p.uuid as person, p.login, i.issuer, i.subject, i.managed, i.made_at, i.used_at
from identity i join person p on p.id = i.person_id
"""


async def find(db: Db, issuer: str, subject: str) -> Identity | None:
    """The identity with exactly this issuer and subject."""
    async with db.cursor(row_factory=class_row(Identity)) as cursor:
        await cursor.execute(_SELECT + "where i.issuer = %s and i.subject = %s", (issuer, subject))
        return await cursor.fetchone()


async def one(db: Db, uuid: UUID) -> Identity | None:
    """The identity of this name."""
    async with db.cursor(row_factory=class_row(Identity)) as cursor:
        await cursor.execute(_SELECT + "where i.uuid = %s", (uuid,))
        return await cursor.fetchone()


async def list_all(db: Db) -> list[Identity]:
    """Every identity, by login."""
    async with db.cursor(row_factory=class_row(Identity)) as cursor:
        await cursor.execute(_SELECT + "order by p.login, i.id")
        return await cursor.fetchall()


async def of_person(db: Db, person_id: int) -> list[Identity]:
    """The identities of a person, oldest first."""
    async with db.cursor(row_factory=class_row(Identity)) as cursor:
        await cursor.execute(_SELECT + "where i.person_id = %s order by i.id", (person_id,))
        return await cursor.fetchall()


async def bind(
    tx: Tx, uuid: UUID, person_id: int, issuer: str, subject: str, now: datetime, *,
    managed: bool = False,
) -> Identity:  # fmt: skip
    """Bind an account of the provider to a person."""
    await tx.execute(
        "insert into identity (uuid, person_id, issuer, subject, managed, made_at)"
        " values (%s, %s, %s, %s, %s, %s)",
        (uuid, person_id, issuer, subject, managed, now),
    )
    made = await find(tx.db, issuer, subject)
    assert made is not None
    return made


async def used(tx: Tx, identity_id: int, now: datetime) -> None:
    """Write down a sign-in."""
    await tx.execute("update identity set used_at = %s where id = %s", (now, identity_id))


async def unbind(tx: Tx, uuid: UUID) -> None:
    """Forget an identity."""
    await tx.execute("delete from identity where uuid = %s", (uuid,))


async def login_taken(db: Db, login: str) -> bool:
    """True when an account of any kind has this login."""
    return (
        await (await db.execute("select 1 from person where login = %s", (login,))).fetchone()
        is not None
    )


async def roles_of(db: Db, groups: Sequence[str]) -> Given | None:
    """What these groups give; `None` for nothing, and for groups of two organisations at once."""
    row = await (
        await db.execute(
            "select array_agg(distinct role order by role), min(party_id), count(distinct party_id)"
            " from group_role where group_name = any(%s)",
            (list(groups),),
        )
    ).fetchone()
    if row is None or row[2] != 1:
        return None
    return Given(tuple(row[0]), int(row[1]))


async def mapping(db: Db) -> list[GroupRole]:
    """What every group gives."""
    async with db.cursor(row_factory=class_row(GroupRole)) as cursor:
        await cursor.execute(
            "select g.group_name, g.role, p.uuid as party, p.name as party_name"
            " from group_role g join party p on p.id = g.party_id order by 1, 2"
        )
        return await cursor.fetchall()


async def put_group(tx: Tx, group: str, roles: Sequence[str], party_id: int) -> None:
    """Make `roles` all that a group gives; none: it gives nothing."""
    await tx.execute("delete from group_role where group_name = %s", (group,))
    await tx.execute(
        "insert into group_role (group_name, role, party_id)"
        " select %s, r, %s from unnest(%s::text[]) r",
        (group, party_id, list(roles)),
    )
