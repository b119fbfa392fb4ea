"""What an alert of a sensor is about."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.correlate.reading import alert_of, title_of

EVE: dict[str, Any] = {
    "event_type": "alert", "src_ip": "203.0.113.7", "dest_ip": "10.0.0.4",
    "alert": {"signature_id": 2027390, "signature": "ET TROJAN Beacon", "severity": 1},
}  # fmt: skip
WAZUH: dict[str, Any] = {
    "rule": {"id": "5710", "level": 5, "description": "sshd: Attempt to login"},
    "agent": {"name": "vpn"}, "manager": {"name": "m"}, "data": {"srcip": "203.0.113.7"},
}  # fmt: skip


def test_suricata_is_about_the_end_that_is_ours() -> None:
    found = alert_of("eve", EVE, 5.0, [("ipv4", "203.0.113.7"), ("ipv4", "10.0.0.4")])
    assert found is not None
    assert (found.signature, found.host, found.actor) == (
        "suricata:2027390",
        "10.0.0.4",
        "203.0.113.7",
    )
    assert found.observables == (("ipv4", "203.0.113.7"),)
    outward = alert_of("eve", EVE | {"src_ip": "10.0.0.4", "dest_ip": "203.0.113.7"}, 5.0)
    assert outward is not None
    assert outward.host == "10.0.0.4"


def test_wazuh_is_about_its_agent() -> None:
    found = alert_of("wazuh", WAZUH, 5.0)
    assert found is not None
    assert (found.signature, found.host, found.actor, found.severity) == (
        "wazuh:5710", "vpn", "203.0.113.7", 5,
    )  # fmt: skip
    assert title_of("wazuh", WAZUH) == "sshd: Attempt to login"


def test_an_alert_of_suricata_inside_wazuh_is_the_same_signature() -> None:
    wrapped = WAZUH | {"data": EVE | {"alert": EVE["alert"] | {"signature_id": "2027390"}}}
    inside, alone = alert_of("wazuh", wrapped, 5.0), alert_of("eve", EVE, 5.0)
    assert inside == alone
    assert title_of("wazuh", wrapped) == "ET TROJAN Beacon"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("eve", {"event_type": "flow"}),
        ("eve", {"event_type": "alert"}),
        ("wazuh", {"rule": 3}),
        ("cef", EVE),
    ],
)
def test_what_is_no_alert_is_none(kind: str, said: dict[str, Any]) -> None:
    assert alert_of(kind, said, 0.0) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
)


@given(
    st.sampled_from(["eve", "wazuh"]),
    st.fixed_dictionaries(
        {},
        optional={
            "event_type": st.just("alert"), "alert": JSON, "src_ip": JSON, "dest_ip": JSON, "rule": JSON,
            "agent": JSON, "data": JSON, "manager": JSON, "host": JSON,
        },
    ),
)  # fmt: skip
def test_anything_in_any_place_raises_nothing(kind: str, said: dict[str, Any]) -> None:
    found = alert_of(kind, said, 1.0)
    assert found is None or (found.signature and found.host)
    assert isinstance(title_of(kind, said), str)
