"""n6 events: known by their identifier, with roles by category."""

import json
from typing import Any
from uuid import UUID

from tests.formats.decoding import decoded, named, only, said
from zvon.formats.intel.n6 import FORMAT
from zvon.model.item import Bad, ItemKind
from zvon.model.marking import Tlp

BASE = {"id": "ab" * 16, "source": "vaba.feed", "confidence": "high", "restriction": "need-to-know",
        "time": "2026-11-20T08:00:00Z"}  # fmt: skip


def event(category: str, **more: Any) -> bytes:
    return json.dumps({**BASE, "category": category, **more}).encode()


def test_a_phishing_page_is_accused_with_its_address() -> None:
    item = only(FORMAT, event("phish", url="https://a.example/p", fqdn="a.example",
                              address=[{"ip": "192.0.2.1", "asn": 64500, "cc": "SI"}]))  # fmt: skip
    assert (item.kind, item.id, item.tlp) == (ItemKind.INDICATOR, UUID("ab" * 16), Tlp.AMBER)
    assert said(item) == {
        ("url", "https://a.example/p"),
        ("domain", "a.example"),
        ("ipv4", "192.0.2.1"),
    }
    assert named(item) == {("asn", "AS64500")}


def test_a_bot_suffers_and_its_server_commands() -> None:
    item = only(
        FORMAT, event("bots", name="vabot", dip="198.51.100.9", address=[{"ip": "192.0.2.1"}])
    )
    assert (item.kind, item.title) == (ItemKind.ALERT, "vabot")
    assert (said(item), named(item)) == ({("ipv4", "198.51.100.9")}, {("ipv4", "192.0.2.1")})


def test_a_list_of_events_and_strangers_among_them() -> None:
    body = b"[" + event("cnc", md5="ab" * 16) + b', {"x": 1}]'
    good, bad = decoded(FORMAT, body)
    assert not isinstance(good, Bad)
    assert isinstance(bad, Bad)
    assert bad.position == "$[1]"


def test_it_is_recognised_and_neighbours_are_not() -> None:
    assert FORMAT.sniff(event("cnc", fqdn="a.example"), "") is not None
    assert FORMAT.sniff(b'{"category": "x", "time": "2026", "type": "url"}', "") is None
