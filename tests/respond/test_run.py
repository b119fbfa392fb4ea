"""What a run does next, by hand-made playbooks and against a model that is too simple to be wrong."""

from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.model.playbook import (
    Action,
    AnyStep,
    Call,
    End,
    If,
    Outcome,
    Parallel,
    Playbook,
    Start,
    Switch,
    While,
)
from zvon.model.playbook_condition import Comparison, Test, Value
from zvon.respond.run import (
    Began,
    Finished,
    NotThere,
    Passed,
    Place,
    Transition,
    advance,
    answers,
    start,
)

YES = Comparison("__go__", Test.EQUAL, True)
NEVER = Comparison("__go__", Test.EQUAL, "never")


def playbook(steps: Mapping[str, AnyStep], *, budget: int = 1000) -> Playbook:
    return Playbook(
        id="playbook--00000000-0000-4000-8000-000000000001", name="test", start="start",
        steps={"start": Start(on_completion="a"), **steps}, budget=budget,
    )  # fmt: skip


def act(to: str | None = "end", **more: str) -> Action:
    return Action(action="classify", on_completion=to, **more)  # type: ignore[arg-type]


class Walk:
    """A run in memory: what is open, and what happened."""

    def __init__(self, of: Playbook, values: Mapping[str, Value] | None = None) -> None:
        self.of, self.values = of, dict(values or {})
        self.open: dict[int, Began] = {}
        self.keys: Counter[tuple[str, int]] = Counter()
        self.story: list[str] = []
        self.finished: Finished | None = None
        self.place = Place()
        self._take(*start(of, self.values))

    def _take(self, place: Place, said: object) -> None:
        self.place = place
        assert isinstance(said, list)
        each: Transition
        for each in said:
            match each:
                case Began(token, step, iteration):
                    self.open[token] = each
                    self.keys[step, iteration] += 1
                    self.story.append(step)
                case Passed(_, step, iteration, way):
                    self.keys[step, iteration] += 1
                    self.story.append(f"{step}:{way}" if way else step)
                case Finished():
                    assert self.finished is None, "over once"
                    self.finished = each
        self.open = {n: b for n, b in self.open.items() if n in place.tokens}

    def end(self, step: str | None = None, outcome: Outcome = Outcome.SUCCESS) -> None:
        """The step ends, or the first one that is open."""
        n = next(n for n, b in self.open.items() if step is None or b.step == step)
        del self.open[n]
        self._take(*advance(self.of, self.place, n, outcome, self.values))

    def all(self) -> "Walk":
        """Everything ends well."""
        while self.open:
            self.end()
        return self


def test_steps_follow_one_another_to_the_end() -> None:
    walk = Walk(playbook({"a": act("b"), "b": act(), "end": End()})).all()
    assert walk.story == ["start", "a", "b", "end"]
    assert walk.finished == Finished()


def test_a_branch_comes_back_to_the_step_that_opened_it() -> None:
    steps: dict[str, AnyStep] = {
        "a": If(condition=YES, on_true="b", on_false="c", on_completion="d"),
        "b": act("e1"), "e1": End(), "c": act("e2"), "e2": End(), "d": act(), "end": End(),
    }  # fmt: skip
    assert Walk(playbook(steps), {"__go__": True}).all().story == [
        "start", "a:on_true", "b", "e1", "d", "end",
    ]  # fmt: skip
    assert Walk(playbook(steps)).all().story == ["start", "a:on_false", "c", "e2", "d", "end"]


def test_a_condition_without_a_branch_for_it_goes_on() -> None:
    steps: dict[str, AnyStep] = {
        "a": If(condition=YES, on_true="b", on_completion="end"), "b": act(), "end": End(),
    }  # fmt: skip
    assert Walk(playbook(steps)).all().story == ["start", "a:on_false", "end"]


