"""The log of what was done to incidents beside joining: with what stood before, for taking it back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.store.incident_row import Random
from zvon.store.party import Db
from zvon.store.transaction import Tx


class Contradiction(ValueError):
    """Two incidents cannot come together, or apart; the sentence says why."""


class NotLast(ValueError):
    """Later steps touched the same incidents; they are to be taken back first."""


class IncidentBefore(Struct, frozen=True, kw_only=True):
    """What a step may change of an incident."""

    id: int
    state: str
    owner_id: int | None
    lead_id: int | None
    duplicate_of: int | None
    hold_until: datetime | None
    hold_from: str | None
    severity: int
    title: str
    title_params: dict[str, str | int]
    first_at: datetime
    last_at: datetime


class Before(Struct, frozen=True, kw_only=True):
    """What stood before a step: the incidents, and in which of them each moved group lay.

    `cut` are links that the step undid.
    """

    incidents: tuple[IncidentBefore, ...] = ()
    groups: tuple[tuple[int, int | None], ...] = ()
    cut: tuple[int, ...] = ()


class Step(Struct, frozen=True, kw_only=True):
    """One line of an incident's history. Without `person` the correlation did it.

    `incident` took in (merge) or lost (split, cut); `other` went into it, or was made.
    """

    uuid: UUID
    kind: str
    incident: UUID
    incident_number: str
    other: UUID | None
    other_number: str | None
    person: str | None
    reason: str
    at: datetime
    undone_at: datetime | None
    undone_by: str | None


async def before(tx: Tx, incidents: Sequence[int], groups: Sequence[int]) -> Before:
    """How these stand now; the incidents are locked."""
    rows = await tx.execute(
        """
        select id, state, owner_id, lead_id, duplicate_of, hold_until, hold_from, severity, title,
               title_params, first_at, last_at
        from incident where id = any(%s) order by id for no key update
        """,
        (list(incidents),),
    )
    fields = IncidentBefore.__struct_fields__
    found = [IncidentBefore(**dict(zip(fields, row, strict=True))) for row in await rows.fetchall()]
    lying = await tx.execute(
        "select id, incident_id from alert_group where id = any(%s) order by id", (list(groups),)
    )
    return Before(incidents=tuple(found),
                  groups=tuple((int(g), i) for g, i in await lying.fetchall()))  # fmt: skip


async def note(
    tx: Tx, kind: str, *, incident_id: int, other_id: int | None, stood: Before,
    by_person: int | None, reason: str, now: datetime, random: Random,
) -> tuple[int, UUID]:  # fmt: skip
    """Add a step to the log; its number and its identifier."""
    uuid = uuid7(now, random(RANDOM_BYTES))
    row = await (
        await tx.execute(
            """
            insert into incident_step (uuid, kind, incident_id, other_id, before, by_person, reason, at)
            values (%s, %s, %s, %s, %s, %s, %s, %s) returning id
            """,
            (uuid, kind, incident_id, other_id, Jsonb(msgspec.to_builtins(stood)), by_person,
             reason, now),
        )
    ).fetchone()  # fmt: skip
    assert row is not None
    return int(row[0]), uuid


async def restore(tx: Tx, was: IncidentBefore) -> None:
    """Give an incident state, owners and target back as they were."""
    await tx.execute(
        """
        update incident set state = %s, owner_id = %s, lead_id = %s, duplicate_of = %s,
          hold_until = %s, hold_from = %s, version = version + 1 where id = %s
        """,
        (was.state, was.owner_id, was.lead_id, was.duplicate_of, was.hold_until, was.hold_from,
         was.id),
    )  # fmt: skip


async def narrow(tx: Tx, was: IncidentBefore) -> None:
    """Take span and severity of what was merged off an incident of reports again.

    Reports that came since count; of an incident of alerts alone, its groups say both.
    """
    await tx.execute(
        """
        update incident i set first_at = %(first)s,
          last_at = greatest(%(last)s, (select max(r.received_at) from report r where r.incident_id = i.id)),
          severity = case when i.severity_by is null then %(severity)s else i.severity end
        where i.id = %(id)s and i.report_count > 0
        """,
        {"id": was.id, "first": was.first_at, "last": was.last_at, "severity": was.severity},
    )


async def history(db: Db, viewer: Viewer, incident_id: int, *, limit: int = 100) -> list[Step]:
    """The steps of an incident, newest first, as far as both ends may be seen."""
    viewer.require(Permission.INCIDENT_READ)
    async with db.cursor(row_factory=class_row(Step)) as cursor:
        await cursor.execute(
            """
            select s.uuid, s.kind, i.uuid as incident, i.number as incident_number,
                   o.uuid as other, o.number as other_number, p.login as person, s.reason, s.at,
                   s.undone_at, u.login as undone_by
            from incident_step s join incident i on i.id = s.incident_id
            left join incident o on o.id = s.other_id
            left join person p on p.id = s.by_person left join person u on u.id = s.undone_by
            where (s.incident_id = %(id)s or s.other_id = %(id)s)
              and (s.other_id is null or o.id is not null)
            order by s.id desc limit %(limit)s
            """,
            {"id": incident_id, "limit": limit},
        )
        return await cursor.fetchall()
