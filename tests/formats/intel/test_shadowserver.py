"""Shadowserver: whose address it is decides how it stands."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.detect import choose
from zvon.formats.intel import shadowserver
from zvon.model.item import Bad, Item, ItemKind, Options, ValueRole

NOW = datetime(2026, 11, 22, tzinfo=UTC)

SCAN = (
    '"timestamp","severity","ip","port","hostname","tag","asn","geo","naics","sector"\n'
    '"2026-11-20 01:02:03","high","192.0.2.7",445,"pc7.example","smb",64500,"SI",0,""\n'
)
SINKHOLE = (
    '"timestamp","severity","src_ip","src_port","src_hostname","src_geo","src_naics","dst_ip","infection"\n'
    '"2026-11-20 01:02:03","critical","192.0.2.8",50000,"","HR",0,"198.51.100.9","avalanche"\n'
)
HONEYPOT = (
    '"timestamp","src_ip","src_port","src_geo","src_naics","dst_ip","dst_port","service"\n'
    '"2026-11-20 01:02:03","192.0.2.9",4000,"SI",0,"203.0.113.1",22,"ssh"\n'
)


def read(text: str, name: str = "") -> list[Item | Bad]:
    options = Options(received_at=NOW, name=name)
    return list(shadowserver.decode([text.encode()], options))


@pytest.mark.parametrize(
    ("text", "name", "kind", "roles"),
    [
        (SCAN, "2026-11-20-scan_smb-si.csv", "vulnerable-system",
         {"192.0.2.7": "named", "pc7.example": "named"}),
        (SCAN, "", "vulnerable-system", {"192.0.2.7": "named", "pc7.example": "named"}),
        (SINKHOLE, "2026-11-20-event4_sinkhole-hr.csv", "infected-system",
         {"192.0.2.8": "named", "198.51.100.9": "said"}),
        (SINKHOLE, "", "infected-system", {"192.0.2.8": "named", "198.51.100.9": "said"}),
        (HONEYPOT, "", "brute-force", {"192.0.2.9": "said", "203.0.113.1": "named"}),
    ],
)  # fmt: skip
def test_a_victims_address_is_named_and_the_others_side_accused(
    text: str, name: str, kind: str, roles: dict[str, str]
) -> None:
    found = choose(text.encode(), name)
    assert found is not None
    assert found[0].name == "shadowserver"
    [item] = read(text, name)
    assert isinstance(item, Item)
    assert item.kind is ItemKind.ALERT
    assert {v.observable.value: v.role.value for v in item.values} == roles
    assert f"rsit:{kind}" in item.tags
    assert item.at == datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)


def test_the_infection_is_the_title_and_the_row_is_kept() -> None:
    [item] = read(SINKHOLE)
    assert isinstance(item, Item)
    assert item.title == "avalanche"
    assert item.payload["src_port"] == "50000"
    assert ValueRole.SAID in {v.role for v in item.values}


def test_a_row_without_an_address_is_kept_with_a_reason() -> None:
    [bad] = read(
        SCAN.split("\n", maxsplit=1)[0] + '\n"2026-11-20","high","-",445,"","smb",64500,"SI",0,""\n'
    )
    assert isinstance(bad, Bad)
    assert bad.position == "line 2"
    assert "no address" in bad.reason


@given(st.binary(max_size=600))
def test_any_bytes_are_read_without_an_exception(body: bytes) -> None:
    shadowserver.sniff(body, "")
    for each in shadowserver.decode([SCAN.split("\n", maxsplit=1)[0].encode() + b"\n" + body],
                                    Options(received_at=NOW)):  # fmt: skip
        assert isinstance(each, Item | Bad)
