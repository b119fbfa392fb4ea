"""The registry of protected names."""

import pytest
from msgspec.structs import replace

from zvon.model.brand import BadRegistry, built, by_id, official, official_names, registry


def test_a_subdomain_of_an_official_domain_is_official() -> None:
    assert official("sledenje.posta.si") == by_id()["si.posta"]
    assert official("a.b.posta.hr") == by_id()["hr.posta"]


def test_the_longest_official_name_wins() -> None:
    found = official("www.fu.gov.si")
    assert found is not None
    assert found.id == "si.furs"


def test_a_name_that_only_ends_alike_is_not_official() -> None:
    assert official("moja-posta.si") is None
    assert official("posta.si.example") is None


def test_no_row_ships_as_verified() -> None:
    assert {brand.verified_by for brand in registry()} == {""}
    assert "posta.si" in official_names()


def test_a_sender_is_known_by_address_mail_domain_sender_id_and_short_code() -> None:
    nlb = replace(by_id()["si.nlb"], mail=("nlb.si",), senders=("kartice@banka.example",),
                  sender_ids=("NLB",), short_codes=("1212",))  # fmt: skip
    known = built([nlb], "test")
    for sender in ("info@nlb.si", "Kartice@Banka.example", "nlb", " 1212 "):
        assert known.sender(sender) == nlb
    for sender in ("info@nlb.example", "info@banka.example", "121", ""):
        assert known.sender(sender) is None


def test_a_registry_that_names_something_twice_is_refused() -> None:
    nlb, posta = by_id()["si.nlb"], by_id()["si.posta"]
    with pytest.raises(BadRegistry, match=r"si\.nlb"):
        built([nlb, nlb], "test")
    with pytest.raises(BadRegistry, match=r"nlb\.si"):
        built([nlb, replace(posta, official={"nlb.si": "b"})], "test")


def test_official_is_asked_of_the_registry_at_hand() -> None:
    nlb = replace(by_id()["si.nlb"], hosts={"nlb.pages.dev": "c"})
    known = built([nlb], "test")
    assert known.official("a.nlb.pages.dev") == nlb
    assert known.official("posta.si") is None
    assert known.official_names() == {"nlb.si", "nlb.pages.dev"}
