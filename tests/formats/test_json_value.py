"""One value from its bytes: faults that others read over, and what no table can hold."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.json_value import MAX_DEPTH, BadJson, depth, storable, value_of


@given(st.binary(max_size=200))
def test_only_our_own_error_is_raised(raw: bytes) -> None:
    try:
        value = value_of(raw)
    except BadJson:
        return
    text = json.dumps(value, ensure_ascii=False)
    assert "\x00" not in text
    text.encode()  # no half of a surrogate pair is left


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": NaN, "b": -Infinity}', {"a": "NaN", "b": "-Infinity"}),
        (b"1e999", "1e999"),
        (b'"two\nlines"', "two\nlines"),
        (rb'"a\u0000b"', "a\ufffdb"),
        (rb'"\ud800x"', "\ufffdx"),
        (rb'"\ud83d\ude00"', "😀"),
        ('"\u010daj"'.encode("cp1250"), "čaj"),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
    ],
)  # fmt: skip
def test_what_sources_write_is_read(raw: bytes, value: Any) -> None:
    assert value_of(raw) == value


def test_nesting_is_counted_outside_strings() -> None:
    assert depth(b'{"a": "[[[[", "b": [[1]]}') == 3
    assert value_of(b'"' + b"[" * 200 + b'"') == "[" * 200
    value_of(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(BadJson, match="deeper"):
        value_of(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


def test_a_hundred_thousand_brackets_are_refused_without_a_deep_call() -> None:
    with pytest.raises(BadJson, match="deeper"):
        value_of(b"[" * 100_000)


def test_keys_are_made_storable_too() -> None:
    assert storable({"a\x00": ["\udc00"]}) == {"a\ufffd": ["\ufffd"]}
