"""Patterns of watch rules find what fits them under the suffixes that they name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.watch_pattern import BadPattern, Patterns, Wanted, checked


def found(pattern: str, *names: str, suffixes: tuple[str, ...] = ()) -> list[str]:
    rules = Patterns([Wanted(1, "si.posta", checked(pattern), suffixes)])
    return [one.name for _, one in rules.find(names)]


def test_holes_take_letters_and_digits_and_number_holes_digits_only() -> None:
    names = ("posta-7.example", "posta-x.example", "posta-.example", "posta-1234567.example")
    assert found("posta-{#}", *names) == ["posta-7.example"]
    assert found("posta-{}", *names) == [
        "posta-7.example",
        "posta-x.example",
        "posta-1234567.example",
    ]


def test_a_pattern_is_held_against_what_is_left_of_the_suffix() -> None:
    assert found("{}.posta-si", "a.posta-si.com.hr", "posta-si.com.hr") == ["a.posta-si.com.hr"]
    assert found("posta-si", "www.posta-si.example", "posta-si.example.net") == ["posta-si.example"]


def test_only_the_suffixes_that_are_named_count() -> None:
    assert found("posta-{#}", "posta-1.top", "posta-1.cfd", suffixes=("top",)) == ["posta-1.top"]


def test_the_first_rule_that_fits_is_named() -> None:
    rules = Patterns([Wanted(7, "si.nlb", "nlbx-{#}"), Wanted(8, "si.posta", "post-{#}")])
    [(rule, one)] = rules.find(["post-4.example", "other.example"])
    assert (rule, one.brand, one.technique) == (8, "si.posta", "rule")


def test_no_rules_find_nothing() -> None:
    assert list(Patterns([]).find(["posta-1.example"])) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "ab{}",
        "posta {}",
        "posta-{",
        "posta{}{}",
        "p{}o{}s{}t{}a{}",
        "x" * 300,
        "pošta-{}",
    ],
)
def test_a_pattern_that_says_too_little_is_refused(text: str) -> None:
    with pytest.raises(BadPattern):
        checked(text)


@given(st.text(alphabet="abcd1.-", max_size=12))
def test_whatever_is_found_begins_as_the_pattern_says(name: str) -> None:
    for one in found("abcd-{}", name):
        assert one.startswith("abcd-")
