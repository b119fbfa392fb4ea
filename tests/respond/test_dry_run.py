"""What a playbook would have done: counted, at the times it would have been, with nothing done."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.respond.runs import act, playbook
from zvon.model.playbook import Action, AnyStep, Call, End, If, Parallel, Playbook
from zvon.model.playbook_condition import Comparison, Test
from zvon.respond.dry_run import Past, Would, simulate, tally

AT = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
TEN = timedelta(minutes=10)


def past(number: str = "I-26-000001", *, names: list[str] | None = None, false: bool = False,
         blocked_after: float | None = None, score: float = 0.9) -> Past:  # fmt: skip
    return Past(
        number=number, made_at=AT, false=false,
        known={"__names__": names if names is not None else ["a.example", "b.example"],
               "__score__": score, "__category__": "phishing"},
        blocked_at=None if blocked_after is None else AT + timedelta(minutes=blocked_after),
    )  # fmt: skip


def tried(of: Playbook, one: Past) -> Would:
    return simulate(of, one, approval=TEN, known={})


BLOCK = {"a": act("decide.block", names="__names__", reason="x")}


def test_names_are_counted_and_the_time_that_people_take_is_too() -> None:
    would = tried(playbook(BLOCK), past())
    assert would.names == {"a.example", "b.example"}
    assert would.blocked_at == AT + TEN
    assert would.counts["approvals"] == 1
    assert would.error == ""


def test_a_condition_is_read_with_what_was_known_then() -> None:
    sure = Comparison("__score__", Test.MORE, 0.8)
    steps: dict[str, AnyStep] = {
        "a": If(condition=sure, on_true="b", on_completion="end"),
        "b": act("decide.block", "e", names="__names__", reason="x"), "e": End(),
    }  # fmt: skip
    assert tried(playbook(steps), past(score=0.9)).names
    assert not tried(playbook(steps), past(score=0.5)).names


def test_branches_run_at_their_own_times() -> None:
    steps: dict[str, AnyStep] = {
        "a": Parallel(branches=("w", "b"), on_completion="end"),
        "w": act("wait.until", "e1", hours=5), "e1": End(),
        "b": act("decide.block", "e2", names="__names__", reason="x"), "e2": End(),
    }  # fmt: skip
    assert tried(playbook(steps), past()).blocked_at == AT + TEN


def test_an_answer_that_nobody_knows_of_does_not_come() -> None:
    steps: dict[str, AnyStep] = {
        "a": Action(action="message.wait", args={"message": "x"}, on_completion="end",
                    on_timeout="b"),
        "b": act("task.create", title="Call them"),
    }  # fmt: skip
    would = tried(playbook(steps), past())
    assert would.counts["tasks"] == 1


def test_what_no_way_is_drawn_for_is_counted_as_work_for_a_person() -> None:
    would = tried(playbook(BLOCK), past(names=[]))
    assert (would.counts["escalations"], would.names) == (1, set())


def test_a_playbook_that_calls_itself_ends() -> None:
    own = "playbook--00000000-0000-4000-8000-00000000000b"
    steps: dict[str, AnyStep] = {"a": Call(playbook=own, on_completion="b"),
                                 "b": act("task.create", title="x")}  # fmt: skip
    of = playbook(steps, cacao=own)
    would = simulate(of, past(), approval=TEN, known={own: of})
    assert would.counts["tasks"] == 6


def test_a_broken_playbook_says_where() -> None:
    would = tried(playbook({"a": act("wait.until", "nowhere", hours=1)}), past())
    assert (would.error, would.step) == ("STEP_MISSING", "nowhere")


def test_all_together_say_what_was_false_and_how_much_earlier() -> None:
    pasts = [past("I-1", blocked_after=14), past("I-2", false=True), past("I-3", blocked_after=30)]
    found = tally(pasts, [tried(playbook(BLOCK), one) for one in pasts])
    assert (found.incidents, found.finished, found.names) == (3, 3, 6)
    assert (found.false_names, found.false_incidents, found.approvals) == (2, 1, 3)
    assert found.earlier_s == pytest.approx(12 * 60)
    assert found.compared == 2
    assert [each["incident"] for each in found.examples] == ["I-2"]
