"""STIX 2.0 and 2.1: every object an item, values out of patterns, marks and links kept."""

import json
from typing import Any
from uuid import UUID

import pytest
import stix2
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.decoding import decoded, items, named, only, said
from zvon.formats.intel import stix_write
from zvon.formats.intel.stix import FORMAT, identity
from zvon.formats.intel.stix_marking import TLP1, TLP2
from zvon.formats.intel.stix_write import pattern
from zvon.model.item import Bad, Item, ItemKind, Value, ValueRole
from zvon.model.marking import Tlp
from zvon.model.observable import Observable, ObservableType, canonical

AT = "2026-11-20T08:00:00.000Z"
T = ObservableType


def obj(kind: str, n: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "spec_version": "2.1", "id": f"{kind}--5f0c1d2e-0000-4000-8000-{n:012}",
            "created": AT, "modified": AT, **more}  # fmt: skip


def indicator(n: int, said_in: str, **more: Any) -> dict[str, Any]:
    return obj(
        "indicator",
        n,
        pattern=said_in,
        pattern_type="stix",
        valid_from=AT,
        name="Lažna pošta",
        **more,
    )


def bundle(*objects: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"type": "bundle", "id": "bundle--5f0c1d2e-0000-4000-8000-000000000000",
                       "objects": list(objects), **more}).encode()  # fmt: skip


def test_an_indicator_says_the_values_of_its_pattern() -> None:
    item = only(FORMAT, bundle(indicator(1, "[domain-name:value = 'Vaba.Example' OR ipv4-addr:value = '192.0.2.1']",
                                         labels=["phishing"], indicator_types=["malicious-activity"])))  # fmt: skip
    assert item.kind is ItemKind.INDICATOR
    assert said(item) == {("domain", "vaba.example"), ("ipv4", "192.0.2.1")}
    assert item.tags == ("phishing", "malicious-activity")
    assert item.at is not None
    assert item.position == "$.objects[0]"
    assert item.payload["pattern"].startswith("[domain-name")


def test_a_pattern_that_nobody_can_read_is_kept_and_flagged() -> None:
    item = only(FORMAT, bundle(indicator(1, "[oops")))
    assert (item.values, "stix-pattern" in item.tags) == ((), True)


def test_a_yara_pattern_names_its_rules() -> None:
    rule = indicator(
        1,
        "rule Vaba_Kit { condition: true }",
    )
    item = only(FORMAT, bundle({**rule, "pattern_type": "yara"}))
    assert said(item) == {("yara_rule", "Vaba_Kit")}


def test_what_was_observed_is_only_mentioned() -> None:
    file = obj("file", 1, hashes={"SHA-256": "AB" * 32, "MD5": "cd" * 16}, name="a.exe")
    old = {"type": "observed-data", "id": "observed-data--5f0c1d2e-0000-4000-8000-000000000002",
           "last_observed": AT, "objects": {"0": {"type": "ipv4-addr", "value": "192.0.2.8"}}}  # fmt: skip
    first, second = items(FORMAT, bundle(file, old))
    assert named(first) == {("sha256", "ab" * 32), ("md5", "cd" * 16), ("filename", "a.exe")}
    assert (named(second), second.kind) == ({("ipv4", "192.0.2.8")}, ItemKind.OBJECT)


def test_relationships_reports_and_sightings_are_links() -> None:
    malware = obj("malware", 1, name="Vaba", is_family=True)
    relation = obj(
        "relationship",
        2,
        relationship_type="indicates",
        source_ref="indicator--x",
        target_ref=malware["id"],
    )
    report = obj(
        "report", 3, name="Poročilo", object_refs=[malware["id"], relation["id"]], published=AT
    )
    _, second, third = items(FORMAT, bundle(malware, relation, report))
    assert second.links == (
        ("source", identity("indicator--x")),
        ("target", identity(malware["id"])),
    )
    assert second.title == "indicates"
    assert third.kind is ItemKind.EVENT
    assert third.links == (
        ("object", identity(malware["id"])),
        ("object", identity(relation["id"])),
    )


