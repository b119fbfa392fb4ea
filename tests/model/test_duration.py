"""Calendar durations: read, written, and subtracted without ever failing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.model.duration import MOST_YEARS, Duration, duration

parts = st.builds(
    Duration, st.integers(0, 5), st.integers(0, 24), st.integers(0, 400)
).filter(lambda each: each != Duration())  # fmt: skip
moments = st.datetimes(timezones=st.just(UTC))


@given(parts)
def test_a_written_duration_reads_back_the_same(each: Duration) -> None:
    assert duration(str(each)) == each


@given(parts, moments)
def test_the_moment_before_is_earlier_or_the_beginning_of_time(
    each: Duration, moment: datetime
) -> None:
    before = each.before(moment)
    assert before.tzinfo is UTC
    assert before < moment or before.year == 1


@given(parts, moments)
def test_the_moment_after_is_later_and_nearly_the_way_back(
    each: Duration, moment: datetime
) -> None:
    after = each.after(moment)
    assert after > moment or after.year == 9999
    if after.year < 9999:
        assert abs(each.before(after) - moment) <= timedelta(days=4)  # the ends of months


@given(parts, parts, moments)
def test_longer_is_never_later(a: Duration, b: Duration, moment: datetime) -> None:
    longer = Duration(a.years + b.years, a.months + b.months, a.days + b.days)
    assert longer.before(moment) <= a.before(moment)


@given(st.text(max_size=12))
def test_no_text_raises_anything_but_that_it_is_none(text: str) -> None:
    try:
        made = duration(text)
    except ValueError:
        return
    assert duration(str(made)) == made


@pytest.mark.parametrize(
    ("text", "moment", "before"),
    [
        ("P1M", "2026-03-31", "2026-02-28"),
        ("P1M", "2024-03-30", "2024-02-29"),
        ("P1Y", "2024-02-29", "2023-02-28"),
        ("P2W", "2026-01-10", "2025-12-27"),
        ("P1Y6M", "2026-05-15", "2024-11-15"),
        ("P14M", "2026-02-01", "2024-12-01"),
    ],
)
def test_months_follow_the_calendar(text: str, moment: str, before: str) -> None:
    start = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert duration(text).before(start).date().isoformat() == before


@pytest.mark.parametrize(
    "text", ["P31Y", "P9999D0", f"P{MOST_YEARS + 1}Y", "P0Y", "P1H", "1D", "P1D "]
)
def test_what_has_no_end_or_no_length_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        duration(text)
