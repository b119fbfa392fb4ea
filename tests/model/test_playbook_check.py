"""What is wrong with a playbook: each kind of finding at its step, and a bound for everything."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from zvon.locale import LANGS, translator
from zvon.locale.sentence import sentence
from zvon.model.playbook import (
    MAX_STEPS,
    Action,
    AnyStep,
    Call,
    End,
    If,
    Parallel,
    Playbook,
    Start,
    Switch,
    Variable,
    VariableType,
    While,
    decode,
    encode,
)
from zvon.model.playbook_action import ACTIONS, DAY_S
from zvon.model.playbook_check import check, timeout_of
from zvon.model.playbook_condition import Comparison, Exists, Test

ID = "playbook--00000000-0000-4000-8000-000000000001"
OTHER = "playbook--00000000-0000-4000-8000-000000000002"
HAS = Exists("__names__")


def ask(**more: Any) -> Action:
    return Action(action="ask", args={"question": "Naprej?"}, on_completion="end", **more)


def playbook(steps: dict[str, AnyStep] | None = None, **more: Any) -> Playbook:
    """Start, a question, the end, and `steps` beside or in place of them."""
    base: dict[str, AnyStep] = {"start": Start(on_completion="ask"), "ask": ask(), "end": End()}
    return Playbook(id=ID, name="Vaja", start="start", steps=base | (steps or {}), **more)


def found(made: Playbook, **more: Any) -> set[tuple[str | None, str]]:
    return {
        (p.step, p.code.removeprefix("PLAYBOOK_"))
        for p in check(made, **more)
        if p.weight != "note"
    }


def test_a_playbook_that_works_has_no_finding_but_notes() -> None:
    assert found(playbook()) == set()
    assert [(p.step, p.code) for p in check(playbook())] == [("ask", "PLAYBOOK_TIMEOUT_FILLED")]
    assert timeout_of(ask()) == DAY_S
    assert timeout_of(ask(timeout_s=60)) == 60


def to(*names: str, **more: AnyStep) -> dict[str, AnyStep]:
    """A chain of questions behind the start."""
    ways = [*names, "end"]
    chain: dict[str, AnyStep] = {
        name: replace(ask(), on_completion=ways[n + 1]) for n, name in enumerate(names)
    }
    return {"start": Start(on_completion=names[0]), **chain, **more}


LOOP = While(condition=Exists("__x__"), on_true="ask", rounds=3, on_completion="end")
X = {
    "__x__": Variable(),
    "__n__": Variable(type=VariableType.INTEGER),
    "__c__": Variable(constant=True),
}

WRONG: list[tuple[str, Callable[[], Playbook], set[tuple[str | None, str]]]] = [
    ("missing", lambda: playbook({"ask": replace(ask(), on_failure="gone")}),
     {("ask", "MISSING_TARGET")}),
    ("no start", lambda: replace(playbook(), start="gone"), {(None, "NO_START")}),
    ("unreachable", lambda: playbook({"alone": ask()}), {("alone", "UNREACHABLE")}),
    ("circle of one", lambda: playbook({"ask": replace(ask(), on_completion="ask", on_failure="end")}),
     {("ask", "CIRCLE")}),
    ("circle of two", lambda: playbook(to("a", "b") | {"b": replace(ask(), on_completion="a", on_failure="end"),
                                                       "ask": End(), "a": replace(ask(), on_completion="b", on_failure="ask")}),
     {("b", "CIRCLE")}),
    ("no end", lambda: playbook({"ask": replace(ask(), on_completion="ask"), "start": Start(on_completion="ask", on_failure="end")}),
     {("ask", "CIRCLE"), ("ask", "NO_END")}),
    ("nothing follows", lambda: playbook({"ask": Action(action="ask", args={"question": "x"}, on_failure="end")}),
     {("ask", "NO_NEXT")}),
    ("shared end", lambda: playbook({"start": Start(on_completion="if"), "if": If(condition=HAS, on_true="ask", on_completion="end")}),
     {("end", "SHARED_END")}),
    ("parallel without join", lambda: playbook({"start": Start(on_completion="p"), "e2": End(), "p": Parallel(branches=("ask", "e2"))}),
     {("p", "NO_JOIN")}),
    ("parallel without branch", lambda: playbook({"start": Start(on_completion="p"), "p": Parallel(branches=(), on_completion="ask")}),
     {("p", "NO_BRANCH")}),
    ("loop without bound", lambda: playbook({"start": Start(on_completion="w"), "e2": End(), "w": replace(LOOP, rounds=None),
                                             "ask": replace(ask(), on_completion="e2", out={"reason": "__x__"})}, variables=X),
     {("w", "ROUNDS_FILLED")}),
    ("loop of nothing", lambda: playbook({"start": Start(on_completion="w"), "e2": End(), "w": LOOP,
                                          "ask": replace(ask(), on_completion="e2")}, variables=X),
     {("w", "LOOP_UNCHANGED")}),
    ("switch without default", lambda: playbook({"start": Start(on_completion="s"), "e2": End(),
                                                 "s": Switch(variable="__category__", branches={"scam": "e2"}, on_completion="ask")}),
     {("s", "NO_DEFAULT")}),
    ("unknown variable", lambda: playbook({"ask": replace(ask(), args={"question": "__gone__?"})}),
     {("ask", "VARIABLE_UNKNOWN")}),
    ("unknown default", lambda: playbook({"ask": Action(action="message.wait", on_completion="end")}),
     {("ask", "VARIABLE_UNKNOWN")}),
    ("untyped", lambda: playbook(variables={"__x__": Variable(type=VariableType.UNTYPED)}),
     {(None, "VARIABLE_UNTYPED")}),
    ("given", lambda: playbook(variables={"__names__": Variable()}), {(None, "VARIABLE_GIVEN")}),
    ("constant", lambda: playbook({"ask": replace(ask(), out={"reason": "__c__"})}, variables=X),
     {("ask", "VARIABLE_CONSTANT")}),
    ("no such result", lambda: playbook({"ask": replace(ask(), out={"colour": "__x__"})}, variables=X),
     {("ask", "RESULT_UNKNOWN")}),
    ("type", lambda: playbook({"start": Start(on_completion="if"), "e2": End(),
                               "if": If(condition=Comparison("__n__", Test.MORE, "many"), on_true="e2", on_completion="ask")}, variables=X),
     {("if", "VALUE_TYPE")}),
    ("no such action", lambda: playbook({"ask": replace(ask(), action="rm", args={})}), {("ask", "ACTION_UNKNOWN")}),
    ("not filled in", lambda: playbook({"ask": replace(ask(), args={})}), {("ask", "ARGUMENT_MISSING")}),
    ("not right", lambda: playbook({"ask": replace(ask(), args={"question": "x", "role": "king"})}),
     {("ask", "ARGUMENT_BAD")}),
    ("calls itself", lambda: playbook({"ask": Call(playbook=ID, on_completion="end")}), {("ask", "CALLS_ITSELF")}),
    ("budget", lambda: playbook(budget=2), {(None, "BUDGET")}),
]  # fmt: skip


@pytest.mark.parametrize(("made", "expected"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_each_fault_is_found_at_its_step_and_alone(
    made: Callable[[], Playbook], expected: set[tuple[str | None, str]]
) -> None:
    assert found(made()) == expected


@pytest.mark.parametrize("lang", LANGS)
def test_every_finding_is_a_sentence_in_every_language(lang: str) -> None:
    speak = translator(lang, strict=True)
    for _, made, _ in WRONG:
        for problem in check(made()):
            told = sentence(speak, problem.code, problem.params)
            assert "PLAYBOOK_" not in told
            assert "{" not in told


def test_a_body_may_return_to_its_loop() -> None:
    steps: dict[str, AnyStep] = {
        "start": Start(on_completion="w"), "w": LOOP,
        "ask": replace(ask(), on_completion="w", out={"reason": "__x__"}),
    }  # fmt: skip
    assert found(playbook(steps, variables=X)) == set()


def test_a_circle_behind_a_loop_is_no_loop() -> None:
    steps: dict[str, AnyStep] = {
        "start": Start(on_completion="w"), "e2": End(), "w": replace(LOOP, on_completion="after"),
        "ask": replace(ask(), on_completion="e2", out={"reason": "__x__"}),
        "after": replace(ask(), on_completion="w", on_failure="end"),
    }  # fmt: skip
    assert {code for _, code in found(playbook(steps, variables=X))} == {"CIRCLE"}


def test_playbooks_that_call_each_other_in_a_round_are_found() -> None:
    made = playbook({"ask": Call(playbook=OTHER, on_completion="end")})
    assert found(made) == set()
    assert found(made, known={OTHER: []}) == set()
    assert found(made, known={}) == {("ask", "CALL_UNKNOWN")}
    assert found(made, known={OTHER: ["c"], "c": [ID]}) == {("ask", "CALLS_ROUND")}
    assert found(made, known={OTHER: [OTHER]}) == set()


def test_rounds_that_go_over_the_budget_are_said() -> None:
    steps: dict[str, AnyStep] = {
        "start": Start(on_completion="w"), "e2": End(), "w": replace(LOOP, rounds=900),
        "ask": replace(ask(), on_completion="e2", out={"reason": "__x__"}),
    }  # fmt: skip
    assert found(playbook(steps, variables=X)) == {(None, "BUDGET_TIGHT")}


def test_a_chain_as_long_as_allowed_is_checked_and_a_longer_one_refused() -> None:
    chain: dict[str, AnyStep] = {
        f"s{n}": replace(ask(), on_completion=f"s{n + 1}") for n in range(MAX_STEPS - 2)
    }
    chain |= {"start": Start(on_completion="s0"), f"s{MAX_STEPS - 2}": End()}
    made = Playbook(id=ID, name="Vaja", start="start", steps=chain)
    assert found(made) == set()
    more = replace(made, steps={**chain, "one more": End()})
    assert [p.code for p in check(more)] == ["PLAYBOOK_TOO_MANY_STEPS"]
    wide = playbook({"ask": Parallel(branches=("end",) * 20_000, on_completion="end")})
    assert [p.code for p in check(wide)] == ["PLAYBOOK_TOO_MANY_WAYS"]
    loops: dict[str, AnyStep] = {f"w{n}": replace(LOOP, on_true=f"w{n + 1}") for n in range(60)}
    nested = playbook(loops | {"start": Start(on_completion="w0"), "w60": End()}, variables=X)
    assert [p.code for p in check(nested)] == ["PLAYBOOK_TOO_MANY_LOOPS"]


names = st.sampled_from(["start", "a", "b", "c", "d", "e"])
ways = st.one_of(st.none(), names)
steps = st.one_of(
    st.just(End()),
    st.builds(Start, on_completion=ways),
    st.builds(Action, action=st.sampled_from([*ACTIONS, "rm"]), on_completion=ways, on_failure=ways,
              on_timeout=ways),
    st.builds(If, condition=st.just(HAS), on_true=names, on_false=ways, on_completion=ways),
    st.builds(While, condition=st.just(HAS), on_true=names, on_completion=ways),
    st.builds(Parallel, branches=st.lists(names, max_size=3).map(tuple), on_completion=ways),
    st.builds(Switch, variable=st.just("__category__"), on_completion=ways,
              branches=st.dictionaries(st.sampled_from(["x", "default"]), names, max_size=2)),
    st.builds(Call, playbook=st.sampled_from([ID, OTHER]), on_completion=ways),
)  # fmt: skip


@settings(max_examples=200)
@given(st.dictionaries(names, steps, max_size=6))
def test_any_graph_is_checked_and_what_passes_comes_to_an_end(
    made: dict[str, AnyStep],
) -> None:
    whole = Playbook(id=ID, name="Vaja", start="start", steps=made)
    errors = {p.code for p in check(whole) if p.weight == "error"}
    assert decode(encode(whole)) == whole
    if not errors:
        assert walked(whole) < 100


def walked(whole: Playbook) -> int:
    """How many steps the sequences and branches take when each is walked once, loops one round."""
    count = 0
    waiting = [(whole.start, frozenset[str]())]
    while waiting:
        name, above = waiting.pop()
        count += 1
        assert count < 5000, "it does not come to an end"
        step = whole.steps[name]
        then = step.on_success or step.on_completion
        if then is not None and then not in above:
            waiting.append((then, above))
        match step:
            case While():
                waiting.append((step.on_true, above | {name}))
            case If():
                waiting.append((step.on_true, above))
            case Parallel():
                waiting += [(each, above) for each in step.branches]
            case _:
                pass
    return count
