"""Weeks, months and quarters from midnight to midnight, over clock changes too."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.model.period import BadZone, Every, before, begin_of, end_of

ZONES = ("UTC", "Europe/Ljubljana", "America/New_York", "Asia/Kathmandu")
moments = st.integers(946_684_800, 3_471_292_800).map(lambda at: datetime.fromtimestamp(at, UTC))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "zone", "at", "begin", "end"),
    [
        (Every.WEEK, "UTC", "2026-11-22T09:00", "2026-11-16T00:00", "2026-11-23T00:00"),
        (Every.MONTH, "UTC", "2026-12-31T23:59", "2026-12-01T00:00", "2027-01-01T00:00"),
        (Every.QUARTER, "UTC", "2026-11-22T09:00", "2026-10-01T00:00", "2027-01-01T00:00"),
        # Summer time ends in October: the month has an hour more.
        (Every.MONTH, "Europe/Ljubljana", "2026-10-05T00:00", "2026-09-30T22:00", "2026-10-31T23:00"),
        (Every.WEEK, "Europe/Ljubljana", "2026-03-29T12:00", "2026-03-22T23:00", "2026-03-29T22:00"),
    ],
)  # fmt: skip
def test_periods_end_where_people_say(
    every: Every, zone: str, at: str, begin: str, end: str
) -> None:
    assert begin_of(every, utc(at), zone) == utc(begin)
    assert end_of(every, utc(at), zone) == utc(end)


@given(st.sampled_from(Every), moments, st.sampled_from(ZONES))
def test_periods_follow_each_other_without_gap_or_overlap(
    every: Every, at: datetime, zone: str
) -> None:
    begin, end = begin_of(every, at, zone), end_of(every, at, zone)
    assert begin <= at < end
    assert before(every, end, zone) == begin
    assert begin_of(every, end, zone) == end
    assert timedelta(days=6) < end - begin < timedelta(days=94)


def test_a_zone_that_is_nowhere_is_refused() -> None:
    for name in ("Mars/Phobos", "", "../etc/passwd", "a\x00b"):
        with pytest.raises(BadZone):
            end_of(Every.WEEK, utc("2026-11-22T09:00"), name)
