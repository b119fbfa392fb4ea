"""Roles as rows: what each grants, who has it, and which of them may do a thing."""

from collections.abc import Collection
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.store.party import Db
from zvon.store.transaction import Tx


class Role(Struct, frozen=True, kw_only=True):
    """One role; `people` and `machines` count the open accounts that have it."""

    name: str
    permissions: list[str]
    shipped: bool
    people: int
    machines: int


class Holder(Struct, frozen=True, kw_only=True):
    """An account that has a role."""

    role: str
    uuid: UUID
    name: str
    login: str
    party: str


async def list_all(db: Db) -> list[Role]:
    """Every role: the shipped ones first, then by name."""
    async with db.cursor(row_factory=class_row(Role)) as cursor:
        await cursor.execute(
            """
            select r.name, r.permissions, r.shipped,
                   count(p.id) filter (where not p.machine) as people,
                   count(p.id) filter (where p.machine) as machines
            from role r left join person_role pr on pr.role = r.name
            left join person p on p.id = pr.person_id and not p.disabled
            group by r.name order by r.shipped desc, r.name
            """
        )
        return await cursor.fetchall()


async def holders(db: Db, below: Collection[int] | None = None) -> list[Holder]:
    """Which people have which role; `below` keeps to people of these organisations."""
    async with db.cursor(row_factory=class_row(Holder)) as cursor:
        await cursor.execute(
            """
            select r.role, p.uuid, p.name, p.login, o.name as party
            from person_role r join person p on p.id = r.person_id
            join party o on o.id = p.party_id
            where not p.disabled and not p.machine
              and (%(below)s::bigint[] is null or p.party_id = any(%(below)s))
            order by r.role, p.name, p.login limit 5000
            """,
            {"below": None if below is None else list(below)},
        )
        return await cursor.fetchall()


async def that_may(db: Db, permission: Permission) -> list[str]:
    """The roles that grant `permission`, by name."""
    rows = await (
        await db.execute(
            "select name from role where %s = any (permissions) order by name", (permission.value,)
        )
    ).fetchall()
    return [str(row[0]) for row in rows]


async def granted(db: Db, names: Collection[str]) -> frozenset[str]:
    """All that these roles grant together."""
    rows = await (
        await db.execute(
            "select distinct unnest(permissions) from role where name = any(%s)", (list(names),)
        )
    ).fetchall()
    return frozenset(str(row[0]) for row in rows)


async def put(tx: Tx, name: str, permissions: Collection[str]) -> None:
    """Write an added role; one with no permissions and nobody in it is forgotten."""
    if not permissions:
        await tx.execute("delete from group_role where role = %s", (name,))
        await tx.execute("delete from role where name = %s and not shipped", (name,))
        return
    await tx.execute(
        "insert into role (name, permissions) values (%s, %s)"
        " on conflict (name) do update set permissions = excluded.permissions",
        (name, sorted(permissions)),
    )