def test_objects_that_share_a_uuid_are_different_items() -> None:
    first, second = items(
        FORMAT, bundle(obj("domain-name", 1, value="a.example"), obj("file", 1, name="a"))
    )
    assert first.id != second.id
    assert first.id == items(FORMAT, bundle(obj("domain-name", 1, value="other.example")))[0].id


@pytest.mark.parametrize(
    ("mark", "tlp"), [*((mark, tlp) for tlp, mark in TLP2.items()), *TLP1.items()]
)
def test_both_versions_of_tlp_are_known(mark: str, tlp: Tlp) -> None:
    assert (
        only(
            FORMAT,
            bundle(indicator(1, "[url:value = 'https://a.example/']", object_marking_refs=[mark])),
        ).tlp
        is tlp
    )


def test_a_mark_on_a_part_counts_for_the_whole_and_the_strictest_holds() -> None:
    marked = indicator(1, "[url:value = 'https://a.example/']", object_marking_refs=[TLP2[Tlp.GREEN]],
                       granular_markings=[{"marking_ref": TLP2[Tlp.RED], "selectors": ["name"]}])  # fmt: skip
    assert only(FORMAT, bundle(marked)).tlp is Tlp.RED


def test_a_level_that_a_bundle_defines_itself_is_known_from_then_on() -> None:
    own = {"type": "marking-definition", "id": "marking-definition--5f0c1d2e-0000-4000-8000-000000000009",
           "definition_type": "tlp", "definition": {"tlp": "amber"}, "created": AT}  # fmt: skip
    marked = indicator(1, "[url:value = 'https://a.example/']", object_marking_refs=[own["id"]])
    assert items(FORMAT, bundle(own, marked))[1].tlp is Tlp.AMBER


def test_revoked_objects_are_deleted_ones() -> None:
    assert only(FORMAT, bundle(indicator(1, "[mutex:name = 'x']", revoked=True))).deleted


def test_envelopes_of_taxii_lists_and_lines_hold_the_same_objects() -> None:
    one, two = indicator(1, "[mutex:name = 'x']"), obj("malware", 2, name="y")
    expected = [each.payload for each in items(FORMAT, bundle(one, two))]
    for body in (
        json.dumps({"more": False, "objects": [one, two]}),
        json.dumps([one, two]),
        json.dumps(one) + "\n" + json.dumps(two) + "\n",
    ):
        assert [each.payload for each in items(FORMAT, body.encode())] == expected
    assert decoded(FORMAT, b'{"more": false, "objects": []}') == []


def test_what_is_no_object_is_bad_and_the_rest_is_read() -> None:
    body = bundle({"type": "indicator"}, 5, indicator(1, "[mutex:name = 'x']"))  # type: ignore[arg-type]
    found = decoded(FORMAT, body)
    assert [each.position for each in found if isinstance(each, Bad)] == [
        "$.objects[0]",
        "$.objects[1]",
    ]
    assert isinstance(found[2], Item)


def test_numbers_of_weaknesses_and_techniques_are_named() -> None:
    weakness = obj("vulnerability", 1, name="CVE-2026-12345")
    technique = obj("attack-pattern", 2, name="Phishing", external_references=[
        {"source_name": "mitre-attack", "external_id": "T1566.001"}])  # fmt: skip
    first, second = items(FORMAT, bundle(weakness, technique))
    assert named(first) == {("cve", "CVE-2026-12345")}
    assert named(second) == {("attack_id", "T1566.001")}


VALUES = [
    canonical(T.DOMAIN, "vaba.example"), canonical(T.URL, "https://vaba.example/p'a"),
    canonical(T.IPV4, "192.0.2.1"), canonical(T.IPV6, "2001:db8::1"), canonical(T.CIDR, "192.0.2.0/24"),
    canonical(T.EMAIL, "a@vaba.example"), canonical(T.SHA256, "ab" * 32), canonical(T.MD5, "ab" * 16),
    canonical(T.ASN, "AS64500"), canonical(T.FILENAME, "a\\b.exe"), canonical(T.MUTEX, r"Global\x"),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.type)
