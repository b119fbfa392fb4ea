"""Values of variables in arguments, conditions over values, and rows of a form as conditions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.model.playbook import Variable, VariableType
from zvon.model.playbook_action import ACTIONS, Ask, DecideBlock, Manual
from zvon.model.playbook_condition import (
    Among,
    Comparison,
    Condition,
    Every,
    Exists,
    Opposite,
    Reference,
    Some,
    Test,
    Value,
    holds,
)
from zvon.model.playbook_terms import Term, Terms, condition_of, terms_of
from zvon.model.playbook_values import BadArgument, bound, references

KNOWN: dict[str, Value] = {"__names__": ["a.example", "b.example"], "__n__": 7, "__t__": "text",
                           "__no__": None, "__yes__": True}  # fmt: skip


def test_names_in_a_text_are_replaced() -> None:
    made = bound(ACTIONS["ask"], {"question": "__names__:value, __n__ in __t__?"}, KNOWN)
    assert made == Ask(question="a.example, b.example, 7 in text?")


def test_a_whole_variable_fits_a_field_of_another_type() -> None:
    made = bound(ACTIONS["decide.block"], {"names": "__names__", "days": "__n__", "reason": "__n__",
                                           "wait": "__yes__"}, KNOWN)  # fmt: skip
    assert made == DecideBlock(names="a.example, b.example", days=7, reason="7", wait=True)


def test_defaults_are_taken_from_variables_too() -> None:
    made = bound(ACTIONS["decide.block"], {"reason": "ker je"}, KNOWN)
    assert isinstance(made, DecideBlock)
    assert made.names == "a.example, b.example"


def test_commands_for_a_person_keep_what_nobody_knows() -> None:
    made = bound(
        ACTIONS["manual"], {"instructions": "run", "commands": ["x __gone__ __t__"]}, KNOWN
    )
    assert made == Manual(instructions="run", commands=("x __gone__ text",))


@pytest.mark.parametrize(("args", "field"), [
    ({"question": "__gone__"}, "__gone__"), ({}, "question"), ({"question": "x", "who": 1}, "who"),
    ({"question": "x", "role": "king"}, "role"), ({"question": "__no__"}, "question"),
    ({"question": "__t__" * 9000}, "__t__" * 12),
])  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_field(args: dict[str, Any], field: str) -> None:
    with pytest.raises(BadArgument) as raised:
        bound(ACTIONS["ask"], args, KNOWN)
    assert raised.value.field == field


@given(st.recursive(st.text(max_size=30), lambda x: st.one_of(
    st.lists(x, max_size=3), st.dictionaries(st.text(max_size=3), x, max_size=3)), max_leaves=5))  # fmt: skip
def test_only_names_of_variables_are_references(value: Any) -> None:
    assert all(name.startswith("__") and name.endswith("__") for name in references(value))


TRUE: list[Condition] = [
    Comparison("__n__", Test.EQUAL, "7"), Comparison("__n__", Test.MORE, 6.5),
    Comparison("__n__", Test.LEAST, 7), Comparison("__t__", Test.LIKE, "t_x%"),
    Comparison("__names__", Test.EQUAL, "b.example"), Comparison("__yes__", Test.EQUAL, "true"),
    Comparison("__n__", Test.EQUAL, Reference("__n__")), Among("__t__", ("a", "text")),
    Comparison("__t__", Test.UNEQUAL, "other"), Exists("__names__"), Opposite(Exists("__no__")),
    Some((Exists("__gone__"), Exists("__n__"))), Every((Exists("__t__"), Exists("__n__"))),
    Comparison("__t__", Test.MORE, "abc"),
]  # fmt: skip
FALSE: list[Condition] = [
    Comparison("__gone__", Test.EQUAL, ""), Comparison("__gone__", Test.UNEQUAL, "x"),
    Comparison("__no__", Test.LESS, 5), Comparison("__n__", Test.EQUAL, Reference("__gone__")),
    Comparison("__names__", Test.MORE, "a"), Exists("__no__"), Among("__no__", ("",)),
    Comparison("__t__", Test.LIKE, "%z"), Every((Exists("__t__"), Exists("__no__"))),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "expected"),
                         [*((c, True) for c in TRUE), *((c, False) for c in FALSE)])  # fmt: skip
def test_conditions_hold_of_values(condition: Condition, expected: bool) -> None:
    assert holds(condition, KNOWN) is expected


@given(st.text("ab%_", max_size=12), st.text("ab", max_size=12))
def test_a_pattern_matches_as_its_regular_expression_does(pattern: str, text: str) -> None:
    import re

    translated = re.escape(pattern).replace("%", ".*").replace("_", ".")
    assert holds(Comparison("__v__", Test.LIKE, pattern), {"__v__": text}) == bool(
        text and re.fullmatch(translated, text)
    )


SCOPE = {"__n__": Variable(type=VariableType.INTEGER), "__f__": Variable(type=VariableType.FLOAT),
         "__b__": Variable(type=VariableType.BOOL), "__s__": Variable()}  # fmt: skip


@pytest.mark.parametrize(("term", "expected"), [
    (Term(variable="__n__", way="at_least", value="3"), Comparison("__n__", Test.LEAST, 3)),
    (Term(variable="__f__", way="less", value="0,5"), Comparison("__f__", Test.LESS, 0.5)),
    (Term(variable="__b__", way="is", value="True"), Comparison("__b__", Test.EQUAL, True)),
    (Term(variable="__s__", way="is", value="3"), Comparison("__s__", Test.EQUAL, "3")),
    (Term(variable="__s__", way="is", value="__n__"), Comparison("__s__", Test.EQUAL, Reference("__n__"))),
    (Term(variable="__s__", way="among", value="a, b,"), Among("__s__", ("a", "b"))),
    (Term(variable="__s__", way="missing"), Opposite(Exists("__s__"))),
])  # fmt: skip
def test_a_row_of_the_form_is_a_comparison(term: Term, expected: Condition) -> None:
    assert condition_of(Terms((term,)), SCOPE) == expected
    again = terms_of(expected)
    assert again is not None
    assert condition_of(again, SCOPE) == expected


def test_rows_are_joined_and_brackets_are_more_than_rows() -> None:
    rows = Terms((Term(variable="__s__", way="exists"), Term(variable="__n__", way="is", value="1")), "any")  # fmt: skip
    made = condition_of(rows, SCOPE)
    assert made == Some((Exists("__s__"), Comparison("__n__", Test.EQUAL, 1)))
    assert terms_of(made) == rows
    assert terms_of(Every((made, Exists("__s__")))) is None
    for bad in (Terms(()), Terms((Term(variable="__s__", way="is"),)),
                Terms((Term(variable="__s__", way="among", value=","),))):  # fmt: skip
        with pytest.raises(ValueError):
            condition_of(bad, SCOPE)
