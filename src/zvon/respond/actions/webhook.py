"""`webhook`: tell another system, at an address that an administrator registered under a name.

What is sent passes the sharing gate in `share`, which connects, signs and tries again. A ticket in
another system is a webhook with the body that its interface asks for.
"""

from zvon.access.permission import Permission
from zvon.jobs import enqueue
from zvon.model.playbook_action import Webhook
from zvon.respond.actions.action import Act, CannotAct, Doing, Done, Failed, Result, Waits
from zvon.store import run_call
from zvon.store.transaction import Tx

JOB = "share.webhook"


async def begin(tx: Tx, act: Act) -> Result:
    """Queue the call. Raises `CannotAct` for a receiver that nobody registered."""
    given: Webhook = act.input
    found = await run_call.target(tx.db, given.receiver)
    if found is None or not found.enabled:
        raise CannotAct("NO_RECEIVER", receiver=given.receiver)
    if act.run.tlp is not None and act.run.tlp > found.max_tlp:
        raise CannotAct("ABOVE_TLP", tlp=found.max_tlp)
    await run_call.queue(
        tx, act.step.id, found, given.body, key=act.context.node.key,
        random=act.context.random, now=act.now,
    )  # fmt: skip
    await enqueue(tx, JOB, {"step": act.key}, dedupe=f"{JOB}:{act.key}")
    return Waits(kind="job")


async def resume(_tx: Tx, act: Act) -> Result | None:
    """Done with the answer; what never got through is a failure."""
    told = act.told
    if told is None:
        return None
    if "error" in told:
        return Failed(str(told["error"])[:300])
    return Done({"status": told.get("status", 0), "body": told.get("body", "")})


DOING = Doing(begin=begin, resume=resume, needs=Permission.SHARE_PREPARE, outward=True)