def test_a_value_that_is_written_is_read_again_and_by_the_library_of_the_standard(
    value: Observable,
) -> None:
    item = Item(kind=ItemKind.INDICATOR, position="line 1", payload={}, values=(Value(value),), id=UUID(int=3),
                tlp=Tlp.GREEN, title="Opomba", tags=("a",))  # fmt: skip
    body = b"".join(stix_write.encode([item]))
    first, mark = items(FORMAT, body)
    assert [each.observable for each in first.values] == [value]
    assert (first.tlp, first.tags[0], mark.payload["name"]) == (Tlp.GREEN, "a", "TLP:GREEN")
    parsed = stix2.parse(body.decode(), allow_custom=True)
    assert parsed.objects[0].pattern == pattern(value)


def test_objects_of_2_1_go_out_as_they_came_and_those_of_2_0_are_lifted() -> None:
    new = indicator(1, "[mutex:name = 'x']", x_own={"a": [1]})
    old = {"type": "indicator", "id": "indicator--5f0c1d2e-0000-4000-8000-000000000002", "created": AT,
           "modified": AT, "labels": ["malicious-activity"], "pattern": "[mutex:name = 'y']", "valid_from": AT}  # fmt: skip
    read = items(FORMAT, bundle(new, old, spec_version="2.0"))
    written = json.loads(b"".join(stix_write.encode(read)))["objects"]
    assert written[0] == new
    assert (written[1]["spec_version"], written[1]["pattern_type"]) == ("2.1", "stix")
    stix2.parse(b"".join(stix_write.encode(read)).decode(), allow_custom=True)


@given(st.dictionaries(st.sampled_from(["type", "id", "pattern", "objects", "labels", "object_marking_refs"]),
                       st.none() | st.integers() | st.text(max_size=5) | st.lists(st.none() | st.text(max_size=3), max_size=2)))  # fmt: skip
def test_objects_of_any_shape_raise_nothing(value: dict[str, Any]) -> None:
    found = [*decoded(FORMAT, bundle(value)),
             *decoded(FORMAT, bundle({**indicator(1, "[a:b = 'c']"), **value}))]  # fmt: skip
    assert all(isinstance(each, Item | Bad) for each in found)


def test_it_is_recognised_and_neighbours_are_not() -> None:
    guess = FORMAT.sniff(bundle(indicator(1, "[mutex:name = 'x']")), "")
    assert guess is not None
    assert guess.score == 97
    assert FORMAT.sniff(bundle(), "") is not None
    assert (
        FORMAT.sniff(b'[{"date_added": "2026", "id": "indicator--x", "version": "2026"}]', "")
        is None
    )
    assert FORMAT.sniff(b'{"type": "domain", "value": "a.example"}', "") is None


def test_what_stix_has_no_property_for_gets_one_of_ours_and_derived_values_stay() -> None:
    values = (Value(Observable(T.JA3, "ab" * 16)), Value(Observable(T.TEMPLATE, "ours")),
              Value(Observable(T.DOMAIN, "named.example"), role=ValueRole.NAMED))  # fmt: skip
    item = Item(
        kind=ItemKind.ALERT, position="line 1", payload=[], values=values, text="opis", deleted=True
    )
    (written,) = json.loads(b"".join(stix_write.encode([item])))["objects"]
    assert written["pattern"] == f"[x-zvon-ja3:value = '{'ab' * 16}']"
    assert (written["revoked"], written["description"]) == (True, "opis")
    stix2.parse(json.dumps(written), allow_custom=True)


def test_malware_and_marks_of_2_0_are_lifted() -> None:
    malware = {"type": "malware", "id": "malware--5f0c1d2e-0000-4000-8000-000000000003", "created": AT, "modified": AT,
               "name": "Vaba", "labels": ["trojan"]}  # fmt: skip
    mark = {"type": "marking-definition", "id": "marking-definition--5f0c1d2e-0000-4000-8000-000000000004", "created": AT,
            "definition_type": "statement", "definition": {"statement": "x"}}  # fmt: skip
    written = json.loads(b"".join(stix_write.encode(items(FORMAT, bundle(malware, mark)))))[
        "objects"
    ]
    assert (written[0]["malware_types"], written[0]["is_family"]) == (["trojan"], True)
    assert written[1]["name"] == "statement"
