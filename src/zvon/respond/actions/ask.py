"""`ask`: wait until a person says yes or no; never the one that the run acts for."""

from zvon.model.playbook_action import Ask
from zvon.respond.actions.action import Act, Declined, Doing, Done, Result, Waits
from zvon.store.transaction import Tx

YES, NO = "yes", "no"


async def begin(_tx: Tx, act: Act) -> Result:
    """Ask people of the role."""
    given: Ask = act.input
    return Waits(kind="answer", question=given.question, options=(YES, NO), role=given.role)


async def resume(_tx: Tx, act: Act) -> Result | None:
    """The word that counts. That of an account which was closed since counts no more."""
    said = [one for one in act.answers if one.word in {YES, NO} and not one.closed]
    if not said:
        return None
    one = next((a for a in said if a.word == NO), said[0])
    output = {"answer": one.word == YES, "reason": one.reason, "by": one.login}
    return Done(output) if one.word == YES else Declined("ANSWERED_NO", output)


DOING = Doing(begin=begin, resume=resume)
