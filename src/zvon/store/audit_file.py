"""The audit chain as a file: every row with its hashes, so that anybody can prove it elsewhere."""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.audit import Problem
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, audit_hash

BATCH = 5_000
MAX_LINE = 1_000_000
FIELDS = ("seq", "at", "actor", "action", "object", "outcome", "rule", "detail", "prev", "hash")


class Linked(Struct, frozen=True, kw_only=True):
    """A row with the hash before it and its own."""

    seq: int
    at: datetime
    actor: str
    action: str
    object: str
    outcome: str
    rule: str
    detail: dict[str, Any]
    prev: bytes
    hash: bytes


class BadFile(ValueError):
    """The file is no export of an audit; the message names the line."""


class Verified(Struct, frozen=True, kw_only=True):
    """What a file proves: how many rows, from where to where, and what is wrong."""

    rows: int
    first: int
    last: int
    head: str
    problems: tuple[Problem, ...]


async def rows(
    db: Db, viewer: Viewer, since: datetime | None = None, until: datetime | None = None
) -> AsyncIterator[Linked]:
    """The rows of a period, oldest first, without gaps. Raises `Denied` without `audit:read`.

    The period is from its first to its last row: times of neighbouring rows may be out of order
    by moments, and a chain with holes proves nothing.
    """
    viewer.require(Permission.AUDIT_READ)
    found = await (
        await db.execute(
            """
            select min(seq), max(seq) from audit
            where (%(since)s::timestamptz is null or at >= %(since)s)
              and (%(until)s::timestamptz is null or at < %(until)s)
            """,
            {"since": since, "until": until},
        )
    ).fetchone()
    if found is None or found[0] is None:
        return
    after, end = int(found[0]) - 1, int(found[1])
    while after < end:
        async with db.cursor(row_factory=class_row(Linked)) as cursor:
            await cursor.execute(
                """
                select seq, at, actor, action, object, outcome, rule, detail, prev, hash
                from audit where seq > %s and seq <= %s order by seq limit %s
                """,
                (after, end, BATCH),
            )
            batch = await cursor.fetchall()
        if not batch:
            return
        for row in batch:
            yield row
        after = batch[-1].seq


def as_line(row: Linked) -> str:
    """A row as one line of JSON; hashes in hexadecimal, the time in microseconds of UTC."""
    return json.dumps(_fields(row), ensure_ascii=False, separators=(",", ":"))


def as_csv(found: Iterable[Linked], *, head: bool) -> str:
    """Rows as CSV (RFC 4180); `detail` is JSON in its cell. No cell begins a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    if head:
        writer.writerow(FIELDS)
    for row in found:
        fields = _fields(row)
        fields["detail"] = json.dumps(row.detail, ensure_ascii=False, sort_keys=True)
        writer.writerow([_plain(str(fields[name])) for name in FIELDS])
    return out.getvalue()


def _fields(row: Linked) -> dict[str, Any]:
    made = msgspec.structs.asdict(row)
    return made | {"at": row.at.isoformat(), "prev": row.prev.hex(), "hash": row.hash.hex()}


def _plain(text: str) -> str:
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def verify(lines: Iterable[bytes]) -> Verified:
    """Recompute the chain of a JSONL export, row by row. Raises `BadFile`.

    The first row's `prev` is taken as it stands: compare `head` with what the node shows, or with
    what it told its partners.
    """
    problems: list[Problem] = []
    first = last = count = 0
    head = b""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row = _row(line, number)
        if count == 0:
            first = row.seq
        elif row.seq != last + 1:
            problems.append(Problem(last + 1, "missing", f"row {row.seq} follows row {last}"))
        elif row.prev != head:
            problems.append(
                Problem(row.seq, "changed", f"row {row.seq} does not follow row {last}")
            )
        entry = AuditEntry(actor=row.actor, action=row.action, object=row.object,
                           outcome="done" if row.outcome == "done" else "refused", rule=row.rule,
                           detail=row.detail)  # fmt: skip
        if row.outcome not in {"done", "refused"} or (
            audit_hash(row.seq, row.at, entry, row.prev) != row.hash
        ):
            problems.append(Problem(row.seq, "changed", f"row {row.seq} was changed"))
        count, last, head = count + 1, row.seq, row.hash
    return Verified(rows=count, first=first, last=last, head=head.hex(), problems=tuple(problems))


class _Line(Struct, frozen=True, kw_only=True):
    seq: int
    at: datetime
    actor: str
    action: str
    object: str
    outcome: str
    rule: str
    detail: dict[str, Any]
    prev: str
    hash: str


def _row(line: bytes, number: int) -> Linked:
    try:
        if len(line) > MAX_LINE:
            raise ValueError("the line is too long")
        said = msgspec.json.decode(line, type=_Line)
        if said.at.tzinfo is None:
            raise ValueError("the time has no zone")
        return Linked(
            seq=said.seq, at=said.at, actor=said.actor, action=said.action, object=said.object,
            outcome=said.outcome, rule=said.rule, detail=said.detail,
            prev=bytes.fromhex(said.prev), hash=bytes.fromhex(said.hash),
        )  # fmt: skip
    except (ValueError, RecursionError, OverflowError) as problem:
        raise BadFile(f"line {number}: {problem}") from None
