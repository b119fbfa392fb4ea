"""What people do to runs: answer, decide on a late step, cancel, move to another version."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import psycopg

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.model.playbook import Outcome
from zvon.model.playbook_check import timeout_of
from zvon.model.run import OPEN_RUN, OPEN_STEP, RunState, StepState, check_run_move
from zvon.respond.actions.catalogue import UNDO
from zvon.respond.run_batch import RETRY, SKIP, STOP, Batch
from zvon.respond.run_policy import RunPolicy
from zvon.store import run_answer, run_effect, run_lease, run_place, run_row, run_step, run_version
from zvon.store.block_eyes import check_text
from zvon.store.run_answer import BadAnswer, NotWaiting
from zvon.store.run_effect import Effect
from zvon.store.run_row import RunRow, StepRow, WaitRow
from zvon.store.run_version import Versions
from zvon.store.savepoint import savepoint
from zvon.store.transaction import Tx

Random = Callable[[int], bytes]


class BadMap(ValueError):
    """The steps that the run stands on have no place in the other version; name one for each."""


class NotInState(ValueError):
    """The run is over; nothing can be done to it any more."""


async def answer(
    tx: Tx, viewer: Viewer, run: UUID, step: UUID, word: str, reason: str, *, now: datetime,
    random: Random, policy: RunPolicy,
) -> None:  # fmt: skip
    """Say what a step asks: yes or no, or what becomes of a late step (retry, skip, stop).

    Raises `NoRun`, `NoStep`, `NotWaiting`, `BadAnswer`, `OwnRun`, `NotYours`, `Denied`.
    """
    row = await run_row.by_uuid(tx.db, run, lock=True)
    found, wait = await run_answer.waiting_step(tx, row, step)
    if wait.kind == "answer":
        await run_answer.put(tx, viewer, row, found, wait, word, reason, now)
        await _said(tx, viewer, row, found, word, reason, now, random, policy)
        await run_lease.wake(tx, [found.id])
    elif wait.kind == "person":
        await _decide(tx, viewer, row, found, wait, word, reason, now, random, policy)
    else:
        raise NotWaiting("nobody is asked here")


async def _decide(
    tx: Tx, viewer: Viewer, row: RunRow, step: StepRow, wait: WaitRow, word: str, reason: str,
    now: datetime, random: Random, policy: RunPolicy,
) -> None:  # fmt: skip
    """What becomes of a late step. Whoever has it tried again takes it over, with their rights."""
    if not viewer.may(Permission.RUN_MANAGE):
        viewer.require(Permission.RUN_START)
    if word not in wait.options:
        raise BadAnswer(f"answer: one of {', '.join(wait.options)}")
    why = check_text("reason", reason) if word != RETRY or reason.strip() else ""
    batch = Batch(tx, now, random, policy)
    await batch.load(Versions(), [row.id])
    batch.log(row, "DECIDED", step.step, {"word": word, "reason": why}, actor=viewer.login)
    match word:
        case _ if word == RETRY:
            await run_answer.take_over(tx, viewer, step, why, now)
            found = batch.runs[row.id].playbook.steps[step.step]
            await run_step.again(tx, step, now + timedelta(seconds=timeout_of(found)), now)
        case _ if word == SKIP:
            batch.end(step, Outcome.SUCCESS, actor=viewer.login, skipped=True)
        case _ if word == STOP:
            batch.stop(row.id, "STOPPED", step.step, state=RunState.CANCELLED, actor=viewer.login)
    await batch.write()
    await run_lease.notify(tx)


async def cancel(
    tx: Tx, viewer: Viewer, run: UUID, reason: str, *, context: Context, now: datetime,
    policy: RunPolicy,
) -> RunRow:  # fmt: skip
    """End a run, and take back what it made, the last first, as far as it can be taken back.

    What stays is said in the log. Runs that it started end with it. Raises `NoRun`, `NotInState`,
    `Denied`; managing runs, or having started it, is needed.
    """
    row = await run_row.by_uuid(tx.db, run, lock=True)
    if not viewer.may(Permission.RUN_MANAGE) and viewer.person_id != row.started_by:
        viewer.require(Permission.RUN_MANAGE)
    why = check_text("reason", reason)
    if RunState(row.state) not in OPEN_RUN:
        raise NotInState(f"{row.number} is {row.state}")
    check_run_move(RunState(row.state), RunState.COMPENSATING)
    await run_step.compensating(tx, row, now)
    for child in await run_step.children(tx.db, row.id):
        await cancel(tx, viewer, child, why, context=context, now=now, policy=policy)
    batch = Batch(tx, now, context.random, policy)
    await batch.load(Versions(), [row.id])
    for effect in await run_effect.of_run(tx.db, row.id):
        await _take_back(batch, viewer, row, effect, context)
    batch.stop(row.id, why, state=RunState.CANCELLED, actor=viewer.login)
    await batch.write()
    return await run_row.by_uuid(tx.db, run)


async def _take_back(
    batch: Batch, viewer: Viewer, row: RunRow, effect: Effect, context: Context
) -> None:
    undo = UNDO.get(effect.kind)
    said = {"kind": effect.kind, "subject": str(effect.subject)}
    if undo is None:
        batch.log(row, "STAYS", None, said, actor=viewer.login)
        return
    try:
        async with savepoint(batch.tx):
            await undo(batch.tx, viewer, [effect], context, batch.now)
            await run_effect.undone(batch.tx, [effect], batch.now)
    except (ValueError, LookupError, PermissionError, psycopg.IntegrityError) as problem:
        said["why"] = str(problem)[:200]
        batch.log(row, "NOT_TAKEN_BACK", None, said, actor=viewer.login)
    else:
        batch.log(row, "TAKEN_BACK", None, said, actor=viewer.login)


async def move(
    tx: Tx, viewer: Viewer, run: UUID, version: int, places: Mapping[str, str], reason: str, *,
    now: datetime, random: Random, policy: RunPolicy,
) -> RunRow:  # fmt: skip
    """Go on with another version of the same playbook. `places` says which step becomes which.

    A step without an entry keeps its name. What is being waited for goes on being waited for; a
    step that becomes another one begins anew. Raises `NoRun`, `NotInState`, `NoVersion`, `BadMap`,
    `Denied`.
    """
    viewer.require(Permission.RUN_MANAGE)
    row = await run_row.by_uuid(tx.db, run, lock=True)
    why = check_text("reason", reason)
    if RunState(row.state) not in OPEN_RUN:
        raise NotInState(f"{row.number} is {row.state}")
    to = await run_version.of_same(tx.db, row.playbook_id, version)
    if to.state not in {"published", "retired"}:
        raise run_version.NoVersion(version)
    tokens = await run_place.tokens(tx.db, [row.id])
    known = to.playbook.steps
    missing = sorted({t.step for t in tokens if places.get(t.step, t.step) not in known})
    if missing:
        raise BadMap(f"the new version has no place for {', '.join(missing)}")
    moved = [t for t in tokens if places.get(t.step, t.step) != t.step]
    opened = [s for s in await run_row.steps(tx.db, row.id) if StepState(s.state) in OPEN_STEP]
    for token in moved:
        await run_step.skip(tx, [s.id for s in opened if s.token == token.n], now)
    await run_version.move(tx, row, to, now)
    after = Batch(tx, now, random, policy)
    await after.load(Versions(), [row.id])
    after.replant({token.n: places[token.step] for token in moved}, row.id)
    after.log(row, "MOVED", None, {"to": to.number, "reason": why,
                                   "places": dict(places)}, actor=viewer.login)  # fmt: skip
    await after.write()
    return await run_row.by_uuid(tx.db, run)


async def _said(
    tx: Tx, viewer: Viewer, row: RunRow, step: StepRow, word: str, reason: str, now: datetime,
    random: Random, policy: RunPolicy,
) -> None:  # fmt: skip
    batch = Batch(tx, now, random, policy)
    batch.log(row, "ANSWERED", step.step, {"word": word, "reason": reason}, actor=viewer.login)
    await run_place.put_log(tx, batch.lines, now)
    tx.note(run_place.changed(row))
