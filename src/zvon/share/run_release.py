"""The jobs with which runs share: a release is prepared through the gate; people let it out.

Done under the permissions of the person that the run acts for, and noted as made by its step.
"""

from typing import Any
from uuid import UUID

from zvon.jobs import Context
from zvon.share import feed, release
from zvon.store import peer, person, run_effect, run_share
from zvon.store.savepoint import savepoint
from zvon.store.transaction import Tx, transaction

PARTNERS = "partners"


class NoAudience(LookupError):
    """No sharing group has this name, or there is more than one and none was named."""


async def prepare(context: Context, payload: dict[str, Any]) -> None:
    """Prepare what `audience` may know of an incident for a step that waits; idempotent."""
    step, now = UUID(str(payload["step"])), context.clock()
    async with transaction(context.pool, now) as tx:
        if not await run_share.wanted(tx, step):
            return
        try:
            async with savepoint(tx):
                made = await _prepare(tx, context, payload)
        except (ValueError, LookupError, PermissionError) as problem:
            tx.audit(*getattr(problem, "audit", ()))
            await run_share.tell(tx, step, None, f"{type(problem).__name__}: {problem}"[:300])
        else:
            await run_share.tell(tx, step, made, "")


async def _prepare(tx: Tx, context: Context, payload: dict[str, Any]) -> UUID:
    viewer = await person.viewer(tx.db, int(payload["person"]))
    if viewer is None:
        raise PermissionError("the account that the run acts for was closed")
    groups = {each.name: each.uuid for each in await peer.groups(tx.db)}
    wanted = str(payload["audience"])
    if wanted == PARTNERS and len(groups) == 1:
        (wanted,) = groups
    if wanted not in groups:
        raise NoAudience(f"no sharing group {wanted!r}; there are {', '.join(sorted(groups))}")
    async with run_effect.acting(tx, viewer, int(payload["step_id"])):
        made = await release.prepare(
            tx, viewer, UUID(str(payload["incident"])), groups[wanted], context.clock(),
            context.node, random=context.random,
        )  # fmt: skip
    return made.uuid


async def take_back(context: Context, payload: dict[str, Any]) -> None:
    """Take a release back from partners, because its run was cancelled; idempotent."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await feed.revoke(
            tx, UUID(str(payload["share"])), "the run was cancelled", now, context.node,
            actor=str(payload["by"]), random=context.random,
        )  # fmt: skip
