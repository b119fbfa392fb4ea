"""Two campaigns become one, with what stood before, so that they can be taken apart again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct, to_builtins
from psycopg.types.json import Jsonb

from zvon.store.transaction import Change, Op, Tx


class IncidentBefore(Struct, frozen=True, kw_only=True):
    """An incident before a step; `reports` and `newest` (a record id) tell which reports it had."""

    id: int
    state: str
    duplicate_of: int | None
    campaign_id: int | None
    reports: int
    newest: int | None
    first_at: datetime
    last_at: datetime
    names: tuple[dict[str, Any], ...]


class Before(Struct, frozen=True, kw_only=True):
    """What stood before a step: where each report lay, and the incidents and blocks around.

    `records` are (report, campaign, incident), `campaigns` (id, brand), `blocks` (block, incident).
    """

    records: tuple[tuple[int, int, int | None], ...] = ()
    campaigns: tuple[tuple[int, str | None], ...] = ()
    incidents: tuple[IncidentBefore, ...] = ()
    blocks: tuple[tuple[int, int], ...] = ()


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
            select i.id, i.state, i.duplicate_of, i.campaign_id, r.n, r.newest, i.first_at,
                   i.last_at,
                   coalesce((select jsonb_agg(to_jsonb(m) order by m.name) from incident_name m
                             where m.incident_id = i.id), '[]')
            from incident i, lateral (select count(*) as n, max(record_id) as newest from report
                                      where incident_id = i.id) r
            where i.id = any(%s) or (i.campaign_id = any(%s) and i.origin = 'own') order by i.id
            """,
            (sorted({row[2] for row in lying if row[2] is not None}), list(campaigns)),
        )
    ).fetchall()
    blocks = await (
        await tx.execute(
            "select id, incident_id from block where incident_id = any(%s) order by id",
            ([row[0] for row in incidents],),
        )
    ).fetchall()
    brands = await (
        await tx.execute(
            "select id, brand from campaign where id = any(%s) order by id", (list(campaigns),)
        )
    ).fetchall()
    return Before(
        records=tuple((r[0], r[1], r[2]) for r in lying),
        campaigns=tuple((r[0], r[1]) for r in brands),
        incidents=tuple(
            IncidentBefore(id=r[0], state=r[1], duplicate_of=r[2], campaign_id=r[3], reports=r[4],
                           newest=r[5], first_at=r[6], last_at=r[7], names=tuple(r[8]))
            for r in incidents
        ),
        blocks=tuple((r[0], r[1]) for r in blocks),
    )  # fmt: skip


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
