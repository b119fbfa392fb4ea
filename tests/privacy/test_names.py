"""People in every case, firms, addresses, accounts and machines."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.ml.pii.model import Model
from zvon.privacy import identifiers, names, tagged
from zvon.privacy.lemma import first_name, last_name, lemmas
from zvon.privacy.mentions import Reading
from zvon.privacy.names import organisation, person
from zvon.privacy.register import Register
from zvon.privacy.register_entry import Entry
from zvon.privacy.tables import BadTable


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


@pytest.mark.parametrize(
    ("text", "name", "lang"),
    [
        ("Učenec Nejc R. je delil geslo", "Nejc R.", "sl"),
        ("reports J. T. R. Penhaligon by phone", "J. T. R. Penhaligon", "en"),
        ("viewed by DUARTE, Inês (MRN 4)", "DUARTE, Inês", "en"),
        ("Pacijent u sali (Gospodnetić Ante), karton", "Gospodnetić Ante", "hr"),
        ("Direktor je Ivan pl. Jelenčić danas", "Ivan pl. Jelenčić", "hr"),
        ("Klijent Nenad Sučić st. kupovao je", "Nenad Sučić st.", "hr"),
        ("LP, U. L.\n", "U. L.", "sl"),
        ("[08:15] tine: pridem", "tine", "sl"),
        ("tam dela Kregarjeva že dolgo", "Kregarjeva", "sl"),
        ("javila je Beguš-Drnovškova danes", "Beguš-Drnovškova", "sl"),
        ("Susjed Djuro kaze da je to", "Djuro", "hr"),
        ("14;PAVLETIĆ ORIJANA;44", "PAVLETIĆ ORIJANA", "hr"),
        ("Dear Perpetua,\nour records show", "Perpetua", "en"),
        ("S Žuljevićem sam razgovarao o tome", "Žuljevićem", "hr"),
        ("Obvestili smo Vojmirja Koprivljanca po pošti", "Vojmirja Koprivljanca", "sl"),
    ],
)  # fmt: skip
def test_a_person_is_found_in_every_way_of_writing(text: str, name: str, lang: str) -> None:
    assert any(name in f or (f in name and len(f) >= 0.9 * len(name)) for f in found(text, "NAME", lang))  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["V petek je Microsoft izdal popravek", "Domena je registrirana danes", "Prejeli smo SMS in MMS",
     "The Fraud Act 2006 applies", "Dear Sirs, we wrote yesterday", "Strežnik teče na Windows Server",
     "U Zagrebu i Splitu pada kiša", "Skupina LockBit grozi z objavo", "Evo ovako. Sramota."],
)  # fmt: skip
def test_products_places_and_the_first_word_are_no_people(text: str) -> None:
    assert found(text, "NAME") == []


@pytest.mark.parametrize(
    ("text", "firm", "lang"),
    [("javlja Splošna bolnišnica Jezero, da", "Splošna bolnišnica Jezero", "sl"),
     ("u tvrtki Caffè Tramonto s.r.l. danas", "Caffè Tramonto s.r.l.", "hr"),
     ("the Riverside Primary School called", "Riverside Primary School", "en"),
     ("klijent je Općina Gornji Hum i", "Općina Gornji Hum", "hr"),
     ("Zavezanec: Vodovod Kočna, javno podjetje", "Vodovod Kočna, javno podjetje", "sl"),
     ("za Lesnina Borovje j.d.o.o. i", "Lesnina Borovje j.d.o.o.", "hr"),
     ("odvetniki Hrast & partnerji so", "Hrast & partnerji", "sl")],
)  # fmt: skip
def test_an_institution_is_found(text: str, firm: str, lang: str) -> None:
    assert firm in found(text, "ORG", lang)


@pytest.mark.parametrize(
    "text", ["Stran društva ne dela", "naša šola je zaprta", "NLB d.d. opozarja"]
)
def test_a_kind_of_institution_is_no_name(text: str) -> None:
    reading = Reading("text", text, "sl")
    names.detect(reading, [(0, 3)] if text.startswith("NLB") else [])
    assert [m.raw for m in reading.mentions if m.type == "ORG"] == []


@pytest.mark.parametrize(
    ("text", "address", "lang"),
    [("podružnica v Koper, Ulica 15. maja 3. Nekdo", "Ulica 15. maja 3", "sl"),
     ("my address is Ribno 14, SI-4260 Bled; my", "Ribno 14, SI-4260 Bled", "en"),
     ("na adresi Ulica grada Vukovara 12, 10000 Zagreb.", "Ulica grada Vukovara 12, 10000 Zagreb", "hr"),
     ("stanuje v Cesta v Mestni log 88a, 1000 Ljubljana", "Cesta v Mestni log 88a, 1000 Ljubljana", "sl"),
     ("of Flat 3, 22 Harbour Row, Whitby YO21 9ZZ.", "22 Harbour Row, Whitby YO21 9ZZ", "en")],
)  # fmt: skip
def test_an_address_is_found_whole(text: str, address: str, lang: str) -> None:
    assert any(address in one for one in found(text, "ADDR", lang))


@pytest.mark.parametrize(
    "text",
    [
        "vrata 80, 443 in 8443 so odprta",
        "znesek 18,200 EUR skupaj",
        "Windows 11 in Exchange 2016",
        "Tue, 17 Nov 2026 08:40:12",
    ],
)
def test_ports_sums_versions_and_dates_are_no_address(text: str) -> None:
    assert found(text, "ADDR") == []


@pytest.mark.parametrize(
    ("text", "account"),
    [("prijava jzajca ni, je pa jzajc iz Kranja", "jzajc"), ("kdo je m.turkalj in zakaj", "m.turkalj"),
     ("moj username je lan.k_07 in geslo", "lan.k_07"), ("računi gost_kaplan in drugi", "gost_kaplan")],
)  # fmt: skip
def test_an_account_made_of_a_name_is_found(text: str, account: str) -> None:
    assert account in found(text, "USER")


@pytest.mark.parametrize(
    "text",
    [
        "DB_HOST=x in DB_USER=y",
        "prejet FN-2026-7710",
        "prijava IR-2291",
        "helo=WIN-CLJ1B0GQ6JP je njegov",
    ],
)
def test_settings_tickets_and_what_a_client_claims_are_no_machines(text: str) -> None:
    assert found(text, "HOST") == []


def test_what_stands_beside_our_pseudonym_is_not_read_anew() -> None:
    reading = Reading("text", "C/ s?t org-6qd24nd2ncd0w0r1 Zvezdomirka", "sl")
    identifiers.detect(reading)
    names.detect(reading)
    assert [m.raw for m in reading.mentions if m.fixed != "keep"] == []


def test_people_of_our_register_are_found_in_any_case() -> None:
    register = Register([Entry(kind="person", value="Zvezdana Mlakuž"),
                         Entry(kind="organisation", value="Modri Val")])  # fmt: skip
    reading = Reading("text", "z Zvezdano Mlakuž iz Modri Val", "sl")
    names.detect(reading, (), register)
    assert {(m.type, m.raw, m.fixed) for m in reading.mentions} == {
        ("NAME", "Zvezdano Mlakuž", "remove"), ("ORG", "Modri Val", "remove")
    }  # fmt: skip


def test_without_weights_the_gate_stays_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> Model:
        raise FileNotFoundError("weights.npz")

    monkeypatch.setattr(tagged, "shipped", gone)
    tagged.tagger.cache_clear()
    try:
        with pytest.raises(BadTable):
            names.detect(Reading("text", "Ana Novak", "sl"))
    finally:
        tagged.tagger.cache_clear()


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=80) | st.text(alphabet="Ana Novk.,\n@01-čŠ(:d/s;|", max_size=120))
def test_any_text_is_read_and_findings_keep_apart(text: str) -> None:
    reading = Reading("text", text, None)
    names.detect(reading)
    ordered = sorted(reading.mentions, key=lambda m: m.start)
    assert all(a.end <= b.start for a, b in pairwise(ordered))
    assert all(reading.text[m.start : m.end] == m.raw for m in ordered)
