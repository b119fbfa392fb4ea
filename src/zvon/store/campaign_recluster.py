"""Campaigns looked at anew with what is known by now: common keys tie no longer, late ones do.

Numbers stay: of what falls apart the largest part keeps the campaign, of what comes together the
oldest. What people joined is left alone, what they cut stays cut. Doing it twice changes nothing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from zvon.model.observable import TYPE, Observable
from zvon.store import campaign_merge, incident_intake
from zvon.store.campaign import get, lock
from zvon.store.campaign_around import around
from zvon.store.campaign_board import SUPPRESSED, Around, Board, Joining, Key
from zvon.store.campaign_move import detach
from zvon.store.party import Db
from zvon.store.transaction import Tx

WINDOW = timedelta(days=30)
MOST_CAMPAIGNS = 200  # that one night looks at
MOST_REPORTS = 5_000  # of a campaign; a larger one is for people to split
MOST_PARTS = 100  # that one night makes of a campaign; the rest follows the next night
RECLUSTERED = "RECLUSTERED"
_PAGE = ("SAME_PAGE", "SAME_RESOURCES", "SAME_FAVICON", "SAME_FORM_TARGET", "SAME_CERTIFICATE")
Random = Callable[[int], bytes]


async def mark(tx: Tx, now: datetime) -> None:
    """Which marks of pages tell nothing: seen all over, or on what a person found benign."""
    await tx.execute(
        """
        with good as (
          select distinct k.observable_id from incident i
          join report r on r.incident_id = i.id
          join report_key k on k.record_id = r.record_id
          where i.verdict = 'benign' and i.verdict_by is not null and k.code = any(%(page)s)),
        gone as (
          delete from campaign_key_common c where c.why = 'person'
            and not exists (select from good g where g.observable_id = c.observable_id))
        insert into campaign_key_common (observable_id, why, at)
        select observable_id, 'person', %(now)s from good order by observable_id
        on conflict do nothing
        """,
        {"page": list(_PAGE), "now": now},
    )
    await tx.execute(
        """
        insert into campaign_key_common (observable_id, why, at)
        select observable_id, 'spread', %s from campaign_key_seen s
        where not exists (select from campaign_key_common c
                          where c.observable_id = s.observable_id)
        group by observable_id having count(*) > %s order by observable_id on conflict do nothing
        """,
        (now, SUPPRESSED),
    )


async def doubtful(db: Db, now: datetime) -> list[int]:
    """Campaigns of the last weeks that a common key may hold together, largest first."""
    rows = await db.execute(
        """
        select c.id from campaign c
        where c.merged_into is null and c.last_at > %(since)s
          and exists (select from campaign_key k
                      join campaign_key_common o using (observable_id)
                      where k.campaign_id = c.id and k.reports > 1)
          and not exists (select from campaign_step s
                          where s.kind = 'merge' and s.by_person is not null
                            and s.undone_at is null and s.campaign_id = c.id)
          and (select count(*) from report r where r.campaign_id = c.id)
              between 2 and %(reports)s
        order by (select count(*) from report r where r.campaign_id = c.id) desc, c.id
        limit %(most)s
        """,
        {"since": now - WINDOW, "reports": MOST_REPORTS, "most": MOST_CAMPAIGNS},
    )
    return [row[0] for row in await rows.fetchall()]


async def split(tx: Tx, campaign_id: int, now: datetime, random: Random) -> int:
    """Take a campaign apart where only common keys held it together; the number of new ones."""
    await lock(tx)
    found = await get(tx.db, campaign_id)
    if found.merged_into is not None:
        return 0
    parts = await _parts(tx, campaign_id)
    parts.sort(key=lambda records: (-len(records), records[0]))
    for records in parts[1 : 1 + MOST_PARTS]:
        await detach(tx, found, records, "split", RECLUSTERED, now, random, by_person=None,
                     actor="system")  # fmt: skip
    return min(len(parts) - 1, MOST_PARTS)


async def join(tx: Tx, now: datetime) -> int:
    """Put campaigns together that share enough strong keys by now; how many went into another."""
    await lock(tx)
    rows = await (
        await tx.execute(
            """
            with shared as (
              select k.observable_id from campaign_key k
              join campaign c on c.id = k.campaign_id
              where c.merged_into is null and c.last_at > %(since)s
                and not exists (select from campaign_key_common o
                                where o.observable_id = k.observable_id)
                and exists (select from report_key r
                            where r.observable_id = k.observable_id and r.strong)
              group by k.observable_id having count(*) between 2 and %(common)s
              order by k.observable_id limit %(most)s)
            select k.campaign_id, k.observable_id, o.type, o.value, r.code, c.uuid, c.first_at
            from shared s join campaign_key k using (observable_id)
            join campaign c on c.id = k.campaign_id and c.merged_into is null
            join observable o on o.id = k.observable_id
            join lateral (select code from report_key r where r.observable_id = k.observable_id
                          limit 1) r on true
            order by k.campaign_id, k.observable_id
            """,
            {"since": now - WINDOW, "common": SUPPRESSED, "most": 50 * MOST_CAMPAIGNS},
        )
    ).fetchall()
    known: dict[Observable, int] = {}
    looking: dict[int, Joining] = {}
    for campaign_id, number, kind, value, code, uuid, at in rows:
        key = Key(Observable(TYPE[kind], value), True, code, "-")
        known[key.observable] = number
        before = looking.get(campaign_id)
        keys = (*(before.keys if before else ()), key)
        looking[campaign_id] = Joining(record_id=0, keys=keys, at=at, uuid=uuid)
    board = Board(known, await around(tx.db, sorted(known.values())))
    for campaign_id, joining in sorted(looking.items()):
        board.seat(joining, campaign_id)
    for old, new, links in board.merges:
        why = " ".join([RECLUSTERED, *(link.code for link in links)])
        await campaign_merge.merge(tx, old, new, now, reason=why)
        await incident_intake.fold_campaign(tx, old, new, now)
    return len(board.merges)


async def _parts(tx: Tx, campaign_id: int) -> list[list[int]]:
    """The reports of a campaign, joined anew in the order in which they came."""
    rows = await (
        await tx.execute(
            """
            select r.record_id, r.received_at, k.observable_id, o.type, o.value, k.code, k.strong
            from report r left join report_key k on k.record_id = r.record_id
              and not exists (select from campaign_key_common c
                              where c.observable_id = k.observable_id)
            left join observable o on o.id = k.observable_id
            where r.campaign_id = %s order by r.received_at, r.record_id, k.observable_id
            """,
            (campaign_id,),
        )
    ).fetchall()
    known: dict[Observable, int] = {}
    batch: dict[int, Joining] = {}
    for record_id, at, number, kind, value, code, strong in rows:
        keys: tuple[Key, ...] = batch[record_id].keys if record_id in batch else ()
        if number is not None:
            key = Key(Observable(TYPE[kind], value), strong, code, "-")
            known[key.observable] = number
            keys = (*keys, key)
        batch[record_id] = Joining(record_id=record_id, keys=keys, at=at, uuid=UUID(int=record_id))
    return seated(known, list(batch.values()), await _spread(tx, sorted(known.values())))


def seated(
    known: dict[Observable, int], batch: Sequence[Joining], spread: dict[int, int]
) -> list[list[int]]:
    """The record ids of each campaign that these reports alone would make, oldest first."""
    board = Board(known, Around(campaigns=0, spread=spread))
    seats = [board.seat(each, None) for each in batch]
    parts: dict[int, list[int]] = {}
    for seat in seats:
        parts.setdefault(board.settled(seat, {}).campaign, []).append(seat.joining.record_id)
    return list(parts.values())


async def _spread(tx: Tx, keys: Sequence[int]) -> dict[int, int]:
    """How many campaigns have each key: here as common as everywhere."""
    rows = await tx.execute(
        "select observable_id, count(*) from campaign_key where observable_id = any(%s) group by 1",
        (list(keys),),
    )
    return dict(await rows.fetchall())
