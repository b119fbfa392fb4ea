"""What a playbook can do: each action with what it takes, what it gives, and how far it reaches.

The forms of the editor, the checks and the documentation are made of these structs; `respond`
does the work. A field's description is a code of the catalogues. Where a field holds a text, names
of variables in it are replaced before the action runs; a whole `__name__` may stand for any field.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from zvon.model.playbook import Variable, VariableType

HOUR_S, DAY_S = 3600, 86_400
MANUAL = "manual"
"""What commands of other tools become: a person carries them out."""

Short = Annotated[str, Meta(min_length=1, max_length=300)]
Long = Annotated[str, Meta(min_length=1, max_length=10_000)]
Hours = Annotated[int, Meta(ge=1, le=2160)]


class Reach(StrEnum):
    """How far what an action does goes; `world` cannot be seen by us alone any more."""

    NONE = "none"  # reads, or writes to the incident itself
    NODE = "node"  # people of this node see it
    PARTNER = "partner"  # leaves the node
    WORLD = "world"  # acts on networks or hosts


class Input(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an action takes."""


class Enrich(Input, frozen=True, kw_only=True):
    """Ask again what registries, the DNS and the pages themselves say."""

    ask: Literal["everything", "registration", "dns", "page"] = "everything"


class Classify(Input, frozen=True, kw_only=True):
    """Say what kind of incident it is, as a suggestion that a person confirms."""

    category: Short
    reason: Long


class CreateTask(Input, frozen=True, kw_only=True):
    """Give somebody something to do; with `wait` the step is done when the task is."""

    title: Short
    instructions: Annotated[str, Meta(max_length=10_000)] = ""
    role: Literal["analyst", "approver", "privacy_officer", "administrator"] = "analyst"
    due_hours: Hours = 24
    wait: bool = True


class Ask(Input, frozen=True, kw_only=True):
    """Wait until a person says yes or no; never the one who started the run."""

    question: Long
    role: Literal["analyst", "approver", "privacy_officer", "administrator"] = "approver"


class DecideBlock(Input, frozen=True, kw_only=True):
    """Propose that names are blocked; the block gate and two people decide as always."""

    names: Annotated[str, Meta(min_length=1, max_length=2000)] = "__names__"
    scope: Literal["host", "host_sub", "registrable_sub"] = "host"
    days: Annotated[int, Meta(ge=1, le=365)] = 30
    reason: Long
    wait: bool = True


class Notify(Input, frozen=True, kw_only=True):
    """Write to somebody about the incident."""

    to: Literal["reporter", "owner", "abuse_contact", "constituent", "brand", "authority"]
    template: Literal["notice", "takedown", "warning", "outcome", "question"] = "notice"
    language: Literal["theirs", "sl", "hr", "en"] = "theirs"
    text: Annotated[str, Meta(max_length=10_000)] = ""


class Share(Input, frozen=True, kw_only=True):
    """Prepare what partners may know; the sharing gate decides what of it leaves."""

    audience: Short = "partners"
    tlp: Literal["clear", "green", "amber", "amber+strict"] = "green"


class StartObligation(Input, frozen=True, kw_only=True):
    """Start the clocks of a law for this incident; without an entity it is the node's own."""

    pack: Short
    entity: Annotated[str, Meta(max_length=300)] = ""
    entity_kind: Annotated[str, Meta(max_length=100)] = ""
    aware: Literal["now", "detected", "assessed"] = "now"


class WaitUntil(Input, frozen=True, kw_only=True):
    """Let time pass: for some hours, or until a moment."""

    hours: Hours = 24
    moment: Annotated[str, Meta(max_length=60)] = ""


class WaitMessage(Input, frozen=True, kw_only=True):
    """Wait for the answer to a message."""

    message: Short = "__message__"


class Webhook(Input, frozen=True, kw_only=True):
    """Tell another system, at an address that an administrator registered under this name."""

    receiver: Short
    body: Annotated[str, Meta(max_length=10_000)] = ""


class ProposeIsolation(Input, frozen=True, kw_only=True):
    """Prepare the commands that take hosts off the network; a person runs them."""

    hosts: Annotated[str, Meta(min_length=1, max_length=10_000)] = "__addresses__"
    tool: Literal["wazuh", "nftables", "suricata"]
    reason: Long


class Manual(Input, frozen=True, kw_only=True):
    """Something that a person does elsewhere and confirms here."""

    instructions: Long
    commands: Annotated[tuple[Annotated[str, Meta(max_length=20_000)], ...],
                        Meta(max_length=100)] = ()  # fmt: skip


