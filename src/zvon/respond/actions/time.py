"""`wait.until`: let time pass, for hours or until a moment."""

from datetime import UTC, datetime, timedelta

from zvon.model.playbook import MAX_TIMEOUT_S
from zvon.model.playbook_action import WaitUntil
from zvon.respond.actions.action import Act, CannotAct, Doing, Done, Result, Waits
from zvon.store.transaction import Tx


async def begin(_tx: Tx, act: Act) -> Result:
    """Wait; a moment that is past is no wait. Raises `CannotAct`."""
    given: WaitUntil = act.input
    until = moment(given.moment) if given.moment.strip() else act.now + timedelta(hours=given.hours)
    if until <= act.now:
        return Done()
    if until > act.now + timedelta(seconds=MAX_TIMEOUT_S):
        raise CannotAct("TOO_LONG", until=until.isoformat())
    return Waits(kind="until", deadline=until)


def moment(text: str) -> datetime:
    """A moment as ISO 8601 writes it; without a zone it is UTC. Raises `CannotAct`."""
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CannotAct("NO_MOMENT", text=text[:60]) from None


DOING = Doing(begin=begin)
