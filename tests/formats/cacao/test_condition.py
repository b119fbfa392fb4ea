"""Conditions in the pattern form: what is written reads back with the same meaning, nothing else raises."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.formats.cacao.condition import BadCondition, read_condition, write_condition
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

names = st.sampled_from(["__a__", "__b__", "__a_long-name9__"])
scalars = st.one_of(
    st.booleans(), st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20),
)  # fmt: skip
leaves = st.one_of(
    st.builds(Exists, names),
    st.builds(Among, names, st.lists(scalars, min_size=1, max_size=4).map(tuple)),
    st.builds(Comparison, names, st.sampled_from(Test), st.one_of(scalars, st.builds(Reference, names))),
)  # fmt: skip
conditions: st.SearchStrategy[Condition] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Every, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Some, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Opposite, inner),
    ),
    max_leaves=12,
)
values = st.dictionaries(
    names, st.one_of(st.none(), scalars, st.lists(st.text(max_size=5), max_size=3)), max_size=3
)


@settings(max_examples=60)
@given(conditions, values)
def test_what_is_written_reads_back_with_the_same_meaning(
    condition: Condition, known: dict[str, Value]
) -> None:
    text = write_condition(condition)
    again = read_condition(text)
    assert holds(again, known) == holds(condition, known)
    assert write_condition(again) == text


@given(st.text(max_size=200))
def test_no_text_raises_anything_but_our_own_error(text: str) -> None:
    with suppress(BadCondition):
        read_condition(text)


@given(st.lists(st.sampled_from(["__a__", "(", ")", "NOT", "AND", "OR", "=", "IN", "'x'", ",", "5",
                                 "EXISTS", "[", "]", "LIKE"]), max_size=40).map(" ".join))  # fmt: skip
def test_no_order_of_our_words_raises_anything_but_our_own_error(text: str) -> None:
    with suppress(BadCondition):
        found = read_condition(text)
        assert write_condition(read_condition(write_condition(found))) == write_condition(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("__a__:value == '10.0.0.0/8'", Comparison("__a__", Test.EQUAL, "10.0.0.0/8")),
        ("[__a__ > 3]", Comparison("__a__", Test.MORE, 3)),
        ("__a__:value IN ('x', 'y')", Among("__a__", ("x", "y"))),
        ("__a__ NOT = 'x'", Opposite(Comparison("__a__", Test.EQUAL, "x"))),
        ("EXISTS __a__:value and __b__ = __a__:value",
         Every((Exists("__a__"), Comparison("__b__", Test.EQUAL, Reference("__a__"))))),
        ("__a__ = 'it\\'s' OR __b__ = true",
         Some((Comparison("__a__", Test.EQUAL, "it's"), Comparison("__b__", Test.EQUAL, True)))),
    ],
)  # fmt: skip
def test_forms_that_other_tools_write_are_read(text: str, expected: Condition) -> None:
    assert read_condition(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "true", "__a__", "__a__ =", "__a__ = x", "a = 'x'", "__a__ MATCHES '.*'", "__a__ = 'x' )",
     "(__a__ = 'x'", "__a__ IN ()", "__a__ = 'x' __b__ = 'y'", "__import__('os')", "__a__ = 1e999",
     "__a__ = 99999999999999999999"],
)  # fmt: skip
def test_what_is_no_condition_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(BadCondition, match=r"^character \d+: "):
        read_condition(text)


@pytest.mark.parametrize("opening", ["(", "NOT ", "["])
def test_depth_is_bounded_and_never_a_stack_overflow(opening: str) -> None:
    with pytest.raises(BadCondition, match="deeper"):
        read_condition(opening * 2000 + "__a__ = 1")


def test_the_number_of_comparisons_is_bounded() -> None:
    with pytest.raises(BadCondition, match="more than"):
        read_condition(" OR ".join(["__a__ = 1"] * 300))
