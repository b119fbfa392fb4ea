"""Epochs begin where the one before ends, and their names say when."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.model.epoch import BadEpoch, begins, ends, epoch_of

_FROM = datetime(1999, 1, 1, tzinfo=UTC)
moments = st.integers(0, 190 * 365 * 86_400).map(lambda s: _FROM + timedelta(seconds=s))


@given(moments, st.integers(0, 366))
def test_every_moment_lies_in_its_epoch_and_the_next_begins_where_it_ends(
    now: datetime, days: int
) -> None:
    epoch = epoch_of(now, days)
    assert begins(epoch) <= now < ends(epoch)
    following = epoch_of(ends(epoch), days)
    assert begins(following) == ends(epoch)
    assert following != epoch
    assert ends(epoch, 1) == ends(following)


def test_a_month_is_the_default_and_a_week_begins_on_monday() -> None:
    now = datetime(2026, 11, 22, 18, tzinfo=UTC)
    assert epoch_of(now) == "2026-11"
    assert epoch_of(now, 7) == "2026-11-16-7d"
    assert begins("2026-11-16-7d").weekday() == 0
    assert ends("2026-11", 6) == datetime(2027, 6, 1, tzinfo=UTC)
    assert ends("2026-12") == datetime(2027, 1, 1, tzinfo=UTC)
    assert ends("2026-11-16-7d", 2) == datetime(2026, 12, 7, tzinfo=UTC)


def test_the_epoch_is_that_of_utc() -> None:
    east = datetime.fromisoformat("2026-12-01T00:30:00+01:00")
    assert epoch_of(east) == "2026-11"
    assert begins("2026-11") + timedelta(days=30) == ends("2026-11")


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-11\n", "2026-11-16", "2026-02-30-7d",
                                  "2026-11-16-0d", "9999-12-31-999d"])  # fmt: skip
def test_what_names_no_epoch_is_refused(text: str) -> None:
    with pytest.raises(BadEpoch):
        ends(text, 60)
