"""Files that take a host off a network: only an address gets into a command."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.respond.actions.isolate_text import BadHost, export

TOOLS = ("wazuh", "nftables", "suricata")


def test_each_tool_gets_its_own_file() -> None:
    wazuh = export("wazuh", "192.0.2.7", "R-26-000001")
    (body,) = json.loads(wazuh.text)["bodies"]
    assert body["alert"]["data"]["srcip"] == "192.0.2.7"
    assert "ip6 saddr 2001:db8::7 drop" in export("nftables", "2001:db8::7", "R-26-000001").text
    rules = export("suricata", "192.0.2.7", "R-26-000001").text.splitlines()
    assert [rule.split()[0:3] for rule in rules] == [["drop", "ip", "192.0.2.7"],
                                                     ["drop", "ip", "any"]]  # fmt: skip


def test_several_hosts_are_one_file_and_each_stands_in_it_once() -> None:
    hosts = "192.0.2.7, 2001:db8::7,192.0.2.7, 192.0.2.8"
    wazuh = json.loads(export("wazuh", hosts, "R-26-000001").text)
    assert [body["alert"]["data"]["srcip"] for body in wazuh["bodies"]] == [
        "192.0.2.7", "2001:db8::7", "192.0.2.8",
    ]  # fmt: skip
    table = export("nftables", hosts, "R-26-000001").text
    assert [line.split()[2] for line in table.splitlines() if "saddr" in line] == [
        "192.0.2.7", "2001:db8::7", "192.0.2.8",
    ]  # fmt: skip
    rules = export("suricata", hosts, "R-26-000001").text.splitlines()
    assert len({rule.split("sid:")[1] for rule in rules}) == 6


def test_one_bad_host_among_good_ones_makes_no_file() -> None:
    with pytest.raises(BadHost):
        export("nftables", "192.0.2.7, host.example", "R-26-000001")


def test_rules_of_one_host_keep_their_numbers_and_lie_in_the_local_range() -> None:
    first = export("suricata", "192.0.2.7", "R-26-000001").text
    again = export("suricata", "192.0.2.7", "R-26-000009").text
    sids = [int(rule.split("sid:")[1].split(";")[0]) for rule in first.splitlines()]
    assert [rule.split("sid:")[1] for rule in again.splitlines()] == [
        rule.split("sid:")[1] for rule in first.splitlines()
    ]
    assert sids[1] == sids[0] + 1
    assert all(1_000_000 <= sid < 2_000_000 for sid in sids)


@pytest.mark.parametrize(
    "host",
    ["host.example", "192.0.2.0/24", "", "127.0.0.1", "224.0.0.1", "0.0.0.0", "::1",
     "192.0.2.7; reboot", "192.0.2.7\nadd rule", "$(id)", "192.0.2.7,", "192.0.2.7 192.0.2.8"],
)  # fmt: skip
def test_what_is_no_address_of_one_host_is_refused(host: str) -> None:
    for tool in TOOLS:
        with pytest.raises(BadHost):
            export(tool, host, "R-26-000001")


@given(st.text(max_size=60), st.sampled_from(TOOLS))
def test_nothing_of_a_hostile_host_gets_into_a_command(host: str, tool: str) -> None:
    try:
        made = export(tool, host, "R-26-000001")
    except BadHost:
        return
    assert set(made.text) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \n#{}()[];:,.\"'!_/-<>%"
    )
