"""Ranges of networks: the narrowest holds, whatever the order."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.reference.network import Network, NetworkTable, compile_ranges

LINES = [
    "192.0.2.0\t192.0.2.255\t64500\tSI\tWide",
    "192.0.2.16\t192.0.2.31\t64501\tHR\tNarrow",
    "2001:db8::\t2001:db8:0:ffff:ffff:ffff:ffff:ffff\t64502\tAT\tSix",
    "198.51.100.0\t198.51.100.255\t0\tNone\tNot routed",
    "# a comment",
    "this is no range",
    "192.0.2.9\t192.0.2.1\t64500\tSI\tbackwards",
]


def test_the_narrowest_range_holds() -> None:
    table = NetworkTable(compile_ranges(LINES))
    assert table.of("192.0.2.20") == Network(64501, "HR", "Narrow")
    assert table.of("192.0.2.32") == Network(64500, "SI", "Wide")
    assert table.of("192.0.2.15") == Network(64500, "SI", "Wide")
    assert table.of("::ffff:192.0.2.20") == Network(64501, "HR", "Narrow")
    assert table.of("2001:db8::7") == Network(64502, "AT", "Six")
    assert table.of("203.0.113.1") is None
    assert table.of("198.51.100.7") is None


def test_lines_that_are_no_range_are_counted() -> None:
    assert compile_ranges(LINES).skipped == 2


def test_an_empty_table_knows_nothing() -> None:
    assert NetworkTable(compile_ranges([])).of("192.0.2.1") is None
    with pytest.raises(ValueError, match="not an address"):
        NetworkTable(compile_ranges([])).of("not an address")


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=12),
       st.integers(0, 60))  # fmt: skip
def test_it_agrees_with_looking_at_every_range(pairs: list[tuple[int, int]], asked: int) -> None:
    ranges = [(min(pair), max(pair), n + 1) for n, pair in enumerate(pairs)]
    lines = [f"{IPv4Address(a)}\t{IPv4Address(b)}\t{n}\tSI\tN{n}" for a, b, n in ranges]
    found = NetworkTable(compile_ranges(lines)).of(str(IPv4Address(asked)))
    holding = [b - a for a, b, _ in ranges if a <= asked <= b]
    if not holding:
        assert found is None
    else:
        assert found is not None
        of = ranges[found.asn - 1]
        assert of[0] <= asked <= of[1]
        assert of[1] - of[0] == min(holding)
