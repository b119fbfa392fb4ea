"""When things are due: elapsed hours, months of the calendar, summer time, rest days."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zvon.model.deadline import (
    BadLength,
    Beyond,
    Due,
    Length,
    Note,
    before,
    due,
    earliest,
    length,
    rest_day,
    share_gone,
)

LJUBLJANA = ZoneInfo("Europe/Ljubljana")
ZONES = ("UTC", "Europe/Ljubljana", "Europe/Zagreb", "America/St_Johns", "Australia/Lord_Howe",
         "Asia/Kathmandu", "Pacific/Apia", "America/Nuuk")  # fmt: skip
moments = st.datetimes(
    datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)  # noqa: DTZ001
)  # fmt: skip


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=LJUBLJANA)  # type: ignore[misc, arg-type]


def at(start: datetime, said: str, *, moves: bool = False) -> Due:
    return due(start, length(said), zone="Europe/Ljubljana", country="SI", moves=moves)


@given(moments, st.integers(1, 5_000), st.sampled_from(ZONES))
@example(datetime(2027, 3, 28, 0, 30, tzinfo=UTC), 1, "Europe/Ljubljana")
def test_hours_pass_whatever_the_clocks_on_the_wall_do(
    start: datetime, hours: int, zone: str
) -> None:
    found = due(start, Length(minutes=60 * hours), zone=zone, country="SI", moves=True)
    assert found.at - start == timedelta(hours=hours)
    assert found.extended is None


@given(moments, st.integers(1, 36), st.sampled_from(ZONES))
def test_a_month_later_is_the_same_day_or_the_last_of_a_short_month(
    start: datetime, months: int, zone: str
) -> None:
    found = due(start, Length(months=months), zone=zone)
    begun, ends = (each.astimezone(ZoneInfo(zone)) for each in (start, found.at))
    assert (ends.year * 12 + ends.month) - (begun.year * 12 + begun.month) in {months, months + 1}
    if Note.GAP not in found.notes:
        assert (ends.year * 12 + ends.month) - (begun.year * 12 + begun.month) == months
        assert ends.day == begun.day or Note.CLIPPED in found.notes
        assert ends.time() == begun.time()
    assert found.at > start


@given(moments, st.integers(1, 24), st.sampled_from(ZONES), st.sampled_from(["SI", "HR", "??"]))
def test_a_rest_day_only_ever_extends(
    start: datetime, months: int, zone: str, country: str
) -> None:
    strict = due(start, Length(months=months), zone=zone, country=country)
    moved = due(start, Length(months=months), zone=zone, country=country, moves=True)
    assert strict.at == strict.strict == moved.strict <= moved.at
    if moved.extended is not None:
        assert not rest_day(moved.at.astimezone(ZoneInfo(zone)).date(), country)
        assert moved.rest_day


@given(st.text(max_size=20))
@example("PT24H")
@example("P1M")
def test_no_text_raises_anything_but_our_own_error(said: str) -> None:
    try:
        found = length(said)
    except BadLength:
        assert True
        return
    assert found != Length()
    assert length(str(found)) == found


@pytest.mark.parametrize("said", ["", "P", "PT", "P0D", "PT0H", "24h", "P1H", "PT24H ", "-P1D",
                                  "P999Y", "PT999999H9999999M", "P٣D", "P1M\n"])  # fmt: skip
def test_what_is_no_length_is_refused(said: str) -> None:
    with pytest.raises(BadLength):
        length(said)


def test_a_short_month_ends_on_its_last_day() -> None:
    found = at(local(2027, 1, 31, 10, 15), "P1M")
    assert found.at.astimezone(LJUBLJANA) == local(2027, 2, 28, 10, 15)
    assert found.notes == (Note.CLIPPED, Note.REST_DAY)
    assert found.rest_day == "Sunday"
    leap = at(local(2028, 1, 31, 10, 15), "P1M")
    assert leap.at.astimezone(LJUBLJANA).date() == date(2028, 2, 29)


def test_a_deadline_in_the_gap_of_summer_time_is_the_moment_of_the_change() -> None:
    found = at(local(2027, 2, 28, 2, 30), "P1M")
    assert found.at == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
    assert Note.GAP in found.notes


def test_a_deadline_in_the_doubled_hour_is_the_first_of_the_two() -> None:
    found = at(local(2026, 9, 25, 2, 30), "P1M")
    assert found.at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert Note.TWICE in found.notes


def test_a_holiday_of_the_country_is_a_rest_day_and_named() -> None:
    assert rest_day(date(2027, 2, 8), "SI")
    assert not rest_day(date(2027, 2, 8), "HR")
    assert rest_day(date(2026, 12, 27), "??") == "Sunday"
    found = at(local(2026, 11, 25, 9, 0), "P1M", moves=True)  # Christmas, St Stephen's, Sunday
    assert found.strict.astimezone(LJUBLJANA).date() == date(2026, 12, 25)
    assert found.at.astimezone(LJUBLJANA).date() == date(2026, 12, 28)


def test_the_earliest_of_two_deadlines_counts() -> None:
    classified, aware = local(2026, 12, 14, 10), local(2026, 12, 14, 8)
    both = [at(classified, "PT4H"), at(aware, "PT24H")]
    assert earliest(both) == both[0]
    assert earliest([]) is None


def test_beyond_the_calendar_is_our_own_error() -> None:
    with pytest.raises(Beyond):
        due(datetime(9999, 12, 31, tzinfo=UTC), length("PT48H"))
    with pytest.raises(Beyond):
        due(datetime(9999, 12, 31, tzinfo=UTC), length("P1M"), zone="Europe/Zagreb")


@given(moments, moments, moments)
def test_the_share_of_time_gone_is_never_negative(a: datetime, b: datetime, now: datetime) -> None:
    assert share_gone(a, b, now) >= 0.0
    assert share_gone(a, a + timedelta(hours=4), a + timedelta(hours=2)) == 0.5


def test_a_reminder_lies_so_long_before_its_deadline() -> None:
    at = datetime(2026, 12, 12, 9, tzinfo=UTC)
    assert before(at, length("PT12H")) == at - timedelta(hours=12)
    assert before(at, length("P7D")) == at - timedelta(days=7)
    assert before(at, length("P1M")) == at - timedelta(days=30)
