"""Columns of tables that stand in a text."""

from hypothesis import given
from hypothesis import strategies as st

from zvon.privacy.role.table import columns

TABLE = "spodaj\nvir;tarča;vrata\n192.0.2.1;198.51.100.7;22\n192.0.2.2;198.51.100.8;23\nkonec\n"


def over(text: str, value: str) -> str:
    return columns(text).over(text.index(value))


def test_a_value_stands_under_its_head() -> None:
    assert over(TABLE, "192.0.2.1") == "vir"
    assert over(TABLE, "198.51.100.8") == "tarča"
    assert over(TABLE, "konec") == ""


def test_tabs_bars_and_commas_separate_too() -> None:
    assert over("host\tcilj\nPC-1\t192.0.2.9\n", "192.0.2.9") == "cilj"
    assert over("| what | value |\n| c2 | 192.0.2.9 |\n", "192.0.2.9") == "value"
    assert over("type,value,comment\nipv4,192.0.2.9,c2\n", "192.0.2.9") == "value"


def test_a_sentence_with_a_comma_is_no_head() -> None:
    assert over("Hello, world\n192.0.2.9, too\n", "192.0.2.9") == ""


def test_a_line_with_digits_is_no_head() -> None:
    assert over("1;2;3\n192.0.2.9;2;3\n", "192.0.2.9") == ""


def test_a_line_of_another_width_ends_the_table() -> None:
    text = "a;b;c\n1;2;3\nno table here\n4;5;192.0.2.9\n"
    assert over(text, "192.0.2.9") == ""


def test_a_very_long_line_ends_the_table() -> None:
    text = "a;b;c\n" + "x" * 3000 + ";;\n1;2;192.0.2.9\n"
    assert over(text, "192.0.2.9") == ""


@given(st.text(alphabet="ab1;,|\t\n", max_size=80), st.integers(0, 90))
def test_any_text_and_offset_give_a_cell_or_nothing(text: str, at: int) -> None:
    head = columns(text).over(at)
    assert head == "" or any(head.split()[0] in line for line in text.splitlines())
