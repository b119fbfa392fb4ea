"""What is stored about the keys of a batch of reports, and which keys link nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from zvon.model.observable import Observable
from zvon.store import observable
from zvon.store.campaign_board import SUPPRESSED, Around
from zvon.store.ingest import NEAR, Sighted, occurrences_of
from zvon.store.party import Db
from zvon.store.transaction import Tx


async def around(db: Db, known: Sequence[int]) -> Around:
    """The campaigns that hold these keys, how common the keys are, and what people set apart.

    At most `SUPPRESSED` + 1 campaigns and surroundings of a key are counted: it takes no longer
    for a key that everybody has.
    """
    cursor = await db.execute(
        """
        select 0 as what, null::bigint as k, max(id) as c, 0 as n from campaign
        union all
        select 1, k, c.campaign_id, c.reports from unnest(%(keys)s::bigint[]) k
        join lateral (select campaign_id, reports from campaign_key
                      where observable_id = k limit %(most)s) c on true
        union all
        select 2, k, null, s.n from unnest(%(keys)s::bigint[]) k
        join lateral (select count(*)::int as n from (
                        select from campaign_key_seen where observable_id = k limit %(most)s) x
                     ) s on s.n > 1
        union all
        select 3, observable_id, null, 0 from campaign_key_common
        where observable_id = any(%(keys)s)
        """,
        {"keys": list(known), "most": SUPPRESSED + 1},
    )
    campaigns, holders, spread, common = 0, dict[int, dict[int, int]](), dict[int, int](), set()
    for what, key, campaign, number in await cursor.fetchall():
        match what:
            case 0:
                campaigns = int(campaign or 0)
            case 1:
                holders.setdefault(key, {})[campaign] = number
            case 2:
                spread[key] = number
            case _:
                common.add(key)
    found = {campaign for reports in holders.values() for campaign in reports}
    apart = await apart_of(db, sorted(found)) if len(found) > 1 else frozenset()
    return Around(campaigns=campaigns, holders=holders, spread=spread, common=frozenset(common),
                  apart=apart)  # fmt: skip


async def apart_of(db: Db, campaigns: Sequence[int]) -> frozenset[tuple[int, int]]:
    """Pairs of these campaigns, smaller first, that a person's cut keeps from being one.

    A cut is written down as reports that must not lie in a campaign; it binds the campaigns that
    these reports and that campaign have become.
    """
    rows = await db.execute(
        """
        with recursive cut as (
          select r.campaign_id as mine, a.campaign_id as other
          from campaign_apart a join report r on r.record_id = a.record_id
          where a.undone_at is null and r.campaign_id = any(%(found)s)),
        walk as (
          select distinct mine, other from cut
          union
          select w.mine, c.merged_into from walk w join campaign c on c.id = w.other
          where c.merged_into is not null)
        select distinct least(mine, other), greatest(mine, other) from walk
        where other = any(%(found)s) and mine <> other
        """,
        {"found": list(campaigns)},
    )
    return frozenset((row[0], row[1]) for row in await rows.fetchall())


async def note_common(tx: Tx, good: Mapping[int, Sequence[Observable]], now: datetime) -> None:
    """What these good reports show, by record id, links nothing from now on; idempotent."""
    shown = {record_id: values for record_id, values in good.items() if values}
    if not shown:
        return
    await occurrences_of(
        tx, {each: [Sighted(value, NEAR, now) for value in values]
             for each, values in shown.items()}
    )  # fmt: skip
    known = await observable.ids(tx.db, [value for values in shown.values() for value in values])
    await tx.execute(
        """
        insert into campaign_key_common (observable_id, why, at)
        select k, 'benign', %s from unnest(%s::bigint[]) k order by k on conflict do nothing
        """,
        (now, sorted(known.values())),
    )
