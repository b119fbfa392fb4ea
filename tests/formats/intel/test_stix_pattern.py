"""Comparisons out of patterns: the examples of the standard, and any text."""

from contextlib import suppress

import pytest
import stix2
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.intel.stix_pattern import BadPattern, Comparison, comparisons


def values(pattern: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(each.path, each.names_values) for each in comparisons(pattern)]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[domain-name:value = 'a.example']", [("domain-name:value", ("a.example",))]),
        ("[ipv4-addr:value IN ('192.0.2.1', '192.0.2.2')]", [("ipv4-addr:value", ("192.0.2.1", "192.0.2.2"))]),
        ("[file:hashes.'SHA-256' = 'ab' AND file:size = 25536]",
         [("file:hashes.sha-256", ("ab",)), ("file:size", ("25536",))]),
        ("[ipv4-addr:value ISSUBSET '198.51.100.0/24']", [("ipv4-addr:value", ("198.51.100.0/24",))]),
        ("[url:value LIKE 'http://a.example/%'] ", [("url:value", ())]),
        ("[url:value != 'http://a.example/']", [("url:value", ())]),
        ("[url:value NOT = 'http://a.example/']", [("url:value", ())]),
        ("[domain-name:value MATCHES 'a.*']", [("domain-name:value", ())]),
        (r"[file:name = 'it\'s \\ ok']", [("file:name", ("it's \\ ok",))]),
        ("([a:b = 'x'] AND [c:d = 'y']) FOLLOWEDBY [e:f = 'z'] WITHIN 300 SECONDS",
         [("a:b", ("x",)), ("c:d", ("y",)), ("e:f", ("z",))]),
        ("[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.1'] REPEATS 5 TIMES",
         [("network-traffic:dst_ref.type", ("ipv4-addr",)), ("network-traffic:dst_ref.value", ("192.0.2.1",))]),
        ("[email-message:body_multipart[*].body_raw_ref.name = 'a.exe'] START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00Z'",
         [("email-message:body_multipart.body_raw_ref.name", ("a.exe",))]),
    ],
)  # fmt: skip
def test_patterns_of_the_standard_are_taken_apart(
    pattern: str, expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert values(pattern) == expected


@pytest.mark.parametrize(
    "pattern",
    ["", "[", "[a:b]", "[a:b =]", "[a:b = 'x'", "a:b = 'x'", "[a:b IN 'x']", "[a:b = 'x')", "[a:b ~ 'x']",
     "[a:b IN ()]", "[a:b = 'x"],
)  # fmt: skip
def test_what_is_no_pattern_is_said(pattern: str) -> None:
    with pytest.raises(BadPattern):
        comparisons(pattern)


@given(st.text(max_size=60) | st.text("[]()'= ab:.*1INLKE\\", max_size=60))
def test_no_text_raises_anything_else(pattern: str) -> None:
    with suppress(BadPattern):
        comparisons(pattern)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30))
def test_any_literal_that_another_tool_writes_is_read(text: str) -> None:
    written = str(stix2.EqualityComparisonExpression("file:name", stix2.StringConstant(text)))
    assert comparisons(f"[{written}]") == [Comparison("file:name", "=", (text,))]


def test_a_long_hostile_pattern_ends_in_linear_time() -> None:
    for body in ("a1" * 300_000, "a:" * 200_000, "'" + "\\'" * 300_000, "[" * 500_000):
        with pytest.raises(BadPattern):
            comparisons(body)
