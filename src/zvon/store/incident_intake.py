"""Judged reports go into the incidents of their campaigns, many in one go."""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.model.advice import NameAdvice
from zvon.model.marking import Pap, Tlp
from zvon.model.verdict import Verdict
from zvon.store import incident_names
from zvon.store import verdict as verdicts
from zvon.store.incident_row import Origin, Random, create, set_state, timeline
from zvon.store.transaction import Change, Op, Tx, pipeline


class Judged(Struct, frozen=True, kw_only=True):
    """A report with its verdict, campaign and advice.

    `merged` are campaigns whose incidents fold into that of `campaign_id`.
    """

    record_id: int
    campaign_id: int
    verdict: Verdict
    title_code: str
    title_params: Mapping[str, str | int]
    names: Sequence[NameAdvice]
    rank: float
    rank_reasons: Sequence[Any]
    merged: Sequence[int] = ()


class _Came(Struct, frozen=True):
    """What the database says of a report: its origin, its number and the incident it lies in."""

    origin: Origin
    number: str
    incident_id: int | None


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
    """Put one judged report into the incident of its campaign: `for_reports` of one."""
    judged = Judged(
        record_id=report_record_id, campaign_id=campaign_id, verdict=verdict,
        title_code=title_code, title_params=title_params, names=names, rank=rank,
        rank_reasons=rank_reasons, merged=merged,
    )  # fmt: skip
    return (await for_reports(tx, [judged], now, random=random))[report_record_id]


async def for_reports(
    tx: Tx, batch: Sequence[Judged], now: datetime, *, random: Random = os.urandom
) -> dict[int, int]:
    """Put judged reports into the incidents of their campaigns, made where there is none.

    A stricter machine verdict replaces a milder one; the verdict of a person stays. A TLP:RED
    report gets an incident of its own, for the same people. The incidents of merged campaigns
    are folded into the one that stays. Idempotent. The incident of each record id comes back.
    """
    came = await _came(tx, [each.record_id for each in batch])
    together: dict[int, list[Judged]] = {}
    alone: list[Judged] = []
    for each in batch:
        if came[each.record_id].origin.tlp == Tlp.RED:
            alone.append(each)
        else:
            together.setdefault(each.campaign_id, []).append(each)
    placed: dict[int, int] = {}
    # In the order of their numbers, so that two batches never wait for each other in a circle.
    for campaign_id, group in sorted(together.items()):
        found = await _of_campaign(tx, campaign_id)
        placed |= await _take_up(tx, found, group, came, now, random)
    for each in alone:
        found = came[each.record_id].incident_id
        placed |= await _take_up(tx, found, [each], came, now, random)
    return placed


async def fold_campaign(tx: Tx, old: int, new: int, now: datetime) -> None:
    """Fold the incident of a campaign into that of the one that it went into."""
    into = await _of_campaign(tx, new)
    if into is None:
        await tx.execute(
            "update incident set campaign_id = %s where campaign_id = %s and origin = 'own'",
            (new, old),
        )
    else:
        await _fold(tx, old, into, now)


async def _take_up(
    tx: Tx,
    found: int | None,
    group: Sequence[Judged],
    came: Mapping[int, _Came],
    now: datetime,
    random: Random,
) -> dict[int, int]:
    """Add a group of reports to the incident `found`, or to a new one that the first founds."""
    if found is None:
        first = group[0]
        found = await create(
            tx, came[first.record_id].origin, campaign_id=first.campaign_id,
            verdict=first.verdict, title_code=first.title_code, title_params=first.title_params,
            rank=first.rank, rank_reasons=first.rank_reasons, peer=False, now=now, random=random,
        )  # fmt: skip
    async with pipeline(tx.db):
        new = [each for each in group if came[each.record_id].incident_id != found]
        await tx.execute(
            "update report set incident_id = %s where record_id = any(%s)",
            (found, [each.record_id for each in new]),
        )
        await _judge(tx, found, group, now)
        advised = [(each.names, each in new) for each in group]
        await incident_names.put_all(tx, found, advised)
        await _count(tx, found, group[-1], [came[each.record_id].origin.at for each in new])
        await _tell(tx, found, [came[each.record_id].number for each in new], now)
    for campaign in sorted({old for each in group for old in each.merged}):
        await _fold(tx, campaign, found, now)
    return {each.record_id: found for each in group}


