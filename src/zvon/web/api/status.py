"""How the node is, for people and for monitoring."""

from datetime import datetime, timedelta

from litestar import Router, get
from msgspec import Struct

from zvon import __version__
from zvon.access.permission import Permission
from zvon.store import job
from zvon.web.api.inject import In, Who
from zvon.web.doorkeeper import PUBLIC
from zvon.web.problem import SIGNED, problems

LATE = timedelta(seconds=45)


class Health(Struct, frozen=True, kw_only=True):
    """Whether the node answers and its database does."""

    node: str
    country: str
    version: str


class PartOut(Struct, frozen=True, kw_only=True):
    """One process and its last sign of life."""

    role: str
    pid: int
    at: datetime
    late: bool


class HeldJobOut(Struct, frozen=True, kw_only=True):
    """A job that failed too often; it waits for a person."""

    id: int
    name: str
    created_at: datetime
    attempts: int
    error: str


class JobsOut(Struct, frozen=True, kw_only=True):
    """What the machine has to do."""

    ready: int
    running: int
    oldest_s: float
    held: list[HeldJobOut]
    parts: list[PartOut]


@get("/status", opt={"permission": PUBLIC}, responses=problems())
async def health(context: In) -> Health:
    """Answers 200 while web and database work, 503 when the database is away."""
    async with context.pool.connection() as db:
        await job.heartbeats(db)
    return Health(node=context.node.name, country=context.node.country, version=__version__)


@get("/jobs", opt={"permission": Permission.JOB_READ}, responses=problems(*SIGNED))
async def jobs(context: In, who: Who) -> JobsOut:
    """Backlog, held jobs and the processes of the node."""
    now = context.clock()
    async with context.pool.connection() as db:
        waiting = await job.backlog(db, now)
        held = await job.held(db)
        parts = await job.heartbeats(db)
    return JobsOut(
        ready=waiting.ready, running=waiting.running,
        oldest_s=waiting.oldest.total_seconds(),
        held=[HeldJobOut(id=h.id, name=h.name, created_at=h.created_at, attempts=h.attempts,
                         error=h.error[:500]) for h in held],
        parts=[PartOut(role=p.role, pid=p.pid, at=p.at, late=now - p.at > LATE) for p in parts],
    )  # fmt: skip


router = Router("/", route_handlers=[health, jobs], tags=["status"])
