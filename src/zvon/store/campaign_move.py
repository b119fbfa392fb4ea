"""Moving reports between campaigns, row by row; who may is asked elsewhere."""

from collections.abc import Callable, Sequence
from datetime import datetime

from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, spoken, uuid7
from zvon.store import campaign_card, campaign_merge
from zvon.store.campaign import Campaign
from zvon.store.campaign_merge import around_records
from zvon.store.transaction import Change, Op, Tx

Random = Callable[[int], bytes]


async def detach(
    tx: Tx, found: Campaign, records: Sequence[int], kind: str, reason: str, now: datetime,
    random: Random, *, by_person: int | None, actor: str,
) -> int:  # fmt: skip
    """Move reports of a campaign into a new one, with their incident; its id.

    The caller holds the campaigns' lock. Nothing keeps the two apart but what the caller adds.
    """
    number = await (await tx.execute("select nextval('campaign_number')")).fetchone()
    assert number is not None
    uuid = uuid7(now, random(RANDOM_BYTES))
    made = await (
        await tx.execute(
            "insert into campaign (uuid, number, brand, first_at, last_at)"
            " values (%s, %s, %s, %s, %s) returning id",
            (uuid, spoken("K", now.year, int(number[0])), found.brand, found.first_at,
             found.last_at),
        )
    ).fetchone()  # fmt: skip
    assert made is not None
    to = int(made[0])
    before = await around_records(tx, records, [found.id])
    await campaign_merge.note(
        tx, kind, campaign_id=found.id, other_id=to, records=records, before=before,
        reason=reason, by_person=by_person, now=now, uuid=uuid7(now, random(RANDOM_BYTES)),
    )  # fmt: skip
    await tx.execute(
        "insert into campaign_member (campaign_id, record_id, reasons, at)"
        " select %s, r, '[]', %s from unnest(%s::bigint[]) r",
        (to, now, list(records)),
    )
    await tx.execute(
        "update report set campaign_id = %s where record_id = any(%s)", (to, list(records))
    )
    await campaign_card.leave(tx, before, to, actor=actor, now=now, random=random)
    await recount(tx, [found.id, to])
    tx.note(Change(kind="campaign", subject=uuid, op=Op.ADD),
            Change(kind="campaign", subject=found.uuid, op=Op.EDIT))  # fmt: skip
    return to


async def cut(
    tx: Tx, records: Sequence[int], campaign_id: int, viewer: Viewer, reason: str, now: datetime,
    step: int,
) -> None:  # fmt: skip
    """These reports must never again lie in that campaign, whatever the keys say."""
    await tx.execute(
        "insert into campaign_apart (record_id, campaign_id, by_person, reason, at, step_id)"
        " select r, %s, %s, %s, %s, %s from unnest(%s::bigint[]) r",
        (campaign_id, viewer.person_id, reason, now, step, list(records)),
    )


async def recount(tx: Tx, campaigns: Sequence[int]) -> None:
    """Counts of keys, and spans, from the reports that the campaigns have."""
    await tx.execute("delete from campaign_key where campaign_id = any(%s)", (list(campaigns),))
    await tx.execute(
        """
        insert into campaign_key (observable_id, campaign_id, reports)
        select k.observable_id, r.campaign_id, count(*)
        from report r join report_key k using (record_id) where r.campaign_id = any(%s)
        group by 1, 2 order by 1, 2
        """,
        (list(campaigns),),
    )
    await tx.execute(
        """
        update campaign c set first_at = x.first, last_at = x.last
        from (select campaign_id, min(received_at) as first, max(received_at) as last
              from report where campaign_id = any(%s) group by campaign_id) x
        where c.id = x.campaign_id
        """,
        (list(campaigns),),
    )
