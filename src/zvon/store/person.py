"""People and machine accounts: who they are, their roles, and the `Viewer` each becomes."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.errors import ForeignKeyViolation, UniqueViolation
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.marking import Tlp
from zvon.store.party import Db
from zvon.store.transaction import Tx


class Person(Struct, frozen=True, kw_only=True):
    """An account. A `machine` account is a peer or a sensor and never counts as a person."""

    id: int
    uuid: UUID
    party_id: int
    login: str
    name: str
    lang: str
    theme: str
    machine: bool
    disabled: bool
    keys_on: bool
    tlp_ceiling: int
    created_at: datetime
    party: str
    country: str
    roles: Sequence[str]


class Secret(Struct, frozen=True):
    """What sign-in compares with."""

    person_id: int
    password_hash: str | None
    disabled: bool


class LoginTaken(ValueError):
    """Another account has this login."""

    def __init__(self, login: str) -> None:
        super().__init__(f"the login {login!r} is taken")


class NoSuchRole(ValueError):
    """A role that has no row in `role`."""

    def __init__(self, roles: Collection[str]) -> None:
        super().__init__(f"no role among {', '.join(sorted(roles))} has that name")


class NoSuchPerson(LookupError):
    """No account has this identifier."""

    def __init__(self, who: object) -> None:
        super().__init__(f"no person {who}")


_PERSON: LiteralString = """
select p.id, p.uuid, p.party_id, p.login, p.name, p.lang, p.theme, p.machine, p.disabled, p.keys_on,
       p.tlp_ceiling, p.created_at, o.name as party, o.country,
       array(select role from person_role r where r.person_id = p.id order by role) as roles
