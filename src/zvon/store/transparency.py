"""The public record of blocks: follows the change log, writes each decision once, proves it.

What takes effect is written: published, renewed, lifted, ended, and the outcome of an appeal. A
proposal, a rejection or an investigation leaves no trace here.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct, structs
from psycopg.rows import class_row

from zvon.formats.merkle import Frontier, leaf_hash
from zvon.formats.merkle_range import (
    Node,
    Range,
    consistency_ranges,
    grow,
    inclusion_ranges,
    join,
    subtrees,
)
from zvon.formats.transparency import Entry, Kind, encode, name_hash
from zvon.store.party import Db
from zvon.store.transaction import Tx

CHANGES_AT_ONCE = 5_000


class Head(Struct, frozen=True):
    """How long the record is, and its root."""

    size: int
    root: bytes


class Row(Struct, frozen=True):
    """One entry as it is given out."""

    seq: int
    body: str
    leaf: bytes


class Month(Struct, frozen=True):
    """How many blocks of a category were published in a month (its first day)."""

    month: datetime
    category: str
    blocks: int


class _Fact(Struct, frozen=True, kw_only=True):
    """What becomes an entry. `ordered`: an authority's order stands behind the block."""

    origin: str
    kind: str
    block: str
    name: str
    trigger: str
    scope: str
    category: str
    country: str
    feed: str
    ordered: bool
    at: datetime
    until: datetime


_STEPS = """
select 'step:' || s.id as origin,
       case when s.new = 'published' then 'published'
            when s.at >= b.until then 'expired' else 'lifted' end as kind, s.at,
       b.block, b.name, b.trigger, b.scope, b.category, b.country, b.feed, b.ordered, b.until
from block_step s join public_block b on b.id = s.block_id
where b.uuid = any(%s) and (s.new = 'lifted' or (s.new = 'published' and s.old = 'approved'))
  and not exists (select from transparency_entry e where e.origin = 'step:' || s.id)
order by s.id
"""
_APPEALS = """
select 'appeal:' || a.id as origin, 'appeal_' || a.state as kind, a.decided_at as at,
       b.block, b.name, b.trigger, b.scope, b.category, b.country, b.feed, b.ordered, b.until
from appeal a join public_block b on b.id = a.block_id
where a.uuid = any(%s) and a.state in ('granted', 'refused')
  and not exists (select from transparency_entry e where e.origin = 'appeal:' || a.id)
order by a.id
"""
_RENEWALS = """
select 'renewal:' || b.id || ':' || last.seq as origin, 'renewed' as kind, %s as at,
       b.block, b.name, b.trigger, b.scope, b.category, b.country, b.feed, b.ordered, b.until
from public_block b
cross join lateral (select e.seq, e.until from transparency_entry e where e.block = b.block
                    order by e.seq desc limit 1) last
where b.uuid = any(%s) and b.lifted_at is null and last.until <> b.until
order by b.id
"""


async def follow(tx: Tx, now: datetime) -> int:
    """Write what happened since the last time; give the number of entries written.

    Writers take turns on the head row. Exactly once: each entry has an origin of its own.
    """
    row = await (
        await tx.execute("select change_seq, size, peaks from transparency_head for update")
    ).fetchone()
    assert row is not None
    since, frontier = int(row[0]), Frontier.decode(int(row[1]), bytes(row[2]))
    written = 0
    while True:
        upto, blocks, appeals = await _changed(tx.db, since)
        if upto == since:
            return written
        facts = await _facts(tx.db, _STEPS, (blocks,))
        facts += await _facts(tx.db, _APPEALS, (appeals,))
        await _append(tx, frontier, facts)
        renewed = await _facts(tx.db, _RENEWALS, (now, blocks))
        await _append(tx, frontier, renewed)
        written += len(facts) + len(renewed)
        await tx.execute(
            "update transparency_head set change_seq = %s, size = %s, peaks = %s",
            (upto, frontier.size, frontier.encode()),
        )
        since = upto


async def _changed(db: Db, since: int) -> tuple[int, list[UUID], list[UUID]]:
    """The place up to which was read, and the blocks and appeals that changed until there."""
    row = await (await db.execute("select least(seq, %s) from head", (since + CHANGES_AT_ONCE,))).fetchone()  # fmt: skip
    assert row is not None
    upto = int(row[0])
    rows = await (
        await db.execute(
            "select distinct kind, subject from change"
            " where seq > %s and seq <= %s and kind in ('block', 'appeal')",
            (since, upto),
        )
    ).fetchall()
    subjects: dict[str, list[UUID]] = {"block": [], "appeal": []}
    for kind, subject in rows:
        subjects[kind].append(subject)
    return upto, subjects["block"], subjects["appeal"]


