"""What subscribers were sent, added up by day (UTC)."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct
from psycopg.rows import class_row

from zvon.store.party import Db
from zvon.store.transaction import Tx


class Usage(Struct, frozen=True, kw_only=True):
    """What one subscriber was sent on one day: full and incremental transfers, octets of both and
    of exports, NOTIFY messages, exports.
    """

    subscriber_id: int
    day: date
    full_transfers: int = 0
    differences: int = 0
    octets: int = 0
    notifies: int = 0
    exports: int = 0


async def add(tx: Tx, rows: Sequence[Usage]) -> None:
    """Add to what is counted already; a subscriber that is gone for good is left out."""
    await tx.execute(
        """
        insert into usage_day as u (subscriber_id, day, full_transfers, differences, octets,
                                    notifies, exports)
        select s.id, day, sum(full_transfers), sum(differences), sum(octets), sum(notifies),
               sum(exports)
        from unnest(%s::bigint[], %s::date[], %s::bigint[], %s::bigint[], %s::bigint[],
                    %s::bigint[], %s::bigint[])
             x(subscriber, day, full_transfers, differences, octets, notifies, exports)
        join subscriber s on s.id = x.subscriber
        group by s.id, day order by s.id, day
        on conflict (subscriber_id, day) do update set
          full_transfers = u.full_transfers + excluded.full_transfers,
          differences = u.differences + excluded.differences,
          octets = u.octets + excluded.octets,
          notifies = u.notifies + excluded.notifies,
          exports = u.exports + excluded.exports
        """,
        ([r.subscriber_id for r in rows], [r.day for r in rows], [r.full_transfers for r in rows],
         [r.differences for r in rows], [r.octets for r in rows], [r.notifies for r in rows],
         [r.exports for r in rows]),
    )  # fmt: skip


async def of(db: Db, subscriber_id: int, since: date) -> list[Usage]:
    """The days of one subscriber from `since` on, the newest first; days without use are missing."""
    async with db.cursor(row_factory=class_row(Usage)) as cursor:
        await cursor.execute(
            """
            select subscriber_id, day, full_transfers, differences, octets, notifies, exports
            from usage_day where subscriber_id = %s and day >= %s order by day desc
            """,
            (subscriber_id, since),
        )
        return await cursor.fetchall()
