"""A playbook: the steps that follow one another when something happened, as CACAO 2.0 has them.

A sequence of steps ends at an `End`; inside the branches of `If`, `Switch`, `Parallel` and `While`
the end returns to the step that opened the branch, and its `on_completion` goes on. A step in the
body of a `While` that names the `While` itself as its next one ends that round in the same way.
Times are whole seconds. `source` is what an imported document said of the same thing, verbatim.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from zvon.model.playbook_condition import Condition, Value

MAX_BYTES = 10 * 1024 * 1024
MAX_STEPS = 1000
MAX_TARGETS = 10_000
MAX_LOOPS = 50
"""Each loop is looked at with all steps, so that their number bounds the work of a check."""
MAX_VARIABLES = 500
STEP_BUDGET = 1000
"""How many steps one run takes at most, rounds of loops counted, unless the playbook says else."""
ROUNDS = 100
"""How many rounds a `While` goes at most, unless the step says else."""
MAX_TIMEOUT_S = 90 * 86_400
VARIABLE_NAME = r"^__[a-zA-Z_][a-zA-Z0-9_-]{0,199}__$"

Name = Annotated[str, Meta(max_length=300)]
Prose = Annotated[str, Meta(max_length=20_000)]
StepId = Annotated[str, Meta(min_length=1, max_length=300)]
Seconds = Annotated[int, Meta(ge=0, le=MAX_TIMEOUT_S)]


class VariableType(StrEnum):
    """What a variable holds (CACAO 2.0, section 10.18.3); `list` is ours."""

    BOOL = "bool"
    DICTIONARY = "dictionary"
    FLOAT = "float"
    HEX = "hexstring"
    INTEGER = "integer"
    IPV4 = "ipv4-addr"
    IPV6 = "ipv6-addr"
    LIST = "list"
    LONG = "long"
    MAC = "mac-addr"
    HASH = "hash"
    MD5 = "md5-hash"
    SHA256 = "sha256-hash"
    STRING = "string"
    URI = "uri"
    UUID = "uuid"
    UNTYPED = ""  # a type of somebody's own, or none


class Variable(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A named value; `external` ones are asked when a run starts."""

    type: VariableType = VariableType.STRING
    value: Value = None
    description: Prose = ""
    constant: bool = False
    external: bool = False


