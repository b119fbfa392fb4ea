"""The audit: who did, or was refused, what."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Router, get
from litestar.params import Parameter
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.store import audit
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems


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
    """Acts, newest first; `next` goes into `after` for the following page."""

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
) -> AuditPage:
    """The newest acts."""
    async with read(context.pool, who) as db:
        rows = await audit.page(db, who, after=after, limit=limit)
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


router = Router("/", route_handlers=[list_audit, verify], tags=["audit"])
