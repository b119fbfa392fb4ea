"""Runs that start by themselves, as the approved body of a playbook says, within bounds."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal
from uuid import UUID

import structlog

from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.playbook import StartRule
from zvon.respond.run_policy import RunPolicy, shipped
from zvon.respond.run_start import begin
from zvon.store import person, run_brake, run_cursor, run_facts, run_lease, run_start, run_version
from zvon.store.run_cursor import Candidate
from zvon.store.run_start import NewRun
from zvon.store.run_version import Pinned
from zvon.store.savepoint import savepoint
from zvon.store.transaction import AuditEntry, Tx, transaction

log = structlog.get_logger("zvon.respond.run")
HOUR = timedelta(hours=1)
On = Literal["made", "escalated"]


async def watch(context: Context, _payload: dict[str, object]) -> None:
    """The job: wake the steps whose things changed, and start what is to start by itself."""
    policy = shipped()
    while True:
        now = context.clock()
        async with transaction(context.pool, now) as tx:
            happened = await run_cursor.take(tx)
            if happened is None:
                return
            await run_lease.wake_about(tx, happened.subjects)
            if happened.made or happened.edited:
                await _start(tx, context, policy, "made", happened.made)
                await _start(tx, context, policy, "escalated", happened.edited)
        if not happened.full:
            return


def fits(rule: StartRule, on: On, incident: Candidate) -> bool:
    """Whether a rule starts its playbook for what happened to an incident."""
    return (
        rule.on == on
        and (not rule.categories or incident.category in rule.categories)
        and incident.severity >= rule.severity
        and rule.source in {"", incident.source_kind}
    )


async def _start(
    tx: Tx, context: Context, policy: RunPolicy, on: On, incidents: Sequence[UUID]
) -> None:
    of = [one for one in await run_version.all_in_force(tx.db) if one.playbook.starts]
    if not of or not incidents:
        return
    found = await run_cursor.candidates(tx, incidents)
    stopped = await run_brake.stopped(tx.db)
    for one in of:
        rules = [rule for rule in one.playbook.starts if rule.on == on]
        chosen = [i for i in found.values() if any(fits(rule, on, i) for rule in rules)]
        if not chosen or one.playbook_id in stopped:
            continue
        viewer = await _answers_for(tx, one)
        for incident in chosen:
            await _one(tx, context, policy, one, viewer, incident, on)


async def _one(
    tx: Tx, context: Context, policy: RunPolicy, of: Pinned, viewer: Viewer | None,
    incident: Candidate, on: On,
) -> None:  # fmt: skip
    now = context.clock()
    lately, there = await run_start.started_by_itself(
        tx.db, of.playbook_id, incident.uuid, now - HOUR
    )
    rule = ""
    if viewer is None:
        rule = "nobody_answers_for_it"
    elif lately >= policy.per_hour:
        rule = "per_hour"
    elif there >= policy.per_incident:
        rule = "per_incident"
    if rule or viewer is None:
        tx.audit(AuditEntry(actor="system", action="run:start", object=str(incident.uuid),
                            outcome="refused", rule=rule, detail={"playbook": of.playbook.name}))  # fmt: skip
        return
    try:
        async with savepoint(tx):
            row = await run_start.put(tx, NewRun(
                uuid=uuid7(now, context.random(RANDOM_BYTES)), of=of, incident=incident.uuid,
                sandbox=False, reason="", acts_for=viewer.person_id, trigger=on,
                variables=await run_facts.facts(tx.db, incident.uuid),
            ), now)  # fmt: skip
            if row is not None:
                await begin(tx, row, of, actor="system", now=now, random=context.random,
                            policy=policy)  # fmt: skip
    except (ValueError, LookupError) as problem:
        log.warning("a run did not start", playbook=of.playbook.id, error=type(problem).__name__)


async def _answers_for(tx: Tx, of: Pinned) -> Viewer | None:
    """Who the runs act for: whoever put the version in force, else one of its writers."""
    for who in (of.published_by, *of.authors):
        if who is not None and (viewer := await person.viewer(tx.db, who)) is not None:
            return viewer
    return None
