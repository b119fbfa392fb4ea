"""The originator's vault seen from a person's request: which rows there are, and destroying some."""

from collections.abc import Sequence
from uuid import UUID

from zvon.store.party import Db
from zvon.store.transaction import Tx

Row = tuple[UUID, str, str]
"""Group, epoch and token."""


async def rows(db: Db) -> list[Row]:
    """Every row of the vault."""
    cursor = await db.execute(
        "select group_uuid, epoch, token from pseudonym order by group_uuid, epoch, token"
    )
    return [(row[0], row[1], row[2]) for row in await cursor.fetchall()]


async def destroy(tx: Tx, gone: Sequence[Row]) -> None:
    """Destroy rows of the vault: their tokens lead nowhere any more."""
    await tx.execute(
        """
        delete from pseudonym p using unnest(%s::uuid[], %s::text[], %s::text[]) x(g, e, t)
        where p.group_uuid = x.g and p.epoch = x.e and p.token = x.t
        """,
        ([row[0] for row in gone], [row[1] for row in gone], [row[2] for row in gone]),
    )


async def released_with(db: Db, tokens: Sequence[str]) -> list[UUID]:
    """Standing releases that carry one of `tokens`."""
    cursor = await db.execute(
        """
        select s.uuid from share s where s.state = 'released' and exists (
          select from unnest(%s::text[]) t where strpos(s.after::text, t) > 0)
        order by s.id
        """,
        (list(tokens),),
    )
    return [row[0] for row in await cursor.fetchall()]


async def recipients(db: Db, records: Sequence[int]) -> list[tuple[str, int]]:
    """Groups that got a release about one of `records`' incidents, and how many releases."""
    cursor = await db.execute(
        """
        select g.name, count(*) from share s join share_group g on g.uuid = s.group_uuid
        where s.state = 'released' and (s.record_id = any(%(ids)s) or s.incident_id in (
          select p.incident_id from report p where p.record_id = any(%(ids)s)))
        group by g.name order by g.name
        """,
        {"ids": list(records)},
    )
    return [(row[0], int(row[1])) for row in await cursor.fetchall()]
