"""Sentences of each language, with accents and without, and other languages."""

import unicodedata

import pytest

from zvon.formats.language import detect
from zvon.model.report import Lang

SENTENCES = {
    Lang.SL: [
        "Spoštovani, vaš račun bo zaprt, če ga danes ne potrdite na spodnji povezavi.",
        "Zaradi neplačane cestnine vam grozi kazen, prosimo poravnajte znesek v 24 urah.",
        "Živjo, ali si to ti na posnetku? Poglej, preden izbrišejo.",
        "Vaš dostop do spletne banke je onemogočen, kliknite za ponovno prijavo.",
    ],
    Lang.HR: [
        "Poštovani, vaš račun će biti zatvoren ako ga danas ne potvrdite na poveznici.",
        "Zbog neplaćene cestarine prijeti vam kazna, molimo podmirite iznos u roku 24 sata.",
        "Bok, jesi li to ti na snimci? Pogledaj prije nego što obrišu.",
        "Vaš pristup internetskom bankarstvu je onemogućen, kliknite za ponovnu prijavu.",
    ],
    Lang.EN: [
        "Your account will be closed unless you confirm it today by the link below.",
        "Due to an unpaid toll you will be fined, please pay the amount within 24 hours.",
        "Hey, is this you in the video? Have a look before they delete it.",
    ],
}


@pytest.mark.parametrize(
    ("lang", "text"), [(lang, text) for lang, texts in SENTENCES.items() for text in texts]
)
def test_each_language_is_told_with_and_without_accents(lang: Lang, text: str) -> None:
    bare = unicodedata.normalize("NFD", text.replace("đ", "d"))
    assert detect(text) is lang
    assert detect("".join(c for c in bare if not unicodedata.combining(c))) is lang


@pytest.mark.parametrize(
    "text",
    ["", "123", "https://posta.si/je/to/res", "Ihr Paket ist nicht zugestellt, bitte zahlen Sie",
     "Il tuo pacco è in attesa, clicca per la consegna del pacco", "\U0001f64f" * 20],
)  # fmt: skip
def test_other_languages_and_no_language_are_not_named(text: str) -> None:
    assert detect(text) is None


def test_an_address_does_not_speak() -> None:
    assert detect("https://this.is.the.example/and/you/are/not ana@the.example") is None
