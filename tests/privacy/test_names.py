"""People in every case, firms, addresses, accounts and machines."""

import pytest

from zvon.privacy import identifiers, names
from zvon.privacy.lemma import first_name, last_name, lemmas
from zvon.privacy.mentions import Reading
from zvon.privacy.names import organisation, person


def found(text: str, kind: str, lang: str = "sl") -> list[str]:
    reading = Reading("text", text, lang)
    identifiers.detect(reading)
    names.detect(reading)
    return [m.raw for m in sorted(reading.mentions, key=lambda m: m.start) if m.type == kind]


@pytest.mark.parametrize(
    ("form", "nominative"),
    [("korosca", "korosec"), ("petra", "petar"), ("spelo", "spela"), ("zupancica", "zupancic"),
     ("tomazeva", "tomaz"), ("majin", "maja"), ("lucijina", "lucija"), ("markom", "marko"),
     ("vesno", "vesna"), ("horvatov", "horvat"), ("anici", "anica")],
)  # fmt: skip
def test_a_case_form_leads_to_its_nominative(form: str, nominative: str) -> None:
    assert nominative in lemmas(form)


def test_lists_answer_on_nominatives() -> None:
    assert first_name("spelo") == "spela"
    assert last_name("zupancicem") == "zupancic"
    assert last_name("kos-zupancic") == "kos-zupancic"
    assert first_name("streznik") is None


def test_case_and_diacritics_do_not_change_a_person() -> None:
    forms = [["zupancica", "tomaza"], ["tomaz", "zupancic"], ["tomazu", "zupancicu"]]
    assert len({person(form) for form in forms}) == 1


@pytest.mark.parametrize(
    ("text", "name", "lang"),
    [
        ("Obvestili smo Vesno Kavčič po telefonu", "Vesno Kavčič", "sl"),
        ("Kontakt dr. Katarina Jereb, tel", "dr. Katarina Jereb", "sl"),
        ("Kontakt: mr. sc. Jelena Kralj", "mr. sc. Jelena Kralj", "hr"),
        ("Victim Josip Broz Kelava, OIB", "Josip Broz Kelava", "en"),
        ("ŠPELA KOROŠEC je javila", "ŠPELA KOROŠEC", "sl"),
        ("Lucijina prijateljica pleše", "Lucijina", "hr"),
        ("piše janez horvat iz pisarne", "janez horvat", "sl"),
        ("Klijentica Sunčana Prpić je", "Sunčana Prpić", "hr"),
        ("Novak Ana, računovodstvo", "Novak Ana", "sl"),
        ("Zupancic Tomaz", "Zupancic Tomaz", "sl"),
        ("My father, Slavko Kirn, paid", "Slavko Kirn", "en"),
    ],
)
def test_a_person_is_found(text: str, name: str, lang: str) -> None:
    assert found(text, "NAME", lang) == [name]


@pytest.mark.parametrize(
    "text",
    ["Kos kruha in kralj gozda", "Pošta Slovenije sporoča", "Ali je to res", "V petek in maja",
     "SI-CERT in SOC sta obveščena", "Uporabnik VPN ni dosegljiv", "Luka Koper dela"],
)  # fmt: skip
def test_ordinary_words_are_no_people(text: str) -> None:
    assert found(text, "NAME") == []


@pytest.mark.parametrize(
    ("text", "firm"),
    [("iz podjetja Livarna Kresnik d.o.o., Mengeš", "Livarna Kresnik d.o.o."),
     ("odjel KONČAR primjer d.o.o., mail", "KONČAR primjer d.o.o."),
     ("Elektro Primer, d. d.: od 17.10", "Elektro Primer, d. d."),
     ("Osnovna šola Lipovec javlja", "Osnovna šola Lipovec")],
)  # fmt: skip
def test_a_firm_is_found(text: str, firm: str) -> None:
    assert found(text, "ORG") == [firm]


def test_the_imitated_brand_is_no_firm_of_the_victim() -> None:
    reading = Reading("text", "Lažna stran NLB d.d. zahteva", "sl")
    names.detect(reading, [(12, 15)])
    assert [m for m in reading.mentions if m.type == "ORG"] == []


def test_a_firm_is_the_same_without_its_legal_form() -> None:
    assert organisation("Livarna Kresnik, d. o. o.") == organisation("LIVARNA KRESNIK")


@pytest.mark.parametrize(
    ("text", "address"),
    [("stanujem na Trubarjeva ulica 7, 3000 Celje. Prosim", "Trubarjeva ulica 7, 3000 Celje"),
     ("Cesta na Ključ 14, 1234 Mengeš", "Cesta na Ključ 14, 1234 Mengeš"),
     ("iz Riva 3, 51000 Rijeka poslao", "Riva 3, 51000 Rijeka"),
     ("at 27 Castle Street, Edinburgh EH2 3DN.", "27 Castle Street, Edinburgh EH2 3DN")],
)  # fmt: skip
def test_a_postal_address_is_found(text: str, address: str) -> None:
    assert found(text, "ADDR") == [address]


@pytest.mark.parametrize(
    ("text", "host"),
    [("strežniki srv-erp02 in", "srv-erp02"), ("Naprava LAPTOP-9QK2VVA z", "LAPTOP-9QK2VVA"),
     ("Računalo DESKTOP-PMATIC na", "DESKTOP-PMATIC"), ("on MZZ-NB-118.", "MZZ-NB-118")],
)  # fmt: skip
def test_a_machine_without_a_domain_is_found(text: str, host: str) -> None:
    assert found(text, "HOST") == [host]


@pytest.mark.parametrize("text", ["SHA-256 in AES-128", "UTF-8", "zapis CVE-2024", "TLS-1"])
def test_a_name_of_a_standard_is_no_machine(text: str) -> None:
    assert found(text, "HOST") == []


def test_accounts_and_passwords_follow_their_words() -> None:
    assert found("uporabniško ime tzupancic72 in", "USER") == ["tzupancic72"]
    assert found("Uspešna prijava za svc_backup ob", "USER") == ["svc_backup"]
    assert found("z geslom Poletje2024! in", "SECRET") == ["Poletje2024!"]
    assert found("geslo je bilo zamenjano", "SECRET") == []
