"""The worker of playbooks: takes steps that are ready, does them, and never lets one hang.

A step is leased in a transaction of its own, so that an attempt that kills the worker counts, and
done in the next one together with its effects and what follows from them.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

import psycopg
import structlog
from msgspec import Struct, structs

from zvon.access.permission import Denied
from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.model.playbook import Action, Call, Outcome
from zvon.model.playbook_action import ACTIONS
from zvon.model.playbook_check import timeout_of
from zvon.model.playbook_values import BadArgument, bound
from zvon.respond import run_call_playbook
from zvon.respond.actions.action import Act, CannotAct, Declined, Doing, Done, Failed, Result, Waits
from zvon.respond.actions.catalogue import DOING
from zvon.respond.run_batch import RETRY, Batch
from zvon.respond.run_policy import RunPolicy, shipped
from zvon.store import person, run_answer, run_effect, run_lease, run_row
from zvon.store.listen import listen
from zvon.store.run_answer import Answer
from zvon.store.run_place import WaitNew
from zvon.store.run_row import StepRow, WaitRow
from zvon.store.run_version import Versions
from zvon.store.savepoint import savepoint
from zvon.store.transaction import Tx, transaction

log = structlog.get_logger("zvon.respond.run")


class _Round(Struct):
    """One transaction over some leased steps, and what was read for it."""

    tx: Tx
    batch: Batch
    waits: Mapping[int, WaitRow]
    answers: Mapping[int, Sequence[Answer]]
    viewers: dict[int, Viewer | None]


class Worker:
    """Does steps of runs; any number of workers do so beside each other."""

    def __init__(
        self, context: Context, name: str, *, policy: RunPolicy | None = None,
        doing: Mapping[str, Doing] = DOING,
    ) -> None:  # fmt: skip
        self.context, self.name = context, name
        self.policy = policy or shipped()
        self.doing = doing
        self.versions = Versions()

    async def turn(self) -> int:
        """Do a batch of the steps that are ready; how many there were."""
        now = self.context.clock()
        async with transaction(self.context.pool, now) as tx:
            lease = timedelta(seconds=self.policy.lease_s)
            steps = await run_lease.claim(tx, self.name, now, lease, self.policy.batch)
        if not steps:
            return 0
        try:
            await self._do(steps)
        except (psycopg.Error, TimeoutError) as problem:
            # One of them does not let the others through: each alone, and the bad one rests.
            log.warning("a batch of steps failed", steps=len(steps), error=type(problem).__name__)
            for step in steps:
                await self._alone(step)
        return len(steps)

    async def drain(self) -> int:
        """Do all that is ready now; how many steps were done."""
        count = 0
        while done := await self.turn():
            count += done
        return count

    async def sweep(self) -> int:
        """Free the steps of silent workers, end what is over its time; how many there were."""
        now, count = self.context.clock(), 0
        async with transaction(self.context.pool, now) as tx:
            lease = timedelta(seconds=self.policy.lease_s)
            lost = await run_lease.free_lost(tx, now, lease, self.policy.batch)
            batch = Batch(tx, now, self.context.random, self.policy)
            await batch.load(self.versions, [run for run, _, _ in lost])
            for run, step, worker in lost:
                batch.log(batch.runs[run].row, "LEASE_LOST", step, {"worker": worker})
            for run, step, login in await run_answer.pass_on(tx):
                if run not in batch.runs:
                    await batch.load(self.versions, [run])
                batch.log(batch.runs[run].row, "ANSWERER_CLOSED", step, {"login": login})
            await batch.write()
            every = timedelta(seconds=self.policy.poll_s)
            mails = await run_lease.unanswered_mail(tx, now, every, self.policy.batch)
            await run_lease.wake(tx, mails)
            count += len(lost) + len(mails)
        return count + await self._end_overdue()

    async def _end_overdue(self) -> int:
        now, count = self.context.clock(), 0
        while True:
            async with transaction(self.context.pool, now) as tx:
                over = await run_lease.overdue(tx.db, now, self.policy.batch)
                if not over:
                    return count
                batch = Batch(tx, now, self.context.random, self.policy)
                await batch.load(self.versions, [step.run_id for step in over])
                still = await run_lease.still_over(tx, [step.id for step in over], now)
                waits = await run_row.waits_of(tx.db, list(still))
                for step in over:
                    if step.id in still:
                        self._over(batch, step, waits.get(step.id))
                await batch.write()
            count += len(over)

    def _over(self, batch: Batch, step: StepRow, wait: WaitRow | None) -> None:
        """What the end of a step's time means: that is what it waited for, or it is late."""
        if wait is not None and wait.ended_at is None:
            if wait.kind == "until":
                batch.end(step, Outcome.SUCCESS)
                return
            if wait.kind == "person":
                batch.end(step, Outcome.TIMEOUT, error="NOBODY_DECIDED")
                return
        batch.late(step, Outcome.TIMEOUT, step.error)

    async def _alone(self, step: StepRow) -> None:
        try:
            await self._do([step])
        except (psycopg.Error, TimeoutError) as problem:
            await self._failed(step, type(problem).__name__)

    async def _failed(self, step: StepRow, error: str) -> None:
        now = self.context.clock()
        async with transaction(self.context.pool, now) as tx:
            batch = Batch(tx, now, self.context.random, self.policy)
            await batch.load(self.versions, [step.run_id])
            if await run_lease.still_mine(tx, self.name, [step]):
                batch.again(step, error)
                await batch.write()

    async def _do(self, steps: Sequence[StepRow]) -> None:
        now = self.context.clock()
        async with transaction(self.context.pool, now) as tx:
            batch = Batch(tx, now, self.context.random, self.policy)
            await batch.load(self.versions, [step.run_id for step in steps])
            mine = await run_lease.still_mine(tx, self.name, steps)
            ids = [step.id for step in steps if step.id in mine]
            of = _Round(
                tx=tx, batch=batch, waits=await run_row.waits_of(tx.db, ids),
                answers=await run_answer.of_steps(tx.db, ids), viewers={},
            )  # fmt: skip
            for step in steps:
                if step.id in mine:
                    await self._step(of, step)
            await batch.write()

    async def _step(self, of: _Round, step: StepRow) -> None:
        """Do one step. What it does wrong is its own: the others of the batch go on."""
        batch = of.batch
        if not batch.open(step):
            batch.end(step, Outcome.SUCCESS, skipped=True)
            return
        try:
            async with asyncio.timeout(self.policy.action_s):
                result = await self._act(of, step)
        except Denied as problem:
            batch.late(step, Outcome.FAILURE, f"NEEDS {problem.permission.value}")
        except CannotAct as problem:
            batch.late(step, Outcome.FAILURE, str(problem))
        except (ValueError, LookupError, PermissionError) as problem:
            of.tx.audit(*getattr(problem, "audit", ()))
            batch.late(step, Outcome.FAILURE, f"{type(problem).__name__}: {problem}"[:500])
        except (psycopg.OperationalError, psycopg.errors.QueryCanceled, TimeoutError):
            raise  # the connection is not what it was: the whole batch is done again
        except psycopg.IntegrityError as problem:
            batch.late(step, Outcome.FAILURE, problem.diag.constraint_name or "STORE_REFUSED")
        except (psycopg.Error, OSError) as problem:
            batch.again(step, f"{type(problem).__name__}"[:500])
        else:
            self._settle(of, step, result)

    def _settle(self, of: _Round, step: StepRow, result: Result | None) -> None:
        match result:
            case None:
                of.batch.rest(step)
            case Done(output):
                of.batch.end(step, Outcome.SUCCESS, output)
            case Failed(error):
                of.batch.late(step, Outcome.FAILURE, error)
            case Declined(error, output):
                of.batch.declined(step, error, output)
            case Waits():
                wait = WaitNew(
                    step_run_id=step.id, kind=result.kind,
                    deadline=result.deadline or max(step.due_at, of.batch.now),
                    question=result.question, options=result.options, role=result.role,
                    about=result.about,
                )  # fmt: skip
                of.batch.wait(step, wait, result.output)

    async def _act(self, of: _Round, step: StepRow) -> Result | None:
        run = of.batch.runs[step.run_id]
        found = run.playbook.steps[step.step]
        wait = of.waits.get(step.id)
        if wait is not None and wait.ended_at is not None:
            wait = None
        if not isinstance(found, Action | Call):
            return Done()
        viewer = await self._viewer(of, run.row.acts_for, step)
        act = Act(
            context=self.context, run=run.row, step=step, viewer=viewer, input=None,
            timeout=timedelta(seconds=timeout_of(found)), now=of.batch.now, title=found.name,
            wait=wait, answers=of.answers.get(step.id, ()),
        )  # fmt: skip
        if isinstance(found, Call):
            handed = {name: run.values(found).get(name) for name in found.hands}
            async with savepoint(of.tx):
                return await run_call_playbook.go(of.tx, act, found, handed, self.policy)
        doing = self.doing.get(found.action)
        if doing is None:
            raise CannotAct("NO_SUCH_ACTION", action=found.action)
        try:
            given = bound(ACTIONS[found.action], found.args, run.values(found))
        except BadArgument as problem:
            raise CannotAct("BAD_ARGUMENT", field=problem.field, reason=problem.reason) from None
        if run.row.sandbox and doing.outward:
            return Done({"simulated": True})
        if doing.needs is not None:
            viewer.require(doing.needs)
        act = structs.replace(act, input=given)
        async with run_effect.acting(of.tx, viewer, step.id):
            if wait is None:
                return await doing.begin(of.tx, act)
            return await doing.resume(of.tx, act) if doing.resume else Done()

    async def _viewer(self, of: _Round, acts_for: int, step: StepRow) -> Viewer:
        """Whose permissions the step has: of whoever took it over, else of the run's person."""
        taken = [a for a in of.answers.get(step.id, ()) if a.word == RETRY and not a.closed]
        who = taken[-1].person_id if taken else acts_for
        if who not in of.viewers:
            of.viewers[who] = await person.viewer(of.tx.db, who)
        viewer = of.viewers[who]
        if viewer is None:
            raise CannotAct("ACCOUNT_CLOSED")
        return viewer


async def serve(context: Context, name: str, stop: asyncio.Event) -> None:
    """Work until `stop`: woken by the database, and every second for what time made ready."""
    worker = Worker(context, name)
    ring = asyncio.Event()
    listening = asyncio.create_task(_listen(context, ring))
    swept = None
    try:
        while not stop.is_set():
            try:
                done = await worker.turn()
                now = context.clock()
                if swept is None or not 0 <= (now - swept).total_seconds() < worker.policy.sweep_s:
                    done += await worker.sweep()
                    swept = now
            except (psycopg.Error, OSError, TimeoutError) as problem:
                log.warning("no steps were done", error=type(problem).__name__)
                done = 0
                await asyncio.sleep(1)
            if done == 0:
                ring.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(_first(ring, stop), 1)
    finally:
        listening.cancel()


async def _listen(context: Context, ring: asyncio.Event) -> None:
    async for _ in listen(context.pool, [run_lease.CHANNEL]):
        ring.set()


async def _first(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
