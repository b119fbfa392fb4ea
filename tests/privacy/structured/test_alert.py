"""Events of sensors, alerts and tables: ends of a flow, accounts, requests, columns."""

import csv
import io
import json
from ipaddress import IPv6Address
from typing import Any

import pytest

from tests.privacy.structured.structures import BAD_IP, VICTIMS, leaves, misp, opened, passed
from zvon.privacy.structured.form import DOCUMENTATION
from zvon.privacy.structured.walk import BadStructure

EVE: dict[str, Any] = {
    "timestamp": "2026-06-01T10:00:00.000000+0200", "flow_id": 123456789012345,
    "event_type": "alert", "src_ip": "10.1.2.3", "src_port": 49222, "dest_ip": BAD_IP,
    "dest_port": 443, "proto": "TCP", "host": "sensor-lipa", "community_id": "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0=",
    "alert": {"action": "allowed", "gid": 1, "signature_id": 2001, "rev": 3,
              "signature": "ET MALWARE Emotet C2", "category": "Malware"},
    "http": {"hostname": "evil-fixture.top", "url": "/a?u=igor.kos%40lipa-primer.si&k=1"},
    "payload": "SWdvciBLb3M=", "payload_printable": "Igor Kos",
}  # fmt: skip
WAZUH: dict[str, Any] = {
    "timestamp": "2026-06-01T10:00:00.000+0000",
    "rule": {"level": 10, "description": "sshd: brute force", "id": "5712", "groups": ["sshd"]},
    "agent": {"id": "003", "name": "srv-lipa01", "ip": "10.0.0.5"}, "manager": {"name": "wazuh-lipa"},
    "data": {"srcip": BAD_IP, "dstuser": "mnovak"},
    "full_log": f"Jun 1 10:00:00 srv-lipa01 sshd[123]: Failed password for mnovak from {BAD_IP} port 22",
}  # fmt: skip
ELASTIC: dict[str, Any] = {
    "_source": {"@timestamp": "2026-06-01T10:00:00Z", "user.name": "mnovak", "host.name": "LAPTOP-7",
                "event.kind": "alert", "kibana.alert.rule.name": "x", "url.full": "https://evil-fixture.top/q",
                "host.mac": "00-11-22-33-44-55", "deep": {"er": [["Igor Kos je kliknil"]]}}}  # fmt: skip


def test_an_alert_keeps_the_end_that_is_not_ours_and_the_form_of_the_event() -> None:
    left = json.loads(leaves(EVE))
    assert left["dest_ip"] == BAD_IP
    assert IPv6Address(left["src_ip"]) in DOCUMENTATION
    for key in ("timestamp", "flow_id", "event_type", "src_port", "dest_port", "alert"):
        assert left[key] == EVE[key]


def test_a_request_is_read_with_its_host_and_keeps_what_is_the_attackers() -> None:
    assert json.loads(leaves(EVE))["http"]["url"].startswith("/a?u=")
    assert json.loads(leaves(EVE))["http"]["url"].endswith("&k=1")
    assert "lipa" not in leaves(EVE)


def test_bytes_of_the_connection_and_hashes_of_addresses_do_not_leave() -> None:
    left = json.loads(leaves(EVE))
    assert not {"payload", "payload_printable", "community_id", "host"} & left.keys()


def test_an_account_is_the_same_in_its_field_and_in_the_line_of_the_log() -> None:
    left = json.loads(leaves(WAZUH))
    assert left["data"]["dstuser"].startswith("user-")
    assert left["data"]["dstuser"] in left["full_log"]
    assert left["agent"]["name"] in left["full_log"]
    assert left["data"]["srcip"] == BAD_IP
    assert "id" not in left["agent"]


def test_fields_named_by_their_path_are_the_same_fields() -> None:
    text = leaves([ELASTIC])
    (left,) = json.loads(text)
    assert left["_source"]["user.name"].startswith("user-")
    assert left["_source"]["host.mac"].startswith("mac-")
    assert not [each for each in VICTIMS if each in text.lower()]
    assert set(left["_source"]) == set(ELASTIC["_source"])


def test_lines_of_json_leave_as_a_list() -> None:
    text = "\n".join(json.dumps(each) for each in (EVE, EVE))
    assert len(json.loads(leaves(text, "eve"))) == 2


def test_a_table_keeps_its_rows_and_columns() -> None:
    text = 'src_ip;user;Opomba;Igor Kos\n10.1.2.3;mnovak;"klical Igor; Kos";3\n10.0.0.2;;ok;4\n'
    left = list(csv.reader(io.StringIO(leaves(text, "csv")), delimiter=";"))
    assert [len(row) for row in left] == [4, 4, 4]
    assert left[0][:3] == ["src_ip", "user", "Opomba"]
    assert left[1][1].startswith("user-")
    assert left[2][2:] == ["ok", "4"]
    assert "Igor" not in str(left)


def test_a_column_that_does_not_leave_is_empty() -> None:
    left = leaves("lat,hash\n46.05,x\n", "csv")
    assert left.splitlines() == ["lat,hash", ",x"]


def test_an_end_that_nobody_knows_is_asked() -> None:
    flow = {**EVE, "event_type": "flow", "src_ip": "46.99.1.2"}
    del flow["alert"]
    found = passed(flow, "eve")
    assert found.outcome.status.value == "held"
    assert found.files == {}
    assert "[ask:IP]" in found.preview


def test_a_coded_text_under_an_unknown_name_is_asked() -> None:
    assert passed({**EVE, "extra": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk" * 4}).outcome.status.value == "held"  # fmt: skip


@pytest.mark.parametrize("text", ['a,b\n"x', "a,b\n" + ",".join("x" * 600) + "\n"])
def test_half_a_table_is_refused(text: str) -> None:
    with pytest.raises(BadStructure):
        opened(text, "csv")


@pytest.mark.parametrize("data", [EVE, WAZUH, [ELASTIC], misp()])
def test_what_has_left_once_is_not_changed_again(data: Any) -> None:
    once = leaves(data)
    assert json.loads(leaves(json.loads(once))) == json.loads(once)
