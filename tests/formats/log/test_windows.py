"""Windows events: the same Sysmon event in five shapes gives the same values."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.formats.decoding import decoded, named, only, reporting, said
from zvon.formats.log.windows import FORMAT
from zvon.model.item import Bad, ItemKind

DATA = {
    "UtcTime": "2026-11-22 08:30:00.500", "Image": r"C:\Users\ana\racun.exe", "User": r"PC7\ana",
    "Hashes": f"MD5={'AB' * 16},SHA256={'CD' * 32},IMPHASH={'EF' * 16}", "DestinationIp": "203.0.113.9",
    "QueryName": "bad.example", "TargetObject": r"HKLM\Software\Run\x", "ParentUser": "NT AUTHORITY\\SYSTEM",
}  # fmt: skip
CHANNEL, PROVIDER, TIME = (
    "Microsoft-Windows-Sysmon/Operational",
    "Microsoft-Windows-Sysmon",
    "2026-11-22T08:30:00.5Z",
)


def evtx_dump(data: dict[str, Any]) -> dict[str, Any]:
    system = {"Provider": {"#attributes": {"Name": PROVIDER}}, "EventID": 1, "Channel": CHANNEL, "Computer": "PC7",
              "TimeCreated": {"#attributes": {"SystemTime": TIME}}}  # fmt: skip
    return {"Event": {"System": system, "EventData": data}}


def xml_like(data: dict[str, Any]) -> dict[str, Any]:
    system = {"Provider": {"@Name": PROVIDER}, "EventID": {"#text": "1"}, "Channel": CHANNEL, "Computer": "PC7",
              "TimeCreated": {"@SystemTime": TIME}}  # fmt: skip
    listed = [{"@Name": key, "#text": value} for key, value in data.items()]
    return {"Event": {"System": system, "EventData": {"Data": listed}}}


def winlogbeat(data: dict[str, Any]) -> dict[str, Any]:
    return {"@timestamp": TIME, "winlog": {"event_id": "1", "channel": CHANNEL, "provider_name": PROVIDER,
                                           "computer_name": "PC7", "event_data": data}}  # fmt: skip


def old_winlogbeat(data: dict[str, Any]) -> dict[str, Any]:
    return {"@timestamp": TIME, "event_id": 1, "log_name": CHANNEL, "source_name": PROVIDER, "computer_name": "PC7",
            "event_data": data}  # fmt: skip


def flat(data: dict[str, Any]) -> dict[str, Any]:
    return {"EventID": 1, "Channel": CHANNEL, "SourceName": PROVIDER, "Hostname": "PC7",
            "EventTime": "2026-11-22 10:30:00", **data}  # fmt: skip


SHAPES = [evtx_dump, xml_like, winlogbeat, old_winlogbeat, flat]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same(shape: Any) -> None:
    item = only(FORMAT, json.dumps(shape(DATA)).encode())
    assert (item.kind, item.title) == (ItemKind.LOG, f"{PROVIDER} 1")
    assert said(item) == {("md5", "ab" * 16), ("sha256", "cd" * 32), ("imphash", "ef" * 16),
                          ("ipv4", "203.0.113.9"), ("domain", "bad.example")}  # fmt: skip
    assert {kind for kind, _ in named(item)} == {"filepath", "username", "regkey"}
    assert len(reporting(item)) == 1
    assert item.at == datetime(2026, 11, 22, 8, 30, 0, 500_000, tzinfo=UTC)


def test_accounts_of_the_system_are_no_values() -> None:
    item = only(
        FORMAT, json.dumps(flat({"User": "NT AUTHORITY\\SYSTEM", "SubjectUserName": "-"})).encode()
    )
    assert named(item) == set()


def test_a_detection_of_defender_is_an_alert() -> None:
    event = flat(
        {
            "Threat Name": "Trojan:Win32/Vaba",
            "EventID": 1116,
            "SourceName": "Microsoft-Windows-Windows Defender",
        }
    )
    item = only(FORMAT, json.dumps(event).encode())
    assert (item.kind, item.title) == (ItemKind.ALERT, "Trojan:Win32/Vaba")


def test_answers_of_dns_are_taken_apart() -> None:
    item = only(
        FORMAT,
        json.dumps(flat({"QueryResults": "type:  5 edge.example;::ffff:192.0.2.7;"})).encode(),
    )
    assert named(item) == {("domain", "edge.example"), ("ipv4", "192.0.2.7")}


def test_user_data_counts_when_there_is_no_event_data() -> None:
    event = evtx_dump({})
    event["Event"]["UserData"] = {"EventXML": {"Address": "203.0.113.9", "User": "PC7\\ana"}}
    assert said(only(FORMAT, json.dumps(event).encode())) == {("ipv4", "203.0.113.9")}


def test_records_of_evtx_dump_with_headings_are_read() -> None:
    body = "".join(f"Record {n}\n{json.dumps(evtx_dump(DATA), indent=2)}\n" for n in range(1, 4))
    found = decoded(FORMAT, body.encode())
    assert [type(each).__name__ for each in found] == ["Item"] * 3
    assert FORMAT.sniff(body.encode(), "") is not None


def test_strangers_are_bad() -> None:
    (bad,) = decoded(FORMAT, b'{"EventID": 1}')
    assert isinstance(bad, Bad)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_recognised(shape: Any) -> None:
    assert FORMAT.sniff(json.dumps(shape(DATA)).encode() + b"\n", "") is not None
    assert FORMAT.sniff(b'{"Event": {"uuid": "x", "info": "y"}}', "") is None
