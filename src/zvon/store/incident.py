"""Incidents: how they come to be, take up further reports, and what was done, line by line.

The queue is in `store.incident_queue`, the page of one incident in `store.incident_detail`, and
what people decide in `store.incident_decision`.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.model.advice import NameAdvice
from zvon.model.ids import RANDOM_BYTES, spoken, uuid7
from zvon.model.marking import Pap, Tlp
from zvon.model.verdict import Verdict
from zvon.store import incident_names, party
from zvon.store import verdict as verdicts
from zvon.store.incident_detail import IncidentDetail, NotFound, get
from zvon.store.incident_queue import QueuePage, QueueRow, Tab, counts, queue
from zvon.store.transaction import Change, Op, Tx

__all__ = [
    "IncidentDetail",
    "NotFound",
    "QueuePage",
    "QueueRow",
    "Tab",
    "counts",
    "for_campaign",
    "from_peer",
    "get",
    "queue",
    "timeline",
    "withdrawn",
]

Random = Callable[[int], bytes]


class _Origin(Struct, frozen=True, kw_only=True):
    """What an incident starts from: marking, who made it, since when."""

    uuid: UUID
    tlp: Tlp
    pap: Pap
    orgc_id: int
    group_uuid: UUID | None
    at: datetime


async def for_campaign(
    tx: Tx,
    *,
    campaign_id: int,
    report_record_id: int,
    verdict: Verdict,
    title_code: str,
    title_params: Mapping[str, str | int],
    names: Sequence[NameAdvice],
    rank: float,
    rank_reasons: Sequence[Any],
    now: datetime,
    merged: Sequence[int] = (),
    random: Random = os.urandom,
) -> int:
    """Put a judged report into the incident of its campaign, which is made when there is none.

    A stricter machine verdict replaces a milder one; the verdict of a person stays. A TLP:RED
    report gets an incident of its own, for the same people. The incidents of the `merged`
    campaigns are folded into this one. Idempotent for one report.
    """
    origin = await _report(tx, report_record_id)
    found = None if origin.tlp == Tlp.RED else await _of_campaign(tx, campaign_id)
    if found is None and origin.tlp == Tlp.RED:
        found = await _of_report(tx, report_record_id)
    if found is None:
        found = await _create(
            tx, origin, campaign_id=campaign_id, verdict=verdict, title_code=title_code,
            title_params=title_params, rank=rank, rank_reasons=rank_reasons, peer=False, now=now,
            random=random,
        )  # fmt: skip
    new = await _join(tx, found, report_record_id)
    await _refresh(
        tx, found, verdict, title_code, title_params, names, rank, rank_reasons, now, new
    )
    if new:
        await timeline(
            tx, found, "report", "system", "REPORT_JOINED", await _number(tx, report_record_id), now
        )
    for campaign in sorted(merged):
        await _fold(tx, campaign, found, now)
    return found


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
    origin = _Origin(uuid=row[0], tlp=Tlp(row[1]), pap=Pap(row[2]), orgc_id=row[3],
                     group_uuid=row[4], at=row[5])  # fmt: skip
    made = await _create(
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
        await _set_state(tx, incident_id, "rejected")
    await timeline(tx, incident_id, "share", actor, "EVENT_REVOKED", {"reason": reason}, now)
    tx.note(
        Change(kind="incident", subject=row[0], op=Op.REVOKE, record_id=row[1], tlp=Tlp(row[2]))
    )


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


async def _report(tx: Tx, record_id: int) -> _Origin:
    row = await (
        await tx.execute(
            """
            select r.uuid, r.tlp, r.pap, r.orgc_id, r.group_uuid, p.received_at
            from record r join report p on p.record_id = r.id where r.id = %s
            """,
            (record_id,),
        )
    ).fetchone()
    if row is None:
        raise LookupError(f"no report {record_id}")
    return _Origin(uuid=row[0], tlp=Tlp(row[1]), pap=Pap(row[2]), orgc_id=row[3],
                   group_uuid=row[4], at=row[5])  # fmt: skip


async def _number(tx: Tx, record_id: int) -> dict[str, str]:
    row = await (
        await tx.execute("select number from report where record_id = %s", (record_id,))
    ).fetchone()
    return {} if row is None else {"number": str(row[0])}


async def _of_campaign(tx: Tx, campaign_id: int) -> int | None:
    """The incident that the campaign's reports go into, locked; a duplicate leads to its target."""
    # The campaign's row orders two reports that would both make its first incident.
    await tx.execute("select from campaign where id = %s for no key update", (campaign_id,))
    row = await (
        await tx.execute(
            """
            with recursive chain as (
              select id, duplicate_of from (select id, duplicate_of from incident
                where campaign_id = %s and tlp < 4 and origin = 'own' order by id limit 1) first
              union select i.id, i.duplicate_of from incident i join chain c on i.id = c.duplicate_of)
            select id from incident where id = (select max(id) from chain where duplicate_of is null)
            for update
            """,
            (campaign_id,),
        )
    ).fetchone()
    return None if row is None else int(row[0])


async def _of_report(tx: Tx, record_id: int) -> int | None:
    row = await (
        await tx.execute("select incident_id from report where record_id = %s", (record_id,))
    ).fetchone()
    return None if row is None or row[0] is None else int(row[0])


