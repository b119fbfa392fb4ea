"""Incidents of alerts: made, what they hold, and what comes after one that has ended."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.model.marking import Pap, Tlp
from zvon.store import incident_time
from zvon.store.alert_group import Placed
from zvon.store.incident_row import Origin, Random, create, timeline
from zvon.store.transaction import Change, Op, Tx

ENDED = frozenset({"resolved", "closed", "rejected"})
LIVE = frozenset({"new", "triage", "open", "contained", "on_hold"})
MOST_HOSTS = 50

# What an incident is called after: the most severe of its groups, then the newest to its host.
_FACE = """
select distinct on (g.incident_id) g.incident_id, g.title, g.host,
       count(*) over w, sum(g.count) over w, min(g.first_at) over w, max(g.last_at) over w,
       max(g.severity) over w
from alert_group g where g.incident_id = any(%s)
window w as (partition by g.incident_id)
order by g.incident_id, g.severity desc, g.novel desc, g.hours, g.id
"""
_FEATURES = """
select i, (select sum(newest) from (select max(1.0 / (1 + g.hours)) as newest from alert_group g
             where g.incident_id = i and g.novel group by g.signature) x),
       array(select distinct g.host from alert_group g where g.incident_id = i and g.host <> ''
             order by 1 limit %s),
       (select count(distinct g.host) from alert_group g where g.incident_id = i)