def test_a_switch_takes_the_branch_of_the_value_or_the_default() -> None:
    steps: dict[str, AnyStep] = {
        "a": Switch(variable="__go__", branches={"x": "b", "default": "c"}, on_completion="end"),
        "b": act("e1"), "e1": End(), "c": act("e2"), "e2": End(), "end": End(),
    }  # fmt: skip
    assert Walk(playbook(steps), {"__go__": "x"}).all().story[1] == "a:x"
    assert Walk(playbook(steps), {"__go__": ["y", "x"]}).all().story[1] == "a:x"
    assert Walk(playbook(steps)).all().story[1] == "a:default"


def test_parallel_branches_join_when_the_last_one_ended() -> None:
    steps: dict[str, AnyStep] = {
        "a": Parallel(branches=("b", "c"), on_completion="d"),
        "b": act("e1"), "e1": End(), "c": act("e2"), "e2": End(), "d": act(), "end": End(),
    }  # fmt: skip
    walk = Walk(playbook(steps))
    assert {b.step for b in walk.open.values()} == {"b", "c"}
    walk.end("c")
    assert {b.step for b in walk.open.values()} == {"b"}
    walk.end("b")
    assert {b.step for b in walk.open.values()} == {"d"}
    assert walk.all().finished == Finished()


def test_a_loop_turns_while_its_condition_holds_and_keys_differ_by_round() -> None:
    steps: dict[str, AnyStep] = {
        "a": While(condition=YES, on_true="b", on_completion="end"), "b": act("e"), "e": End(),
        "end": End(),
    }  # fmt: skip
    walk = Walk(playbook(steps), {"__go__": True})
    walk.end()
    walk.end()
    walk.values["__go__"] = False
    walk.end()
    assert walk.story == [
        "start", "a:on_true", "b", "e", "a:on_true", "b", "e", "a:on_true", "b", "e", "a", "end",
    ]  # fmt: skip
    assert [walk.keys["b", n] for n in range(4)] == [1, 1, 1, 0]


def test_a_body_that_names_its_loop_ends_the_round_also_from_within_a_branch() -> None:
    steps: dict[str, AnyStep] = {
        "a": While(condition=YES, on_true="b", on_completion="end"),
        "b": If(condition=YES, on_true="c", on_completion="d"), "c": act("a"), "d": act("a"),
        "end": End(),
    }  # fmt: skip
    walk = Walk(playbook(steps), {"__go__": True})
    walk.end("c")
    assert walk.story[-3:] == ["a:on_true", "b:on_true", "c"]
    assert len(walk.place.tokens) == 3
    walk.values["__go__"] = False
    walk.end("c")
    assert walk.finished == Finished()
    assert "d" not in walk.story


def test_a_branch_of_a_parallel_step_waits_for_the_others_before_the_loop_turns() -> None:
    steps: dict[str, AnyStep] = {
        "a": While(condition=YES, on_true="p", on_completion="end"),
        "p": Parallel(branches=("b", "c"), on_completion="a"), "b": act("a"), "c": act("a"),
        "end": End(),
    }  # fmt: skip
    walk = Walk(playbook(steps), {"__go__": True})
    walk.end("b")
    assert {b.step for b in walk.open.values()} == {"c"}
    walk.end("c")
    assert walk.story.count("a:on_true") == 2


def test_an_endless_loop_stops_at_its_rounds_and_a_run_at_its_budget() -> None:
    steps: dict[str, AnyStep] = {
        "a": While(condition=YES, on_true="b", rounds=3, on_completion="end"), "b": act("e"),
        "e": End(), "end": End(),
    }  # fmt: skip
    walk = Walk(playbook(steps), {"__go__": True}).all()
    assert walk.finished == Finished("LOOP_BUDGET", "a")
    assert walk.story.count("b") == 3
    circle: dict[str, AnyStep] = {"a": Start(on_completion="b"), "b": Start(on_completion="a")}
    assert Walk(playbook(circle, budget=50)).finished == Finished("STEP_BUDGET", "b")


