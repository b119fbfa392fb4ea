"""The next names of a campaign follow the shapes of its names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.predict import Pattern, compiled, matches, next_names, patterns

FLOOD = [
    "posta-si-dostava01.top", "posta-si-dostava02.top", "posta-si-dostava04.top",
    "posta-si-paket01.top", "posta-si-paket03.cc", "posta-si-carina02.cc",
]  # fmt: skip


def test_a_gap_in_a_row_of_numbers_and_its_next_come_first() -> None:
    found = [each.name for each in next_names(FLOOD, limit=20)]
    assert "posta-si-dostava03.top" in found
    assert "posta-si-dostava05.top" in found
    assert "posta-si-paket02.top" in found
    assert not set(found) & set(FLOOD)


def test_words_and_suffixes_that_were_not_seen_together_combine() -> None:
    found = {each.name for each in next_names(["nlb-klik.top", "nlb-vstop.cc"], limit=10)}
    assert {"nlb-klik.cc", "nlb-vstop.top"} <= found


def test_a_word_that_may_stand_there_is_tried_after_those_seen() -> None:
    names = [each.name for each in next_names(["nlb-klik.top", "nlb-vstop.top"], words=["prijava"])]
    assert "nlb-prijava.top" in names


def test_scores_fall_and_nothing_comes_twice() -> None:
    found = next_names(FLOOD, limit=200)
    assert [each.score for each in found] == sorted((e.score for e in found), reverse=True)
    assert len({each.name for each in found}) == len(found)


def test_the_same_names_give_the_same_answer() -> None:
    assert next_names(FLOOD) == next_names(list(FLOOD))


def test_patterns_keep_what_the_names_share() -> None:
    found = patterns(FLOOD)
    assert found[0] == Pattern("posta-si-{}", ("cc", "top"), 6)
    assert Pattern("posta-si-dostava{#}", ("top",), 3) in found


def test_a_pattern_without_letters_of_its_own_is_none() -> None:
    assert patterns(["ab-cd.top", "ef-gh.top", "ij-kl.top", "mn-op.top"]) == ()
    assert patterns(["posta-si.top"] * 5) == ()


@pytest.mark.parametrize(
    ("pattern", "host", "fits"),
    [
        ("posta-si-{#}", "posta-si-17.top", True),
        ("posta-si-{#}", "posta-si-17a.top", False),
        ("{}.posta-{}", "www2.posta-paket.co.uk", True),
        ("posta-{}", "posta-a-b.top", False),
        ("posta-{}", "com", False),
    ],
)
def test_what_a_pattern_fits(pattern: str, host: str, fits: bool) -> None:
    assert matches(pattern, host) is fits


labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?", fullmatch=True)


@given(st.lists(labels.map(lambda label: f"{label}.example"), max_size=12))
def test_any_names_give_names_and_patterns_that_fit_what_they_were_made_of(
    names: list[str],
) -> None:
    found = next_names(names, limit=30)
    assert all(each.name.endswith(".example") for each in found)
    for pattern in patterns(names):
        fits = compiled(pattern.text)
        assert sum(bool(fits.fullmatch(n.removesuffix(".example"))) for n in set(names)) >= 3


def test_no_names_give_none() -> None:
    assert next_names([]) == ()
    assert patterns(["com"]) == ()
