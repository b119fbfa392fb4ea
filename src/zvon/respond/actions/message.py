"""`notify` and `message.wait`: write to somebody, and wait for the answer.

The letter goes the way of all letters: queued here, through the sharing gate when it is sent.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.model.message import MessageState
from zvon.model.playbook_action import Notify, WaitMessage
from zvon.respond.actions.action import Act, CannotAct, Doing, Done, Failed, Result, Waits
from zvon.store import (
    incident_decision,
    message,
    message_draft,
    message_write,
    run_facts,
    run_recipient,
)
from zvon.store.message_template import PLACES
from zvon.store.run_effect import Effect
from zvon.store.transaction import Tx

LETTERS = {
    "notice": "incident_notice", "warning": "incident_notice", "takedown": "takedown",
    "outcome": "letter", "question": "letter",
}  # fmt: skip
_ON_ITS_WAY = {MessageState.QUEUED, MessageState.SENDING, MessageState.DRAFT}
_SENT = {MessageState.SENT, MessageState.DELIVERED}


async def begin(tx: Tx, act: Act) -> Result:
    """Queue the letter. Raises `CannotAct` when nobody is known to write to."""
    given: Notify = act.input
    incident = await incident_decision.lock(tx, act.incident)
    known = await run_facts.facts(tx.db, act.incident)
    to = await run_recipient.find(tx.db, given.to, incident.id, known)
    if to is None:
        raise CannotAct("NO_RECIPIENT", to=given.to)
    code = LETTERS[given.template]
    fields = {"what": known["__category__"], "values": "\n".join(known["__names__"]),
              "text": given.text}  # fmt: skip
    made = await message_write.queue_notice(
        tx, incident_id=incident.id, address=to.address, contact_uuid=to.contact, template=code,
        fields={name: v for name, v in fields.items() if name in PLACES[code]}, key=act.key,
        by=act.viewer.login, lang=None if given.language == "theirs" else given.language,
        now=act.now, random=act.context.random,
    )  # fmt: skip
    return Waits(kind="job", about=made, output={"message": str(made), "sent": False})


async def sent(tx: Tx, act: Act) -> Result | None:
    """Done when it left; what the gate or a mail server stopped is a failure."""
    if act.wait is None or act.wait.about is None:
        return Done()
    state = await message.state_of(tx.db, act.wait.about)
    if state in _ON_ITS_WAY:
        return None
    if state in _SENT:
        return Done({"message": str(act.wait.about), "sent": True})
    return Failed(f"MESSAGE_{state.value.upper()}")


async def begin_wait(tx: Tx, act: Act) -> Result:
    """Wait for the answer to a message. Raises `CannotAct`."""
    given: WaitMessage = act.input
    try:
        about = UUID(given.message)
    except ValueError:
        raise CannotAct("NO_MESSAGE", message=given.message[:60]) from None
    if await message.answered(tx.db, about):
        return Done({"answered": True})
    return Waits(kind="message", about=about)


async def answered(tx: Tx, act: Act) -> Result | None:
    """Done when somebody answered who is who he says; a forged answer changes nothing."""
    if act.wait is None or act.wait.about is None:
        return Done()
    if not await message.answered(tx.db, act.wait.about):
        return None
    return Done({"answered": True})


async def undo(
    tx: Tx, viewer: Viewer, effects: Sequence[Effect], _context: Context, now: datetime
) -> None:
    """Stop letters that have not left. Raises `Denied`."""
    for effect in effects:
        found = await message.known(tx.db, effect.subject)
        if found.state in {MessageState.QUEUED, MessageState.DRAFT, MessageState.HELD}:
            await message_draft.move(
                tx, viewer, found.uuid, found.version, MessageState.CANCELLED, now
            )


NOTIFY = Doing(begin=begin, resume=sent, undo=undo, needs=Permission.MESSAGE_SEND, outward=True)
WAIT = Doing(begin=begin_wait, resume=answered)
