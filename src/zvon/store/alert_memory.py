"""What the correlation of a realm remembers: a snapshot as a row, and the alerts that came since."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from msgspec import Struct

from zvon.store.alert_fresh import Fresh, records
from zvon.store.transaction import Tx

STEP = 2_000


class Kept(Struct, frozen=True):
    """A snapshot: up to which alert (`alert.n`), which version of the realm, and its bytes."""

    n: int
    version: int
    body: bytes


async def kept(tx: Tx, realm_id: int) -> Kept | None:
    """The snapshot of a realm, if there is one."""
    row = await (
        await tx.execute(
            "select n, version, body from alert_memory where realm_id = %s", (realm_id,)
        )
    ).fetchone()
    return None if row is None else Kept(row[0], row[1], bytes(row[2]))


async def keep(tx: Tx, realm_id: int, version: int, body: bytes, now: datetime) -> None:
    """Replace the snapshot by one of all alerts that are counted now."""
    await tx.execute(
        """
        insert into alert_memory (realm_id, n, version, body, at)
        select %(id)s, coalesce(max(a.n), 0), %(version)s, %(body)s, %(now)s
        from alert a join alert_group g on g.id = a.group_id where g.realm_id = %(id)s
          and a.n > coalesce((select n from alert_memory where realm_id = %(id)s), 0)
        on conflict (realm_id) do update set n = greatest(alert_memory.n, excluded.n),
          version = excluded.version, body = excluded.body, at = excluded.at
        """,
        {"id": realm_id, "version": version, "body": body, "now": now},
    )


async def since(tx: Tx, realm_id: int, n: int) -> AsyncIterator[Sequence[Fresh]]:
    """The alerts of a realm after `n`, in the order in which they were correlated."""
    while True:
        rows = await (
            await tx.execute(
                """
                select a.n, a.record_id from alert a join alert_group g on g.id = a.group_id
                where a.n > %s and g.realm_id = %s order by a.n limit %s
                """,
                (n, realm_id, STEP),
            )
        ).fetchall()
        if not rows:
            return
        n = int(rows[-1][0])
        yield await records(tx, [int(record_id) for _, record_id in rows])


async def arranged(tx: Tx, realm_id: int) -> tuple[dict[int, int], list[tuple[int, int]]]:
    """What people decided: the component of each episode, and the pairs that stay apart."""
    rows = await tx.execute(
        "select distinct episode, component from alert_group where realm_id = %s and novel",
        (realm_id,),
    )
    components = {int(episode): int(component) for episode, component in await rows.fetchall()}
    pairs = await tx.execute(
        """
        select g.episode, h.episode from alert_apart x
        join alert_group g on g.id = x.a join alert_group h on h.id = x.b
        where x.undone_at is null and g.realm_id = %s and h.realm_id = %s
        """,
        (realm_id, realm_id),
    )
    return components, [(int(a), int(b)) for a, b in await pairs.fetchall()]