class Step(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """What all steps have. `titles` is the name in other languages, by language code.

    After success comes `on_success`, else `on_completion`; after a failure `on_failure`; when its
    time is over `on_timeout`, else `on_failure`. `next_of` says which, with the playbook's own.
    """

    name: Name = ""
    titles: dict[str, Name] = {}
    description: Prose = ""
    delay_s: Seconds = 0
    timeout_s: Annotated[int, Meta(ge=1, le=MAX_TIMEOUT_S)] | None = None
    on_completion: StepId | None = None
    on_success: StepId | None = None
    on_failure: StepId | None = None
    on_timeout: StepId | None = None
    variables: dict[str, Variable] = {}
    source: dict[str, Any] = {}


class Start(Step, frozen=True, kw_only=True, tag="start"):
    """Where a playbook begins."""


class End(Step, frozen=True, kw_only=True, tag="end"):
    """Where a playbook, or a branch of it, ends."""


class Action(Step, frozen=True, kw_only=True, tag="action"):
    """One thing to do, of the catalogue in `playbook_action`.

    An argument is a plain value, or `__name__` of a variable, or a text with such names in it.
    `out` says which variable takes which result: result name → `__name__`.
    """

    action: Name
    args: dict[str, Any] = {}
    out: dict[str, str] = {}


class Call(Step, frozen=True, kw_only=True, tag="playbook"):
    """Another playbook, by its identifier, with variables handed over and taken back."""

    playbook: Name
    hands: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


class Parallel(Step, frozen=True, kw_only=True, tag="parallel"):
    """Branches at the same time; it is done when all of them ended."""

    branches: tuple[StepId, ...]


class If(Step, frozen=True, kw_only=True, tag="if"):
    """One branch or the other; without `on_false` nothing happens when it does not hold."""

    condition: Condition
    on_true: StepId
    on_false: StepId | None = None


class While(Step, frozen=True, kw_only=True, tag="while"):
    """A branch again and again while a condition holds, at most `rounds` times."""

    condition: Condition
    on_true: StepId
    rounds: Annotated[int, Meta(ge=1, le=10_000)] | None = None


class Switch(Step, frozen=True, kw_only=True, tag="switch"):
    """The branch of the value that a variable has, or that of `default`."""

    variable: str
    branches: dict[str, StepId]


AnyStep = Start | End | Action | Call | Parallel | If | While | Switch
Opening = Parallel | If | While | Switch
"""Steps that open branches."""
DEFAULT = "default"


class StartRule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a run starts by itself: all that is given has to fit the incident.

    `source` is where the incident came from: reports, alerts, peer. `severity` is the least one.
    """

    on: Literal["made", "escalated"] = "made"
    categories: Annotated[tuple[Name, ...], Meta(max_length=50)] = ()
    severity: Annotated[int, Meta(ge=0, le=4)] = 0
    source: Literal["", "reports", "alerts", "peer"] = ""


class Playbook(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A whole playbook. `exception` is the step that a failure without a way of its own goes to.

    `suits` are the categories of incidents that it is offered for; `starts` say when it begins
    without being asked. `budget` bounds one run.
    """

    id: Annotated[str, Meta(pattern=r"^playbook--[0-9a-fA-F-]{36}$")]
    name: Name
    titles: dict[str, Name] = {}
    description: Prose = ""
    suits: Annotated[tuple[Name, ...], Meta(max_length=50)] = ()
    starts: Annotated[tuple[StartRule, ...], Meta(max_length=20)] = ()
    start: StepId
    exception: StepId | None = None
    steps: dict[StepId, AnyStep]
    variables: dict[str, Variable] = {}
    budget: Annotated[int, Meta(ge=1, le=100_000)] = STEP_BUDGET
    source: dict[str, Any] = {}

    def title(self, lang: str) -> str:
        """The name in a language, else the plain one."""
        return self.titles.get(lang) or self.name


class Outcome(StrEnum):
    """How a step ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    TIMEOUT = "timeout"


def next_of(playbook: Playbook, step: Step, outcome: Outcome) -> StepId | None:
    """The step that follows in the same sequence; none ends the sequence.

    After a failure or a timeout none means that a person has to look at it. The step for
    exceptions is left out when the playbook has no such step.
    """
    if outcome is Outcome.SUCCESS:
        return step.on_success or step.on_completion
    way = step.on_failure if outcome is Outcome.FAILURE else step.on_timeout or step.on_failure
    if way is not None or playbook.exception not in playbook.steps:
        return way
    return playbook.exception


def sequence(step: Step) -> Iterator[tuple[str, StepId]]:
    """Where a step leads within its own sequence: (`on_completion` …, step id)."""
    for name in ("on_completion", "on_success", "on_failure", "on_timeout"):
        target = getattr(step, name)
        if target is not None:
            yield name, target


def branches(step: Step) -> Iterator[tuple[str, StepId]]:
    """The branches that a step opens: (`on_true`, `on_false`, a value, a number, step id)."""
    match step:
        case If():
            yield "on_true", step.on_true
            if step.on_false is not None:
                yield "on_false", step.on_false
        case While():
            yield "on_true", step.on_true
        case Switch():
            yield from step.branches.items()
        case Parallel():
            yield from ((str(n), each) for n, each in enumerate(step.branches, 1))
        case _:
            return


def targets(step: Step) -> Iterator[tuple[str, StepId]]:
    """All steps that a step names, with the word for the way there."""
    yield from sequence(step)
    yield from branches(step)


def encode(playbook: Playbook) -> bytes:
    """One spelling of a playbook: what its version is the SHA-256 of, and what is stored."""
    return msgspec.json.encode(playbook)


_decoder = msgspec.json.Decoder(Playbook)


def decode(body: bytes) -> Playbook:
    """Read what `encode` wrote. Raises `ValueError` for anything that is no playbook."""
    try:
        return _decoder.decode(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None
