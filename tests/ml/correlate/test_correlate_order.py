"""Late alerts and wrong clocks."""

from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.correlate.alert import Alert
from zvon.ml.correlate.order import Reorder


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 60)), max_size=40))
def test_any_delay_within_the_bound_gives_the_same_order(sent: list[tuple[float, float]]) -> None:
    alerts = [(at, at + delay, Alert(at, f"s{n % 3}", "h")) for n, (at, delay) in enumerate(sent)]
    order = Reorder(late_s=60)
    found = []
    for _, arrived, alert in sorted(alerts, key=lambda each: each[1]):
        order.push(alert, arrived)
        found += order.ready(arrived)
    found += order.drain()
    assert [each.alert for each in found] == sorted(
        (alert for _, _, alert in alerts), key=lambda each: (each.at, each.signature)
    )
    assert not any(each.moved for each in found)


def test_later_than_the_bound_counts_at_the_time_that_was_reached() -> None:
    order = Reorder(late_s=10)
    order.push(Alert(100, "a", "h"), 100)
    assert [each.alert.at for each in order.ready(200)] == [100]
    order.push(Alert(50, "b", "h"), 200)
    (late,) = order.drain()
    assert (late.alert.at, late.moved) == (100, True)


def test_a_clock_that_runs_ahead_counts_at_its_arrival() -> None:
    order = Reorder(late_s=10, ahead_s=300)
    order.push(Alert(1e9, "a", "h"), 100)
    order.push(Alert(120, "b", "h"), 100)
    assert [(each.alert.at, each.moved) for each in order.drain()] == [(100, True), (120, False)]


def test_it_holds_no_more_than_its_limit() -> None:
    order = Reorder(late_s=1e6, limit=5)
    for at in range(8):
        order.push(Alert(at, "a", "h"), at)
    assert [each.alert.at for each in order.ready(8)] == [0, 1, 2]
