"""The jobs that tell runs what they wait for, and that start them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from zvon.jobs import Context, Handler
from zvon.respond import dry_run_job, run_trigger
from zvon.store import run_lease
from zvon.store.transaction import transaction


async def looked(context: Context, payload: dict[str, Any]) -> None:
    """Names were looked up for the steps in `blocks`; idempotent."""
    async with transaction(context.pool, context.clock()) as tx:
        for step in payload["blocks"]:
            await run_lease.tell(tx, UUID(str(step)), {"looked": True})


async def about(context: Context, payload: dict[str, Any]) -> None:
    """A task was finished, or a message answered: the step that waits for it goes on; idempotent."""
    subjects = [UUID(str(payload[name])) for name in ("task", "message") if name in payload]
    async with transaction(context.pool, context.clock()) as tx:
        await run_lease.wake_about(tx, subjects)


JOBS: dict[str, Handler] = {
    "respond.run_looked": looked,
    "respond.run_task": about,
    "respond.run_message": about,
    "respond.run_watch": run_trigger.watch,
    "respond.dry_run": dry_run_job.go,
}
SCHEDULE: dict[str, timedelta] = {"respond.run_watch": timedelta(seconds=5)}
