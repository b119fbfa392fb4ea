"""Rows of changes to who may do what: proposed with a reason, in force at once or after a second."""

from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.store.party import Db
from zvon.store.savepoint import savepoint
from zvon.store.transaction import Tx


class AccessChange(Struct, frozen=True, kw_only=True):
    """One change; `second` asks for another person than the one who proposed it."""

    id: int
    uuid: UUID
    kind: str
    name: str
    body: dict[str, Any]
    second: bool
    reason: str
    state: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None


class NoAccessChange(LookupError):
    """There is no such change."""


class AskedAlready(ValueError):
    """A change of the same thing waits for a second person already."""


_SELECT: LiteralString = """
select c.id, c.uuid, c.kind, c.name, c.body, c.second, c.reason, c.state, p.login as proposed_by,
       c.proposed_at, d.login as decided_by, c.decided_at
from access_change c join person p on p.id = c.proposed_by
left join person d on d.id = c.decided_by
"""


async def propose(
    tx: Tx,
    *,
    uuid: UUID,
    kind: str,
    name: str,
    body: dict[str, Any],
    second: bool,
    reason: str,
    person_id: int,
    now: datetime,
) -> AccessChange:
    """Write a proposal down. Raises `AskedAlready`."""
    try:
        async with savepoint(tx):
            await tx.execute(
                """
                insert into access_change (uuid, kind, name, body, second, reason, proposed_by,
                                           proposed_at) values (%s, %s, %s, %s, %s, %s, %s, %s)
                """,
                (uuid, kind, name, Jsonb(body), second, reason, person_id, now),
            )
    except UniqueViolation:
        raise AskedAlready("a change of this waits for a second person already") from None
    return await one(tx.db, uuid)


async def lock(tx: Tx, uuid: UUID) -> AccessChange:
    """A change, locked for its decision. Raises `NoAccessChange`."""
    await tx.execute("select 1 from access_change where uuid = %s for update", (uuid,))
    return await one(tx.db, uuid)


async def decide(tx: Tx, change_id: int, state: str, person_id: int, now: datetime) -> None:
    """Write the decision down; the life cycle and the second person are the table's to check."""
    await tx.execute(
        "update access_change set state = %s, decided_by = %s, decided_at = %s where id = %s",
        (state, person_id, now, change_id),
    )


async def one(db: Db, uuid: UUID) -> AccessChange:
    """One change. Raises `NoAccessChange`."""
    async with db.cursor(row_factory=class_row(AccessChange)) as cursor:
        await cursor.execute(_SELECT + "where c.uuid = %s", (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoAccessChange(f"there is no such change: {uuid}")
    return found


async def newest(db: Db, most: int = 50) -> list[AccessChange]:
    """Those that wait, then the others, newest first."""
    async with db.cursor(row_factory=class_row(AccessChange)) as cursor:
        await cursor.execute(
            _SELECT + "order by (c.state = 'waiting') desc, c.id desc limit %s", (most,)
        )
        return await cursor.fetchall()


async def put_policy(
    tx: Tx, name: str, body: dict[str, Any], person_id: int, now: datetime
) -> None:
    """A new version of a policy."""
    await tx.execute("select pg_advisory_xact_lock(hashtext(%s))", (f"policy:{name}",))
    await tx.execute(
        """
        insert into policy (name, version, body, at, by_person)
        select %(name)s, coalesce(max(version), 0) + 1, %(body)s, %(now)s, %(by)s
        from policy where name = %(name)s
        """,
        {"name": name, "body": Jsonb(body), "now": now, "by": person_id},
    )
