"""IntelMQ events: who does it and who suffers follow from the classification."""

import json
from typing import Any

import pytest

from tests.formats.decoding import decoded, items, named, only, said
from zvon.formats.intel.intelmq import FORMAT
from zvon.model.item import Bad, ItemKind
from zvon.model.marking import Tlp


def event(kind: str, **more: Any) -> dict[str, Any]:
    named_ = {key.replace("__", "."): value for key, value in more.items()}
    return {
        "classification.type": kind,
        "time.source": "2026-11-20T08:00:00+00:00",
        "feed.name": "vaba",
        **named_,
    }


def line(*events: dict[str, Any]) -> bytes:
    return "\n".join(map(json.dumps, events)).encode()


def test_a_command_server_is_accused() -> None:
    item = only(FORMAT, line(event("c2-server", source__ip="192.0.2.1", source__fqdn="c2.example",
                                   source__asn=64500, destination__ip="198.51.100.1", tlp="AMBER")))  # fmt: skip
    assert item.kind is ItemKind.INDICATOR
    assert said(item) == {("ipv4", "192.0.2.1"), ("domain", "c2.example")}
    assert named(item) == {("asn", "AS64500"), ("ipv4", "198.51.100.1")}
    assert (item.tlp, item.tags[0]) == (Tlp.AMBER, "c2-server")
    assert item.at is not None


def test_an_infected_machine_suffers_and_its_destination_commands() -> None:
    item = only(FORMAT, line(event("infected-system", source__ip="192.0.2.1", destination__fqdn="c2.example",
                                   malware__name="vabot")))  # fmt: skip
    assert (item.kind, item.title) == (ItemKind.ALERT, "vabot")
    assert named(item) == {("ipv4", "192.0.2.1")}
    assert said(item) == {("domain", "c2.example")}


def test_a_network_alone_is_what_is_meant() -> None:
    item = only(FORMAT, line(event("spam", source__network="192.0.2.0/24", source__asn="64500")))
    assert ("cidr", "192.0.2.0/24") in said(item)


def test_answers_with_data_and_lists_hold_the_same_events() -> None:
    one = event("phishing", source__url="https://a.example/p")
    for body in (
        line(one),
        json.dumps([one]).encode(),
        json.dumps({"status": "OK", "data": [one]}).encode(),
    ):
        assert said(only(FORMAT, body)) == {("url", "https://a.example/p")}


def test_what_is_no_event_is_bad_and_the_rest_is_read() -> None:
    found = decoded(FORMAT, line({"a": 1}, event("scanner", source__ip="192.0.2.1")))
    assert [isinstance(each, Bad) for each in found] == [True, False]


@pytest.mark.parametrize("value", [5, None, ["x"], {"a": 1}, "no address", "\x00"])
def test_fields_of_any_type_raise_nothing(value: Any) -> None:
    keys = ("source.ip", "source.fqdn", "source.url", "source.asn", "source.account", "tlp", "time.source",
            "malware.name", "malware.hash.md5", "classification.type")  # fmt: skip
    (item,) = items(FORMAT, line({"feed.name": "x", **dict.fromkeys(keys, value)}))
    assert item.payload["source.ip"] == (value if value != "\x00" else "\ufffd")


def test_it_is_recognised_and_neighbours_are_not() -> None:
    guess = FORMAT.sniff(line(event("scanner", source__ip="192.0.2.1")), "")
    assert guess is not None
    assert guess.score == 95
    assert FORMAT.sniff(b'{"__type": "Event", "source.ip": "127.0.0.1"}', "") is not None
    assert FORMAT.sniff(b'{"source": {"ip": "192.0.2.1"}, "@timestamp": "2026"}', "") is None
