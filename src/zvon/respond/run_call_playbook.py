"""A step that runs another playbook: its run is one of its own, and this step waits for its end."""

from collections.abc import Mapping
from typing import Any

from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.playbook import Call
from zvon.model.run import RunState
from zvon.respond.actions.action import Act, CannotAct, Done, Failed, Result, Waits
from zvon.respond.run_policy import RunPolicy
from zvon.respond.run_start import StoppedPlaybook, begin, refuse_stopped
from zvon.store import run_row, run_start, run_version
from zvon.store.run_start import NewRun
from zvon.store.run_version import NoVersion
from zvon.store.transaction import Tx


async def go(
    tx: Tx, act: Act, step: Call, handed: Mapping[str, Any], policy: RunPolicy
) -> Result | None:
    """Start the other playbook, or see whether its run is over. Raises `CannotAct`."""
    if act.wait is not None and act.wait.about is not None:
        return await _over(tx, act, step)
    if act.run.depth + 1 > policy.depth:
        raise CannotAct("TOO_DEEP", depth=policy.depth)
    try:
        of = await run_version.in_force(tx.db, step.playbook)
        await refuse_stopped(tx, of)
    except (NoVersion, StoppedPlaybook) as problem:
        raise CannotAct("NO_PLAYBOOK", playbook=step.playbook, reason=str(problem)) from None
    given = {name: v for name, v in act.run.variables.items() if name not in of.playbook.variables}
    row = await run_start.put(tx, NewRun(
        uuid=uuid7(act.now, act.context.random(RANDOM_BYTES)), of=of,
        incident=act.run.incident_uuid, sandbox=act.run.sandbox, reason=act.run.number,
        acts_for=act.run.acts_for, started_by=act.run.started_by, cause_id=act.run.id,
        depth=act.run.depth + 1, variables={**given, **handed},
    ), act.now)  # fmt: skip
    assert row is not None  # it has no trigger
    await begin(tx, row, of, actor="system", now=act.now, random=act.context.random,
                policy=policy)  # fmt: skip
    return Waits(kind="run", about=row.uuid, output={"run": str(row.uuid)})


async def _over(tx: Tx, act: Act, step: Call) -> Result | None:
    assert act.wait is not None
    assert act.wait.about is not None
    child = await run_row.by_uuid(tx.db, act.wait.about)
    match RunState(child.state):
        case RunState.DONE:
            return Done({n: child.variables[n] for n in step.takes if n in child.variables})
        case RunState.FAILED | RunState.CANCELLED:
            return Failed(f"{child.number}: {child.error or child.state}")
        case _:
            return None
