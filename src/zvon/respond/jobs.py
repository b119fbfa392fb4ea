"""The jobs of `respond`."""

from datetime import timedelta
from typing import Any

from zvon.jobs import Context, Handler
from zvon.respond import (
    appeal,
    bulk,
    handover,
    life,
    obligation_jobs,
    person_data,
    purge,
    queue_sample,
    retest,
    review,
    run_jobs,
    situation_job,
    subjects,
    url_retest,
)
from zvon.store import claim, incident_decision, snooze
from zvon.store.transaction import transaction


async def settle(context: Context, _payload: dict[str, Any]) -> None:
    """Let incidents follow their blocks: contained when all are proved, resolved when all ended."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await incident_decision.settle(tx, now)


async def queue_wake(context: Context, _payload: dict[str, Any]) -> None:
    """Bring back what was put off until now, and forget who looked at what."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await snooze.wake_due(tx, now)
        await claim.forget(tx, now)


JOBS: dict[str, Handler] = {
    "respond.bulk": bulk.job,
    "respond.queue_wake": queue_wake,
    "respond.queue_sample": queue_sample.sample,
    "respond.settle": settle,
    "respond.wake": life.wake,
    "respond.handover": handover.watch,
    "respond.situation": situation_job.make,
    "respond.retest": retest.look_again,
    "respond.advise": retest.advise,
    "respond.appeal": appeal.watch,
    "respond.obligations": obligation_jobs.watch,
    "respond.obligation_aware": obligation_jobs.aware,
    "respond.url_retest": url_retest.look_again,
    "respond.url_advise": url_retest.advise,
    "respond.data_request_search": person_data.search,
    "respond.data_request_erase": person_data.erase,
    "respond.data_request_close": person_data.close,
    "respond.data_request_remind": person_data.remind,
    "respond.subjects": subjects.note_subjects,
    **run_jobs.JOBS,
    "respond.purge": purge.hourly,
    "respond.purge_asked": purge.asked,
    "respond.sample": review.sample,
}
SCHEDULE: dict[str, timedelta] = {
    "respond.queue_wake": timedelta(minutes=1),
    "respond.queue_sample": timedelta(minutes=10),
    "respond.settle": timedelta(minutes=1),
    "respond.wake": timedelta(minutes=1),
    "respond.handover": timedelta(minutes=1),
    "respond.situation": timedelta(minutes=5),
    "respond.retest": timedelta(minutes=1),
    "respond.appeal": timedelta(minutes=1),
    "respond.obligations": timedelta(minutes=1),
    "respond.url_retest": timedelta(minutes=1),
    "respond.data_request_remind": timedelta(hours=1),
    "respond.purge": timedelta(hours=1),
    "respond.subjects": timedelta(minutes=1),
    **run_jobs.SCHEDULE,
    "respond.sample": timedelta(minutes=10),
}