def test_rounds_count_anew_each_time_that_a_loop_is_entered() -> None:
    steps: dict[str, AnyStep] = {
        "a": While(condition=YES, on_true="i", rounds=3, on_completion="end"),
        "i": While(condition=YES, on_true="b", rounds=2, on_completion="a"),
        "b": act("i"), "end": End(),
    }  # fmt: skip
    walk = Walk(playbook(steps), {"__go__": True})
    for _ in range(3):
        walk.end("b")
        walk.values["__go__"] = False
        n = next(iter(walk.open))
        token = walk.place.tokens[n]
        assert token.parent is not None
        assert walk.place.tokens[token.parent].turns == 2
        break
    assert walk.finished is None


@pytest.mark.parametrize(
    ("outcome", "after"),
    [(Outcome.SUCCESS, "s"), (Outcome.FAILURE, "f"), (Outcome.TIMEOUT, "t")],
)
def test_each_outcome_has_its_own_way(outcome: Outcome, after: str) -> None:
    first = Action(action="classify", on_success="s", on_failure="f", on_timeout="t")
    walk = Walk(playbook({"a": first, "s": act(), "f": act(), "t": act(), "end": End()}))
    walk.end("a", outcome)
    assert [b.step for b in walk.open.values()] == [after]


def test_a_failure_without_a_way_is_said_before_and_ends_the_run_after() -> None:
    one = playbook({"a": act("b"), "b": act(), "end": End()})
    assert not answers(one, "a", Outcome.FAILURE)
    assert not answers(one, "a", Outcome.TIMEOUT)
    assert answers(one, "a", Outcome.SUCCESS)
    walk = Walk(one)
    walk.end("a", Outcome.FAILURE)
    assert walk.finished == Finished("STEP_FAILURE", "a")


def test_a_step_that_is_not_there_ends_the_run_with_its_name() -> None:
    assert Walk(playbook({"a": act("nowhere")})).all().finished == Finished(
        "STEP_MISSING", "nowhere"
    )


def test_a_delay_rests_before_a_step_says_where_to_go() -> None:
    steps: dict[str, AnyStep] = {
        "a": If(condition=YES, on_true="b", on_completion="end", delay_s=60), "b": act("e"),
        "e": End(), "end": End(),
    }  # fmt: skip
    walk = Walk(playbook(steps), {"__go__": False})
    assert [b.step for b in walk.open.values()] == ["a"]
    walk.values["__go__"] = True
    walk.end("a")
    assert [b.step for b in walk.open.values()] == ["b"]


def test_a_token_that_is_gone_moves_nothing() -> None:
    one = playbook({"a": act(), "end": End()})
    place, _ = start(one, {})
    with pytest.raises(NotThere):
        advance(one, place, 99, Outcome.SUCCESS, {})


def test_a_thousand_nested_branches_need_no_deep_stack() -> None:
    depth = 450
    steps: dict[str, AnyStep] = {"loop": While(condition=YES, on_true="p0", on_completion="end"),
                                 "a": Start(on_completion="loop"), "end": End()}  # fmt: skip
    for n in range(depth):
        steps[f"p{n}"] = Parallel(branches=(f"p{n + 1}",), on_completion="loop")
    steps[f"p{depth}"] = act("loop")
    walk = Walk(playbook(steps, budget=10_000), {"__go__": True})
    walk.values["__go__"] = False
    walk.end()
    assert walk.finished == Finished()


# --- every playbook that holds together ends, and no step runs twice past its key ---


@st.composite
def blocks(draw: st.DrawFn, depth: int = 3) -> tuple[str, list[object]]:
    """A playbook as nested blocks: the model walks these, the interpreter the steps made of them."""
    kinds = ["act", "call"] if depth == 0 else ["act", "call", "if", "while", "parallel", "switch"]
    size = draw(st.integers(1, 3))
    return "sequence", [_block(draw, draw(st.sampled_from(kinds)), depth) for _ in range(size)]


