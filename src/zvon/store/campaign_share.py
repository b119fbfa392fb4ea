"""Marks of kits between nodes: what ours are, and partners' events that belong to a campaign."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.types.json import Jsonb

from zvon.model.observable import CODE, TYPE, Observable, ObservableType
from zvon.store import observable
from zvon.store.party import Db
from zvon.store.transaction import Change, Op, Tx

# Sets of resources are named by whom they were first seen by, so their names do not travel.
MARKS = ("SAME_PAGE", "SAME_FAVICON", "SAME_FORM_TARGET", "SAME_BOT", "SAME_CERTIFICATE")
MOST_MARKS = 64  # of an incident
MOST_OWN = 5_000  # of the node, those of the newest campaigns
WINDOW = timedelta(days=90)
ABROAD = "SAME_KIT_ABROAD"


async def of_incident(db: Db, incident_uuid: UUID) -> list[Observable]:
    """The marks of the pages of an incident's reports, those of most reports first."""
    rows = await db.execute(
        """
        select o.type, o.value from incident i
        join report r on r.incident_id = i.id
        join report_key k on k.record_id = r.record_id and k.code = any(%s)
        join observable o on o.id = k.observable_id
        where i.uuid = %s and not exists (select from campaign_key_common c
                                          where c.observable_id = k.observable_id)
        group by o.type, o.value order by count(*) desc, o.type, o.value limit %s
        """,
        (list(MARKS), incident_uuid, MOST_MARKS),
    )
    return [Observable(TYPE[kind], value) for kind, value in await rows.fetchall()]


async def own(db: Db, now: datetime) -> list[tuple[Observable, int]]:
    """The marks of living campaigns with their campaigns, newest first."""
    rows = await db.execute(
        """
        select o.type, o.value, c.id from campaign c
        join campaign_key k on k.campaign_id = c.id
        join observable o on o.id = k.observable_id and o.type = any(%s)
        where c.merged_into is null and c.last_at > %s
          and not exists (select from campaign_key_common x
                          where x.observable_id = k.observable_id)
        order by c.last_at desc, c.id, o.value limit %s
        """,
        ([CODE[kind] for kind in (
            ObservableType.SKELETON, ObservableType.FAVICON, ObservableType.FORM_TARGET,
            ObservableType.BOT, ObservableType.CERTIFICATE)], now - WINDOW, MOST_OWN),
    )  # fmt: skip
    return [(Observable(TYPE[kind], value), campaign) for kind, value, campaign
            in await rows.fetchall()]  # fmt: skip


async def versions(db: Db, group_uuid: UUID) -> list[tuple[int, bytes]]:
    """The versions of a group's membership, newest first, each as it was sent."""
    rows = await db.execute(
        "select version, note from share_membership where group_uuid = %s"
        " order by version desc limit 20",
        (group_uuid,),
    )
    return [(row[0], bytes(row[1])) for row in await rows.fetchall()]


async def attach(tx: Tx, marks: Sequence[tuple[str, int]], now: datetime) -> list[tuple[int, int]]:
    """Put partners' events into the campaigns whose mark they bear; (campaign, record) that are new.

    `marks` are (value of the mark, campaign). Idempotent.
    """
    known = await observable.ids(
        tx.db, [Observable(ObservableType.KIT_MARK, value) for value, _ in marks]
    )
    rows = [(known[mark], value, campaign) for value, campaign in marks
            if (mark := Observable(ObservableType.KIT_MARK, value)) in known]  # fmt: skip
    if not rows:
        return []
    reason = {"code": ABROAD, "type": ObservableType.KIT_MARK.value, "reports": 1, "weight": 0.0}
    made = await tx.execute(
        """
        insert into campaign_member (campaign_id, record_id, reasons, at)
        select distinct on (x.campaign, e.id) x.campaign, e.id,
               jsonb_build_array(%s::jsonb || jsonb_build_object('value', x.value)), %s
        from unnest(%s::bigint[], %s::text[], %s::bigint[]) x(mark, value, campaign)
        join occurrence c on c.observable_id = x.mark
        join record e on e.id = c.record_id and e.kind = 'event' and not e.deleted
          and not exists (select from source_setup s where s.source_id = e.source_id)
        join party p on p.id = e.orgc_id and not p.own
        order by x.campaign, e.id, x.value
        on conflict do nothing returning campaign_id, record_id
        """,
        (Jsonb(reason), now, [mark for mark, _, _ in rows], [value for _, value, _ in rows],
         [campaign for _, _, campaign in rows]),
    )  # fmt: skip
    tied = [(int(row[0]), int(row[1])) for row in await made.fetchall()]
    uuids = await tx.execute(
        "select uuid from campaign where id = any(%s)", ([campaign for campaign, _ in tied],)
    )
    tx.note(*(Change(kind="campaign", subject=row[0], op=Op.EDIT)
              for row in await uuids.fetchall()))  # fmt: skip
    return tied
