"""Looking again at blocks that end soon: which are due, what is known of them, what we advise."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.model.block_life import RETEST_COMPROMISED
from zvon.model.observable import Observable, ObservableType
from zvon.model.retest import QUIET, Advice, RetestFacts, advise
from zvon.model.verdict import Category
from zvon.store import observable
from zvon.store.block_row import BlockRow, read
from zvon.store.incident import timeline
from zvon.store.transaction import Change, Op, Tx

LIVE = ("published", "enforced", "expiring", "failed", "disputed")
BATCH = 200


class Known(Struct, frozen=True, kw_only=True):
    """A block and what is known of its name."""

    block: BlockRow
    facts: RetestFacts


async def due(tx: Tx, now: datetime) -> list[BlockRow]:
    """Live blocks at which somebody should look again now; each comes once.

    One of a compromised site comes again in ten minutes, any other after the next renewal.
    """
    rows = await read(
        tx.db,
        "b.id in (select id from block where retest_at <= %(now)s and expires_at > %(now)s"
        " and state = any(%(live)s) order by retest_at, id limit %(most)s"
        " for no key update skip locked)",
        {"now": now, "live": list(LIVE), "most": BATCH},
    )
    again = now + RETEST_COMPROMISED
    await tx.execute(
        "update block set retest_at = case when category = %s then %s::timestamptz end"
        " where id = any(%s)",
        (Category.COMPROMISED_SITE, again, [row.id for row in rows]),
    )
    return rows


async def known(tx: Tx, uuids: Sequence[str], now: datetime, *, asked: str | None) -> list[Known]:
    """What is known of these blocks, as far as they live.

    `asked` is the resolver that our evidence comes from. When that one applies our blocks, its
    saying that there is no such name proves nothing and is left out.
    """
    rows = await read(
        tx.db, "b.uuid = any(%(uuids)s::uuid[]) and b.state = any(%(live)s)",
        {"uuids": list(uuids), "live": list(LIVE)}, lock=True,
    )  # fmt: skip
    values = {row.id: Observable(ObservableType.DOMAIN, row.name) for row in rows}
    ids = await observable.ids(tx.db, list(values.values()))
    seen = [(block, ids[value]) for block, value in values.items() if value in ids]
    facts = await (
        await tx.execute(
            """
            select b.id,
                   max(e.seen_at) filter (where e.code = 'dns.addresses' and e.value <> ''),
                   max(e.seen_at) filter (where e.code = 'dns.absent' and not exists (
                     select from subscriber s where s.removed_at is null and s.mode = 'enforce'
                       and (%(asked)s::text is null or s.probe_address = %(asked)s))),
                   (select i.last_at from incident i where i.id = b.incident_id),
                   (select sum(h.hits) from hit_minute h
                    where h.block_id = b.id and h.minute > %(quiet)s)
            from block b
            left join unnest(%(blocks)s::bigint[], %(seen)s::bigint[]) o(block, id) on o.block = b.id
            left join evidence e on e.observable_id = o.id
              and e.code in ('dns.addresses', 'dns.absent')
            where b.id = any(%(ids)s) group by b.id
            """,
            {
                "asked": asked,
                "quiet": now - QUIET,
                "ids": [row.id for row in rows],
                "blocks": [block for block, _ in seen],
                "seen": [id_ for _, id_ in seen],
            },
        )
    ).fetchall()
    by_id = {row[0]: row[1:] for row in facts}
    return [
        Known(
            block=row,
            facts=RetestFacts(
                resolves_at=by_id[row.id][0], absent_at=by_id[row.id][1],
                reported_at=by_id[row.id][2],
                hits=None if by_id[row.id][3] is None else int(by_id[row.id][3]),
                compromised=row.category == Category.COMPROMISED_SITE,
            ),
        )
        for row in rows
    ]  # fmt: skip


async def put(tx: Tx, looked: Sequence[Known], now: datetime) -> dict[str, Advice]:
    """Write what we advise for each block, by its number; tell the story when the advice is new."""
    given = {}
    for one in looked:
        row, advice = one.block, advise(one.facts, now)
        given[row.number] = advice
        facts = _plain(one.facts)
        await tx.execute(
            "update block set advice = %s, advice_facts = %s, advised_at = %s where id = %s",
            (advice, Jsonb(facts), now, row.id),
        )
        if advice == row.advice:
            continue
        tx.note(Change(kind="block", subject=row.uuid, op=Op.EDIT))
        if row.incident_id is not None:
            told = {
                "name": row.name,
                "number": row.number,
                "until": f"{row.expires_at:%Y-%m-%d %H:%M} UTC",
            }
            await timeline(tx, row.incident_id, "block", "system", f"BLOCK_RETEST_{advice.name}",
                           told, now)  # fmt: skip
    return given


def _plain(facts: RetestFacts) -> dict[str, Any]:
    times = {
        "resolves_at": facts.resolves_at, "absent_at": facts.absent_at,
        "reported_at": facts.reported_at,
    }  # fmt: skip
    return {name: at.isoformat() for name, at in times.items() if at is not None} | (
        {} if facts.hits is None else {"hits": facts.hits}
    )