async def _create(
    tx: Tx,
    origin: _Origin,
    *,
    campaign_id: int | None,
    verdict: Verdict,
    title_code: str,
    title_params: Mapping[str, str | int],
    rank: float,
    rank_reasons: Sequence[Any],
    peer: bool,
    now: datetime,
    random: Random,
) -> int:
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
            {"uuid": uuid, "own": home.id, "orgc": origin.orgc_id if peer else home.id, "now": now,
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
            (uuid, number, record_id, title_code, Jsonb(dict(title_params)), verdict.word.value,
             verdict.category.value, verdict.brand, verdict.probability, campaign_id, rank,
             Jsonb(msgspec.to_builtins(list(rank_reasons))), origin.at, origin.at,
             "peer" if peer else "own"),
        )
    ).fetchone()  # fmt: skip
    assert row is not None
    tx.note(Change(kind="incident", subject=uuid, op=Op.ADD, record_id=record_id, tlp=tlp))
    await timeline(tx, int(row[0]), "state", "system", "INCIDENT_CREATED", {"number": number}, now)
    return int(row[0])


async def _join(tx: Tx, incident_id: int, record_id: int) -> bool:
    """Point the report to the incident; false when it did already."""
    done = await tx.execute(
        "update report set incident_id = %s where record_id = %s"
        " and incident_id is distinct from %s",
        (incident_id, record_id, incident_id),
    )
    return done.rowcount == 1


async def _refresh(
    tx: Tx,
    incident_id: int,
    verdict: Verdict,
    title_code: str,
    title_params: Mapping[str, str | int],
    names: Sequence[NameAdvice],
    rank: float,
    rank_reasons: Sequence[Any],
    now: datetime,
    new: bool,
) -> None:
    row = await (
        await tx.execute(
            """
            select uuid, record_id, tlp, verdict_by is null and
                   (report_count = 0 or coalesce(probability, 0) <= coalesce(%s::float8, 0))
            from incident where id = %s
            """,
            (verdict.probability, incident_id),
        )
    ).fetchone()
    assert row is not None
    if row[3]:
        await verdicts.put(tx, verdict, names, now, incident_id=incident_id)
        await tx.execute(
            """
            update incident set verdict = %s, category = %s, probability = %s, title = %s,
              title_params = %s, brand = coalesce(%s, brand) where id = %s
            """,
            (verdict.word.value, verdict.category.value, verdict.probability, title_code,
             Jsonb(dict(title_params)), verdict.brand, incident_id),
        )  # fmt: skip
    await incident_names.put(tx, incident_id, names, count=new)
    await tx.execute(
        """
        update incident i set report_count = c.n, first_at = least(first_at, c.first),
          last_at = greatest(last_at, c.last), rank = %s, rank_reasons = %s, version = version + 1
        from (select count(*) as n, min(received_at) as first, max(received_at) as last
              from report where incident_id = %s) c
        where i.id = %s
        """,
        (rank, Jsonb(msgspec.to_builtins(list(rank_reasons))), incident_id, incident_id),
    )
    tx.note(Change(kind="incident", subject=row[0], op=Op.EDIT, record_id=row[1], tlp=Tlp(row[2])))


async def _fold(tx: Tx, campaign_id: int, into: int, now: datetime) -> None:
    """Fold the incident of a campaign that proved to be another one into that one's incident."""
    row = await (
        await tx.execute(
            """
            select id, uuid, record_id, tlp, number, state from incident
            where campaign_id = %s and tlp < 4 and origin = 'own' and duplicate_of is null
              and id <> %s order by id limit 1 for update
            """,
            (campaign_id, into),
        )
    ).fetchone()
    if row is None:
        return
    old, uuid, record_id, tlp, number, state = row
    await tx.execute("update report set incident_id = %s where incident_id = %s", (into, old))
    await tx.execute("update block set incident_id = %s where incident_id = %s", (into, old))
    await tx.execute(
        """
        insert into incident_name (incident_id, name, scope, reason, url, action, reports)
        select %s, name, scope, reason, url, action, reports from incident_name
        where incident_id = %s order by name
        on conflict (incident_id, name)
          do update set reports = incident_name.reports + excluded.reports
        """,
        (into, old),
    )
    await tx.execute(
        """
        update incident i set report_count = c.n, first_at = least(first_at, c.first),
          version = version + 1
        from (select count(*) as n, min(received_at) as first from report where incident_id = %s) c
        where i.id = %s
        """,
        (into, into),
    )
    await tx.execute("update incident set duplicate_of = %s where id = %s", (into, old))
    await incident_names.fold(tx, into)
    await incident_names.summarise(tx, into)
    if state in {"new", "triage", "open", "contained", "on_hold"}:
        await _set_state(tx, old, "merged")
    await timeline(tx, into, "state", "system", "INCIDENT_ABSORBED", {"number": number}, now)
    tx.note(Change(kind="incident", subject=uuid, op=Op.EDIT, record_id=record_id, tlp=Tlp(tlp)))


async def _set_state(tx: Tx, incident_id: int, state: str) -> None:
    await tx.execute(
        "update incident set state = %s, version = version + 1 where id = %s", (state, incident_id)
    )