from person p join party o on o.id = p.party_id
"""


async def put_roles(tx: Tx, roles: Mapping[str, Collection[Permission]]) -> None:
    """Write what each role grants; an existing role takes the new permissions."""
    names = sorted(roles)
    for name in names:
        await tx.execute(
            """
            insert into role (name, permissions, shipped) values (%s, %s, true)
            on conflict (name) do update set permissions = excluded.permissions, shipped = true
            """,
            (name, sorted(roles[name])),
        )


async def add(
    tx: Tx,
    *,
    uuid: UUID,
    party_id: int,
    login: str,
    name: str,
    lang: str,
    roles: Collection[str],
    password_hash: str | None,
    now: datetime,
    machine: bool = False,
    tlp_ceiling: Tlp = Tlp.AMBER_STRICT,
) -> int:
    """Add an account with its roles. Raises `LoginTaken`, `NoSuchRole`."""
    try:
        row = await (
            await tx.execute(
                """
                insert into person (uuid, party_id, login, name, lang, password_hash, machine,
                                    tlp_ceiling, created_at)
                values (%s, %s, %s, %s, %s, %s, %s, %s, %s) returning id
                """,
                (uuid, party_id, login, name, lang, password_hash, machine, int(tlp_ceiling), now),
            )
        ).fetchone()
    except UniqueViolation:
        raise LoginTaken(login) from None
    assert row is not None
    await set_roles(tx, row[0], roles)
    return int(row[0])


async def set_roles(tx: Tx, person_id: int, roles: Collection[str]) -> None:
    """Make `roles` all the roles of this account. Raises `NoSuchRole`."""
    await tx.execute("delete from person_role where person_id = %s", (person_id,))
    try:
        await tx.execute(
            "insert into person_role select %s, r from unnest(%s::text[]) r order by r",
            (person_id, sorted(set(roles))),
        )
    except ForeignKeyViolation:
        raise NoSuchRole(roles) from None


async def set_password(tx: Tx, person_id: int, password_hash: str) -> None:
    """Replace the password; every session of the account ends."""
    await tx.execute(
        "update person set password_hash = %s where id = %s", (password_hash, person_id)
    )
    await tx.execute("delete from session where person_id = %s", (person_id,))


async def set_disabled(tx: Tx, person_id: int, disabled: bool) -> None:
    """Close or open the account; closing ends every session."""
    await tx.execute("update person set disabled = %s where id = %s", (disabled, person_id))
    if disabled:
        await tx.execute("delete from session where person_id = %s", (person_id,))


async def set_preferences(tx: Tx, person_id: int, *, lang: str, theme: str, keys_on: bool) -> None:
    """What the person chose for the console: language, theme, single-key commands."""
    await tx.execute(
        "update person set lang = %s, theme = %s, keys_on = %s where id = %s",
        (lang, theme, keys_on, person_id),
    )


async def set_keys(tx: Tx, person_id: int, moved: Mapping[str, str]) -> None:
    """Which single keys the person moved: the shipped one, and the one pressed instead."""
    await tx.execute(
        "update person set key_map = %s where id = %s", (Jsonb(dict(moved)), person_id)
    )


async def get(db: Db, uuid: UUID) -> Person:
    """One account. Raises `NoSuchPerson`."""
    async with db.cursor(row_factory=class_row(Person)) as cursor:
        await cursor.execute(_PERSON + "where p.uuid = %s", (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoSuchPerson(uuid)
    return found


async def by_id(db: Db, person_id: int) -> Person:
    """One account by its number here. Raises `NoSuchPerson`."""
    async with db.cursor(row_factory=class_row(Person)) as cursor:
        await cursor.execute(_PERSON + "where p.id = %s", (person_id,))
        found = await cursor.fetchone()
    if found is None:
        raise NoSuchPerson(person_id)
    return found


async def list_all(db: Db) -> list[Person]:
    """Every account by login, closed ones too."""
    async with db.cursor(row_factory=class_row(Person)) as cursor:
        await cursor.execute(_PERSON + "order by p.login")
        return await cursor.fetchall()


async def secret(db: Db, login: str) -> Secret | None:
    """What sign-in needs to know of `login`; machine accounts have no sign-in."""
    async with db.cursor(row_factory=class_row(Secret)) as cursor:
        await cursor.execute(
            "select id as person_id, password_hash, disabled from person"
            " where login = %s and not machine",
            (login,),
        )
        return await cursor.fetchone()


async def viewer(db: Db, person_id: int, *, csrf: str = "") -> Viewer | None:
    """The viewer that an open account becomes; `None` when it is closed or unknown."""
    row = await (
        await db.execute(
            """
            select p.login, p.name, p.party_id, o.own, o.country, p.tlp_ceiling, p.lang, p.theme,
                   p.keys_on, array(select role from person_role r where r.person_id = p.id
                                    order by role),
                   array(select distinct unnest(permissions) from role
                         join person_role r on r.role = role.name where r.person_id = p.id),
                   p.key_map
            from person p join party o on o.id = p.party_id
            where p.id = %s and not p.disabled
            """,
            (person_id,),
        )
    ).fetchone()
    if row is None:
        return None
    return Viewer(
        person_id=person_id,
        login=row[0],
        name=row[1],
        party_id=row[2],
        party_own=row[3],
        country=row[4],
        tlp_ceiling=Tlp(row[5]),
        lang=row[6],
        theme=row[7],
        keys_on=row[8],
        roles=tuple(row[9]),
        permissions=frozenset(p for p in Permission if p.value in row[10]),
        csrf=csrf,
        key_map=row[11],
    )


async def someone_may(db: Db, permission: Permission) -> bool:
    """True when an open account that can sign in has `permission`."""
    row = await (
        await db.execute(
            """
            select exists (
              select from person p join person_role r on r.person_id = p.id
              join role on role.name = r.role
              where %s = any (role.permissions) and not p.disabled and not p.machine
                and (p.password_hash is not null
                     or exists (select from login_link l
                                where l.person_id = p.id and l.used_at is not null)))
            """,
            (permission.value,),
        )
    ).fetchone()
    return row is not None and bool(row[0])
