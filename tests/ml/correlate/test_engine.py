"""The engine: what joins and why, storms, background, patience, restarts, any size of batches."""

import random
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ml.correlate.alerts_made import BEGIN, HOUR, attack, engine, in_order, named, noise
from zvon.ml.correlate.alert import Alert
from zvon.ml.correlate.engine import Engine
from zvon.ml.correlate.link import LinkKind
from zvon.ml.correlate.memory import Memory
from zvon.ml.correlate.policy import shipped
from zvon.ml.correlate.snapshot import pack, unpack


def test_a_storm_of_100000_identical_alerts_in_a_minute_costs_one_group() -> None:
    made = engine()
    outcomes = made.take_all(
        Alert(BEGIN + number * 0.0005, "flood", "web") for number in range(100_000)
    )
    (group,) = made.memory.open.values()
    assert {each.group for each in outcomes} == {group.id}
    assert group.count == 100_000


def test_steps_of_an_attack_are_one_incident_and_each_link_says_why() -> None:
    made = engine()
    outcomes = made.take_all(attack(BEGIN))
    assert len(set(named(made, outcomes))) == 1
    links = [link for each in outcomes for link in each.links]
    assert {link.kind for link in links} == {LinkKind.HOST, LinkKind.TIME}
    assert all(link.a < link.b and link.reason.code for link in links)
    first = outcomes[1].links[0]
    assert dict(first.reason.params) == {"host": "web", "gap_s": 100.0}


