"""Suricata EVE: alerts by themselves, other events as lines, and what each protocol names."""

import json
from typing import Any

import pytest

from tests.formats.decoding import decoded, items, named, only, reporting, said
from zvon.formats.log.eve import FORMAT
from zvon.model.item import Bad, ItemKind

BASE = {"timestamp": "2026-11-22T09:30:00.000001+0100", "flow_id": 7, "src_ip": "10.0.0.5", "src_port": 50000,
        "dest_ip": "203.0.113.9", "dest_port": 443, "proto": "TCP"}  # fmt: skip


def line(kind: str, **more: Any) -> bytes:
    return json.dumps({**BASE, "event_type": kind, **more}).encode() + b"\n"


def test_an_alert_says_both_ends_its_signature_and_its_technique() -> None:
    alert = {"signature": "ET MALWARE Vaba", "category": "A Network Trojan", "action": "blocked",
             "metadata": {"mitre_technique_id": ["T1071"]}}  # fmt: skip
    item = only(FORMAT, line("alert", alert=alert, host="senzor-1"))
    assert (item.kind, item.title) == (ItemKind.ALERT, "ET MALWARE Vaba")
    assert said(item) == {("ipv4", "10.0.0.5"), ("ipv4", "203.0.113.9")}
    assert item.tags == ("A Network Trojan", "T1071", "blocked")
    assert reporting(item) == {("hostname", "senzor-1")}
    assert item.at is not None
    assert item.at.isoformat() == "2026-11-22T08:30:00.000001+00:00"


@pytest.mark.parametrize(
    ("kind", "part", "expected"),
    [
        ("http", {"hostname": "bad.example", "url": "/a?b=c"}, {("domain", "bad.example"), ("url", "http://bad.example/a?b=c")}),
        ("tls", {"sni": "bad.example", "fingerprint": ":".join(["ab"] * 20), "ja3": {"hash": "cd" * 16}},
         {("domain", "bad.example"), ("ja3", "cd" * 16)}),
        ("dns", {"type": "query", "rrname": "bad.example", "rrtype": "A"}, {("domain", "bad.example")}),
        ("dns", {"version": 3, "queries": [{"rrname": "bad.example"}]}, {("domain", "bad.example")}),
        ("fileinfo", {"filename": "/x/a.exe", "sha256": "ab" * 32}, {("sha256", "ab" * 32)}),
        ("smtp", {"helo": "mx.example", "mail_from": "<a@bad.example>"}, {("email", "a@bad.example")}),
    ],
)  # fmt: skip
def test_what_a_protocol_names_is_a_value(
    kind: str, part: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    item = only(FORMAT, line(kind, **{kind: part}))
    assert item.kind is ItemKind.LOG
    assert expected <= said(item)


@pytest.mark.parametrize(
    ("part", "value", "expected"),
    [
        ("email", {"from": "a@bad.example", "to": ["b@vaba.example"], "attachment": ["a.exe"], "url": ["https://bad.example/"]},
         {"email", "filename", "url"}),
        ("ssh", {"client": {"software_version": "libssh_0.9"}, "server": {}}, {"useragent"}),
        ("smb", {"filename": "a\\b.exe", "ntlmssp": {"user": "ana", "host": "PC7"}}, {"filepath", "username", "hostname"}),
        ("krb5", {"cname": "ana"}, {"username"}),
        ("dhcp", {"client_mac": "00:00:5e:00:53:01", "hostname": "PC7", "assigned_ip": "10.0.0.9"}, {"mac", "hostname", "ipv4"}),
        ("quic", {"sni": "bad.example", "ja3": {"hash": "ab" * 16}}, {"domain", "ja3"}),
        ("http", {"url": "http://bad.example/x", "http_user_agent": "curl"}, {"url", "useragent"}),
    ],
)  # fmt: skip
def test_every_protocol_has_its_values(
    part: str, value: dict[str, Any], expected: set[str]
) -> None:
    item = only(FORMAT, line(part, **{part: value}))
    assert {kind for kind, _ in said(item) | named(item)} >= expected
    odd = only(FORMAT, line(part, **{part: dict.fromkeys(value, 5)}))
    assert {kind for kind, _ in said(odd) | named(odd)} == {"ipv4"}


def test_answers_of_dns_are_only_mentioned() -> None:
    dns = {"type": "answer", "rrname": "bad.example", "answers": [{"rrname": "bad.example", "rdata": "192.0.2.7"}],
           "grouped": {"A": ["192.0.2.8"], "CNAME": ["edge.example"]}}  # fmt: skip
    item = only(FORMAT, line("dns", dns=dns))
    assert named(item) == {("ipv4", "192.0.2.7"), ("ipv4", "192.0.2.8"), ("domain", "edge.example")}


def test_a_list_of_alerts_over_many_lines_is_read_as_well() -> None:
    body = json.dumps(
        [json.loads(line("alert", alert={"signature": f"s{n}"})) for n in range(3)], indent=2
    )
    assert [each.title for each in items(FORMAT, body.encode())] == ["s0", "s1", "s2"]


def test_a_damaged_line_is_kept_with_its_number() -> None:
    found = decoded(
        FORMAT, line("flow") + line("flow")[:40] + b"\n" + line("anomaly") + b'{"a": 1}\n'
    )
    assert [each.position for each in found if isinstance(each, Bad)] == ["line 2", "line 4"]
    assert not isinstance(found[2], Bad)
    assert found[2].tags == ("anomaly",)


def test_a_wrong_clock_is_flagged_and_the_event_is_kept() -> None:
    item = only(FORMAT, line("flow", timestamp="1970-01-01T00:00:01.000000+0000"))
    assert (item.at, item.tags, item.payload["timestamp"][:4]) == (None, ("clock",), "1970")


def test_it_is_recognised_and_neighbours_are_not() -> None:
    assert FORMAT.sniff(line("flow") * 3, "") is not None
    assert FORMAT.sniff(b'{"event_type": "login", "user": "a"}\n', "") is None
