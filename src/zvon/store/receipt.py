"""Receipts: signed and chained proof that a resolver answered as ordered."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.formats import receipt as form
from zvon.formats.receipt import START, BadReceipt, Statement
from zvon.store import block_proof
from zvon.store.block_row import BlockRow, Db
from zvon.store.transaction import Change, Op, Tx

NODE = "node"
"""The prober of this node; every other one is an outpost's identifier."""
_BATCH = 2_000


class Draft(Struct, frozen=True, kw_only=True):
    """A statement that is not in the chain yet, and the answer that it is about."""

    block_id: int
    block: UUID
    subscriber_id: int
    statement: Statement
    answer: bytes


class Signed(Struct, frozen=True, kw_only=True):
    """A statement that an outpost signed."""

    draft: Draft
    octets: bytes
    signature: bytes


class Kept(Struct, frozen=True, kw_only=True):
    """A receipt as it is stored."""

    id: int
    block: UUID
    subscriber: str
    kind: str
    grade: str
    zone_serial: int
    published_at: datetime
    blocked_at: datetime
    evidence: str
    answer: bytes
    prober: str
    n: int
    statement: bytes
    signature: bytes
    hash: bytes


class Problem(Struct, frozen=True):
    """What is wrong with number `n` of a prober's chain."""

    prober: str
    n: int
    text: str


async def proved(db: Db, rows: Sequence[BlockRow]) -> set[tuple[int, int, str]]:
    """(block, subscriber, kind) of the receipts that are there, of grade A."""
    found = await (
        await db.execute(
            "select block_id, subscriber_id, kind from receipt where grade = 'A'"
            " and block_id = any(%s)",
            ([row.id for row in rows],),
        )
    ).fetchall()
    return {(row[0], row[1], row[2]) for row in found}


async def put(
    tx: Tx, drafts: Sequence[Draft], sign: Callable[[bytes], bytes], now: datetime
) -> int:
    """Chain, sign and keep what this node saw; return how many were new.

    The first receipt of its kind for a block and a subscriber stays. Blocks that were waiting for
    the last of their subscribers become enforced.
    """
    n, prev = await _end(tx, NODE)
    fresh = await _fresh(tx, drafts)
    for draft in fresh:
        n += 1
        octets, signature, digest = form.chained(draft.statement, n, prev, sign)
        await _insert(tx, Signed(draft=draft, octets=octets, signature=signature), NODE, n, digest,
                      now)  # fmt: skip
        prev = digest
    await _close(tx, NODE, n, prev, fresh, now)
    return len(fresh)


async def accept(tx: Tx, prober: str, signed: Sequence[Signed], now: datetime) -> int:
    """Keep what an outpost saw and signed; return how many were new.

    The caller has checked signatures and content. Each must follow the one before in the
    outpost's own chain: one sent again, or out of order, raises `BadReceipt`. One that proves what
    is proved already has its place in the chain and is not kept.
    """
    n, prev = await _end(tx, prober)
    fresh = {id(one) for one in await _fresh(tx, [one.draft for one in signed])}
    for one in signed:
        n += 1
        statement = one.draft.statement
        if statement.n != n or statement.prev != prev.hex():
            raise BadReceipt(f"statement {statement.n} does not follow {n - 1}: sent before?")
        prev = form.link(one.octets, one.signature)
        if id(one.draft) not in fresh:
            raise BadReceipt(f"statement {statement.n}: this was proved before")
        await _insert(tx, one, prober, n, prev, now)
    await _close(tx, prober, n, prev, [one.draft for one in signed], now)
    return len(fresh)


async def chain_end(db: Db, prober: str) -> tuple[int, bytes]:
    """Number and hash of the last statement of a prober."""
    row = await (
        await db.execute("select n, hash from receipt_chain where prober = %s", (prober,))
    ).fetchone()
    return (0, START) if row is None else (int(row[0]), bytes(row[1]))


async def _end(tx: Tx, prober: str) -> tuple[int, bytes]:
    """The end of a chain, locked until the transaction ends."""
    await tx.execute(
        "insert into receipt_chain values (%s, 0, %s) on conflict do nothing", (prober, START)
    )
    row = await (
        await tx.execute(
            "select n, hash from receipt_chain where prober = %s for update", (prober,)
        )
    ).fetchone()
    assert row is not None
    return int(row[0]), bytes(row[1])


async def _fresh(tx: Tx, drafts: Sequence[Draft]) -> list[Draft]:
    there = await (
        await tx.execute(
            "select block_id, subscriber_id, kind, grade from receipt where block_id = any(%s)",
            ([draft.block_id for draft in drafts],),
        )
    ).fetchall()
    known = set(there)
    fresh = []
    for draft in drafts:
        place = (draft.block_id, draft.subscriber_id, draft.statement.kind, draft.statement.grade)
        if place not in known:
            known.add(place)
            fresh.append(draft)
    return fresh


