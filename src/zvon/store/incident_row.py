"""One incident row: made with its record and its number, and the lines of its story."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.model.ids import RANDOM_BYTES, spoken, uuid7
from zvon.model.incident_life import TimeOf
from zvon.model.marking import Pap, Tlp
from zvon.model.verdict import Verdict
from zvon.store import incident_time, party
from zvon.store.transaction import Change, Op, Tx

Random = Callable[[int], bytes]


class Origin(Struct, frozen=True, kw_only=True):
    """What an incident starts from: marking, who made it, since when."""

    uuid: UUID
    tlp: Tlp
    pap: Pap
    orgc_id: int
    group_uuid: UUID | None
    at: datetime


async def create(
    tx: Tx,
    origin: Origin,
    *,
    campaign_id: int | None,
    verdict: Verdict | None,
    title_code: str,
    title_params: Mapping[str, str | int],
    rank: float,
    rank_reasons: Sequence[Any],
    peer: bool,
    now: datetime,
    random: Random,
    maker_id: int | None = None,
    told: str = "INCIDENT_CREATED",
) -> int:
    """Make an incident of what came from `origin`; its id.

    Without a `verdict` nobody has judged it yet. `maker_id` is the organisation that it is of,
    when that is not the operator; `told` is the first line of its story.
    """
    # Our own incidents are AMBER at birth; a partner's keep what the partner said.
    tlp = origin.tlp if peer else Tlp(max(origin.tlp, Tlp.AMBER))
    home = await party.own(tx.db)
    uuid = uuid7(now, random(RANDOM_BYTES))
    made = await (
        await tx.execute(
            """
            with number as (select nextval('incident_number') as n),
            made as (
              insert into record (uuid, kind, org_id, orgc_id, created_at, modified_at, received_at,
                                  tlp, pap, group_uuid, payload)
              values (%(uuid)s, 'incident', %(own)s, %(orgc)s, %(now)s, %(now)s, %(now)s, %(tlp)s,
                      %(pap)s, %(group)s, '{}') returning id)
            select made.id, number.n from made, number
            """,
            {"uuid": uuid, "own": home.id, "orgc": origin.orgc_id if peer else maker_id or home.id,
             "now": now,
             "tlp": int(tlp), "pap": int(origin.pap), "group": origin.group_uuid},
        )
    ).fetchone()  # fmt: skip
    assert made is not None
    record_id, number = int(made[0]), spoken("I", now.year, int(made[1]))
    if tlp == Tlp.RED:
        await tx.execute(
            """
            insert into record_audience (record_id, person_id)
            select %s, a.person_id from record_audience a join record r on r.id = a.record_id
            where r.uuid = %s
            """,
            (record_id, origin.uuid),
        )
    row = await (
        await tx.execute(
            """
            insert into incident (uuid, number, record_id, title, title_params, verdict, category,
                                  brand, probability, campaign_id, rank, rank_reasons, first_at,
                                  last_at, origin)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id
            """,
            (uuid, number, record_id, title_code, Jsonb(dict(title_params)),
             *_judged(verdict), campaign_id, rank,
             Jsonb(msgspec.to_builtins(list(rank_reasons))), origin.at, origin.at,
             "peer" if peer else "own"),
        )
    ).fetchone()  # fmt: skip
    assert row is not None
    tx.note(Change(kind="incident", subject=uuid, op=Op.ADD, record_id=record_id, tlp=tlp))
    await timeline(tx, int(row[0]), "state", "system", told, {"number": number}, now)
    reported = peer or verdict is not None
    said_by = "peer" if peer else "report" if reported else "alert"
    for what in (TimeOf.DETECTED, TimeOf.REPORTED) if reported else (TimeOf.DETECTED,):
        await incident_time.first(tx, int(row[0]), what, origin.at, said_by, now)
    return int(row[0])


def _judged(verdict: Verdict | None) -> tuple[str | None, str | None, str | None, float | None]:
    if verdict is None:
        return None, None, None, None
    return verdict.word.value, verdict.category.value, verdict.brand, verdict.probability


async def timeline(
    tx: Tx,
    incident_id: int,
    kind: str,
    actor: str,
    code: str,
    params: Mapping[str, Any],
    now: datetime,
) -> None:
    """Add one line to the story of an incident; `code` is a message of the `respond` catalogue."""
    await tx.execute(
        "insert into timeline (incident_id, at, kind, actor, code, params)"
        " values (%s, %s, %s, %s, %s, %s)",
        (incident_id, now, kind, actor, code, Jsonb(dict(params))),
    )


async def set_state(tx: Tx, incident_id: int, state: str) -> None:
    """Move an incident to another state; the database refuses a move that is none."""
    await tx.execute(
        "update incident set state = %s, version = version + 1 where id = %s", (state, incident_id)
    )
