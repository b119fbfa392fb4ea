"""Any structure in any format: it passes or is refused, and a planted victim never leaves."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.privacy.structured.structures import shown
from zvon.privacy.structured.item import FORMATS
from zvon.privacy.structured.rule import parse, table
from zvon.privacy.structured.walk import BadStructure
from zvon.privacy.tables import BadTable

SECRET = "igor.kos@lipa-primer.si"
TOP = ["Event", "Attribute", "objects", "type", "value", "category", "id", "name", "http", "alert",
       "_source", "host", "user.name", "payload", "x_unknown", "src_ip", "object_refs", "pattern",
       "uuid", "to_ids", "comment", "spec_version", "event_type", "hashes", "source_ref"]  # fmt: skip
WORDS = ["ip-src", "bundle", "indicator", "email-addr", "relationship", "identity", "alert",
         "Targeting data", "observed-data", "46.99.1.2", "evil-fixture.top", "", "a|b",
         "indicator--5f1a2b3c-0000-4000-8000-000000000001", "2001:db8::1", "\x00\ud800"]  # fmt: skip

leaf = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.sampled_from(WORDS),
                 st.text(max_size=20))  # fmt: skip
keys = st.one_of(st.sampled_from(TOP), st.text(max_size=8))
structure = st.recursive(
    leaf, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=5)),
    max_leaves=12,
)  # fmt: skip
forms = st.sampled_from([SECRET, f"Kontakt: {SECRET}", SECRET.upper(), f"https://evil-fixture.top/?e={SECRET}",
                         "https://evil-fixture.top/?e=aWdvci5rb3NAbGlwYS1wcmltZXIuc2k="])  # fmt: skip


def planted(node: Any, path: list[int], secret: str) -> Any:
    """`node` with `secret` in place of the leaf that `path` leads to, or as the name of a field."""
    if isinstance(node, dict):
        if not node:
            return {secret: 1}
        chosen = list(node)[path[0] % len(node) if path else 0]
        return {k: planted(v, path[1:], secret) if k == chosen else v for k, v in node.items()}
    if isinstance(node, list):
        if not node:
            return [secret]
        at = path[0] % len(node) if path else 0
        return [planted(v, path[1:], secret) if i == at else v for i, v in enumerate(node)]
    return secret


def utf8(node: Any) -> str:
    return json.dumps(node, ensure_ascii=True).replace("\\ud800", "?")


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(structure, st.lists(st.integers(0, 5), max_size=6), forms,
       st.sampled_from([f for f in FORMATS if f != "csv"]))  # fmt: skip
def test_a_planted_victim_never_leaves_whatever_stands_around_it(
    node: Any, path: list[int], secret: str, kind: str
) -> None:
    text = shown(utf8([planted(node, path, secret)]), kind).lower()
    assert SECRET not in text
    assert "igor" not in text
    assert "lipa" not in text
    assert "awdvci5rb3n" not in text


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.one_of(st.sampled_from([SECRET, "user", "ip"]), st.text(max_size=8)), max_size=4), max_size=5))  # fmt: skip
def test_a_table_with_a_victim_passes_without_it_or_is_refused(rows: list[list[str]]) -> None:
    import csv
    import io

    out = io.StringIO()
    csv.writer(out).writerows(rows)
    try:
        assert SECRET not in shown(out.getvalue().encode("utf-8", "replace").decode(), "csv")
    except BadStructure:
        return


@pytest.mark.parametrize("name", ["misp", "stix", "eve", "alert"])
def test_every_rule_of_a_shipped_table_is_a_rule(name: str) -> None:
    rules = table(name)
    assert rules.key
    for key, rule in rules.key.items():
        if rule.shape == "word":
            assert rules.words.get(key), key


@pytest.mark.parametrize("text", ["kep word", "IP nobody", "keep", "keep shape", "drop it", "ip"])
def test_a_rule_that_is_none_is_an_error(text: str) -> None:
    with pytest.raises(BadTable):
        parse(text)


@pytest.mark.parametrize("text", ['"Igor Kos"', "7", "null"])
def test_one_value_is_no_structure(text: str) -> None:
    with pytest.raises(BadStructure):
        shown(text)
