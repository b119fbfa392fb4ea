"""What a desk may write into its brand's row."""

import pytest
from msgspec.structs import replace

from zvon.model.brand import Brand, Registry, shipped
from zvon.model.brand_check import BadBrand, check

NLB = shipped().by_id["si.nlb"]


def changed(**fields: object) -> Brand:
    return replace(NLB, **fields)


@pytest.mark.parametrize("brand", shipped().brands, ids=lambda brand: brand.id)
def test_every_row_that_ships_could_be_written_by_a_desk(brand: Brand) -> None:
    assert all(isinstance(warning, str) for warning in check(brand, shipped()))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("official", {}),
        ("official", {"nlb.si": "b", "com.hr": "b"}),
        ("official", {"nlb.si": "b", "pages.dev": "b"}),
        ("official", {"nlb.si": "b", "nlb.pages.dev": "b"}),
        ("official", {"nlb.si": "b", "posta.si": "b"}),
        ("official", {"nlb.si": "b", "fu.gov.si": "b"}),
        ("official", {"nlb.si": "b", "hr": "b"}),
        ("official", {"nlb.si": "b", "NLB.example": "b"}),
        ("official", {"nlb.si": "z"}),
        ("hosts", {"a..b": "b"}),
        ("hosts", {"moj.telekom.si": "b"}),
        ("words", ("n",)),
        ("words", ("paket",)),
        ("distinctive", ("nlb",)),
        ("distinctive", ("pošta",)),
        ("context", ("a b",)),
        ("exclude", ("NLB.example",)),
        ("abroad", ("nlb",)),
        ("shared", ("a..b",)),
        ("called", ("",)),
        ("mail", ("com.hr",)),
        ("mail", ("a b",)),
        ("senders", ("nobody",)),
        ("sender_ids", ("an id far too long",)),
        ("short_codes", ("12ab",)),
        ("logos", ("xyz",)),
        ("templates", ("short",)),
        ("name", " "),
        ("country", "si"),
        ("sector", "a bank"),
        ("words", tuple(f"word{n}" for n in range(101))),
    ],
)
def test_a_row_that_would_blind_the_node_is_refused(field: str, value: object) -> None:
    with pytest.raises(BadBrand) as refusal:
        check(changed(**{field: value}), shipped())
    assert {one["field"] for one in refusal.value.errors} == {field}


def test_an_id_has_a_country_and_a_word() -> None:
    with pytest.raises(BadBrand):
        check(changed(id="NLB"), Registry((), "empty"))


def test_a_host_on_a_platform_may_be_a_brands_own() -> None:
    assert check(changed(hosts={"nlb.pages.dev": "c"}), shipped()) == []


def test_all_that_is_known_of_senders_may_be_written() -> None:
    row = changed(
        mail=("nlb.si",), senders=("info@nlb.example",), sender_ids=("NLB d.d.",),
        short_codes=("1212",), logos=("00ff00ff00ff00ff",), favicons=(-5,),
        templates=("Spoštovani, vaša kartica je pripravljena.",),
    )  # fmt: skip
    assert check(row, shipped()) == []


def test_an_alias_of_two_brands_is_a_warning_and_no_error() -> None:
    (said,) = check(changed(words=("nlb", "zaba")), shipped())
    assert "Zagrebačka banka" in said
    assert "short" in " ".join(check(changed(distinctive=("nlbk",)), shipped()))
