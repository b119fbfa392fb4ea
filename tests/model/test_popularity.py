"""Popularity lists in the formats that operators have."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.model.popularity import BadPopularity, names


@pytest.mark.parametrize(
    "line",
    ["1,posta.example", "posta.example", '"1","posta.example"', "1,POSTA.example.", " posta.example ",
     "17,posta.example,123,456"],
)  # fmt: skip
def test_one_line_in_each_format(line: str) -> None:
    assert list(names(["rank,name", line, "", "# end"], 10)) == ["posta.example"]


def test_no_more_than_asked_for() -> None:
    assert list(names((f"n{n}.example" for n in range(10)), 3)) == [
        f"n{n}.example" for n in range(3)
    ]


@pytest.mark.parametrize(
    "lines", [[], ["<html>"], ["<a href=x>"] * 500, [f"{n}," for n in range(500)]]
)
def test_what_is_no_list_is_refused(lines: list[str]) -> None:
    with pytest.raises(BadPopularity):
        list(names(lines, 10))


@given(st.lists(st.text(max_size=40), max_size=30))
def test_no_text_raises_anything_else(lines: list[str]) -> None:
    with suppress(BadPopularity):
        assert all("\n" not in name and "\\" not in name for name in names(lines, 10))
