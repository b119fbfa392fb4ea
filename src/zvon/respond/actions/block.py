"""`decide.block`: propose that names are blocked. Publishing stays with the gate and with people."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.model.lifecycle import BlockState
from zvon.model.playbook_action import DecideBlock
from zvon.model.scope import Scope
from zvon.respond.actions.action import Act, CannotAct, Declined, Doing, Done, Result, Waits
from zvon.store import block, block_row, run_effect
from zvon.store.block import Proposal
from zvon.store.block_gate import GuardRefused
from zvon.store.block_propose import AlreadyBlocked
from zvon.store.run_effect import Effect
from zvon.store.savepoint import savepoint
from zvon.store.transaction import Tx

KIND = "block"
MOST_NAMES = 200
_SPLIT = re.compile(r"[\s,;]+")
_OPEN = {BlockState.PROPOSED, BlockState.VALIDATED, BlockState.APPROVED, BlockState.HELD}
_NEVER = {BlockState.REJECTED, BlockState.WITHDRAWN}


async def begin(tx: Tx, act: Act) -> Result:
    """Propose all names together, as a person would; what the gate refuses is left out and counted.

    Raises `CannotAct`, `Denied`, `BadProposal`.
    """
    given: DecideBlock = act.input
    names = [name for name in dict.fromkeys(_SPLIT.split(given.names)) if name]
    if not names:
        raise CannotAct("NO_NAMES")
    if len(names) > MOST_NAMES:
        raise CannotAct("TOO_MANY_NAMES", most=MOST_NAMES)
    refused = 0
    for _ in range(3):  # all; then without those that are blocked; then without those refused
        if not names:
            break
        try:
            async with savepoint(tx):
                await _propose(tx, act, given, names)
            break
        except AlreadyBlocked as there:
            names = [name for name in names if name not in there.names]
        except GuardRefused as stopped:
            tx.audit(*stopped.audit)
            bad = {finding.name for finding in stopped.findings}
            refused += len(bad)
            names = [name for name in names if name not in bad]
    else:
        names = []
    output = {"proposed": len(names), "published": 0, "refused": refused}
    if names and given.wait:
        return Waits(kind=KIND, output=output)
    return Done(output)


async def resume(tx: Tx, act: Act) -> Result | None:
    """Done when people decided on every name."""
    made = await run_effect.of_step(tx.db, act.step.id)
    uuids = [effect.subject for effect in made if effect.kind == KIND]
    rows = await block_row.by_uuid(tx.db, uuids) if uuids else []
    if any(row.state in _OPEN for row in rows):
        return None
    refused = int(act.step.output.get("refused", 0))
    never = sum(row.state in _NEVER for row in rows)
    output = {"proposed": len(rows), "published": len(rows) - never, "refused": refused + never}
    return Declined("NOTHING_PUBLISHED", output) if never == len(rows) else Done(output)


async def undo(
    tx: Tx, viewer: Viewer, effects: Sequence[Effect], _context: Context, now: datetime
) -> None:
    """Withdraw what waits and lift what is published. Raises `Denied`, `Refused`."""
    rows = await block_row.by_uuid(tx.db, [effect.subject for effect in effects], lock=True)
    waiting = [row.uuid for row in rows if row.state in _OPEN]
    if waiting and all(row.proposer_id == viewer.person_id for row in rows):
        await block.withdraw(tx, viewer, waiting, "the run was cancelled", now)
    elif waiting:
        await block.reject(tx, viewer, waiting, "the run was cancelled", now)
    live = [row.uuid for row in rows if row.state not in _OPEN | _NEVER | {BlockState.LIFTED}]
    if live:
        await block.lift(tx, viewer, live, "the run was cancelled", now)


async def _propose(tx: Tx, act: Act, given: DecideBlock, names: Sequence[str]) -> None:
    await block.propose(tx, act.viewer, Proposal(
        names=tuple((name, Scope(given.scope)) for name in names),
        feed=act.context.settings.country.lower(), reason=given.reason,
        legal_ground=act.run.number, expires_at=act.now + timedelta(days=given.days),
        incident_uuid=act.run.incident_uuid,
    ), act.now, act.context.random)  # fmt: skip


DOING = Doing(begin=begin, resume=resume, undo=undo, needs=Permission.BLOCK_PROPOSE)
