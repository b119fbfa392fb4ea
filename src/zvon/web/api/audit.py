"""The audit: who did, or was refused, what."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import Router, get
from litestar.params import Parameter
from litestar.response import Stream
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.store import audit, audit_file
from zvon.store.transaction import AuditEntry, transaction
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, BadInput, problems

PIECE = 500
"""So many rows of an export are sent at once."""


class AuditRow(Struct, frozen=True, kw_only=True):
    """One act."""

    seq: int
    at: datetime
    actor: str
    action: str
    object: str
    outcome: str
    rule: str
    detail: dict[str, Any]


class AuditPage(Struct, frozen=True):
    """Acts in the order asked for; `next` goes into `after` for the following page."""

    rows: list[AuditRow]
    next: int | None


class Verification(Struct, frozen=True, kw_only=True):
    """Whether the chain is whole, up to which row, and what is wrong."""

    whole: bool
    rows: int
    problems: list[str]


@get("/audit", opt={"permission": Permission.AUDIT_READ}, responses=problems(*SIGNED))
async def list_audit(
    context: In,
    who: Who,
    after: Annotated[int | None, Parameter(ge=1, le=2**62)] = None,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 100,
    oldest: bool = False,
) -> AuditPage:
    """The newest acts, or with `oldest` the oldest first."""
    async with read(context.pool, who) as db:
        rows = await audit.page(db, who, after=after, limit=limit, oldest=oldest)
    return AuditPage(
        [AuditRow(seq=r.seq, at=r.at, actor=r.actor, action=r.action, object=r.object,
                  outcome=r.outcome, rule=r.rule, detail=r.detail)
         for r in rows],
        rows[-1].seq if len(rows) == limit else None,
    )  # fmt: skip


@get("/audit/verification", opt={"permission": Permission.AUDIT_READ}, responses=problems(*SIGNED))
async def verify(context: In, who: Who) -> Verification:
    """Recompute every hash of the chain."""
    async with read(context.pool, who) as db:
        found = await audit.verify(db)
        rows = await audit.length(db)
    return Verification(
        whole=not found, rows=rows, problems=[f"{p.seq}: {p.text}" for p in found[:20]]
    )


@get("/audit/export", opt={"permission": Permission.AUDIT_READ}, responses=problems(*SIGNED))
async def export(
    context: In,
    who: Who,
    form: Annotated[Literal["jsonl", "csv"], Parameter(query="format")] = "jsonl",
    since: datetime | None = None,
    until: datetime | None = None,
) -> Stream:
    """Every row of a period with its hashes; `zvon audit check FILE` proves the JSON lines anywhere."""
    for bound in (since, until):
        if bound is not None and bound.tzinfo is None:
            raise BadInput("since and until say their offset, like 2026-11-23T00:00:00Z")
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        tx.audit(AuditEntry(
            actor=who.login, action="audit:export", object="audit",
            detail={"format": form, "since": since and since.isoformat(),
                    "until": until and until.isoformat()},
        ))  # fmt: skip
    name = f"zvon-audit-{now:%Y%m%dT%H%M%SZ}.{form}"
    return Stream(
        _pieces(context, who, form, since, until),
        media_type="text/csv; charset=utf-8" if form == "csv" else "application/jsonl",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _pieces(
    context: Context, who: Viewer, form: str, since: datetime | None, until: datetime | None
) -> AsyncIterator[bytes]:
    batch: list[audit_file.Linked] = []
    head = True
    async with read(context.pool, who) as db:
        async for row in audit_file.rows(db, who, since, until):
            batch.append(row)
            if len(batch) >= PIECE:
                yield _piece(batch, form, head=head)
                batch, head = [], False
    if batch or head:
        yield _piece(batch, form, head=head)


def _piece(batch: list[audit_file.Linked], form: str, *, head: bool) -> bytes:
    if form == "csv":
        return audit_file.as_csv(batch, head=head).encode()
    return "".join(audit_file.as_line(row) + "\n" for row in batch).encode()


router = Router("/", route_handlers=[list_audit, verify, export], tags=["audit"])
