"""Incidents follow their campaigns when a person cuts or puts back: the card is the campaign's.

Blocks stay with the incident that asked for them; they are about names, not about reports.
"""

import os
from collections.abc import Sequence
from datetime import datetime

import msgspec
from psycopg.types.json import Jsonb

from zvon.model.advice import NameAdvice
from zvon.model.marking import Pap, Tlp
from zvon.model.verdict import Category, Verdict, VerdictWord
from zvon.store import incident_names
from zvon.store.campaign_merge import Before, IncidentBefore
from zvon.store.incident_row import Origin, Random, create, set_state, timeline
from zvon.store.transaction import Change, Op, Tx

_MOVABLE = frozenset({"new", "triage", "open"})  # what a merged incident may become again


async def leave(
    tx: Tx, before: Before, to: int, *, actor: str, now: datetime, random: Random = os.urandom
) -> None:
    """The moved reports get incidents of their own, of the campaign `to`.

    An incident whose reports all went goes with them.
    """
    by_incident: dict[int, list[int]] = {}
    for record_id, _, incident_id in before.records:
        if incident_id is not None:
            by_incident.setdefault(incident_id, []).append(record_id)
    known = {each.id: each for each in before.incidents}
    for incident_id, records in sorted(by_incident.items()):
        if len(records) == known[incident_id].reports:
            await tx.execute(
                "update incident set campaign_id = %s, version = version + 1 where id = %s",
                (to, incident_id),
            )
            continue
        made = await _found(tx, incident_id, records, to, now, random)
        await tx.execute(
            "update report set incident_id = %s where record_id = any(%s)", (made, records)
        )
        await recount(tx, [incident_id, made])
        await timeline(tx, incident_id, "state", actor, "REPORTS_PARTED", {"n": len(records)}, now)
        await timeline(tx, made, "state", actor, "REPORTS_CAME", {"n": len(records)}, now)


async def put_back(
    tx: Tx, before: Before, *, made_in: int | None, actor: str, now: datetime
) -> None:
    """The incidents as they were before a step; the reports must lie in their campaigns again.

    Incidents that were made for the campaign `made_in` since are folded into the first that
    stood before.
    """
    await tx.execute(
        """
        update report r set incident_id = x.incident
        from unnest(%s::bigint[], %s::bigint[]) x(record, incident) where r.record_id = x.record
        """,
        ([r for r, _, _ in before.records], [i for _, _, i in before.records]),
    )
    for each in before.incidents:
        await _restore(tx, each)
    await tx.execute(
        "update block b set incident_id = x.incident"
        " from unnest(%s::bigint[], %s::bigint[]) x(block, incident) where b.id = x.block",
        ([block for block, _ in before.blocks], [incident for _, incident in before.blocks]),
    )
    touched = [each.id for each in before.incidents]
    if made_in is not None and touched:
        home = next((i for _, _, i in before.records if i is not None), touched[0])
        await _fold_made(tx, made_in, home, touched)
    for each in before.incidents:
        if not await _as_it_was(tx, each):
            await recount(tx, [each.id])
        await timeline(tx, each.id, "state", actor, "CAMPAIGN_UNDONE", {}, now)


async def recount(tx: Tx, incidents: Sequence[int]) -> None:
    """Count the reports of incidents anew, and collect their names from the latest advice."""
    for incident_id in incidents:
        await tx.execute("delete from incident_name where incident_id = %s", (incident_id,))
        rows = await (
            await tx.execute(
                """
                select v.advice from report r
                join lateral (select advice from verdict v where v.record_id = r.record_id
                              and v.by_person is null order by v.at desc, v.id desc limit 1) v
                  on true
                where r.incident_id = %s order by r.received_at, r.record_id
                """,
                (incident_id,),
            )
        ).fetchall()
        advised = [(msgspec.convert(row[0], list[NameAdvice]), True) for row in rows]
        await incident_names.put_all(tx, incident_id, advised)
        await incident_names.summarise(tx, incident_id)
        row = await (
            await tx.execute(
                """
                update incident i set report_count = c.n, version = version + 1,
                  first_at = coalesce(c.first, i.first_at), last_at = coalesce(c.last, i.last_at)
                from (select count(*) as n, min(received_at) as first, max(received_at) as last
                      from report where incident_id = %(id)s) c
                where i.id = %(id)s returning i.uuid, i.record_id, i.tlp
                """,
                {"id": incident_id},
            )
        ).fetchone()
        assert row is not None
        tx.note(
            Change(kind="incident", subject=row[0], op=Op.EDIT, record_id=row[1], tlp=Tlp(row[2]))
        )


