"""Elastic documents: answers of searches, bulk lines, alerts of Kibana, indicators of modules."""

import json
from typing import Any
from uuid import UUID

from tests.formats.decoding import decoded, items, named, only, reporting, said
from zvon.formats.log.elastic import FORMAT
from zvon.model.item import Bad, ItemKind
from zvon.model.marking import Tlp

DOC: dict[str, Any] = {
    "@timestamp": "2026-11-22T08:30:00Z", "ecs": {"version": "8.11"}, "event": {"kind": "event", "action": "connection"},
    "source": {"ip": "10.0.0.5", "user": {"name": "ana"}}, "destination": {"ip": "203.0.113.9", "domain": "bad.example"},
    "host": {"name": "web1", "ip": ["10.0.0.5"]}, "file": {"hash": {"sha256": "ab" * 32}},
}  # fmt: skip
OWN_ID = "5f0c1d2e-0000-4000-8000-000000000001"
ALERT = {"@timestamp": "2026-11-22T08:30:00Z", "kibana.alert.rule.name": "Vaba found", "kibana.alert.uuid": OWN_ID,
         "kibana.alert.reason": "a reason", "event.kind": "signal", "source.ip": "203.0.113.9",
         "kibana.alert.rule.threat.technique.id": ["T1566"]}  # fmt: skip


def test_a_document_is_a_line_with_its_values() -> None:
    item = only(FORMAT, json.dumps(DOC).encode())
    assert (item.kind, item.title) == (ItemKind.LOG, "connection")
    assert said(item) == {
        ("ipv4", "10.0.0.5"),
        ("ipv4", "203.0.113.9"),
        ("domain", "bad.example"),
        ("sha256", "ab" * 32),
    }
    assert named(item) == {("username", "ana")}
    assert reporting(item) == {("hostname", "web1")}


def test_an_alert_of_kibana_keeps_its_identifier() -> None:
    item = only(FORMAT, json.dumps(ALERT).encode())
    assert (item.kind, item.title, item.text, item.id) == (
        ItemKind.ALERT,
        "Vaba found",
        "a reason",
        UUID(OWN_ID),
    )
    assert item.tags == ("T1566",)


def test_the_answer_of_a_search_and_bulk_lines_hold_documents() -> None:
    answer = {"took": 5, "timed_out": False, "_shards": {"total": 1}, "hits": {"total": {"value": 2}, "hits": [
        {"_index": "a", "_id": "1", "_source": DOC}, {"_index": "a", "_id": "2", "_source": ALERT}]}}  # fmt: skip
    first, second = items(FORMAT, json.dumps(answer, indent=1).encode())
    assert (first.kind, second.kind) == (ItemKind.LOG, ItemKind.ALERT)
    assert first.id != second.id
    assert first.payload["_source"] == DOC
    bulk = b'{"index":{"_index":"a"}}\n' + json.dumps(DOC).encode() + b"\n"
    assert only(FORMAT, bulk * 1).payload == DOC
    assert len(items(FORMAT, bulk * 3)) == 3


def test_indicators_of_the_threat_module_are_indicators() -> None:
    enrichment = {**DOC, "event": {"kind": "enrichment"}, "threat": {"indicator": {
        "ip": "203.0.113.77", "marking": {"tlp": "AMBER"}}}}  # fmt: skip
    item = only(FORMAT, json.dumps(enrichment).encode())
    assert (item.kind, item.tlp) == (ItemKind.INDICATOR, Tlp.AMBER)
    assert ("ipv4", "203.0.113.77") in said(item)


def test_strangers_are_bad() -> None:
    bad, good = decoded(FORMAT, b'{"a": 1}\n' + json.dumps(DOC).encode())
    assert isinstance(bad, Bad)
    assert not isinstance(good, Bad)


def test_it_is_recognised_and_neighbours_are_not() -> None:
    assert FORMAT.sniff(json.dumps(DOC, indent=1).encode(), "") is not None
    assert FORMAT.sniff(b'{"@timestamp": "2026", "winlog": {}, "event": {}}\n', "") is None
    assert FORMAT.sniff(b'{"@timestamp": "2026", "message": "x"}\n', "") is None
