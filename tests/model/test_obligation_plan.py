"""The dates of the law, exactly: the table of dates, ongoing incidents, requests, several clocks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from zvon.model.deadline import Note
from zvon.model.obligation_plan import Happened, Known, Planned, plan
from zvon.model.rule_pack import Pack
from zvon.model.rule_pack_shipped import packs

CET = ZoneInfo("Europe/Ljubljana")


def local(month: int, day: int, hour: int, minute: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=CET)


def planned(
    pack: str | Pack,
    *,
    now: datetime,
    aware: datetime | None = None,
    events: Sequence[Happened] = (),
    sent: dict[str, datetime] | None = None,
    kind: str = "",
    **times: datetime | None,
) -> dict[str, Planned]:
    rules = packs()[pack] if isinstance(pack, str) else pack
    known = {name: at for name, at in {**times, "aware": aware}.items() if at is not None}
    found = plan(rules, Known(now=now, times=known, events=events, sent=sent or {},
                              entity_kind=kind))  # fmt: skip
    return {each.step if each.n == 1 else f"{each.step}.{each.n}": each for each in found}


def when(found: Planned) -> datetime:
    assert found.due is not None, found
    return found.due.at.astimezone(CET)


N1 = local(12, 11, 17, 40)
SENT = local(12, 14, 10, 15)


def test_n1_entity_and_csirt_each_have_their_own_clock() -> None:
    found = planned("nis2-entity-si", aware=N1, now=N1)
    assert when(found["early_warning"]) == local(12, 12, 17, 40)
    assert when(found["notification"]) == local(12, 14, 17, 40)
    assert not found["final"].runs
    received = Happened("received:early_warning", local(12, 12, 9, 5))
    ours = planned("nis2-csirt-eu", now=N1, events=[received])
    assert when(ours["csirt_feedback"]) == local(12, 13, 9, 5)
    assert not ours["inform_state"].runs


def test_n1_the_final_report_counts_from_the_notification_as_sent() -> None:
    found = planned("nis2-entity-si", aware=N1, now=local(1, 5, 8, year=2027),
                    sent={"notification": SENT}, resolved=local(1, 4, 12, year=2027))  # fmt: skip
    assert when(found["final"]) == local(1, 14, 10, 15, year=2027)
    assert not found["progress"].runs


def test_dst_hours_are_elapsed_hours() -> None:
    found = planned("nis2-entity-si", aware=local(3, 27, 12, year=2027),
                    now=local(3, 27, 12, year=2027))  # fmt: skip
    assert when(found["early_warning"]) == local(3, 28, 13, year=2027)
    assert when(found["notification"]) == local(3, 30, 13, year=2027)


def test_the_last_day_of_a_short_month_is_flagged_when_it_is_a_sunday() -> None:
    sent = local(1, 31, 16, year=2027)
    over = local(2, 1, 9, year=2027)
    found = planned("nis2-entity-si", aware=local(1, 29, 16, year=2027), now=over,
                    sent={"notification": sent}, resolved=over)  # fmt: skip
    made = found["final"].due
    assert made is not None
    assert when(found["final"]) == local(2, 28, 16, year=2027)
    assert (made.rest_day, made.notes) == ("Sunday", (Note.CLIPPED, Note.REST_DAY))
    assert made.extended is not None
    assert made.extended.astimezone(CET).date() == local(3, 1, 0, year=2027).date()


def test_an_ongoing_incident_has_a_progress_report_and_its_final_a_month_after_the_end() -> None:
    late = local(1, 14, 11, year=2027)
    found = planned("nis2-entity-si", aware=N1, now=late, sent={"notification": SENT})
    assert when(found["progress"]) == local(1, 14, 10, 15, year=2027)
    assert found["final"].why == "ongoing"
    assert found["final_after_ongoing"].why == "waits"
    over = local(2, 3, 15, year=2027)
    sent = {"notification": SENT, "progress": local(1, 14, 9, year=2027)}
    found = planned("nis2-entity-si", aware=N1, now=over, sent=sent, resolved=over)
    assert when(found["final_after_ongoing"]) == local(3, 3, 15, year=2027)
    assert found["final"].why == "ongoing", "what was so when it came due stays so"


def test_a_trust_service_provider_has_less_time_for_its_notification() -> None:
    aware = local(12, 14, 8)
    found = planned("nis2-entity-si", aware=aware, now=aware, kind="trust_service_provider")
    assert when(found["early_warning"]) == when(found["notification"]) == local(12, 15, 8)


def test_ransomware_on_a_friday_night_before_the_clocks_change() -> None:
    aware = local(3, 26, 23, 30, year=2027)
    found = planned("nis2-entity-si", aware=aware, now=aware)
    assert when(found["early_warning"]) == local(3, 27, 23, 30, year=2027)
    assert when(found["notification"]) == local(3, 30, 0, 30, year=2027)


def test_until_somebody_is_aware_a_provisional_clock_runs() -> None:
    seen = local(12, 10, 9)
    found = planned("nis2-entity-si", now=seen, detected=seen)["early_warning"]
    assert found.provisional
    assert when(found) == local(12, 11, 9)
    known = planned("nis2-entity-si", now=seen, detected=seen, aware=N1)["early_warning"]
    assert not known.provisional
    assert when(known) == local(12, 12, 17, 40)
    assert planned("nis2-entity-si", now=seen)["early_warning"].why == "waits"


def test_each_request_is_a_report_of_its_own_with_the_time_that_it_asks_for() -> None:
    first = Happened("requested", local(12, 15, 8), due_at=local(12, 16, 12))
    second = Happened("requested", local(12, 20, 8))
    found = planned("nis2-entity-si", aware=N1, now=N1, events=[second, first])
    assert when(found["intermediate"]) == local(12, 16, 12)
    assert found["intermediate.2"].urgent


def test_of_two_starts_the_earliest_deadline_counts() -> None:
    aware = local(12, 14, 8)
    found = planned(
        "dora-eu", aware=aware, now=aware, events=[Happened("classified", local(12, 14, 10))]
    )
    assert when(found["initial"]) == local(12, 14, 14)
    late = planned(
        "dora-eu", aware=aware, now=aware, events=[Happened("classified", local(12, 15, 7))]
    )
    assert when(late["initial"]) == local(12, 15, 8)
    assert when(planned("dora-eu", aware=aware, now=aware)["initial"]) == local(12, 15, 8)


def test_an_order_by_word_of_mouth_needs_its_copy_and_a_quarter_its_summary() -> None:
    said = Happened("ordered", local(12, 11, 17))
    assert when(planned("order-si", now=N1, events=[said])["written_copy"]) == local(12, 13, 17)
    ended = Happened("period_ended", local(12, 31, 23, 59))
    found = planned("nis2-spoc-eu", now=N1, events=[ended])
    assert when(found["summary"]) == local(3, 31, 23, 59, year=2027)


@given(st.datetimes(datetime(2025, 1, 1), datetime(2060, 1, 1), timezones=st.just(CET)),  # noqa: DTZ001
       st.integers(0, 2000))  # fmt: skip
def test_a_month_that_waits_is_either_ongoing_or_final_and_never_both(
    sent: datetime, hours: int
) -> None:
    over = sent + timedelta(hours=hours)
    for now in (sent, over, over + timedelta(days=90)):
        found = planned(
            "nis2-entity-si",
            aware=sent,
            now=now,
            sent={"notification": sent},
            resolved=over if now >= over else None,
        )
        assert found["final"].runs != found["progress"].runs
