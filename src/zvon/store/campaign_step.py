"""What people do to campaigns: take reports out, put two together, and take such a step back.

A cut sticks: reports and the campaign that they left are never joined again by keys. Every step
is kept with its reason and with what stood before.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store import campaign_merge, incident_intake
from zvon.store.campaign import Campaign, get, lock
from zvon.store.campaign_gate import BadStep, alive, check_reason, require, seen_by, told
from zvon.store.campaign_move import Random, cut, detach
from zvon.store.party import Db
from zvon.store.transaction import Tx

MAX_MOVED = 5_000  # reports that one step moves


class Step(Struct, frozen=True, kw_only=True):
    """One line of a campaign's history. Without `person` the machine did it, by shared keys.

    `campaign` is the one that lost reports (`part`, `split`) or took them in (`merge`), `other`
    the one that was made, or that went into it.
    """

    uuid: UUID
    kind: str
    campaign: UUID
    campaign_number: str
    other: UUID
    other_number: str
    reports: int
    person: str | None
    reason: str
    at: datetime
    undone_at: datetime | None
    undone_by: str | None


async def part(
    tx: Tx, viewer: Viewer, campaign: UUID, reports: Sequence[UUID], reason: str, now: datetime,
    random: Random,
) -> Campaign:  # fmt: skip
    """Take reports out of a campaign, into a new one of their own; the new one.

    Raises `Denied`, `LookupError` for what the viewer does not see, and `BadStep`.
    """
    found = await _open(tx, viewer, campaign, reason)
    async with seen_by(tx, viewer):
        rows = await tx.execute(
            "select p.record_id from report p join record r on r.id = p.record_id"
            " where r.uuid = any(%s) and p.campaign_id = %s order by p.record_id",
            (list(reports), found.id),
        )
        records = [row[0] for row in await rows.fetchall()]
    if len(records) < len(set(reports)):
        raise LookupError("the campaign has no such report")
    return await _leave(tx, viewer, "part", found, records, reason, now, random)


async def split(
    tx: Tx, viewer: Viewer, campaign: UUID, key: int, reason: str, now: datetime, random: Random
) -> Campaign:
    """Take all reports with one key out of a campaign, into a new one; the new one.

    `key` is the number of the key on the campaign's page. Raises like `part`.
    """
    found = await _open(tx, viewer, campaign, reason)
    async with seen_by(tx, viewer):
        rows = await tx.execute(
            "select k.record_id from report_key k join report p on p.record_id = k.record_id"
            " where k.observable_id = %s and p.campaign_id = %s order by k.record_id",
            (key, found.id),
        )
        records = [row[0] for row in await rows.fetchall()]
    if not records:
        raise LookupError("the campaign has no such key")
    return await _leave(tx, viewer, "split", found, records, reason, now, random)


async def merge(
    tx: Tx, viewer: Viewer, campaign: UUID, other: UUID, reason: str, now: datetime
) -> Campaign:
    """Put `other` into `campaign`; earlier cuts between the two are taken back with it.

    Raises `Denied`, `LookupError` and `BadStep`.
    """
    into = await _open(tx, viewer, campaign, reason)
    old = await alive(tx, viewer, other)
    if into.id == old.id:
        raise BadStep("a campaign cannot be put together with itself")
    step = await campaign_merge.merge(
        tx, old.id, into.id, now, reason=reason, by_person=viewer.person_id
    )
    await incident_intake.fold_campaign(tx, old.id, into.id, now)
    await tx.execute(
        """
        update campaign_apart a set undone_at = %(now)s
        from report r where r.record_id = a.record_id and a.undone_at is null
          and r.campaign_id = %(new)s and a.campaign_id in (%(old)s, %(new)s)
        """,
        {"now": now, "old": old.id, "new": into.id},
    )
    told(tx, viewer, "merge", into, {"other": old.number, "reason": reason, "step": str(step)})
    return await get(tx.db, into.id)


async def history(db: Db, viewer: Viewer, campaign_id: int, *, limit: int = 100) -> list[Step]:
    """The steps of a campaign, newest first; only the operator's people see any."""
    viewer.require(Permission.INCIDENT_READ)
    rows = await db.execute(
        """
        select s.uuid, s.kind, c.uuid, c.number, o.uuid, o.number, cardinality(s.records),
               p.login, s.reason, s.at, s.undone_at, u.login
        from campaign_step s
        join campaign c on c.id = s.campaign_id join campaign o on o.id = s.other_id
        left join person p on p.id = s.by_person left join person u on u.id = s.undone_by
        where s.campaign_id = %(id)s or s.other_id = %(id)s order by s.id desc limit %(limit)s
        """,
        {"id": campaign_id, "limit": limit},
    )
    fields = Step.__struct_fields__
    return [Step(**dict(zip(fields, row, strict=True))) for row in await rows.fetchall()]


async def _leave(
    tx: Tx, viewer: Viewer, kind: str, found: Campaign, records: Sequence[int], reason: str,
    now: datetime, random: Random,
) -> Campaign:  # fmt: skip
    if not records or len(records) > MAX_MOVED:
        raise BadStep(f"a step moves 1 to {MAX_MOVED} reports")
    if len(records) >= found.reports:
        raise BadStep("these are all reports of the campaign; nothing would stay")
    to = await detach(
        tx, found, records, kind, reason, now, random,
        by_person=viewer.person_id, actor=viewer.login,
    )  # fmt: skip
    row = await (
        await tx.execute("select max(id) from campaign_step where other_id = %s", (to,))
    ).fetchone()
    assert row is not None
    await cut(tx, records, found.id, viewer, reason, now, row[0])
    made = await get(tx.db, to)
    told(tx, viewer, kind, found, {"to": made.number, "reports": len(records), "reason": reason})
    return made


async def _open(tx: Tx, viewer: Viewer, campaign: UUID, reason: str) -> Campaign:
    require(viewer)
    check_reason(reason)
    await lock(tx)
    return await alive(tx, viewer, campaign)
