"""What the editor shows of each step: its words, its fields with their values, its ways."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from zvon.formats.cacao.condition import write_condition
from zvon.locale import Translator
from zvon.locale.sentence import sentence
from zvon.model.playbook import (
    Action,
    AnyStep,
    Call,
    End,
    If,
    Opening,
    Playbook,
    StepId,
    While,
    branches,
)
from zvon.model.playbook_action import ACTIONS, GIVEN
from zvon.model.playbook_check import timeout_of
from zvon.model.playbook_form import FormField, fields
from zvon.model.playbook_problem import Problem
from zvon.model.playbook_terms import Terms, terms_of
from zvon.model.playbook_values import spoken
from zvon.model.playbook_walk import Place, walk

KINDS = ("if", "while", "switch", "parallel", "playbook")
TIMEOUTS = (600, 3600, 4 * 3600, 86_400, 3 * 86_400, 7 * 86_400, 30 * 86_400)


class Filled(Struct, frozen=True):
    """A field of an action with what stands in it."""

    field: FormField
    value: str


class Card(Struct, frozen=True, kw_only=True):
    """One step as the editor shows it. `ways` are where it leads by itself, `opens` its branches."""

    place: Place
    number: int
    step: AnyStep
    kind: str
    title: str
    about: str
    fields: tuple[Filled, ...]
    results: Mapping[str, str]
    terms: Terms | None
    condition: str
    ways: Mapping[str, str]
    opens: tuple[tuple[str, StepId], ...]
    timeout_s: int
    timeouts: tuple[int, ...]
    problems: tuple[Problem, ...]


def kind_of(step: AnyStep) -> str:
    """`start`, `end`, `action`, `if` …"""
    return str(type(step).__struct_config__.tag)


def action_word(speak: Translator, name: str) -> str:
    """An action in words; one that we do not know by its name."""
    if name not in ACTIONS:
        return name
    return speak.text(f"PLAYBOOK_ACTION_{name.upper().replace('.', '_')}")


def kind_word(speak: Translator, kind: str) -> str:
    """A kind of step in words."""
    return speak.text(f"PLAYBOOK_KIND_{kind.upper()}")


def way_word(speak: Translator, way: str) -> str:
    """A way in words; a value of a switch as it is."""
    known = {"on_completion", "on_success", "on_failure", "on_timeout", "on_true", "on_false",
             "default", "exception"}  # fmt: skip
    return speak.text(f"PLAYBOOK_WAY_{way.upper()}") if way in known else way


def title(speak: Translator, step: AnyStep) -> str:
    """What a step is called: in the reader's language, by its author, else by what it does."""
    named = step.titles.get(speak.lang) or step.name
    if named:
        return named
    if isinstance(step, Action):
        return action_word(speak, step.action)
    return kind_word(speak, kind_of(step))


def cards(speak: Translator, playbook: Playbook, problems: Sequence[Problem]) -> list[Card]:
    """The steps in reading order."""
    at: dict[str, list[Problem]] = {}
    for problem in problems:
        at.setdefault(problem.step or "", []).append(problem)
    return [
        _card(speak, number, place, playbook.steps[place.step], tuple(at.get(place.step, ())))
        for number, place in enumerate(walk(playbook), 1)
    ]


def variables(playbook: Playbook) -> list[str]:
    """Variables that a step may name: what a run knows, then what the playbook declares."""
    return [*GIVEN, *playbook.variables]


def suggested(playbook: Playbook, result: str) -> list[str]:
    """Variables that a result may go to; a new one after it first, if there is none yet."""
    own = [name for name, one in playbook.variables.items() if not one.constant]
    new = f"__{result}__"
    return own if new in own or new in GIVEN else [new, *own]


def told(speak: Translator, problem: Problem) -> str:
    """A finding as a sentence."""
    params = dict(problem.params)
    if "field" in params and problem.code == "PLAYBOOK_ARGUMENT_MISSING":
        params["field"] = speak.text(f"PLAYBOOK_FIELD_{str(params['field']).upper()}")
    if "way" in params:
        params["way"] = way_word(speak, str(params["way"]))
    return sentence(speak, problem.code, params)


def _card(
    speak: Translator, number: int, place: Place, step: AnyStep, problems: tuple[Problem, ...]
) -> Card:
    spec = ACTIONS.get(step.action) if isinstance(step, Action) else None
    timeout = timeout_of(step)
    ways = () if isinstance(step, End) else ("on_completion", "on_failure", "on_timeout")
    if step.on_success is not None:
        ways = ("on_success", "on_failure", "on_timeout")
    return Card(
        place=place, number=number, step=step, kind=kind_of(step), title=title(speak, step),
        about=_about(speak, step),
        fields=tuple(
            Filled(field, _value(field, step.args)) for field in fields(spec)
        ) if spec is not None and isinstance(step, Action) else (),
        results={name: step.out.get(name, "") for name in spec.output}
        if spec is not None and isinstance(step, Action) else {},
        terms=terms_of(step.condition) if isinstance(step, If | While) else None,
        condition=write_condition(step.condition) if isinstance(step, If | While) else "",
        ways={way: getattr(step, way) or "" for way in ways},
        opens=tuple(branches(step)),
        timeout_s=step.timeout_s or 0,
        timeouts=tuple(sorted({*TIMEOUTS, timeout})),
        problems=problems,
    )  # fmt: skip


def _about(speak: Translator, step: AnyStep) -> str:
    if isinstance(step, Action):
        return action_word(speak, step.action)
    if isinstance(step, Opening | Call):
        return kind_word(speak, kind_of(step))
    return ""


def _value(field: FormField, args: Mapping[str, Any]) -> str:
    value = args.get(field.name)
    if value is None:
        return field.default
    return "\n".join(map(str, value)) if isinstance(value, list | tuple) else spoken(value)
