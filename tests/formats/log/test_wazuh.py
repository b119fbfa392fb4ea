"""Wazuh alerts: rule, techniques, the agent as reporter, and the data of each decoder."""

import json
from typing import Any

from tests.formats.decoding import decoded, named, only, reporting, said
from zvon.formats.log.wazuh import FORMAT
from zvon.model.item import Bad, ItemKind

BASE: dict[str, Any] = {
    "timestamp": "2026-11-22T09:30:00.000+0100", "id": "1795336200.12345", "location": "/var/log/auth.log",
    "rule": {"level": 10, "description": "sshd: brute force", "id": "5712", "groups": ["sshd", "authentication_failures"],
             "mitre": {"id": ["T1110"], "tactic": ["Credential Access"]}},
    "agent": {"id": "003", "name": "web1", "ip": "10.0.0.5"}, "manager": {"name": "wazuh"},
    "decoder": {"name": "sshd"}, "full_log": "Failed password from 203.0.113.9 port 1",
}  # fmt: skip


def read(**more: Any) -> Any:
    return only(FORMAT, json.dumps({**BASE, **more}).encode())


def test_an_alert_names_source_user_rule_and_technique() -> None:
    item = read(data={"srcip": "203.0.113.9", "srcuser": "ana", "dstip": "10.0.0.5:22"})
    assert (item.kind, item.title) == (ItemKind.ALERT, "sshd: brute force")
    assert said(item) == {("ipv4", "203.0.113.9"), ("ipv4", "10.0.0.5")}
    assert named(item) == {("username", "ana")}
    assert ("hostname", "web1") in reporting(item)
    assert item.tags == ("sshd", "authentication_failures", "T1110")


def test_without_data_the_line_itself_is_searched() -> None:
    assert said(read()) == {("ipv4", "203.0.113.9")}


def test_windows_and_file_integrity_are_read() -> None:
    item = read(data={"win": {"system": {"eventID": "1", "computer": "PC7", "channel": "x", "systemTime": "2026-11-22T08:00:00Z"},
                              "eventdata": {"image": "C:\\\\a.exe", "hashes": "SHA256=" + "AB" * 32 + ",IMPHASH=" + "cd" * 16}}},
                syscheck={"path": "/etc/passwd", "sha256_after": "ef" * 32})  # fmt: skip
    assert said(item) >= {("sha256", "ab" * 32), ("imphash", "cd" * 16), ("sha256", "ef" * 32)}
    assert any(kind == "filepath" for kind, _ in named(item))
    assert any(kind == "hostname" for kind, _ in reporting(item))


def test_an_alert_keeps_its_identity_whatever_way_it_comes() -> None:
    assert read().id == read(data={"srcip": "192.0.2.1"}).id
    assert read().id != read(id="1795336200.99999").id
    assert read(id=None).id is None


def test_an_event_without_a_rule_is_a_line_and_a_stranger_is_bad() -> None:
    archive = {key: value for key, value in BASE.items() if key != "rule"}
    good, bad = decoded(FORMAT, json.dumps(archive).encode() + b'\n{"rule": "x"}\n')
    assert not isinstance(good, Bad)
    assert good.kind is ItemKind.LOG
    assert isinstance(bad, Bad)


def test_it_is_recognised_and_neighbours_are_not() -> None:
    assert FORMAT.sniff(json.dumps(BASE).encode() + b"\n", "") is not None
    assert FORMAT.sniff(b'{"agent": {"name": "x"}, "@timestamp": "2026"}\n', "") is None
