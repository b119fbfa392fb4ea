"""Every shipped format: no bytes raise, no cut changes what is read, every value is canonical."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.decoding import OPTIONS, in_chunks
from zvon.formats.registry import SHIPPED, formats
from zvon.model.item import Bad, Format, Item
from zvon.model.observable import canonical

each_format = pytest.mark.parametrize("format", SHIPPED, ids=lambda each: each.name)

# Beginnings that open the way into a decoder, so that what follows is read and not refused.
BEGINNINGS = {
    "cef": b"CEF:0|a|b|c|d|e|7|src=192.0.2.1 ", "leef": b"LEEF:2.0|a|b|c|d|^|src=192.0.2.1^",
    "zeek": b"#separator \\x09\n#fields\tts\tid.orig_h\tquery\n", "journald": b"__CURSOR=x\nMESSAGE=",
    "syslog": b"<34>1 2026-11-22T08:00:00Z h a - - ", "auditd": b"type=USER_CMD msg=audit(1795336200.1:7): ",
    "openioc": b'<?xml version="1.0"?><ioc xmlns="http://schemas.mandiant.com/2010/ioc">',
}  # fmt: skip
KEYS = (
    "type", "id", "value", "uuid", "Event", "Attribute", "info", "objects", "event_type", "alert", "src_ip",
    "ts", "rule", "agent", "manager", "data", "_source", "@timestamp", "event", "winlog", "EventID", "Channel",
    "System", "EventData", "MESSAGE", "__REALTIME_TIMESTAMP", "Format", "Source", "IP4", "xarf_version",
    "category", "time", "address", "source.ip", "classification.type", "hits", "url", "Tag", "pattern",
)  # fmt: skip

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.sampled_from(
    ["192.0.2.1", "a.example", "2026-11-22T08:00:00Z", "ab" * 32, "IDEA0", "alert", "domain", "\x00", "\ud800"]
)  # fmt: skip
anything = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
    ),
    max_leaves=15,
)


def check(format: Format, body: bytes, size: int) -> list[Item | Bad]:
    """Read it whole and in pieces; everything that comes out is what it should be."""
    guess = format.sniff(body[:65_536], "name")
    assert guess is None or 0 < guess.score <= 100
    whole = list(format.decode([body], OPTIONS))
    assert list(format.decode(in_chunks(body, size), OPTIONS)) == whole
    for each in whole:
        assert isinstance(each, Item | Bad)
        if isinstance(each, Bad):
            assert each.reason
            assert len(each.piece) <= 4096
            continue
        assert each.at is None or each.at.tzinfo is not None
        assert len({value.observable for value in each.values}) == len(each.values)
        for value in each.values:
            assert canonical(value.observable.type, value.observable.value) == value.observable
    return whole


@each_format
@settings(max_examples=12)
@given(body=st.binary(max_size=200), size=st.integers(1, 60))
def test_any_bytes_are_read_or_said_to_be_bad(format: Format, body: bytes, size: int) -> None:
    assert all(each.position for each in check(format, body, size))
    assert all(
        each.position for each in check(format, BEGINNINGS.get(format.name, b"{") + body, size)
    )


@each_format
@settings(max_examples=15)
@given(values=st.lists(anything, min_size=1, max_size=3), size=st.integers(1, 60))
def test_any_json_is_read_or_said_to_be_bad(format: Format, values: list[Any], size: int) -> None:
    lines = "\n".join(map(json.dumps, values)).encode("utf-8", "replace")
    assert all(each.position for each in check(format, lines, size))
    pretty = json.dumps(values, indent=1).encode("utf-8", "replace")
    assert all(each.position for each in check(format, pretty, size))


@each_format
def test_a_line_without_end_is_bad_and_little_is_kept_of_it(format: Format) -> None:
    endless = (b"x" * 1_000_000 for _ in range(20))
    found = list(format.decode(endless, OPTIONS))
    assert len(found) <= 5
    assert sum(len(each.piece) for each in found if isinstance(each, Bad)) <= 5 * 4096


def test_names_are_given_once() -> None:
    names = [each.name for each in SHIPPED]
    assert len(names) == len(set(names))
    assert formats().keys() >= set(names)
