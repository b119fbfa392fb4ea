"""What people say that an incident was, apart from its state; several of them, the newest counts."""

import os
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.incident_life import TimeOf
from zvon.model.lifecycle import IncidentState, check_incident_move
from zvon.model.verdict import AlertVerdict
from zvon.store import incident_decision as decision
from zvon.store import incident_end, incident_time
from zvon.store.incident_decision import Current
from zvon.store.party import Db
from zvon.store.transaction import Tx

MOST = 200
ENDS = frozenset({AlertVerdict.FALSE_POSITIVE, AlertVerdict.BENIGN_POSITIVE})


class Said(Struct, frozen=True, kw_only=True):
    """One alert verdict; without `person` a machine said it."""

    uuid: UUID
    value: str
    confidence: float | None
    reason: str
    duplicate_uuid: UUID | None
    duplicate_number: str | None
    person: str | None
    at: datetime
    undone_at: datetime | None


async def put(
    tx: Tx,
    viewer: Viewer,
    current: Current,
    value: AlertVerdict,
    state: IncidentState,
    *,
    reason: str,
    now: datetime,
    confidence: float | None = None,
    random: Callable[[int], bytes] = os.urandom,
) -> None:
    """Write a person's alert verdict and take the incident to `state`, to be undone together.

    What ends by a false or benign positive ends with its blocks. Raises `IllegalMove`, `Denied`.
    """
    if state != current.state:
        check_incident_move(current.state, state)
    decided = await decision.remember(tx, viewer, current, value.value, state, reason, now, {})
    await attach(tx, viewer, current.id, value, decided, reason=reason, confidence=confidence,
                 now=now, random=random)  # fmt: skip
    await tx.execute(
        "update incident set state = %s, owner_id = coalesce(owner_id, %s), version = version + 1"
        " where id = %s",
        (state.value, viewer.person_id, current.id),
    )
    for what in (TimeOf.ACKNOWLEDGED, TimeOf.ASSESSED):
        await incident_time.first(tx, current.id, what, now, "verdict", now)
    await decision.tell(tx, viewer, current, "verdict", f"ALERT_VERDICT_{value.name}", reason, now)
    if value in ENDS and state in {IncidentState.REJECTED, IncidentState.RESOLVED}:
        await incident_end.blocks(tx, viewer, current.id, reason or f"verdict: {value}", now)


async def attach(
    tx: Tx,
    viewer: Viewer,
    incident_id: int,
    value: AlertVerdict,
    decision_id: int | None,
    *,
    reason: str,
    confidence: float | None,
    now: datetime,
    of: int | None = None,
    random: Callable[[int], bytes] = os.urandom,
) -> None:
    """Keep the verdict alone; it is undone with the decision that it belongs to."""
    await tx.execute(
        """
        insert into alert_verdict (uuid, incident_id, value, confidence, reason, duplicate_of,
                                   by_person, decision_id, at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (uuid7(now, random(RANDOM_BYTES)), incident_id, value.value, confidence, reason, of,
         viewer.person_id, decision_id, now),
    )  # fmt: skip


async def last_decision(tx: Tx, incident_id: int) -> int | None:
    """The decision of a person on the incident that stands, if there is one."""
    row = await (
        await tx.execute(
            "select id from incident_decision where incident_id = %s and undone_at is null"
            " order by id desc limit 1",
            (incident_id,),
        )
    ).fetchone()
    return None if row is None else int(row[0])


async def said(db: Db, incident_id: int) -> list[Said]:
    """All alert verdicts of an incident, newest first, those that were undone included."""
    async with db.cursor(row_factory=class_row(Said)) as cursor:
        await cursor.execute(
            """
            select v.uuid, v.value, v.confidence, v.reason, d.uuid as duplicate_uuid,
                   d.number as duplicate_number, p.login as person, v.at, v.undone_at
            from alert_verdict v left join person p on p.id = v.by_person
            left join incident d on d.id = v.duplicate_of
            where v.incident_id = %s order by v.id desc limit %s
            """,
            (incident_id, MOST),
        )
        return await cursor.fetchall()
