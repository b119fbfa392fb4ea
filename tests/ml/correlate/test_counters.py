"""Hours by signature and host."""

from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.correlate.counters import Counters


@given(st.lists(st.integers(0, 60), min_size=1, max_size=40).map(sorted))
def test_it_counts_distinct_earlier_hours(hours: list[int]) -> None:
    counters = Counters(100, 30.0)
    found = [counters.see("s", "h", hour)[0] for hour in hours]
    assert found == [
        len({each for each in hours[:i] if each < hour}) for i, hour in enumerate(hours)
    ]


def test_silence_of_a_month_makes_new_again() -> None:
    counters = Counters(100, 30.0)
    counters.see("s", "h", 0)
    counters.see("t", "h", 31 * 24)
    assert counters.see("s", "h", 31 * 24 + 1) == (0, 0)


def test_a_flood_of_names_stays_within_the_bound() -> None:
    counters = Counters(50, 30.0)
    for number in range(1000):
        counters.see(f"made up {number}", "h", 5)
    assert len(counters) <= 51


def test_rows_give_the_same_counters_back() -> None:
    counters = Counters(50, 30.0)
    for hour in (1, 2, 2, 9):
        counters.see("s", "h", hour)
    again = Counters(50, 30.0, counters.rows())
    assert again.see("s", "h", 12) == counters.see("s", "h", 12) == (3, 11)