async def _found(
    tx: Tx, old: int, records: Sequence[int], to: int, now: datetime, random: Random
) -> int:
    """An incident of the campaign `to`, judged as the worst of these reports was."""
    row = await (
        await tx.execute(
            """
            select r.uuid, r.tlp, r.pap, r.orgc_id, r.group_uuid, p.received_at, i.title,
                   i.title_params, i.rank, i.rank_reasons, coalesce(v.word, 'undetermined'),
                   coalesce(v.category, 'unsure'), coalesce(v.brand, i.brand), v.probability
            from report p join record r on r.id = p.record_id
            join incident i on i.id = %s
            left join lateral (select word, category, brand, probability from verdict v
                               where v.record_id = p.record_id and v.by_person is null
                               order by v.at desc, v.id desc limit 1) v on true
            where p.record_id = any(%s)
            order by v.probability desc nulls last, p.record_id limit 1
            """,
            (old, list(records)),
        )
    ).fetchone()
    assert row is not None
    origin = Origin(uuid=row[0], tlp=Tlp(row[1]), pap=Pap(row[2]), orgc_id=row[3],
                    group_uuid=row[4], at=row[5])  # fmt: skip
    verdict = Verdict(word=VerdictWord(row[10]), category=Category(row[11]), brand=row[12],
                      probability=row[13])  # fmt: skip
    return await create(
        tx, origin, campaign_id=to, verdict=verdict, title_code=row[6], title_params=row[7],
        rank=row[8], rank_reasons=row[9], peer=False, now=now, random=random,
    )  # fmt: skip


async def _restore(tx: Tx, before: IncidentBefore) -> None:
    """Campaign, target and state of an incident as before, as far as it was merged since."""
    row = await (
        await tx.execute(
            "update incident set campaign_id = %s, duplicate_of = %s, version = version + 1"
            " where id = %s returning state",
            (before.campaign_id, before.duplicate_of, before.id),
        )
    ).fetchone()
    if row is not None and row[0] == "merged" != before.state:
        state = before.state if before.state in _MOVABLE else "open"
        await set_state(tx, before.id, state)


async def _fold_made(tx: Tx, campaign_id: int, home: int, stood: Sequence[int]) -> None:
    rows = await (
        await tx.execute(
            "select id, state from incident where campaign_id = %s and not id = any(%s)",
            (campaign_id, list(stood)),
        )
    ).fetchall()
    for made, state in rows:
        await tx.execute("update report set incident_id = %s where incident_id = %s", (home, made))
        await tx.execute("update block set incident_id = %s where incident_id = %s", (home, made))
        await tx.execute("update incident set duplicate_of = %s where id = %s", (home, made))
        if state in _MOVABLE:
            await set_state(tx, made, "merged")
        await recount(tx, [made])


async def _as_it_was(tx: Tx, before: IncidentBefore) -> bool:
    """Write the names and the span back when the incident has the very reports that it had."""
    row = await (
        await tx.execute(
            "select count(*), max(record_id) from report where incident_id = %s", (before.id,)
        )
    ).fetchone()
    if row is None or (row[0], row[1]) != (before.reports, before.newest):
        return False
    await tx.execute("delete from incident_name where incident_id = %s", (before.id,))
    await tx.execute(
        "insert into incident_name select * from jsonb_populate_recordset(null::incident_name, %s)",
        (Jsonb(list(before.names)),),
    )
    await tx.execute(
        "update incident set report_count = %s, first_at = %s, last_at = %s where id = %s",
        (before.reports, before.first_at, before.last_at, before.id),
    )
    await incident_names.summarise(tx, before.id)
    return True
