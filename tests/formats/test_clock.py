"""Times of sources: read in every form, and not believed when they cannot be true."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.decoding import OPTIONS
from zvon.formats.clock import CLOCK, instant, read_time
from zvon.model.item import Options

AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-22T08:30:00Z", "2026-11-22T09:30:00+0100", "2026-11-22 08:30:00",
        1795336200, "1795336200", 1795336200.0, "1795336200000", 1795336200000000,
        1795336200000000000,
    ],
)  # fmt: skip
def test_the_same_time_in_every_form_is_one(written: Any) -> None:
    assert read_time(written, OPTIONS) == (AT, ())


def test_a_time_without_a_zone_is_in_that_of_the_source() -> None:
    options = Options(received_at=OPTIONS.received_at, zone="Europe/Ljubljana")
    assert read_time("2026-11-22T09:30:00", options)[0] == AT
    assert read_time("2026-11-22T08:30:00", Options(received_at=AT, zone="Mars/Olympus"))[0] == AT


@pytest.mark.parametrize("written", ["1970-01-01T00:00:05Z", 928.94, "2099-01-01", 4102444800])
def test_a_clock_that_cannot_be_right_is_flagged(written: Any) -> None:
    assert read_time(written, OPTIONS) == (None, (CLOCK,))


@given(
    st.one_of(
        st.text(max_size=80),
        st.integers(),
        st.floats(),
        st.booleans(),
        st.none(),
        st.lists(st.integers(), max_size=2),
    )
)
def test_nothing_raises_and_every_time_has_a_zone(written: Any) -> None:
    at = instant(written)
    assert at is None or at.tzinfo is UTC


def test_what_is_no_time_is_none_without_a_flag() -> None:
    assert read_time("yesterday", OPTIONS) == (None, ())
    assert read_time(True, OPTIONS) == (None, ())
