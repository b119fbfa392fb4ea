"""Why groups belong together: links as rows, and hubs, which explain and join nothing."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from zvon.ml.correlate.link import Hub, Link
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.store.incident_row import Random
from zvon.store.transaction import Tx

RELATED = "related"
"""The kind of a link that joins nothing: groups of two organisations that share a value."""


class Pair(Struct, frozen=True):
    """Two groups (row numbers, the older first) and the link between them."""

    a: int
    b: int
    link: Link


async def put(
    tx: Tx, pairs: Sequence[Pair], now: datetime, random: Random, *, step_id: int | None = None,
    by_person: int | None = None,
) -> None:  # fmt: skip
    """Add links; the reason is kept as it was given."""
    rows = [
        (uuid7(now, random(RANDOM_BYTES)), min(p.a, p.b), max(p.a, p.b), p.link.kind.value,
         p.link.score, p.link.reason.code, _params(p.link.reason.params),
         datetime.fromtimestamp(p.link.at, UTC))
        for p in pairs if p.a != p.b
    ]  # fmt: skip
    if not rows:
        return
    await tx.execute(
        """
        insert into alert_link (uuid, a, b, kind, score, code, params, at, by_person, step_id)
        select uuid, a, b, kind, score, code, params::jsonb, at, %s, %s
        from unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::float8[], %s::text[],
                    %s::text[], %s::timestamptz[])
             x(uuid, a, b, kind, score, code, params, at)
        """,
        (by_person, step_id, *(list(column) for column in zip(*rows, strict=True))),
    )


async def hubs(
    tx: Tx, realm_id: int, found: Mapping[tuple[str, str], Hub], now: datetime, random: Random
) -> None:
    """Keep the values that too many groups share; one row each, with the newest count."""
    rows = [
        (uuid7(now, random(RANDOM_BYTES)), kind, value, hub.groups, hub.reason.code,
         _params(hub.reason.params))
        for (kind, value), hub in sorted(found.items())
    ]  # fmt: skip
    if not rows:
        return
    await tx.execute(
        """
        insert into alert_hub (uuid, realm_id, kind, type, value, groups, code, params, first_at, last_at)
        select uuid, %(realm)s, 'value', type, value, groups, code, params::jsonb, %(now)s, %(now)s
        from unnest(%(uuid)s::uuid[], %(type)s::text[], %(value)s::text[], %(groups)s::int[],
                    %(code)s::text[], %(params)s::text[]) x(uuid, type, value, groups, code, params)
        on conflict (realm_id, kind, type, value) do update set
          groups = excluded.groups, params = excluded.params, last_at = excluded.last_at
        """,
        {"realm": realm_id, "now": now,
         **dict(zip(("uuid", "type", "value", "groups", "code", "params"),
                    (list(column) for column in zip(*rows, strict=True)), strict=True))},
    )  # fmt: skip


async def full(
    tx: Tx, realm_id: int, component: int, groups: int, incident_id: int | None, now: datetime,
    random: Random,
) -> bool:  # fmt: skip
    """Note that a heap of groups has stopped to grow; true the first time."""
    row = await (
        await tx.execute(
            """
            insert into alert_hub (uuid, realm_id, kind, value, groups, code, params, incident_id,
                                   first_at, last_at)
            values (%s, %s, 'component', %s, %s, 'HUB_COMPONENT', %s, %s, %s, %s)
            on conflict (realm_id, kind, type, value) do update set
              groups = excluded.groups, last_at = excluded.last_at
            returning first_at = last_at
            """,
            (uuid7(now, random(RANDOM_BYTES)), realm_id, str(component), groups,
             msgspec.json.encode({"n": groups}).decode(), incident_id, now, now),
        )
    ).fetchone()  # fmt: skip
    assert row is not None
    return bool(row[0])


async def relate(tx: Tx, group_id: int, now: datetime, random: Random, *, most: int) -> int:
    """Relate a group with those of other organisations that share a value; how many links.

    Values that more than `most` groups share say nothing. Only who sees both groups sees the link.
    """
    rows = await (
        await tx.execute(
            """
            with mine as (select id, orgc_id, first_record from alert_group where id = %(id)s),
            shared as (
              select o.id, o.value, other.group_id
              from mine join occurrence c on c.record_id = mine.first_record and c.role = 1
              join observable o on o.id = c.observable_id
              cross join lateral (
                select distinct a.group_id from (
                  select d.record_id from occurrence d where d.observable_id = c.observable_id
                  order by d.record_id desc limit %(most)s * 4) d
                join alert a on a.record_id = d.record_id limit %(most)s) other)
            select min(g.id), s.value, (select count(distinct group_id) from shared t where t.id = s.id)
            from shared s join alert_group g on g.id = s.group_id, mine
            where g.orgc_id <> mine.orgc_id and g.incident_id is not null
              and not exists (select from alert_link l where l.kind = 'related'
                              and l.a = least(g.id, mine.id) and l.b = greatest(g.id, mine.id))
            group by s.id, s.value, g.incident_id
            having (select count(distinct group_id) from shared t where t.id = s.id) < %(most)s
            limit 8
            """,
            {"id": group_id, "most": most},
        )
    ).fetchall()
    found: dict[int, tuple[UUID, int, int, str]] = {}
    for other, value, groups in rows:
        params = msgspec.json.encode({"value": value, "groups": groups}).decode()
        pair = (min(other, group_id), max(other, group_id))
        found.setdefault(other, (uuid7(now, random(RANDOM_BYTES)), *pair, params))
    for uuid, a, b, params in found.values():
        await tx.execute(
            "insert into alert_link (uuid, a, b, kind, score, code, params, at)"
            " values (%s, %s, %s, %s, 0, 'LINK_RELATED', %s::jsonb, %s)",
            (uuid, a, b, RELATED, params, now),
        )
    return len(found)


def _params(params: Sequence[tuple[str, str | int | float]]) -> str:
    return msgspec.json.encode(dict(params)).decode()
