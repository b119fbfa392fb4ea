"""IDEA0 events of Warden: sources accused, targets mentioned, files by hash."""

import json
from typing import Any
from uuid import UUID

from tests.formats.decoding import decoded, named, only, said
from zvon.formats.intel.idea import FORMAT
from zvon.model.item import Bad, ItemKind

BASE: dict[str, Any] = {
    "Format": "IDEA0", "ID": "4390fc3f-c753-4a3e-bc83-1b44f24baf75", "DetectTime": "2026-11-20T08:00:00+01:00",
    "Category": ["Recon.Scanning"],
    "Source": [{"IP4": ["192.0.2.1", "192.0.2.4-192.0.2.9"], "Hostname": ["bad.example"]}],
    "Target": [{"IP4": ["198.51.100.0/28"], "Port": [22]}],
    "Attach": [{"Hash": ["sha1:" + "ab" * 20], "FileName": ["a.exe"]}],
    "Ref": ["cve:CVE-2026-12345", "https://ref.example/"], "Node": [{"Name": "si.vaba.honeypot"}],
}  # fmt: skip


def test_an_event_is_an_alert_with_both_sides() -> None:
    item = only(FORMAT, json.dumps(BASE).encode())
    assert (item.kind, item.id) == (ItemKind.ALERT, UUID(BASE["ID"]))
    assert said(item) == {
        ("ipv4", "192.0.2.1"), ("ipv4", "192.0.2.4"), ("ipv4", "192.0.2.9"), ("domain", "bad.example"),
        ("sha1", "ab" * 20), ("filename", "a.exe"),
    }  # fmt: skip
    assert named(item) == {("cidr", "198.51.100.0/28"), ("cve", "CVE-2026-12345")}
    assert item.tags == ("Recon.Scanning",)
    assert item.at is not None
    assert item.at.hour == 7


def test_what_is_vulnerable_is_not_accused() -> None:
    item = only(
        FORMAT, json.dumps({**BASE, "Category": ["Vulnerable.Config"], "Attach": []}).encode()
    )
    assert said(item) == set()
    assert ("ipv4", "192.0.2.1") in named(item)


def test_strangers_and_odd_fields_raise_nothing() -> None:
    odd = {
        "Format": "IDEA0",
        "Source": "x",
        "Target": [5, {"IP4": 7, "URL": [None]}],
        "Category": None,
        "ID": 3,
    }
    good, bad = decoded(FORMAT, json.dumps(odd).encode() + b'\n{"Format": "other"}\n')
    assert not isinstance(good, Bad)
    assert isinstance(bad, Bad)


def test_it_is_recognised() -> None:
    guess = FORMAT.sniff(json.dumps(BASE, indent=1).encode(), "")
    assert guess is not None
    assert guess.score == 98