async def _facts(db: Db, query: str, params: Sequence[object]) -> list[_Fact]:
    async with db.cursor(row_factory=class_row(_Fact)) as cursor:
        await cursor.execute(query.encode(), params)
        return await cursor.fetchall()


async def _append(tx: Tx, frontier: Frontier, facts: Sequence[_Fact]) -> None:
    rows, nodes = [], []
    for fact in facts:
        given = {k: v for k, v in structs.asdict(fact).items() if k in Entry.__struct_fields__}
        entry = Entry(
            **given | {"kind": Kind(fact.kind), "seq": frontier.size + 1},
            name_sha256=name_hash(fact.name), ground="order" if fact.ordered else "terms",
        )  # fmt: skip
        body = encode(entry)
        leaf = leaf_hash(body)
        nodes += grow(frontier, leaf)
        rows.append((entry.seq, fact.origin, body.decode(), leaf, fact.kind, fact.block,
                     fact.category, fact.country, fact.at, fact.until))  # fmt: skip
    async with tx.db.cursor() as cursor:
        await cursor.executemany(
            "insert into transparency_entry (seq, origin, body, leaf, kind, block, category, country,"
            " at, until) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            rows,
        )
        await cursor.executemany(
            "insert into transparency_node (level, place, hash) values (%s, %s, %s)", nodes
        )


async def head(db: Db) -> Head:
    """The record as it stands."""
    row = await (await db.execute("select size, peaks from transparency_head")).fetchone()
    assert row is not None
    return Head(int(row[0]), Frontier.decode(int(row[0]), bytes(row[1])).root())


async def entries(db: Db, after: int, limit: int) -> list[Row]:
    """Entries after `after`, in order."""
    async with db.cursor(row_factory=class_row(Row)) as cursor:
        await cursor.execute(
            "select seq, body, leaf from transparency_entry where seq > %s order by seq limit %s",
            (after, limit),
        )
        return await cursor.fetchall()


async def newest(db: Db, limit: int) -> list[Row]:
    """The last entries, the newest first."""
    async with db.cursor(row_factory=class_row(Row)) as cursor:
        await cursor.execute(
            "select seq, body, leaf from transparency_entry order by seq desc limit %s", (limit,)
        )
        return await cursor.fetchall()


async def months(db: Db, since: datetime) -> list[Month]:
    """Published blocks by month and category, the newest month first."""
    async with db.cursor(row_factory=class_row(Month)) as cursor:
        await cursor.execute(
            """
            select date_trunc('month', at, 'UTC') as month, category, count(*) as blocks
            from transparency_entry where kind = 'published' and at >= %s
            group by 1, 2 order by 1 desc, 3 desc, 2
            """,
            (since,),
        )
        return await cursor.fetchall()


async def inclusion(db: Db, seq: int, size: int) -> list[bytes]:
    """Proof that entry `seq` is in the tree of `size`. Raises `MerkleError`."""
    return await _roots(db, inclusion_ranges(seq - 1, size))


async def consistency(db: Db, first: int, size: int) -> list[bytes]:
    """Proof that the tree of `first` is a beginning of that of `size`. Raises `MerkleError`."""
    return await _roots(db, consistency_ranges(first, size))


async def _roots(db: Db, ranges: Sequence[Range]) -> list[bytes]:
    wanted = [subtrees(one) for one in ranges]
    nodes = [node for made_of in wanted for node in made_of]
    rows = await (
        await db.execute(
            """
            select 0, e.seq - 1, e.leaf from transparency_entry e where e.seq = any(%(leaves)s)
            union all
            select n.level, n.place, n.hash
            from unnest(%(levels)s::smallint[], %(places)s::bigint[]) x(level, place)
            join transparency_node n on n.level = x.level and n.place = x.place
            """,
            {
                "leaves": [place + 1 for level, place in nodes if level == 0],
                "levels": [level for level, _ in nodes if level],
                "places": [place for level, place in nodes if level],
            },
        )
    ).fetchall()
    known: dict[Node, bytes] = {(int(r[0]), int(r[1])): bytes(r[2]) for r in rows}
    return [join([known[node] for node in made_of]) for made_of in wanted]