def test_what_fires_in_each_hour_becomes_background_and_is_still_counted() -> None:
    made = engine()
    alerts = noise(30)
    outcomes = made.take_all(alerts)
    limit = shipped().novelty.hours
    for alert, outcome in zip(alerts, outcomes, strict=True):
        assert outcome.novel == ((alert.at - BEGIN) // HOUR <= limit)
    assert outcomes[-1].hours == 29
    assert outcomes[-1].group > 0


def test_background_between_two_steps_of_a_grave_incident_belongs_to_its_picture() -> None:
    made = engine()
    at = BEGIN + 20 * HOUR + 60
    alerts = in_order(noise(30), attack(at))
    outcomes = made.take_all(alerts)
    names = named(made, outcomes)
    (chain,) = {n for n, a in zip(names, alerts, strict=True) if a.host == "web"}
    within = [a.at for n, a in zip(names, alerts, strict=True) if n == chain and a.host == "mail"]
    assert within == [BEGIN + 20 * HOUR + 5 * 60]
    (link,) = [x for each in outcomes for x in each.links if x.kind is LinkKind.CONTEXT]
    assert dict(link.reason.params)["signature"] == "update"


def test_background_alone_joins_nothing() -> None:
    made = engine()
    made.take_all(noise(30))
    late = made.take_all(in_order([a for a in noise(32) if a.at >= BEGIN + 30 * HOUR]))
    assert [each.links for each in late] == [()] * len(late)


def test_one_who_comes_back_every_eight_hours_does_not_become_background() -> None:
    made = engine()
    slow = [Alert(BEGIN + 8 * HOUR * turn, "sudo", "web", severity=9) for turn in range(40)]
    fast = [Alert(BEGIN + HOUR * turn + 7, "sudo", "mail", severity=9) for turn in range(320)]
    alerts = in_order(slow, fast)
    last: dict[str, bool] = {}
    for alert in alerts:
        last[alert.host] = made.take(alert).novel
    assert last == {"web": True, "mail": False}


def test_the_same_everywhere_at_once_says_less_than_on_one_machine() -> None:
    alone, wide = engine(), engine()
    alone.take(Alert(BEGIN, "service", "a", severity=9))
    wide.take_all(Alert(BEGIN + n, "service", f"host {n}", severity=9) for n in range(8))
    ((_, one),) = alone.memory.active(0.0)
    assert one.value == pytest.approx(3.0)
    assert all(each.value <= 3.0 / 8 for _, each in wide.memory.active(0.0))


def test_an_address_that_two_share_joins_them_over_hours() -> None:
    made = engine()
    others = [Alert(BEGIN + n, f"s{n}", f"h{n}", severity=3) for n in range(0, 60_000, 60)]
    address = (("ipv4", "203.0.113.7"),)
    pair = [
        Alert(BEGIN + 60_001.0, "scan", "web", observables=address),
        Alert(BEGIN + 75_000.0, "login", "vpn", observables=address),
    ]
    made.take_all(others)
    first, second = made.take_all(pair)
    (link,) = [x for x in second.links if x.kind is LinkKind.VALUE]
    assert (link.a, link.b) == (first.group, second.group)
    assert dict(link.reason.params)["groups"] == 2


def test_one_address_over_thousands_of_groups_makes_no_giant_incident_but_a_hub() -> None:
    made = engine()
    address = (("ipv4", "192.0.2.1"),)
    outcomes = made.take_all(
        Alert(BEGIN + 700.0 * n, f"s{n}", f"h{n}", severity=3, observables=address)
        for n in range(3000)
    )
    sizes = [len(each.parts) for _, each in made.memory.active(0.0)]
    assert max(sizes) <= shipped().observable.type["ipv4"].hub + 1
    assert outcomes[-1].hubs[0].value == "192.0.2.1"


def test_a_component_of_5000_groups_stops_growing_and_says_so() -> None:
    made = engine()
    outcomes = made.take_all(
        Alert(BEGIN + n * 0.1, f"s{n}", "web", severity=9) for n in range(5100)
    )
    stopped = [each.stopped for each in outcomes if each.stopped is not None]
    assert max(len(each.parts) for _, each in made.memory.active(0.0)) == 5000
    assert stopped[0] == outcomes[0].group


def test_a_graver_word_about_the_same_reopens_attention() -> None:
    made = engine()
    low, high = made.take_all(
        [Alert(BEGIN, "s", "web", severity=3), Alert(BEGIN + 1, "s", "web", severity=12)]
    )
    ((_, component),) = made.memory.active(0.0)
    assert (low.group, component.parts[low.group].severity) == (high.group, 12)


def test_a_clock_that_goes_back_never_makes_a_gap_negative() -> None:
    made = engine()
    alerts = [
        Alert(BEGIN, "a", "web"), Alert(BEGIN - 5000, "b", "web"), Alert(BEGIN + 1, "c", "web")
    ]  # fmt: skip
    links = [link for each in made.take_all(alerts) for link in each.links]
    assert len(links) >= 2
    assert all(dict(link.reason.params)["gap_s"] in {0, 1} for link in links)


ALERT = st.builds(
    Alert,
    st.floats(0, 3 * 86400, allow_nan=False).map(lambda at: BEGIN + at),
    st.sampled_from(["scan", "login", "update", "sudo"]),
    st.sampled_from(["web", "mail", "vpn"]),
    severity=st.sampled_from([3, 6, 9]),
    observables=st.sampled_from([(), (("ipv4", "203.0.113.7"),), (("domain", "lipa.example"),)]),
)
STREAM = st.lists(ALERT, max_size=60).map(in_order)


@given(STREAM, st.lists(st.integers(0, 60), max_size=4))
@settings(max_examples=60)
def test_a_restart_at_any_point_gives_the_same_as_none(
    stream: list[Alert], cuts: list[int]
) -> None:
    whole = engine()
    expected = whole.take_all(stream)
    made, found = engine(), []
    for start, stop in pairwise(sorted({0, *(c for c in cuts if c < len(stream)), len(stream)})):
        found += made.take_all(stream[start:stop])
        made = Engine(Memory(shipped(), unpack(pack(made.memory.snapshot()))))
    assert found == expected
    assert named(made, found) == named(whole, expected)


def test_a_restart_in_a_long_stream_with_an_attack_gives_the_same() -> None:
    stream = in_order(
        noise(50), noise(50, "vpn"), attack(BEGIN + 20.1 * HOUR), attack(BEGIN + 21 * HOUR, "mail")
    )
    whole = engine()
    expected = whole.take_all(stream)
    made, found = engine(), []
    for start in range(0, len(stream), 7):
        found += made.take_all(stream[start : start + 7])
        made = Engine(Memory(shipped(), unpack(pack(made.memory.snapshot()))))
    assert found == expected
    assert any(link.kind is LinkKind.CONTEXT for each in found for link in each.links)


def test_a_snapshot_shares_nothing_with_the_memory_that_goes_on() -> None:
    made = engine()
    made.take_all(attack(BEGIN))
    taken = made.memory.snapshot()
    before = msgspec.msgpack.encode(taken)
    made.take_all(attack(BEGIN + 700, "mail"))
    assert msgspec.msgpack.encode(taken) == before


@given(st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_the_parts_that_come_together_do_not_hang_on_names(rng: random.Random) -> None:
    """Renaming hosts changes no partition: nothing is decided by the alphabet."""
    stream = in_order(attack(BEGIN), attack(BEGIN + 5 * HOUR, "vpn"), noise(9))
    swap = dict(zip(("web", "vpn", "mail"), rng.sample(["a", "b", "c"], 3), strict=True))
    plain, renamed = engine(), engine()
    one = named(plain, plain.take_all(stream))
    other = named(
        renamed, renamed.take_all(Alert(a.at, a.signature, swap[a.host], a.actor, a.severity) for a in stream)
    )  # fmt: skip
    assert one == other
