"""`obligation.start`: start the clocks of a law for the incident."""

from datetime import datetime

from zvon.access.permission import Permission
from zvon.model.playbook_action import StartObligation
from zvon.respond.actions.action import Act, CannotAct, Doing, Done, Result
from zvon.store import incident_decision, incident_time, obligation_start, party
from zvon.store.transaction import Tx


async def begin(tx: Tx, act: Act) -> Result:
    """Start the pack once for this pass over the step. Raises `CannotAct`, `NoPack`."""
    given: StartObligation = act.input
    incident = await incident_decision.lock(tx, act.incident)
    aware = act.now if given.aware == "now" else await _time(tx, incident.id, given.aware)
    await incident_time.first(tx, incident.id, "aware", aware, "run", act.now)
    entity = (await party.own(tx.db)).name
    made = await obligation_start.start(
        tx, None, incident_uuid=act.incident, pack=given.pack, entity=entity, entity_kind="",
        now=act.now, random=act.context.random, key=act.key, by=act.run.number,
    )  # fmt: skip
    return Done({"obligation": str(made)})


async def _time(tx: Tx, incident_id: int, what: str) -> datetime:
    found = (await incident_time.current(tx.db, incident_id)).get(what)
    if found is None or found.at is None:
        raise CannotAct("NO_TIME", what=what)
    return found.at


DOING = Doing(begin=begin, needs=Permission.OBLIGATION_WRITE)
