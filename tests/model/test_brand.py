"""The registry of protected names."""

from zvon.model.brand import by_id, official, official_names, registry


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
