"""Which file does which action of `model.playbook_action`, and which takes back what was made."""

from collections.abc import Mapping

from zvon.respond.actions import (
    ask,
    block,
    classify,
    enrich,
    isolate,
    message,
    oblige,
    share,
    time,
    webhook,
    work,
)
from zvon.respond.actions.action import Doing, Undo

DOING: Mapping[str, Doing] = {
    "ask": ask.DOING,
    "classify": classify.DOING,
    "decide.block": block.DOING,
    "enrich": enrich.DOING,
    "isolate.propose": isolate.DOING,
    "manual": work.MANUAL,
    "message.wait": message.WAIT,
    "notify": message.NOTIFY,
    "obligation.start": oblige.DOING,
    "share": share.DOING,
    "task.create": work.CREATE,
    "wait.until": time.DOING,
    "webhook": webhook.DOING,
}

UNDO: Mapping[str, Undo] = {
    "block": block.undo,
    "message": message.undo,
    "share": share.undo,
    "task": work.undo,
}
"""How what a step made is taken back, by its table; what stands in none stays, and that is said."""