async def _insert(
    tx: Tx, signed: Signed, prober: str, n: int, digest: bytes, now: datetime
) -> None:
    draft, s = signed.draft, signed.draft.statement
    await tx.execute(
        """
        insert into receipt (block_id, subscriber_id, kind, grade, zone_serial, approved_at,
          published_at, blocked_at, evidence, existed_before, control, sample, answer, prober, n,
          statement, signature, hash, at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (draft.block_id, draft.subscriber_id, s.kind, s.grade, s.serial, s.approved_at,
         s.ordered_at, s.seen_at, s.evidence, s.existed_before, s.control, s.sample, draft.answer,
         prober, n, signed.octets, signed.signature, digest, now),
    )  # fmt: skip
    tx.note(Change(kind="receipt", subject=draft.block, op=Op.ADD))


async def _close(
    tx: Tx, prober: str, n: int, digest: bytes, fresh: Sequence[Draft], now: datetime
) -> None:
    await tx.execute(
        "update receipt_chain set n = %s, hash = %s where prober = %s", (n, digest, prober)
    )
    for block in sorted({d.block_id for d in fresh if d.statement.kind == "block"}):
        await block_proof.enforce(tx, block, now)


async def of_block(db: Db, block: UUID) -> list[Kept]:
    """The receipts of one block, oldest first."""
    return await _read(db, "b.uuid = %(block)s order by r.id", {"block": block})


async def _read(db: Db, where: str, params: dict[str, object]) -> list[Kept]:
    text = f"""
        select r.id, b.uuid as block, s.name as subscriber, r.kind, r.grade, r.zone_serial,
               r.published_at, r.blocked_at, r.evidence, r.answer, r.prober, r.n, r.statement,
               r.signature, r.hash
        from receipt r join block b on b.id = r.block_id
        join subscriber s on s.id = r.subscriber_id where {where}
        """  # noqa: S608 - `where` is text of this file
    async with db.cursor(row_factory=class_row(Kept)) as cursor:
        await cursor.execute(text.encode(), params)
        return await cursor.fetchall()


async def verify(db: Db, keys: Mapping[str, bytes]) -> tuple[int, list[Problem]]:
    """Check every receipt against its prober's key and chain; how many, and what is wrong.

    `keys` has the public key of each prober. Names rows that were changed, taken out or put in.
    """
    count, problems = 0, []
    ends = await (await db.execute("select prober, n, hash from receipt_chain")).fetchall()
    for prober, last, digest in sorted(ends):
        n, prev = 0, START
        while True:
            rows = await _read(
                db, "r.prober = %(p)s and r.n > %(n)s order by r.n limit %(limit)s",
                {"p": prober, "n": n, "limit": _BATCH},
            )  # fmt: skip
            for row in rows:
                count += 1
                problems += [Problem(prober, row.n, text)
                             for text in _wrong(row, n, prev, keys.get(prober))]  # fmt: skip
                n, prev = row.n, bytes(row.hash)
            if len(rows) < _BATCH:
                break
        if n != last or prev != bytes(digest):
            problems.append(
                Problem(prober, last, f"the chain ends with {n}, it should with {last}")
            )
    known = [prober for prober, _, _ in ends]
    stray = await _read(db, "not r.prober = any(%(known)s) order by r.id", {"known": known})
    problems += [Problem(row.prober, row.n, "is of no chain that we know") for row in stray]
    return count, problems


def _wrong(row: Kept, before: int, prev: bytes, key: bytes | None) -> list[str]:
    if row.n != before + 1:
        return [f"{before + 1} to {row.n - 1} are missing"]
    if key is None:
        return ["is of a prober that has no key here"]
    try:
        s = form.read(bytes(row.statement), bytes(row.signature), key)
    except BadReceipt as problem:
        return [f"was changed: {problem}"]
    found = []
    if s.n != row.n or s.prev != prev.hex():
        found.append(f"does not follow {before}")
    shown = (s.block, s.subscriber, s.kind, s.grade, s.serial, s.ordered_at, s.seen_at, s.evidence,
             s.answer, s.prober)  # fmt: skip
    stored = (str(row.block), row.subscriber, row.kind, row.grade, row.zone_serial,
              row.published_at, row.blocked_at, row.evidence, form.digest(bytes(row.answer)),
              row.prober)  # fmt: skip
    if shown != stored:
        found.append("was changed: the row says something else than what was signed")
    if form.link(bytes(row.statement), bytes(row.signature)) != bytes(row.hash):
        found.append("was changed: the hash is not of this statement")
    return found


async def note_before(tx: Tx, seen: Sequence[tuple[int, int, bool]], now: datetime) -> None:
    """Keep whether names had an address before their block: (block, subscriber, existed)."""
    async with tx.db.cursor() as cursor:
        await cursor.executemany(
            "insert into block_before values (%s, %s, %s, %s)"
            " on conflict (block_id, subscriber_id) do nothing",
            [(*one, now) for one in seen],
        )


async def before(db: Db, rows: Sequence[BlockRow]) -> dict[tuple[int, int], bool]:
    """What `note_before` kept, by block and subscriber."""
    found = await (
        await db.execute(
            "select block_id, subscriber_id, existed from block_before where block_id = any(%s)",
            ([row.id for row in rows],),
        )
    ).fetchall()
    return {(row[0], row[1]): row[2] for row in found}
