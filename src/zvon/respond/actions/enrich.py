"""`enrich`: ask again what registries and the DNS say; `collect` asks, this step waits."""

from zvon.jobs import enqueue
from zvon.model.playbook_action import Enrich
from zvon.respond.actions.action import Act, CannotAct, Doing, Done, Result, Waits
from zvon.store import run_enriched, run_facts
from zvon.store.transaction import Tx

LOOKED = "respond.run_looked"
AT_ONCE = 12  # as many names as one look takes


async def begin(tx: Tx, act: Act) -> Result:
    """Have the names of the incident looked up. Raises `CannotAct`."""
    given: Enrich = act.input
    if given.ask == "page":
        raise CannotAct("PAGES_ARE_LOOKED_AT_BY_THEMSELVES")
    names = (await run_facts.facts(tx.db, act.incident))["__names__"][:AT_ONCE]
    if not names:
        return Done({"found": 0, "missing": 0})
    await enqueue(tx, "collect.look", {"names": names, "blocks": [act.key], "then": LOOKED},
                  dedupe=f"run_look:{act.key}:{act.step.attempt}")  # fmt: skip
    return Waits(kind="job")


async def resume(tx: Tx, act: Act) -> Result | None:
    """Count what is known of the names now."""
    if act.told is None:
        return None
    names = (await run_facts.facts(tx.db, act.incident))["__names__"][:AT_ONCE]
    found = await run_enriched.known(tx.db, names, act.wait.since if act.wait else act.now)
    return Done({"found": found, "missing": len(names) - found})


DOING = Doing(begin=begin, resume=resume)
