"""Medians of times of which some are not over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.model.survival import durations

SECONDS = st.floats(0, 1e7)


def test_without_open_ones_the_median_is_the_usual_one() -> None:
    found = durations([10, 20, 30, 40, 50], [])
    assert (found.n, found.open, found.median, found.p90) == (5, 0, 30, 50)


def test_what_is_still_open_counts_for_as_long_as_it_waits() -> None:
    # Remission of leukaemia under 6-MP (Freireich 1963): the median is 23 weeks.
    done = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    open_ = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    found = durations(done, open_)
    assert (found.n, found.open, found.median, found.p90) == (21, 12, 23, None)
    assert (found.low, found.high) == (13, None)
    assert durations(done, []).median == 10


def test_where_most_wait_there_is_no_median() -> None:
    found = durations([5], [100, 100, 100])
    assert (found.median, found.p90, found.open) == (None, None, 3)
    assert durations([], []).n == 0


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_a_clock_that_ran_back_is_no_duration(bad: float) -> None:
    with pytest.raises(ValueError, match="seconds"):
        durations([bad], [])


@given(st.lists(SECONDS, max_size=60), st.lists(SECONDS, max_size=60))
def test_the_bounds_hold_the_median_and_order_does_not_matter(
    done: list[float], waiting: list[float]
) -> None:
    found = durations(done, waiting)
    assert found == durations(done[::-1], sorted(waiting))
    assert found.median is None or found.low is None or found.low <= found.median
    assert found.high is None or (found.median is not None and found.median <= found.high)
    assert found.median is None or found.median in done