def _block(draw: st.DrawFn, kind: str, depth: int) -> object:
    match kind:
        case "if":
            return kind, [draw(blocks(depth - 1)), draw(st.none() | blocks(depth - 1))]
        case "parallel" | "switch":
            return kind, draw(st.lists(blocks(depth - 1), min_size=1, max_size=3))
        case "while":
            return kind, [draw(blocks(depth - 1)), draw(st.integers(1, 3)), draw(st.booleans())]
        case _:
            return kind, []


class Build:
    """Steps of a playbook from nested blocks."""

    def __init__(self) -> None:
        self.steps: dict[str, AnyStep] = {}

    def id(self) -> str:
        return f"s{len(self.steps)}"

    def add(self, name: str, step: AnyStep) -> str:
        self.steps[name] = step
        return name

    def sequence(self, block: object, last: str | None = None) -> str:
        """The first step of a sequence; its last goes to `last`, else to an end of its own."""
        parts: list[Any] = cast(Any, block)[1]
        after = self.add(self.id(), End()) if last is None else last
        for part in reversed(parts):
            after = self.part(part, after)
        return after

    def part(self, part: object, after: str) -> str:
        kind, of = cast(Any, part)
        name = self.add(self.id(), End())
        match kind:
            case "if":
                no = None if of[1] is None else self.sequence(of[1])
                made: AnyStep = If(condition=YES, on_true=self.sequence(of[0]), on_false=no,
                                   on_completion=after)  # fmt: skip
            case "parallel":
                made = Parallel(branches=tuple(self.sequence(b) for b in of), on_completion=after)
            case "switch":
                ways = {str(n): self.sequence(b) for n, b in enumerate(of)}
                made = Switch(variable="__n__", branches={**ways, "default": ways["0"]},
                              on_completion=after)  # fmt: skip
            case "while":
                body = self.sequence(of[0], name if of[2] else None)
                made = While(condition=NEVER, on_true=body, rounds=of[1], on_completion=after)
            case "call":
                made = Call(playbook="playbook--x", on_completion=after)
            case _:
                made = act(after)
        self.steps[name] = made
        return name


def expected(block: object, *, go: bool, n: str) -> int:
    """How many steps that take time the model counts, when loops never turn."""
    parts: list[Any] = cast(Any, block)[1]
    count = 0
    for kind, of in parts:
        match kind:
            case "if":
                chosen = of[0] if go else of[1]
                count += 0 if chosen is None else expected(chosen, go=go, n=n)
            case "parallel":
                count += sum(expected(each, go=go, n=n) for each in of)
            case "switch":
                chosen = of[int(n)] if n.isdigit() and int(n) < len(of) else of[0]
                count += expected(chosen, go=go, n=n)
            case "while":
                pass
            case _:
                count += 1
    return count


def built(block: object) -> Playbook:
    build = Build()
    first = build.sequence(block)
    return playbook({**build.steps, "a": Start(on_completion=first)}, budget=100_000)


@given(blocks(), st.booleans(), st.sampled_from(["0", "1", "2", "z"]), st.randoms())
def test_every_playbook_ends_having_done_what_the_model_counts(
    block: object, go: bool, n: str, random: Random
) -> None:
    walk = Walk(built(block), {"__go__": go, "__n__": n})
    done = 0
    while walk.open:
        chosen = random.choice(sorted(b.step for b in walk.open.values()))
        walk.end(chosen)
        done += 1
        assert walk.finished is None or not walk.open
    assert walk.finished == Finished()
    assert done == expected(block, go=go, n=n)
    assert max(walk.keys.values()) == 1


@given(blocks(), st.lists(st.tuples(st.integers(0, 50), st.sampled_from(Outcome)), max_size=60))
def test_whatever_happens_a_run_ends_or_waits_for_something(
    block: object, events: list[tuple[int, Outcome]]
) -> None:
    walk = Walk(built(block), {"__go__": True, "__n__": "1"})
    for which, outcome in events:
        if not walk.open:
            break
        names = sorted(b.step for b in walk.open.values())
        walk.end(names[which % len(names)], outcome)
    assert (walk.finished is None) == bool(walk.open)
    assert not walk.keys or max(walk.keys.values()) == 1
