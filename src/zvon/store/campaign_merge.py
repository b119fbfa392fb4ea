"""Two campaigns become one, with what stood before, so that they can be taken apart again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct, to_builtins
from psycopg.types.json import Jsonb

from zvon.store.transaction import Change, Op, Tx


class Before(Struct, frozen=True, kw_only=True):
    """What stood before a step: where each report lay, and the incidents and blocks around.

    `records` are (report, campaign, incident), `incidents` (id, state, duplicate of, campaign),
    `blocks` (block, incident), `names` the rows of `incident_name`; `versions` are those of the
    incidents after the step: while they stand nothing else has changed.
    """

    records: tuple[tuple[int, int, int | None], ...] = ()
    incidents: tuple[tuple[int, str, int | None, int | None], ...] = ()
    blocks: tuple[tuple[int, int], ...] = ()
    names: tuple[dict[str, Any], ...] = ()
    versions: tuple[tuple[int, int], ...] = ()


async def merge(
    tx: Tx, old: int, new: int, now: datetime, *, reason: str, by_person: int | None = None
) -> UUID:
    """`old` goes into `new`; the step's id. The caller holds the campaigns' lock.

    Its members stay listed under it, so that it can be taken apart. Incidents are folded by
    those who know them (`incident_intake`, `campaign_step`).
    """
    records = [row[0] for row in await (await tx.execute(
        "select record_id from report where campaign_id = %s order by record_id", (old,)
    )).fetchall()]  # fmt: skip
    uuids: dict[int, UUID] = dict(await (await tx.execute(
        "select id, uuid from campaign where id = any(%s)", ([old, new],)
    )).fetchall())  # fmt: skip
    before = await around_records(tx, records, [old, new])
    step = await note(
        tx, "merge", campaign_id=new, other_id=old, records=records, before=before, reason=reason,
        by_person=by_person, now=now, uuid=uuid5(uuids[old], f"{uuids[new]} {now.isoformat()}"),
    )  # fmt: skip
    await tx.execute("update campaign set merged_into = %s where id = %s", (new, old))
    await tx.execute("update report set campaign_id = %s where campaign_id = %s", (new, old))
    await tx.execute(
        """
        with moved as (delete from campaign_key where campaign_id = %(old)s
                       returning observable_id, reports)
        insert into campaign_key (observable_id, campaign_id, reports)
        select observable_id, %(new)s, reports from moved order by observable_id
        on conflict (observable_id, campaign_id)
          do update set reports = campaign_key.reports + excluded.reports
        """,
        {"old": old, "new": new},
    )
    await tx.execute(
        """
        update campaign c set first_at = least(c.first_at, o.first_at),
          last_at = greatest(c.last_at, o.last_at), brand = coalesce(c.brand, o.brand)
        from campaign o where c.id = %s and o.id = %s
        """,
        (new, old),
    )
    tx.note(Change(kind="campaign", subject=uuids[old], op=Op.EDIT))
    return step


async def around_records(tx: Tx, records: Sequence[int], campaigns: Sequence[int]) -> Before:
    """How these reports lie, with every incident of theirs and of these campaigns."""
    lying = await (
        await tx.execute(
            "select record_id, campaign_id, incident_id from report where record_id = any(%s)"
            " order by record_id",
            (list(records),),
        )
    ).fetchall()
    incidents = await (
        await tx.execute(
            """
            select id, state, duplicate_of, campaign_id from incident
            where id = any(%s) or (campaign_id = any(%s) and origin = 'own') order by id
            """,
            (sorted({row[2] for row in lying if row[2] is not None}), list(campaigns)),
        )
    ).fetchall()
    ids = [row[0] for row in incidents]
    blocks = await (
        await tx.execute(
            "select id, incident_id from block where incident_id = any(%s) order by id", (ids,)
        )
    ).fetchall()
    names = await (
        await tx.execute(
            """
            select to_jsonb(n) from incident_name n where incident_id = any(%s)
            order by incident_id, name
            """,
            (ids,),
        )
    ).fetchall()
    return Before(
        records=tuple((r[0], r[1], r[2]) for r in lying),
        incidents=tuple((r[0], r[1], r[2], r[3]) for r in incidents),
        blocks=tuple((r[0], r[1]) for r in blocks),
        names=tuple(r[0] for r in names),
    )


async def note(
    tx: Tx, kind: str, *, campaign_id: int, other_id: int, records: Sequence[int], before: Before,
    reason: str, by_person: int | None, now: datetime, uuid: UUID,
) -> UUID:  # fmt: skip
    """Write a step into the history."""
    await tx.execute(
        """
        insert into campaign_step (uuid, kind, campaign_id, other_id, records, before, by_person,
                                   reason, at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (uuid, kind, campaign_id, other_id, list(records), Jsonb(to_builtins(before)), by_person,
         reason, now),
    )  # fmt: skip
    return uuid
