"""Writing a playbook: every change leaves it whole, whatever was changed before."""

from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.model import playbook_edit as edit
from zvon.model.playbook import Action, End, If, Parallel, Playbook, Switch, branches, sequence
from zvon.model.playbook_action import ACTIONS
from zvon.model.playbook_check import check
from zvon.model.playbook_difference import differences
from zvon.model.playbook_edit import BadEdit, NoStep
from zvon.model.playbook_form import fields
from zvon.model.playbook_walk import walk

KINDS = [*ACTIONS, "if", "while", "switch", "parallel", "playbook"]
ID = "playbook--00000000-0000-4000-8000-000000000001"


def numbered() -> edit.NewId:
    numbers = count()
    return lambda kind: f"{kind}--{next(numbers)}"


def begun() -> tuple[Playbook, edit.NewId]:
    new_id = numbered()
    return edit.empty(ID, "Vaja", new_id), new_id


STRUCTURE = {"MISSING_TARGET", "UNREACHABLE", "CIRCLE", "NO_END", "NO_NEXT", "NO_BRANCH", "NO_START",
             "SHARED_END"}  # fmt: skip


def faults(made: Playbook) -> set[str]:
    return {p.code.removeprefix("PLAYBOOK_") for p in check(made)} & STRUCTURE


def test_an_empty_playbook_has_a_start_and_an_end() -> None:
    made, _ = begun()
    assert faults(made) == set()
    assert len(made.steps) == 2


@pytest.mark.parametrize("what", KINDS)
def test_every_kind_of_step_goes_between_two_others(what: str) -> None:
    made, new_id = begun()
    longer, name = edit.add(made, made.start, "on_completion", what, new_id)
    assert faults(longer) == set()
    assert longer.steps[made.start].on_completion == name
    assert faults(edit.remove(longer, name)) == set()
    assert edit.remove(longer, name) == made


@settings(max_examples=60)
@given(st.data())
def test_whatever_is_added_and_taken_out_the_playbook_stays_whole(data: st.DataObject) -> None:
    made, new_id = begun()
    for _ in range(8):
        name = data.draw(st.sampled_from(sorted(made.steps)))
        step = made.steps[name]
        if isinstance(step, Action) and data.draw(st.booleans()):
            made = edit.remove(made, name)
        elif not isinstance(step, End):
            way = data.draw(st.sampled_from(
                ["on_completion", *(way for way, _ in branches(step)),
                 *(["new"] if isinstance(step, Parallel) else []),
                 *(["scam"] if isinstance(step, Switch) else [])]))  # fmt: skip
            made, _ = edit.add(made, name, way, data.draw(st.sampled_from(KINDS)), new_id)
        assert faults(made) == set()
        assert {place.step for place in walk(made)} == set(made.steps)


def test_an_approval_has_a_way_for_no() -> None:
    made, new_id = begun()
    made, name = edit.add(made, made.start, "on_completion", "ask", new_id)
    step = made.steps[name]
    assert isinstance(made.steps[step.on_failure or ""], End)
    assert step.on_failure != step.on_completion


def test_the_other_branch_of_a_question_gets_its_own_end() -> None:
    made, new_id = begun()
    made, name = edit.add(made, made.start, "on_completion", "if", new_id)
    made, other = edit.add(made, name, "on_false", "notify", new_id)
    step = made.steps[name]
    assert isinstance(step, If)
    assert step.on_false == other
    assert faults(made) == set()


@pytest.mark.parametrize(
    ("way", "what"), [("on_true", "ask"), ("", "ask"), ("on_completion", "rm"), ("new", "ask")]
)
def test_what_makes_no_sense_is_refused(way: str, what: str) -> None:
    made, new_id = begun()
    with pytest.raises(BadEdit):
        edit.add(made, made.start, way, what, new_id)


def test_start_and_end_stay() -> None:
    made, new_id = begun()
    end = str(made.steps[made.start].on_completion)
    for name in (made.start, end):
        with pytest.raises(BadEdit):
            edit.remove(made, name)
    with pytest.raises(BadEdit):
        edit.add(made, end, "on_completion", "ask", new_id)
    with pytest.raises(NoStep):
        edit.remove(made, "nothing")


def test_what_nothing_leads_to_any_more_goes_with_the_way() -> None:
    made, new_id = begun()
    made, first = edit.add(made, made.start, "on_completion", "ask", new_id)
    made, second = edit.add(made, first, "on_completion", "share", new_id)
    end = str(made.steps[second].on_completion)
    shorter = edit.set_way(made, first, "on_completion", end)
    assert second not in shorter.steps
    assert faults(shorter) == set()


def test_values_of_a_step_change_and_empty_ones_are_left_out() -> None:
    made, new_id = begun()
    made, name = edit.add(made, made.start, "on_completion", "notify", new_id)
    args: dict[str, Any] = {"to": "brand", "text": "", "language": "sl"}
    changed = edit.change(made, name, {"name": "Banki", "args": args})
    step = changed.steps[name]
    assert isinstance(step, Action)
    assert (step.name, step.args) == ("Banki", {"to": "brand", "language": "sl"})
    assert {(d.what, d.step, d.field) for d in differences(made, changed)} == {
        ("changed", name, "name"), ("changed", name, "args"),
    }  # fmt: skip
    with pytest.raises(BadEdit):
        edit.change(made, name, {"rounds": 3})


def test_differences_name_steps_that_came_and_went() -> None:
    made, new_id = begun()
    longer, name = edit.add(made, made.start, "on_completion", "enrich", new_id)
    found = {(d.what, d.step, d.field) for d in differences(made, longer)}
    assert found == {("added", name, ""), ("changed", made.start, "on_completion")}
    assert ("removed", name) in {(d.what, d.step) for d in differences(longer, made)}
    assert differences(made, made) == []


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_every_action_has_a_form_of_all_its_fields(name: str) -> None:
    spec = ACTIONS[name]
    made = fields(spec)
    assert [field.name for field in made] == list(spec.input.__struct_fields__)
    for field in made:
        assert (field.kind == "choice") == bool(field.choices)
        assert field.required or field.kind in {"text", "line", "lines"} or field.default


def test_a_deep_playbook_is_walked_without_recursion() -> None:
    made, new_id = begun()
    name = made.start
    way = "on_completion"
    for _ in range(150):
        made, name = edit.add(made, name, way, "if", new_id)
        way = "on_true"
    places = walk(made)
    assert len(places) == len(made.steps)
    assert max(place.level for place in places) == 8
    assert not any(target not in made.steps for step in made.steps.values()
                   for _, target in sequence(step))  # fmt: skip
