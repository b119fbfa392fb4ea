"""Lines of a result: a spreadsheet computes nothing in them, and they read back."""

import csv
import io
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.result_row import csv_head, csv_line, json_line

cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)


@given(st.lists(cells, min_size=1, max_size=4))
def test_cells_read_back_and_none_is_a_formula(texts: list[str]) -> None:
    row = next(csv.reader(io.StringIO(csv_line(texts).decode(), newline="")), None) or [""]
    assert len(row) == len(texts)
    for read, text in zip(row, texts, strict=True):
        assert not read.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert read in {text, f"'{text}"}


def test_what_is_no_text_has_one_form() -> None:
    at = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    assert csv_head(["a", "b"]) == b"a,b\r\n"
    assert csv_line([None, True, False, 7, at, ("x", "y"), ["=1"]]) == (
        b",true,false,7,2026-11-22T09:00:00Z,x; y,'=1\r\n"
    )
    assert json_line({"a": at}) == b'{"a":"2026-11-22T09:00:00Z"}\n'
