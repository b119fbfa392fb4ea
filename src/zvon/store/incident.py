"""Incidents: what partners send us becomes one, and what all others do, in one place.

How reports become incidents is in `store.incident_intake`, the queue is in `store.incident_queue`, the page of one incident in `store.incident_detail`, and
what people decide in `store.incident_decision`.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from zvon.model.advice import NameAdvice
from zvon.model.marking import Pap, Tlp
from zvon.model.verdict import Verdict
from zvon.store import incident_names
from zvon.store import verdict as verdicts
from zvon.store.incident_detail import IncidentDetail, NotFound, get
from zvon.store.incident_filter import Tab
from zvon.store.incident_intake import Judged, for_campaign, for_reports
from zvon.store.incident_queue import QueuePage, QueueRow, counts, queue
from zvon.store.incident_row import Origin, Random, create, set_state, timeline
from zvon.store.transaction import Change, Op, Tx

__all__ = [
    "IncidentDetail",
    "Judged",
    "NotFound",
    "QueuePage",
    "QueueRow",
    "Tab",
    "counts",
    "for_campaign",
    "for_reports",
    "from_peer",
    "get",
    "queue",
    "timeline",
    "withdrawn",
]


async def from_peer(
    tx: Tx,
    *,
    record_id: int,
    peer_person_id: int,
    verdict: Verdict,
    title_code: str,
    title_params: Mapping[str, str | int],
    names: Sequence[NameAdvice],
    now: datetime,
    rank: float = 0.0,
    rank_reasons: Sequence[Any] = (),
    random: Random = os.urandom,
) -> tuple[int, UUID]:
    """Make an incident of an event that a partner sent; it carries the event's marking."""
    row = await (
        await tx.execute(
            "select uuid, tlp, pap, orgc_id, group_uuid, created_at from record where id = %s",
            (record_id,),
        )
    ).fetchone()
    if row is None:
        raise LookupError(f"no record {record_id}")
    origin = Origin(uuid=row[0], tlp=Tlp(row[1]), pap=Pap(row[2]), orgc_id=row[3],
                     group_uuid=row[4], at=row[5])  # fmt: skip
    made = await create(
        tx, origin, campaign_id=None, verdict=verdict, title_code=title_code,
        title_params=title_params, rank=rank, rank_reasons=rank_reasons, peer=True, now=now,
        random=random,
    )  # fmt: skip
    await verdicts.put(tx, verdict, names, now, incident_id=made, person_id=peer_person_id)
    await incident_names.put(tx, made, names, count=True)
    who = await (
        await tx.execute("select login from person where id = %s", (peer_person_id,))
    ).fetchone()
    actor = "system" if who is None else str(who[0])
    await timeline(tx, made, "share", actor, "EVENT_RECEIVED", {"event": str(origin.uuid)}, now)
    uuid = await (await tx.execute("select uuid from incident where id = %s", (made,))).fetchone()
    assert uuid is not None
    await tx.execute(
        """
        insert into edge (src, type, dst, reason, record_id, at)
        values (%s, 'derived-from', %s, %s, %s, %s) on conflict do nothing
        """,
        (uuid[0], origin.uuid, Jsonb({"code": "EVENT_RECEIVED"}), record_id, now),
    )
    return made, uuid[0]


async def withdrawn(tx: Tx, incident_id: int, *, actor: str, reason: str, now: datetime) -> None:
    """The partner took the event back: the work ends unless a person here decided; idempotent."""
    row = await (
        await tx.execute(
            """
            select uuid, record_id, tlp, state, verdict_by,
                   exists (select from timeline where incident_id = i.id and code = 'EVENT_REVOKED')
            from incident i where id = %s for update
            """,
            (incident_id,),
        )
    ).fetchone()
    if row is None or row[5]:
        return
    if row[4] is None and row[3] in {"new", "triage", "open"}:
        await set_state(tx, incident_id, "rejected")
    await timeline(tx, incident_id, "share", actor, "EVENT_REVOKED", {"reason": reason}, now)
    tx.note(
        Change(kind="incident", subject=row[0], op=Op.REVOKE, record_id=row[1], tlp=Tlp(row[2]))
    )
