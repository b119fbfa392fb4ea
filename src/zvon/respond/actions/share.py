"""`share`: prepare what partners may know. The gate, and people, decide what of it leaves."""

from collections.abc import Sequence
from datetime import datetime

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import Context, enqueue
from zvon.model.marking import parse_tlp
from zvon.model.playbook_action import Share
from zvon.respond.actions.action import Act, CannotAct, Declined, Doing, Done, Failed, Result, Waits
from zvon.store import share as shares
from zvon.store.run_effect import Effect
from zvon.store.transaction import Tx

JOB, TAKE_BACK = "share.run_prepare", "share.run_take_back"
KIND = "share"


async def begin(tx: Tx, act: Act) -> Result:
    """Have `share` prepare the release under the permissions of the run's person."""
    given: Share = act.input
    if act.run.tlp is not None and act.run.tlp > parse_tlp(given.tlp):
        raise CannotAct("ABOVE_TLP", tlp=given.tlp)
    await enqueue(tx, JOB, {
        "step": act.key, "step_id": act.step.id, "incident": str(act.incident),
        "person": act.viewer.person_id, "audience": given.audience,
    }, dedupe=f"{JOB}:{act.key}:{act.step.attempt}")  # fmt: skip
    return Waits(kind=KIND)


async def resume(tx: Tx, act: Act) -> Result | None:
    """Done when it was released; refused by the gate or a person is a failure."""
    if act.told is not None and "error" in act.told:
        return Failed(str(act.told["error"])[:300])
    if act.wait is None or act.wait.about is None:
        return None
    found = await shares.get(tx.db, act.wait.about)
    match found.state:
        case "released":
            return Done({"share": str(found.uuid), "released": True})
        case "refused" | "revoked":
            output = {"share": str(found.uuid), "released": False}
            return Declined(f"SHARE_{found.state.upper()}", output)
        case _:
            return None


async def undo(
    tx: Tx, viewer: Viewer, effects: Sequence[Effect], _context: Context, _now: datetime
) -> None:
    """Have what was released taken back from partners. Raises `Denied`."""
    viewer.require(Permission.SHARE_REVOKE)
    for effect in effects:
        await enqueue(tx, TAKE_BACK, {"share": str(effect.subject), "by": viewer.login},
                      dedupe=f"{TAKE_BACK}:{effect.subject}")  # fmt: skip


DOING = Doing(begin=begin, resume=resume, undo=undo, needs=Permission.SHARE_PREPARE, outward=True)
