"""The one way to write: a transaction that ends with its change, zone and audit rows.

Whatever a transaction changed is noted while it runs and written by its last statements, under
the lock on `head` that gives every change its place. A reader of `change` therefore never sees a
gap that fills later, and the lock is held only for the time of these few statements.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection, AsyncCursor, Error
from psycopg.errors import CheckViolation, PipelineAborted
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from zvon.model.marking import Tlp
from zvon.model.zone import next_serial

Pool = AsyncConnectionPool[AsyncConnection[TupleRow]]

CHANNEL = "zvon_change"
ZONE_CHANNEL = "zvon_zone"
INSIDE = "exercise_stays_inside"  # the name under which the triggers of exercises refuse


class StaysInside(PermissionError):
    """What an exercise made was to leave it: into a zone, a mailbox or to a partner."""


class Op(StrEnum):
    """What happened to the subject of a change row."""

    ADD = "add"
    EDIT = "edit"
    WIDEN = "widen"
    NARROW = "narrow"
    REVOKE = "revoke"
    DELETE = "delete"
    PUBLISH = "publish"


class Change(Struct, frozen=True, kw_only=True, gc=False):
    """One row of the change log: what (`kind`, `subject`), and what happened (`op`)."""

    kind: str
    subject: UUID
    op: Op
    record_id: int | None = None
    tlp: Tlp = Tlp.AMBER


class AuditEntry(Struct, frozen=True, kw_only=True):
    """Who did, or was refused, what, under which rule."""

    actor: str
    action: str
    object: str
    outcome: Literal["done", "refused"] = "done"
    rule: str = ""
    detail: dict[str, Any] = {}


class ZoneOp(Struct, frozen=True, kw_only=True):
    """One record that enters or leaves a policy zone; `owner` is relative to the zone."""

    zone_id: int
    op: Literal["add", "del"]
    owner: str
    rdata: str
    block_id: int | None = None


class Tx:
    """A running transaction. Read and write through `db`; note what must be seen outside."""

    def __init__(self, db: AsyncConnection[TupleRow]) -> None:
        self.db = db
        self.changes: list[Change] = []
        self.audits: list[AuditEntry] = []
        self.zone_ops: list[ZoneOp] = []
        self.serials: dict[int, int] = {}

    async def execute(
        self, query: LiteralString, params: Sequence[Any] | dict[str, Any] | None = None
    ) -> AsyncCursor[TupleRow]:
        """Run one statement."""
        return await self.db.execute(query, params)

    def note(self, *changes: Change) -> None:
        """Add rows to the change log when the transaction ends."""
        self.changes.extend(changes)

    def audit(self, *entries: AuditEntry) -> None:
        """Add rows to the audit chain when the transaction ends."""
        self.audits.extend(entries)

    async def seal(self, now: datetime) -> None:
        """Take the head lock and write all that was noted; idempotent.

        After it `serials` holds the new serial of each zone that changed. Called by
        `transaction`; call it earlier only to learn the serials before the commit.
        """
        if not (self.changes or self.audits or self.zone_ops):
            return
        written = await self._write_changes()
        if self.zone_ops:
            row = await written.fetchone()
            assert row is not None
            await self._write_zones(int(row[0]), now)
        if self.audits:
            await self._write_audit(now)
        self.changes, self.audits, self.zone_ops = [], [], []

    async def _write_changes(self) -> AsyncCursor[TupleRow]:
        count = len(self.changes)
        return await self.db.execute(
            """
                with h as (
                  update head set seq = seq + %(n)s,
                    at = greatest(clock_timestamp(), at + make_interval(secs => %(n)s * 1e-6))
                  returning seq, at),
                written as (
                  insert into change (seq, at, record_id, subject, kind, op, tlp)
                  select h.seq - %(n)s + o, h.at - make_interval(secs => (%(n)s - o) * 1e-6),
                         rid, subject, kind, op, tlp
                  from h, unnest(%(rid)s::bigint[], %(subject)s::uuid[], %(kind)s::text[],
                                 %(op)s::text[], %(tlp)s::smallint[])
                          with ordinality x(rid, subject, kind, op, tlp, o))
                select seq, pg_notify(%(channel)s, seq::text) from h
                """,
            {
                "n": count,
                "rid": [c.record_id for c in self.changes],
                "subject": [c.subject for c in self.changes],
                "kind": [c.kind for c in self.changes],
                "op": [c.op.value for c in self.changes],
                "tlp": [int(c.tlp) for c in self.changes],
                "channel": CHANNEL,
            },
        )

    async def _write_zones(self, seq: int, now: datetime) -> None:
        for zone_id in sorted({op.zone_id for op in self.zone_ops}):
            ops = [op for op in self.zone_ops if op.zone_id == zone_id]
            row = await (
                await self.db.execute(
                    "select serial, ttl, name from zone where id = %s for no key update", (zone_id,)
                )
            ).fetchone()
            if row is None:
                raise LookupError(f"no zone {zone_id}")
            serial, ttl, name = next_serial(row[0]), row[1], row[2]
            await self.db.execute("update zone set serial = %s where id = %s", (serial, zone_id))
            await self.db.execute(
                """
                insert into zone_change (zone_id, serial, n, change_seq, op, owner, rdata, ttl, block_id, at)
                select %s, %s, o, %s, op, owner, rdata, %s, block_id, %s
                from unnest(%s::text[], %s::text[], %s::text[], %s::bigint[])
                     with ordinality x(op, owner, rdata, block_id, o)
                """,
                (zone_id, serial, seq, ttl, now, [o.op for o in ops], [o.owner for o in ops],
                 [o.rdata for o in ops], [o.block_id for o in ops]),
            )  # fmt: skip
            gone = [o.owner for o in ops if o.op == "del"]
            come = [o for o in ops if o.op == "add"]
            await self.db.execute(
                "delete from zone_rule where zone_id = %s and owner = any(%s)", (zone_id, gone)
            )
            await self.db.execute(
                """
                insert into zone_rule (zone_id, owner, rdata, block_id, serial)
                select %s, owner, rdata, block_id, %s
                from unnest(%s::text[], %s::text[], %s::bigint[]) x(owner, rdata, block_id)
                """,
                (zone_id, serial, [o.owner for o in come], [o.rdata for o in come],
                 [o.block_id for o in come]),
            )  # fmt: skip
            await self.db.execute("select pg_notify(%s, %s)", (ZONE_CHANNEL, f"{name} {serial}"))
            self.serials[zone_id] = serial

    async def _write_audit(self, now: datetime) -> None:
        row = await (
            await self.db.execute("select audit_seq, audit_hash from head for update")
        ).fetchone()
        assert row is not None
        first, chain = int(row[0]) + 1, [bytes(row[1])]
        for seq, entry in enumerate(self.audits, start=first):
            chain.append(audit_hash(seq, now, entry, chain[-1]))
        await self.db.execute(
            """
            insert into audit (seq, at, actor, action, object, outcome, rule, detail, prev, hash)
            select %s + o - 1, %s, actor, action, object, outcome, rule, detail::jsonb, prev, hash
            from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                        %s::bytea[], %s::bytea[])
                 with ordinality x(actor, action, object, outcome, rule, detail, prev, hash, o)
            """,
            (first, now, [e.actor for e in self.audits], [e.action for e in self.audits],
             [e.object for e in self.audits], [e.outcome for e in self.audits],
             [e.rule for e in self.audits], [json.dumps(e.detail) for e in self.audits],
             chain[:-1], chain[1:]),
        )  # fmt: skip
        await self.db.execute(
            "update head set audit_seq = %s, audit_hash = %s",
            (first + len(self.audits) - 1, chain[-1]),
        )


Left = Callable[[Tx], Awaitable[None]]
"""What an error that undoes its transaction writes in a new one."""


def audit_hash(seq: int, at: datetime, entry: AuditEntry, prev: bytes) -> bytes:
    """SHA-256 over the previous hash and a canonical form of the row."""
    body = json.dumps(
        [seq, round(at.timestamp() * 1_000_000), entry.actor, entry.action, entry.object,
         entry.outcome, entry.rule, entry.detail],
        ensure_ascii=False, sort_keys=True, separators=(",", ":"),
    )  # fmt: skip
    return hashlib.sha256(prev + body.encode()).digest()


@asynccontextmanager
async def pipeline(db: AsyncConnection[TupleRow]) -> AsyncIterator[None]:
    """Send statements without waiting for each answer; the error raised is the statement's own.

    When the answers arrive in more than one read, the driver reports the last failure, which is
    only that the rest of the pipeline was aborted, and hides the first one behind it.
    """
    try:
        async with db.pipeline():
            yield
    except PipelineAborted as aborted:
        first: BaseException = aborted
        while isinstance(first.__context__, Error):
            first = first.__context__
        raise first from None


@asynccontextmanager
async def transaction(pool: Pool, now: datetime, *, viewer: str = "system") -> AsyncIterator[Tx]:
    """Open a transaction as `viewer`; commit at the end, roll back on any error.

    `viewer` is `system` for our own jobs, or what `store.visibility.viewer_setting` makes of a
    `Viewer`; row security in the database reads it. An error that carries audit entries in its
    `audit` attribute (a refusal) leaves them behind: they are written after the roll-back, and so
    is what each function in its `left` attribute writes. Raises `StaysInside`: by whichever door
    somebody tried, the database stops what belongs to an exercise.
    """
    try:
        async with pool.connection() as db, AsyncExitStack() as ending:
            await ending.enter_async_context(db.transaction())
            await db.execute("select set_config('zvon.viewer', %s, true)", (viewer,))
            tx = Tx(db)
            yield tx
            # The commit is sent with the last statement, so that the head lock is not held for
            # the time of another round trip.
            async with pipeline(db):
                await tx.seal(now)
                await ending.aclose()
    except Exception as refusal:
        entries: Sequence[AuditEntry] = getattr(refusal, "audit", ())
        left: Sequence[Left] = getattr(refusal, "left", ())
        if entries or left:
            async with pool.connection() as db, db.transaction():
                await db.execute("select set_config('zvon.viewer', 'system', true)")
                tx = Tx(db)
                for write in left:
                    await write(tx)
                tx.audit(*entries)
                await tx.seal(now)
        if isinstance(refusal, CheckViolation) and refusal.diag.constraint_name == INSIDE:
            raise StaysInside(str(refusal.diag.message_primary)) from None
        raise