from unnest(%s::bigint[]) i
"""


class Standing(Struct, frozen=True, kw_only=True):
    """How an incident of alerts stands: may a machine add to it, or put it into another?

    `handled` says that a person decided, owns or opened it.
    """

    id: int
    state: str
    handled: bool


async def standing(tx: Tx, ids: Collection[int]) -> dict[int, Standing]:
    """The incidents that these lead to, locked: one that was merged leads to where it went."""
    rows = await (
        await tx.execute(
            """
            with recursive chain as (
              select id as start, id, duplicate_of from incident where id = any(%s)
              union select c.start, i.id, i.duplicate_of from chain c
              join incident i on i.id = c.duplicate_of)
            select start, id from chain where duplicate_of is null
            """,
            (sorted(ids),),
        )
    ).fetchall()
    ends = {int(start): int(end) for start, end in rows}
    locked = await (
        await tx.execute(
            """
            select id, state, owner_id is not null or verdict_by is not null
                     or alert_verdict is not null or state not in ('new', 'triage')
            from incident where id = any(%s) order by id for no key update
            """,
            (sorted(set(ends.values())),),
        )
    ).fetchall()
    found = {r[0]: Standing(id=r[0], state=r[1], handled=r[2]) for r in locked}
    return {start: found[end] for start, end in ends.items() if end in found}


async def found(
    tx: Tx, groups: Sequence[int], *, after: int | None, told: str, now: datetime, random: Random
) -> int:
    """Make an incident of groups of one realm; its id. `after` is the one that it succeeds."""
    row = await (
        await tx.execute(
            """
            select coalesce(r.received_at, g.came_at), g.first_at, g.tlp, g.orgc_id, g.group_uuid,
                   g.uuid, r.uuid, r.pap
            from alert_group g left join record r on r.id = g.first_record
            where g.id = any(%s) order by g.first_at, g.id limit 1
            """,
            (list(groups),),
        )
    ).fetchone()
    assert row is not None
    origin = Origin(uuid=row[6] or row[5], tlp=Tlp(row[2]), pap=Pap(row[7] or 0), orgc_id=row[3],
                    group_uuid=row[4], at=row[1])  # fmt: skip
    made = await create(
        tx, origin, campaign_id=None, verdict=None, title_code="TITLE_ALERTS", title_params={},
        rank=0.0, rank_reasons=(), peer=False, now=now, random=random, maker_id=row[3], told=told,
    )  # fmt: skip
    if after is not None:
        await tx.execute("update incident set successor_of = %s where id = %s", (after, made))
        number = await _number(tx, made)
        await timeline(tx, after, "state", "system", "INCIDENT_SUCCEEDED", {"number": number}, now)
        await timeline(tx, made, "state", "system", "INCIDENT_SUCCEEDS",
                       {"number": await _number(tx, after)}, now)  # fmt: skip
    await assign(tx, groups, made)
    await incident_time.first(tx, made, "occurred", row[1], "alert", now)
    await incident_time.first(tx, made, "detected", row[0], "alert", now)
    return made


async def assign(tx: Tx, groups: Sequence[int], incident_id: int) -> None:
    """These groups are of that incident from now on."""
    await tx.execute(
        "update alert_group set incident_id = %s where id = any(%s)", (incident_id, list(groups))
    )


async def count(tx: Tx, incidents: Collection[int], now: datetime) -> None:
    """Counts, span, severity, title and what ranks it, from the groups that each has now.

    One without any group keeps its title and counts none. The severity that a person set stays,
    and so do title and span of one that reports are in.
    """
    wanted = sorted(incidents)
    if not wanted:
        return
    faces = {r[0]: r for r in await (await tx.execute(_FACE, (wanted,))).fetchall()}
    features = await (await tx.execute(_FEATURES, (MOST_HOSTS, wanted))).fetchall()
    rows = []
    for incident_id, novelty, hosts, host_count in features:
        face = faces.get(incident_id)
        if face is None:
            await tx.execute(
                "update incident set alert_count = 0, group_count = 0 where id = %s", (incident_id,)
            )
            continue
        code, params = _title(face[1], face[2], int(host_count))
        ranked = {"novelty": float(novelty or 0), "hosts": hosts}
        rows.append((incident_id, face[3], face[4], face[5], face[6], face[7], code,
                     _json(params), _json(ranked)))  # fmt: skip
    if not rows:
        return
    changed = await tx.execute(
        """
        update incident i set alert_count = x.alerts, group_count = x.groups,
          severity = case when i.severity_by is null then x.severity else i.severity end,
          first_at = case when i.report_count = 0 then x.first else least(i.first_at, x.first) end,
          last_at = case when i.report_count = 0 then x.last else greatest(i.last_at, x.last) end,
          title = case when i.report_count = 0 then x.code else i.title end,
          title_params = case when i.report_count = 0 then x.params::jsonb else i.title_params end,
          rank_features = i.rank_features || x.ranked::jsonb
        from unnest(%s::bigint[], %s::int[], %s::bigint[], %s::timestamptz[], %s::timestamptz[],
                    %s::smallint[], %s::text[], %s::text[], %s::text[])
             x(id, groups, alerts, first, last, severity, code, params, ranked)
        where i.id = x.id returning i.uuid, i.record_id, i.tlp
        """,
        [list(column) for column in zip(*rows, strict=True)],
    )
    tx.note(
        *(
            Change(kind="incident", subject=uuid, op=Op.EDIT, record_id=record_id, tlp=Tlp(tlp))
            for uuid, record_id, tlp in sorted(await changed.fetchall(), key=lambda row: row[1])
        )
    )


async def told_groups(
    tx: Tx, incident_id: int, joined: int, now: datetime, *, ended: bool = False
) -> None:
    """One line in the story for the groups that a batch brought."""
    code = "GROUPS_CAME_AFTER" if ended else "GROUPS_JOINED"
    await timeline(tx, incident_id, "alert", "system", code, {"n": joined}, now)


async def told_full(tx: Tx, incident_id: int, groups: int, now: datetime) -> None:
    """Say in the story that an incident has stopped to grow, and why somebody should look."""
    await timeline(tx, incident_id, "alert", "system", "INCIDENT_FULL", {"n": groups}, now)
    await tx.execute(
        "update incident set rank_features = rank_features || %s where id = %s",
        (Jsonb({"hub": True}), incident_id),
    )


async def attention(tx: Tx, of: Standing, group: Placed, now: datetime) -> None:
    """A group that is known says something new; a rejected incident is not opened by that."""
    await timeline(tx, of.id, "alert", "system", group.attention,
                   {"rule": group.title, "host": group.host}, now)  # fmt: skip


def _json(value: Mapping[str, Any]) -> str:
    return msgspec.json.encode(value).decode()


def _title(rule: str, host: str, hosts: int) -> tuple[str, dict[str, str | int]]:
    if hosts > 1:
        return "TITLE_ALERTS_HOSTS", {"rule": rule, "n": hosts}
    if not host:
        return "TITLE_ALERTS_RULE", {"rule": rule}
    return "TITLE_ALERTS", {"rule": rule, "host": host}


async def _number(tx: Tx, incident_id: int) -> str:
    row = await (
        await tx.execute("select number from incident where id = %s", (incident_id,))
    ).fetchone()
    assert row is not None
    return str(row[0])
