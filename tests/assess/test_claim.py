"""Whom a message claims to come from."""

from zvon.assess.claim import claims


def ids(text: str, lang: str | None = "sl") -> list[str]:
    return [claim.brand.id for claim in claims(text, lang)]


def test_names_are_found_in_their_cases_and_without_accents() -> None:
    assert ids("Obvestilo Pošte Slovenije") == ["si.posta"]
    assert ids("posta slovenije: paket") == ["si.posta"]
    assert ids("u Hrvatskoj pošti", "hr") == ["hr.posta"]


def test_a_short_name_counts_in_capitals_only() -> None:
    assert ids("PBZ: obavijest", "hr") == ["hr.pbz"]
    assert ids("fina večerja") == []
    assert ids("Mup je zaprt") == []


def test_a_name_inside_a_word_or_an_address_is_no_claim() -> None:
    assert ids("NLBX ponuja") == []
    assert ids("pišite na info@nlb.si") == []
    assert ids("https://www.nlb.si/") == []


def test_the_language_settles_between_two_countries() -> None:
    assert ids("OTP banka: obvestilo", "sl") == ["si.otp"]
    assert ids("OTP banka: obavijest", "hr") == ["hr.otp"]


def test_the_place_is_the_one_in_the_original() -> None:
    text = "Čč 🙂 Zagrebačka banka"
    (claim,) = claims(text, "hr")
    assert text[claim.span.start : claim.span.end] == "Zagrebačka banka"
