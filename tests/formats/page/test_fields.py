"""What a field asks for is known from its type, from what browsers are told, and from words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.page.fields import asked, single_digit
from zvon.formats.page.words import folded, listed, pattern
from zvon.model.page import Asked


@pytest.mark.parametrize(
    ("attributes", "label", "kind"),
    [
        ({"type": "password"}, "", Asked.PASSWORD),
        ({"type": "text", "name": "geslo"}, "", Asked.PASSWORD),
        ({"placeholder": "Lozinka"}, "", Asked.PASSWORD),
        ({"autocomplete": "cc-number"}, "", Asked.CARD),
        ({"autocomplete": "section-a billing cc-exp"}, "", Asked.CARD),
        ({"type": "tel", "name": "x1"}, "Številka kartice", Asked.CARD),
        ({"placeholder": "Broj kartice"}, "", Asked.CARD),
        ({"placeholder": "MM / LL"}, "", Asked.CARD),
        ({"type": "password", "name": "cvv"}, "", Asked.CARD),
        ({"id": "cardNumber"}, "", Asked.CARD),
        ({"name": "x"}, "Ime na kartici", Asked.CARD),
        ({"autocomplete": "one-time-code"}, "", Asked.CODE),
        ({"placeholder": "Koda iz SMS sporočila"}, "", Asked.CODE),
        ({"name": "a"}, "Vnesite enkratno geslo", Asked.CODE),
        ({"name": "a"}, "Jednokratna lozinka (mToken)", Asked.CODE),
        ({"type": "password", "name": "otp"}, "", Asked.CODE),
        ({"name": "sms_code"}, "", Asked.CODE),
        ({"name": "emso"}, "", Asked.IDENTITY),
        ({"name": "a"}, "Davčna številka", Asked.IDENTITY),
        ({"placeholder": "OIB"}, "", Asked.IDENTITY),
        ({"name": "birthDate"}, "", Asked.IDENTITY),
        ({"type": "file", "name": "f"}, "Slika osebne izkaznice", Asked.IDENTITY),
        ({"type": "file", "name": "f"}, "Priloga", Asked.OTHER),
        ({"name": "iban"}, "", Asked.BANK),
        ({"name": "a"}, "Številka transakcijskega računa (TRR)", Asked.BANK),
        ({"name": "a"}, "Odaberite banku", Asked.BANK),
        ({"type": "email", "name": "e"}, "", Asked.LOGIN),
        ({"name": "uname"}, "Uporabniško ime", Asked.LOGIN),
        ({"name": "a"}, "Korisničko ime", Asked.LOGIN),
        ({"name": "a", "placeholder": "E-poštni naslov"}, "", Asked.LOGIN),
        ({"type": "tel"}, "", Asked.PHONE),
        ({"name": "a"}, "Broj mobitela", Asked.PHONE),
        ({"name": "a"}, "Ulica in hišna številka", Asked.ADDRESS),
        ({"autocomplete": "shipping address-line1"}, "", Asked.ADDRESS),
        ({"name": "postcode"}, "", Asked.ADDRESS),
        ({"name": "q"}, "", Asked.SEARCH),
        ({"type": "search", "name": "x"}, "", Asked.SEARCH),
        ({"name": "comment"}, "Customer's comment", Asked.OTHER),
        ({"name": "captcha"}, "Varnostna koda s slike", Asked.OTHER),
        ({"name": "card"}, "Številka kartice zvestobe", Asked.OTHER),
        ({"name": "x"}, "Naslov poruke", Asked.OTHER),
        ({"type": "hidden", "name": "password"}, "", None),
        ({"type": "submit", "value": "Geslo"}, "", None),
        ({"type": "checkbox", "name": "sms"}, "", None),
    ],
)
def test_a_field_asks_for(
    attributes: dict[str, str | None], label: str, kind: Asked | None
) -> None:
    assert asked("input", attributes, label) is kind


def test_a_choice_and_a_long_text_are_fields_too() -> None:
    assert asked("select", {"name": "expMonth"}) is Asked.CARD
    assert asked("textarea", {"name": "seed"}) is Asked.OTHER


def test_boxes_of_one_digit_are_known() -> None:
    assert single_digit({"maxlength": "1", "type": "tel"})
    assert not single_digit({"maxlength": "1", "type": "checkbox"})
    assert not single_digit({"maxlength": "19"})


texts = st.none() | st.text(max_size=200)


@given(
    st.fixed_dictionaries({"type": texts, "name": texts, "autocomplete": texts, "id": texts}),
    st.text(),
)
def test_no_attribute_breaks_the_reading(attributes: dict[str, str | None], label: str) -> None:
    found = asked("input", attributes, label)
    assert found is None or found in Asked


@pytest.mark.parametrize(("part", "name"), [
    ("asked", kind.value) for kind in Asked if kind is not Asked.OTHER
] + [("button", "enter"), ("button", "letters"), ("site", "parked"), ("site", "default")])  # fmt: skip
def test_every_listed_phrase_is_found_as_it_stands(part: str, name: str) -> None:
    for phrase in listed(part, name):
        said = folded(phrase.replace("*", "xx"))
        assert pattern(part, name).search(f"a {said} b"), phrase
        assert not pattern(part, name).fullmatch(f"q{said.split(' ')[0]}q")


def test_folding_takes_accents_cases_and_signs_away() -> None:
    assert folded("  EMŠO-številka, đačkiBroj_2 ") == "emso stevilka dacki broj 2"