async def _came(tx: Tx, record_ids: Sequence[int]) -> dict[int, _Came]:
    cursor = await tx.execute(
        """
        select r.id, r.uuid, r.tlp, r.pap, r.orgc_id, r.group_uuid, p.received_at, p.number,
               p.incident_id
        from record r join report p on p.record_id = r.id where r.id = any(%s)
        """,
        (list(record_ids),),
    )
    found = {
        row[0]: _Came(
            Origin(uuid=row[1], tlp=Tlp(row[2]), pap=Pap(row[3]), orgc_id=row[4],
                   group_uuid=row[5], at=row[6]),
            row[7],
            row[8],
        )
        for row in await cursor.fetchall()
    }  # fmt: skip
    if missing := set(record_ids) - set(found):
        raise LookupError(f"no report {min(missing)}")
    return found


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


async def _judge(tx: Tx, incident_id: int, group: Sequence[Judged], now: datetime) -> None:
    """Let the strictest judgement of the group stand, the last of equals, if it is strict enough.

    The version grows when the word or the kind changes: a person's decision is about these.
    """
    best = max(reversed(group), key=lambda each: each.verdict.probability or 0.0)
    verdict = best.verdict
    row = await (
        await tx.execute(
            """
            update incident set verdict = %s, category = %s, probability = %s, title = %s,
              title_params = %s, brand = coalesce(%s, brand),
              version = version + (verdict is distinct from %s or category is distinct from %s)::int
            where id = %s and verdict_by is null
              and (report_count = 0 or coalesce(probability, 0) <= coalesce(%s::float8, 0))
            returning id
            """,
            (verdict.word.value, verdict.category.value, verdict.probability, best.title_code,
             Jsonb(dict(best.title_params)), verdict.brand, verdict.word.value,
             verdict.category.value, incident_id, verdict.probability),
        )
    ).fetchone()  # fmt: skip
    if row is not None:
        await verdicts.put(tx, verdict, best.names, now, incident_id=incident_id)


async def _count(tx: Tx, incident_id: int, last: Judged, came_at: Sequence[datetime]) -> None:
    """Add reports to the count and the span; the order of the queue is that of the last one.

    The version stays: in a flood a person could else never decide.
    """
    row = await (
        await tx.execute(
            """
            update incident set report_count = report_count + %s,
              first_at = least(first_at, %s), last_at = greatest(last_at, %s),
              rank = %s + rank_added, rank_reasons = %s
            where id = %s returning uuid, record_id, tlp
            """,
            (len(came_at), min(came_at, default=None), max(came_at, default=None), last.rank,
             Jsonb(msgspec.to_builtins(list(last.rank_reasons))), incident_id),
        )
    ).fetchone()  # fmt: skip
    assert row is not None
    tx.note(Change(kind="incident", subject=row[0], op=Op.EDIT, record_id=row[1], tlp=Tlp(row[2])))


async def _tell(tx: Tx, incident_id: int, numbers: Sequence[str], now: datetime) -> None:
    await tx.execute(
        """
        insert into timeline (incident_id, at, kind, actor, code, params)
        select %s, %s, 'report', 'system', 'REPORT_JOINED', jsonb_build_object('number', x.number)
        from unnest(%s::text[]) with ordinality x(number, n) order by n
        """,
        (incident_id, now, list(numbers)),
    )


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
        await set_state(tx, old, "merged")
    await timeline(tx, into, "state", "system", "INCIDENT_ABSORBED", {"number": number}, now)
    tx.note(Change(kind="incident", subject=uuid, op=Op.EDIT, record_id=record_id, tlp=Tlp(tlp)))
