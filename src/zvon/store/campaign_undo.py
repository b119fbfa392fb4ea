"""Taking back what was done to campaigns: all lies as it lay before."""

from datetime import datetime
from uuid import UUID

import msgspec

from zvon.access.viewer import Viewer
from zvon.store import campaign_card
from zvon.store.campaign import Campaign, get, lock
from zvon.store.campaign_gate import BadStep, require, told
from zvon.store.campaign_merge import Before
from zvon.store.campaign_move import cut, recount
from zvon.store.transaction import Tx


class NotLast(ValueError):
    """Later steps moved the same reports; they are to be taken back first."""


async def undo(tx: Tx, viewer: Viewer, step: UUID, now: datetime) -> Campaign:
    """Take a step back: reports, incidents and blocks lie as before; the campaign as it is then.

    What came since stays with the campaign that it would be in. A merge by the machine that is
    taken back sticks like a cut. Raises `Denied`, `LookupError`, `BadStep` and `NotLast`.
    """
    require(viewer)
    await lock(tx)
    row = await (
        await tx.execute(
            "select id, kind, campaign_id, other_id, records, before, by_person, undone_at, at"
            " from campaign_step where uuid = %s",
            (step,),
        )
    ).fetchone()
    if row is None:
        raise LookupError(f"no step {step}")
    number, kind, campaign_id, other_id, records, stored, by_person, undone, at = row
    if undone is not None:
        raise BadStep("the step was taken back already")
    later = await tx.execute(
        "select from campaign_step where id > %s and undone_at is null and records && %s::bigint[] limit 1",
        (number, records),
    )
    if later.rowcount:
        raise NotLast("later steps moved the same reports; take those back first")
    before = msgspec.convert(stored, Before)
    if kind == "merge":
        await _apart_again(tx, before, campaign_id, other_id)
        await campaign_card.put_back(tx, before, made_in=None, actor=viewer.login, now=now)
        await tx.execute(
            "update campaign_apart set undone_at = null"
            " where undone_at = %s and campaign_id = any(%s)",
            (at, [campaign_id, other_id]),
        )
        if by_person is None:
            await cut(tx, records, campaign_id, viewer, "undo", now, number)
    else:
        await _home(tx, campaign_id, other_id)
        await campaign_card.put_back(tx, before, made_in=other_id, actor=viewer.login, now=now)
        await tx.execute(
            "update campaign_apart set undone_at = %s where step_id = %s and undone_at is null",
            (now, number),
        )
    await recount(tx, [campaign_id, other_id])
    for each, brand in before.campaigns:
        await tx.execute("update campaign set brand = %s where id = %s", (brand, each))
    await tx.execute(
        "update campaign_step set undone_at = %s, undone_by = %s where id = %s",
        (now, viewer.person_id, number),
    )
    found = await get(tx.db, campaign_id)
    told(tx, viewer, "undo", found, {"step": str(step)})
    return found


async def _apart_again(tx: Tx, before: Before, campaign_id: int, other_id: int) -> None:
    """The merged campaign is alive again, with the reports that it brought."""
    await tx.execute(
        "update report set campaign_id = %s where campaign_id = %s and record_id = any(%s)",
        (other_id, campaign_id, [record_id for record_id, _, _ in before.records]),
    )
    await tx.execute("update campaign set merged_into = null where id = %s", (other_id,))


async def _home(tx: Tx, campaign_id: int, other_id: int) -> None:
    """All reports of the made campaign lie in the first again; what came since is a member, too."""
    await tx.execute(
        """
        insert into campaign_member (campaign_id, record_id, reasons, at)
        select %(to)s, m.record_id, m.reasons, m.at from campaign_member m
        join report r on r.record_id = m.record_id and r.campaign_id = %(made)s
        where m.campaign_id = %(made)s on conflict do nothing
        """,
        {"to": campaign_id, "made": other_id},
    )
    await tx.execute("delete from campaign_member where campaign_id = %s", (other_id,))
    await tx.execute(
        "update report set campaign_id = %s where campaign_id = %s", (campaign_id, other_id)
    )
    await tx.execute("update campaign set merged_into = %s where id = %s", (campaign_id, other_id))
