"""`classify`: say what kind of incident it is, as a suggestion; a person's verdict decides."""

from zvon.access.permission import Permission
from zvon.model.playbook_action import Classify
from zvon.model.verdict import Category
from zvon.respond.actions.action import Act, CannotAct, Doing, Done, Result
from zvon.store import incident_decision
from zvon.store.incident_row import timeline
from zvon.store.transaction import Tx


async def begin(tx: Tx, act: Act) -> Result:
    """Write the suggestion into the story of the incident. Raises `CannotAct`."""
    given: Classify = act.input
    if given.category not in {each.value for each in Category}:
        raise CannotAct("NO_CATEGORY", category=given.category)
    incident = await incident_decision.lock(tx, act.incident)
    await timeline(
        tx, incident.id, "run", act.run.number, "RUN_SUGGESTS",
        {"category": given.category, "reason": given.reason, "number": act.run.number}, act.now,
    )  # fmt: skip
    return Done({"suggestion": act.key})


DOING = Doing(begin=begin, needs=Permission.INCIDENT_DECIDE)