class ActionSpec(Struct, frozen=True, kw_only=True):
    """One action of the catalogue. `timeout_s` holds where a step names none.

    `waits` says that people, partners or time decide when it is done. `compensate` is the action
    that takes it back, where one exists. `output` are its results by name.
    """

    name: str
    input: type[Input]
    output: Mapping[str, VariableType]
    reach: Reach
    reversible: bool
    compensate: str | None = None
    needs_approval: bool = False
    waits: bool = False
    timeout_s: int


T = VariableType
_ALL = (
    ActionSpec(name="enrich", input=Enrich, reach=Reach.NONE, reversible=True, timeout_s=HOUR_S,
               output={"found": T.INTEGER, "missing": T.INTEGER}),
    ActionSpec(name="classify", input=Classify, reach=Reach.NONE, reversible=True, timeout_s=600,
               output={"suggestion": T.UUID}),
    ActionSpec(name="task.create", input=CreateTask, reach=Reach.NODE, reversible=True,
               compensate="task.drop", waits=True, timeout_s=3 * DAY_S,
               output={"task": T.UUID, "result": T.STRING}),
    ActionSpec(name="ask", input=Ask, reach=Reach.NODE, reversible=True, waits=True,
               timeout_s=DAY_S, output={"answer": T.BOOL, "reason": T.STRING, "by": T.STRING}),
    ActionSpec(name="decide.block", input=DecideBlock, reach=Reach.WORLD, reversible=True,
               compensate="block.lift", needs_approval=True, waits=True, timeout_s=DAY_S,
               output={"proposed": T.INTEGER, "published": T.INTEGER, "refused": T.INTEGER}),
    ActionSpec(name="notify", input=Notify, reach=Reach.PARTNER, reversible=False,
               needs_approval=True, timeout_s=4 * HOUR_S,
               output={"message": T.UUID, "sent": T.BOOL}),
    ActionSpec(name="share", input=Share, reach=Reach.PARTNER, reversible=True,
               compensate="share.revoke", needs_approval=True, waits=True, timeout_s=DAY_S,
               output={"share": T.UUID, "released": T.BOOL}),
    ActionSpec(name="obligation.start", input=StartObligation, reach=Reach.NODE, reversible=False,
               timeout_s=600, output={"obligation": T.UUID}),
    ActionSpec(name="wait.until", input=WaitUntil, reach=Reach.NONE, reversible=True, waits=True,
               timeout_s=30 * DAY_S, output={}),
    ActionSpec(name="message.wait", input=WaitMessage, reach=Reach.NONE, reversible=True,
               waits=True, timeout_s=3 * DAY_S,
               output={"answered": T.BOOL, "text": T.STRING, "sender": T.STRING}),
    ActionSpec(name="webhook", input=Webhook, reach=Reach.PARTNER, reversible=False,
               needs_approval=True, timeout_s=300, output={"status": T.INTEGER, "body": T.STRING}),
    ActionSpec(name="isolate.propose", input=ProposeIsolation, reach=Reach.NODE, reversible=True,
               needs_approval=True, waits=True, timeout_s=DAY_S,
               output={"done": T.BOOL, "export": T.STRING}),
    ActionSpec(name=MANUAL, input=Manual, reach=Reach.NODE, reversible=False, waits=True,
               timeout_s=3 * DAY_S, output={"result": T.STRING}),
)  # fmt: skip
ACTIONS: dict[str, ActionSpec] = {each.name: each for each in _ALL}

# What a run knows of its incident before the first step; nobody can declare these otherwise.
GIVEN: dict[str, Variable] = {
    "__incident__": Variable(type=T.UUID, constant=True),
    "__number__": Variable(type=T.STRING, constant=True),
    "__title__": Variable(type=T.STRING, constant=True),
    "__names__": Variable(type=T.LIST, constant=True),
    "__addresses__": Variable(type=T.LIST, constant=True),
    "__category__": Variable(type=T.STRING, constant=True),
    "__verdict__": Variable(type=T.STRING, constant=True),
    "__severity__": Variable(type=T.INTEGER, constant=True),
    "__score__": Variable(type=T.FLOAT, constant=True),
    "__reports__": Variable(type=T.INTEGER, constant=True),
    "__alerts__": Variable(type=T.INTEGER, constant=True),
    "__brand__": Variable(type=T.STRING, constant=True),
    "__country__": Variable(type=T.STRING, constant=True),
    "__tlp__": Variable(type=T.STRING, constant=True),
}
