"""One person has one pseudonym in every case, with and without diacritics, in three languages."""

import pytest

from zvon.model.marking import Tlp
from zvon.model.policy import Agreement, compile_policy
from zvon.privacy.engine import Part, share_text
from zvon.privacy.facts import Facts
from zvon.privacy.name_form import firm_key, name_key, nominative
from zvon.privacy.pseudonym import Domain

KEYS = Domain("g", "2026-11", bytes(range(32)))
POLICY = compile_policy(Agreement(), group="g", tlp=[Tlp.AMBER], pap=[])


@pytest.mark.parametrize(
    ("forms", "key"),
    [
        (
            "marko korosec, marka korosca, marku koroscu, markom koroscem, korosec marko",
            "korosc mark",
        ),
        ("petar horvat, petra horvata, petru horvatu, petrom horvatom", "horvat petr"),
        ("petra horvat, petre horvat, petri horvat, petro horvat, petrom horvat", "horvat petra"),
        ("ivan babic, ivana babica, ivanu babicu, ivanom babicem", "babic ivan"),
        ("ivana babic, ivane babic, ivani babic, ivanu babic, ivanom babic", "babic ivana"),
        ("maja zupancic, maje zupancic, maji zupancic, majo zupancic", "maja zupancic"),
        ("luka novak, luke novaka, luki novaku, luko novaka", "luka novak"),
        ("janez kranjc, janeza kranjca, janezu kranjcu, janezom kranjcem", "janez kranjc"),
        ("john smith, john smith's, john smith\u2019s", "john smith"),
    ],
)
def test_the_forms_of_a_name_have_one_key(forms: str, key: str) -> None:
    made = {name_key(" ".join(nominative(*form.split()))) for form in forms.split(", ")}
    assert made == {key}


@pytest.mark.parametrize(
    "forms",
    [
        ["livarna kresnik", "livarne kresnik", "livarni kresnik", "livarno kresnik"],
        ["splosna bolnica lipa", "splosne bolnice lipa", "splosni bolnici lipa"],
        ["mlekarski dom", "mlekarskega doma", "mlekarskemu domu", "mlekarskim domom"],
        ["tiskara jasen", "tiskare jasen", "tiskari jasen", "tiskarom jasen"],
    ],
)
def test_the_forms_of_a_firm_have_one_key(forms: list[str]) -> None:
    assert len({firm_key(form) for form in forms}) == 1


def test_two_firms_are_two() -> None:
    firms = ["livarna kresnik", "livarna kres", "bolnica lipa", "banka lipa", "dom lipa", "lipa"]
    assert len({firm_key(firm) for firm in firms}) == len(firms)


def test_two_people_of_one_family_are_two() -> None:
    family = ["ana", "marko", "petra", "petar", "ivan", "ivana", "milan", "milena", "alen", "alan"]
    keys = {name_key(" ".join(nominative(first, "horvat"))) for first in family}
    assert len(keys) == len(family)


def pseudonym(text: str, lang: str) -> str:
    outcome = share_text([Part("t", text)], facts=Facts(lang=lang), policy=POLICY, keys=KEYS)
    (span,) = (s for s in outcome.spans if s.type == "NAME")
    assert span.replacement is not None
    return span.replacement


@pytest.mark.parametrize(
    ("lang", "texts"),
    [
        ("sl", ["Prijavila je Maja Zupančič, računovodkinja.",
                "Klicali so Majo Zupančič iz računovodstva.",
                "S sodelavko MAJO ZUPANČIČ smo govorili.",
                "Poročilo je poslala gospa Maja Zupancic."]),
        ("sl", ["Oškodovanec je Marko Korošec.", "Poslali so oškodovancu Marku Korošcu.",
                "Govorili smo z gospodom Markom Korošcem.",
                "Račun gospoda Marka Korošca je prazen."]),
        ("hr", ["Prijavio je Petar Horvat iz računovodstva.",
                "Nazvali su Petra Horvata iz računovodstva.",
                "Razgovarali smo s kolegom Petrom Horvatom.", "Žrtva je gospodin PETAR HORVAT."]),
        ("hr", ["Oštećena je Ivana Kovačević.", "Poslali su poruku Ivani Kovačević."]),
        ("en", ["Our colleague John Smith clicked on it.", "Our colleague Mr John Smith called us."]),
    ],
)  # fmt: skip
def test_every_form_in_a_mail_gets_one_pseudonym(lang: str, texts: list[str]) -> None:
    assert len({pseudonym(text, lang) for text in texts}) == 1


@pytest.mark.parametrize(
    ("lang", "texts"),
    [
        ("sl", ["Kontakt oškodovanca: 040 000 111", "Kontakt oškodovanca: +386 40 000 111",
                "Kontakt oškodovanca: 00386 40/000-111"]),
        ("sl", ["naš račun SI56 1910 0000 0123 438", "naš račun SI56191000000123438"]),
        ("hr", ["Žrtva ana.novak@lipa-primjer.hr", "Žrtva Ana.Novak@LIPA-PRIMJER.HR"]),
    ],
)  # fmt: skip
def test_numbers_and_addresses_have_one_form_too(lang: str, texts: list[str]) -> None:
    made = set()
    for text in texts:
        outcome = share_text([Part("t", text)], facts=Facts(lang=lang), policy=POLICY, keys=KEYS)
        (span,) = outcome.spans
        made.add(span.replacement)
    assert len(made) == 1
