"""Transitions of many runs in one transaction: states, next steps, log and audit belong together."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.playbook import Action, Call, Outcome, Playbook, Step
from zvon.model.playbook_check import timeout_of
from zvon.model.playbook_condition import Value
from zvon.model.run import RunState, StepState
from zvon.respond import run as interpreter
from zvon.respond.run import Began, Finished, NotThere, Passed, Place, Token, Transition
from zvon.respond.run_policy import RunPolicy
from zvon.store import run_brake, run_lease, run_place, run_row
from zvon.store.incident_row import timeline
from zvon.store.run_place import Line, RunNow, StepEnd, StepNew, TokenRow, WaitNew
from zvon.store.run_row import RunRow, StepRow
from zvon.store.run_version import Pinned, Versions
from zvon.store.transaction import AuditEntry, Tx

CALL, PAUSE = "playbook", "pause"
RETRY, SKIP, STOP = "retry", "skip", "stop"
_ENDS = {
    Outcome.SUCCESS: StepState.DONE,
    Outcome.FAILURE: StepState.FAILED,
    Outcome.TIMEOUT: StepState.TIMED_OUT,
}


class _Run:
    """One run while its transaction is open."""

    def __init__(self, row: RunRow, of: Pinned, tokens: Sequence[TokenRow]) -> None:
        self.row, self.of = row, of
        held = {t.n: Token(n=t.n, step=t.step, parent=t.parent, children=t.children, turns=t.turns)
                for t in tokens}  # fmt: skip
        self.before = held
        self.place = Place(tokens=held, visits=row.visits, steps=row.steps,
                           next_token=row.next_token)  # fmt: skip
        self.variables: dict[str, Any] = dict(row.variables)
        self.ended: Finished | None = None
        self.final: RunState | None = None

    @property
    def playbook(self) -> Playbook:
        return self.of.playbook

    def values(self, step: Step | None = None) -> dict[str, Value]:
        """What the variables are: as declared, as they became, and those of the step."""
        own = {} if step is None else step.variables
        declared = {name: v.value for name, v in {**self.playbook.variables, **own}.items()}
        return {**declared, **self.variables}


class Batch:
    """What changes about some runs, gathered and then written at once."""

    def __init__(
        self, tx: Tx, now: datetime, random: Callable[[int], bytes], policy: RunPolicy
    ) -> None:
        self.tx, self.now, self.random, self.policy = tx, now, random, policy
        self.runs: dict[int, _Run] = {}
        self.ends: list[StepEnd] = []
        self.new: list[StepNew] = []
        self.waits: list[WaitNew] = []
        self.lines: list[Line] = []
        self.transitions = 0

    async def load(self, versions: Versions, run_ids: Sequence[int]) -> None:
        """Lock these runs and read where they stand."""
        rows = await run_row.locked(self.tx.db, run_ids)
        of = await versions.of(self.tx.db, [row.playbook_version_id for row in rows.values()])
        tokens: dict[int, list[TokenRow]] = {n: [] for n in rows}
        for token in await run_place.tokens(self.tx.db, list(rows)):
            tokens[token.run_id].append(token)
        for n, row in rows.items():
            self.runs[n] = _Run(row, of[row.playbook_version_id], tokens[n])

    def begin(self, row: RunRow, of: Pinned) -> None:
        """Start a run whose row was just made."""
        run = self.runs[row.id] = _Run(row, of, ())
        self._take(run, *interpreter.start(run.playbook, run.values()))

    def open(self, step: StepRow) -> bool:
        """Whether the run still stands on this step."""
        run = self.runs[step.run_id]
        token = run.place.tokens.get(step.token)
        return run.ended is None and token is not None and token.step == step.step

    def end(
        self, step: StepRow, outcome: Outcome, output: Mapping[str, Any] | None = None,
        error: str = "", *, actor: str = "system", skipped: bool = False,
    ) -> None:  # fmt: skip
        """A step ended: its run goes on, or is over."""
        run = self.runs[step.run_id]
        state = StepState.SKIPPED if skipped else _ENDS[outcome]
        output = dict(output or {})
        self.ends.append(StepEnd(id=step.id, state=state, output=output, error=error))
        self.log(run.row, f"STEP_{state.name}", step.step, {"error": error} if error else {},
                 actor=actor, key=f"{step.step}/{step.iteration}")  # fmt: skip
        found = run.playbook.steps.get(step.step)
        if isinstance(found, Action):
            run.variables |= {to: output[of] for of, to in found.out.items() if of in output}
        elif isinstance(found, Call):
            run.variables |= {n: output[n] for n in found.takes if n in output}
        if not self.open(step):
            return
        try:
            self._take(run, *interpreter.advance(
                run.playbook, run.place, step.token, outcome, run.values(found)
            ))  # fmt: skip
        except NotThere:
            return

    def wait(self, step: StepRow, wait: WaitNew, output: Mapping[str, Any] | None = None) -> None:
        """A step begins to wait."""
        self.ends.append(StepEnd(id=step.id, state=StepState.WAITING, output=dict(output or {}),
                                 due_at=wait.deadline))  # fmt: skip
        self.waits.append(wait)
        self.log(self.runs[step.run_id].row, "STEP_WAITS", step.step,
                 {"for": wait.kind, "until": wait.deadline.isoformat()})  # fmt: skip

    def rest(self, step: StepRow) -> None:
        """A step that was woken goes on waiting as before."""
        self.ends.append(StepEnd(id=step.id, state=StepState.WAITING, output={}))

    def again(self, step: StepRow, error: str) -> None:
        """A step did not work; it is tried again, or a person is asked."""
        if step.attempt >= self.policy.attempts:
            self.late(step, Outcome.FAILURE, error)
            return
        at = self.now + self.policy.rest(step.attempt)
        self.ends.append(StepEnd(id=step.id, state=StepState.READY, error=error, ready_at=at))
        self.log(self.runs[step.run_id].row, "STEP_AGAIN", step.step,
                 {"error": error, "attempt": step.attempt})  # fmt: skip

    def late(self, step: StepRow, outcome: Outcome, error: str) -> bool:
        """A step failed or its time is over: as the playbook says, else a person is asked.

        True when a person is asked.
        """
        run = self.runs[step.run_id]
        if interpreter.answers(run.playbook, step.step, outcome) or not self.open(step):
            self.end(step, outcome, error=error)
            return False
        deadline = self.now + self.policy.escalation
        self.ends.append(StepEnd(id=step.id, state=StepState.WAITING, error=error, due_at=deadline))
        self.waits.append(WaitNew(
            step_run_id=step.id, kind="person", deadline=deadline, options=(RETRY, SKIP, STOP),
            question=f"STEP_{outcome.name}",
        ))  # fmt: skip
        self.log(run.row, "STEP_LATE", step.step, {"outcome": outcome.value, "error": error})
        return True

    def replant(self, places: Mapping[int, str], run_id: int) -> None:
        """Set tokens on other steps of the version that the run was moved to."""
        run = self.runs[run_id]
        self._take(run, *interpreter.replant(run.playbook, run.place, places, run.values()))

    def declined(self, step: StepRow, error: str, output: Mapping[str, Any]) -> None:
        """Somebody said no: the way for it is taken, or the run ends with it."""
        run = self.runs[step.run_id]
        found = run.playbook.steps.get(step.step)
        reads = isinstance(found, Action) and bool(found.out)
        if interpreter.answers(run.playbook, step.step, Outcome.FAILURE):
            self.end(step, Outcome.FAILURE, output, error)
        elif reads:
            self.end(step, Outcome.SUCCESS, output, error)
        else:
            self.ends.append(
                StepEnd(id=step.id, state=StepState.FAILED, output=output, error=error)
            )
            self.stop(step.run_id, error, step.step, state=RunState.CANCELLED)

    def stop(self, run_id: int, error: str, step: str = "", *, state: RunState = RunState.FAILED,
             actor: str = "system") -> None:  # fmt: skip
        """End a run here and now."""
        run = self.runs[run_id]
        run.place = replace(run.place, tokens={})
        run.ended, run.final = Finished(error, step), state
        self.log(run.row, f"RUN_{state.name}", step or None, {"error": error}, actor=actor)

    def log(
        self, run: RunRow, code: str, step: str | None = None,
        params: Mapping[str, Any] | None = None, *, actor: str = "system", key: str = "",
    ) -> None:  # fmt: skip
        """One line in the run's log and one in the audit."""
        params = dict(params or {})
        self.lines.append(Line(run_id=run.id, code=code, step=step, params=params, actor=actor))
        self.tx.audit(AuditEntry(
            actor=actor, action=f"run:{code.lower()}", object=f"run:{run.number}",
            detail={**({"step": key or step} if step else {}), **params},
        ))  # fmt: skip

    async def write(self) -> list[int]:
        """Write all of it; the ids of runs that ended."""
        touched = [run for run in self.runs.values() if self._is_touched(run)]
        put, gone = [], []
        for run in touched:
            after = {} if run.ended else run.place.tokens
            put += [_row(run.row.id, t) for n, t in after.items() if run.before.get(n) != t]
            gone += [(run.row.id, n) for n in run.before if n not in after]
        await run_place.end_steps(self.tx, self.ends, self.now)
        await run_place.add_steps(self.tx, self.new, self.now)
        await run_place.put_waits(self.tx, self.waits, self.now)
        await run_place.put_tokens(self.tx, put, gone)
        await run_place.put_runs(self.tx, [(run.row, self._now(run)) for run in touched], self.now)
        ended = [run for run in touched if run.ended]
        for run in ended:
            await self._over(run)
        await run_place.put_log(self.tx, self.lines, self.now)
        if any(step.state == StepState.READY for step in self.new):
            await run_lease.notify(self.tx)
        return [run.row.id for run in ended]

    async def _over(self, run: _Run) -> None:
        """What follows from the end of a run: its caller goes on, its playbook may stop itself."""
        assert run.ended is not None
        error = run.ended.error
        if run.row.incident_id is not None:
            await timeline(
                self.tx, run.row.incident_id, "run", "system",
                f"RUN_{self._now(run).ended or ''}".upper(),
                {"number": run.row.number, "name": run.playbook.name, "error": error}, self.now,
            )  # fmt: skip
        await run_lease.wake_about(self.tx, [run.row.uuid])
        stopped = await run_brake.note(
            self.tx, run.of.playbook_id, failed=self._now(run).ended == RunState.FAILED, most=self.policy.failures,
            reason=error, now=self.now,
        )  # fmt: skip
        if stopped:
            self.log(run.row, "PLAYBOOK_STOPPED", None, {"failures": self.policy.failures})

    def _is_touched(self, run: _Run) -> bool:
        return bool(
            run.ended or run.place.tokens != run.before or run.variables != run.row.variables
            or run.row.steps != run.place.steps
            or any(line.run_id == run.row.id for line in self.lines)
        )  # fmt: skip

    def _now(self, run: _Run) -> RunNow:
        ended = run.final
        if run.ended and ended is None:
            ended = RunState.FAILED if run.ended.error else RunState.DONE
        return RunNow(
            id=run.row.id, variables=run.variables, visits=run.place.visits,
            steps=run.place.steps, next_token=run.place.next_token, ended=ended,
            error=run.ended.error if run.ended else "",
        )  # fmt: skip

    def _take(self, run: _Run, place: Place, said: Sequence[Transition]) -> None:
        run.place = place
        for each in said:
            self.transitions += 1
            match each:
                case Began():
                    self.new.append(self._step(run, each))
                case Passed(token, step, iteration, way):
                    self.new.append(StepNew(
                        uuid=self._uuid(), run_id=run.row.id, step=step, iteration=iteration,
                        token=token, kind=_kind(run.playbook, step), state=StepState.DONE,
                        output={"way": way} if way else {}, ready_at=None, due_at=self.now,
                    ))  # fmt: skip
                case Finished(error, step):
                    run.ended = each
                    self.log(run.row, "RUN_FAILED" if error else "RUN_DONE", step or None,
                             {"error": error} if error else {})  # fmt: skip

    def _step(self, run: _Run, began: Began) -> StepNew:
        step = run.playbook.steps[began.step]
        ready = self.now + timedelta(seconds=step.delay_s)
        due = ready + timedelta(seconds=timeout_of(step))
        kind = _kind(run.playbook, began.step)
        return StepNew(
            uuid=self._uuid(), run_id=run.row.id, step=began.step, iteration=began.iteration,
            token=began.token, kind=kind if isinstance(step, Action | Call) else PAUSE,
            state=StepState.READY, ready_at=ready if step.delay_s else None, due_at=due,
        )  # fmt: skip

    def _uuid(self) -> Any:
        return uuid7(self.now, self.random(RANDOM_BYTES))


def _kind(playbook: Playbook, step: str) -> str:
    found = playbook.steps[step]
    if isinstance(found, Action):
        return found.action
    return CALL if isinstance(found, Call) else type(found).__name__.lower()


def _row(run_id: int, token: Token) -> TokenRow:
    return TokenRow(run_id=run_id, n=token.n, parent=token.parent, step=token.step,
                    children=token.children, turns=token.turns)  # fmt: skip
