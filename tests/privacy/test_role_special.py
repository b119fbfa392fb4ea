"""The special cases of roles, in three languages each."""

import pytest

from tests.privacy.conftest import gate
from zvon.model.role import Role, SpanDecision, SpanState
from zvon.privacy.engine import Outcome
from zvon.privacy.facts import Facts, with_brands
from zvon.privacy.register import Register
from zvon.privacy.register_entry import Entry


def span(outcome: Outcome, text: str) -> SpanDecision:
    return next(s for s in outcome.spans if s.text == text)


def ours(*entries: Entry) -> Facts:
    return with_brands(Facts(register=Register(entries)))


HACKED = [
    "V našo stran gostilna-pod-lipo.si so vdrli, lažna prijava je na http://gostilna-pod-lipo.si/wp-content/uploads/x/index.php",
    "Stranica gostiona-lipa.hr je hakirana, kit je na http://gostiona-lipa.hr/wp-content/uploads/x/index.php",
    "The site limetree-pub.co.uk was hacked, the kit is at http://limetree-pub.co.uk/wp-content/uploads/x/index.php",
]


@pytest.mark.parametrize("text", HACKED)
def test_a_hacked_site_loses_its_host_and_keeps_its_path(text: str) -> None:
    outcome = gate(text)
    assert outcome.shared, [(s.text, s.state, s.p_attacker) for s in outcome.spans]
    shared = outcome.shared["text"]
    assert "/wp-content/uploads/x/index.php" in shared
    for name in ("gostilna-pod-lipo", "gostiona-lipa", "limetree-pub"):
        assert name not in shared
    assert "hacked.site" in {e.rule for s in outcome.spans for e in s.evidence}


@pytest.mark.parametrize(
    "text",
    ["Vdrli so v naš predal, lažna prijava je na https://nlb-varnost.top/wp-content/a/login.php",
     "Hakirali su nam sandučić, lažna prijava je na https://pbz-sigurnost.top/wp-content/a/login.php",
     "Our mailbox was hacked, the fake login is at https://paypal-verify.top/wp-content/a/login.php"],
)  # fmt: skip
def test_a_name_registered_for_abuse_is_no_hacked_site(text: str) -> None:
    url = next(s for s in gate(text).spans if s.type == "URL")
    assert url.state is SpanState.KEEP
    assert not url.inner


BOTS = [
    "Napad prihaja z 46.123.240.11, poskusi prijav na tuje strežnike.",
    "Napad dolazi s 46.123.240.11, pokušaji prijave na tuđe poslužitelje.",
    "The attack comes from 46.123.240.11, login attempts on foreign servers.",
]


@pytest.mark.parametrize("text", BOTS)
def test_an_address_of_ours_that_attacks_is_never_kept_and_asked_for_wide_groups(text: str) -> None:
    facts = ours(Entry(kind="prefix", value="46.123.240.0/24"))
    amber = span(gate(text, facts=facts), "46.123.240.11")
    wide = span(gate(text, facts=facts, group="demo-clear", tlp="CLEAR"), "46.123.240.11")
    assert amber.state in {SpanState.PSEUDONYMISE, SpanState.ASK}
    assert wide.state is SpanState.ASK
    assert span(gate(text), "46.123.240.11").state is SpanState.KEEP


MULES = [
    "Nakazal sem 500 EUR na račun DE89370400440532013000, s svojega SI56 0203 6025 3863 406.",
    "Uplatio sam 500 EUR na račun DE89370400440532013000, sa svog HR12 1001 0051 8630 0016 0.",
    "I transferred 500 EUR to DE89370400440532013000, from my account GB29 NWBK 6016 1331 9268 19.",
]


@pytest.mark.parametrize("text", MULES)
def test_the_account_of_a_mule_stays_or_is_hashed_as_the_group_agreed(text: str) -> None:
    mule = "DE89370400440532013000"
    assert span(gate(text), mule).state is SpanState.KEEP
    clear = span(gate(text, group="demo-clear", tlp="CLEAR"), mule)
    assert clear.state in {SpanState.PSEUDONYMISE, SpanState.ASK}
    others = [s for s in gate(text).spans if s.type == "IBAN" and s.text != mule]
    assert len(others) == 1
    assert others[0].state is not SpanState.KEEP


ALIASES = [
    ("Klical me je nekdo in se predstavil kot Robert Klein iz podpore.", "Robert Klein"),
    ("Zvao me netko i predstavio se kao Robert Klein iz podrške.", "Robert Klein"),
    ("A caller introduced himself as Robert Klein from support.", "Robert Klein"),
]


@pytest.mark.parametrize(("text", "name"), ALIASES)
def test_the_name_that_an_attacker_uses_stays(text: str, name: str) -> None:
    found = span(gate(text), name)
    assert found.state is SpanState.KEEP
    assert found.role is Role.ATTACKER


BRANDS = [
    "Dobil sem SMS v imenu NLB s povezavo https://nlb-varnost.top/a",
    "Dobio sam SMS u ime PBZ s poveznicom https://pbz-sigurnost.top/a",
    "I got an SMS in the name of PayPal with the link https://paypal-verify.top/a",
]


@pytest.mark.parametrize("text", BRANDS)
def test_an_imitated_brand_stays_and_its_look_alike_is_the_attackers(text: str) -> None:
    outcome = gate(text)
    assert [s.state for s in outcome.spans] == [SpanState.KEEP]
    assert outcome.shared["text"] == text


def test_the_same_name_in_the_register_is_an_organisation_of_ours() -> None:
    text = "Poroča Pekarna Zlatorog, dobili smo klic."
    facts = ours(Entry(kind="organisation", value="Pekarna Zlatorog"))
    assert "Zlatorog" not in gate(text, facts=facts).shared["text"]


DOCUMENTS = [
    ("Ukradli so našo datoteko zaposleni.xlsx (SHA-256 {}).", "Priponka racun.pdf.exe (SHA-256 {})"),
    ("Ukrali su našu datoteku zaposleni.xlsx (SHA-256 {}).", "Privitak racun.pdf.exe (SHA-256 {})"),
    ("They stole our file payroll.xlsx (SHA-256 {}).", "The attachment invoice.pdf.exe (SHA-256 {})"),
]  # fmt: skip


@pytest.mark.parametrize(("victims", "attackers"), DOCUMENTS)
def test_the_hash_of_a_victims_own_document_goes_with_it(victims: str, attackers: str) -> None:
    digest = "ab" * 32
    assert span(gate(attackers.format(digest)), digest).state is SpanState.KEEP
    own = gate(victims.format(digest))
    assert span(own, digest).state is SpanState.PSEUDONYMISE
    assert [s.state for s in own.spans if s.type == "FILE"] == [SpanState.PSEUDONYMISE]


@pytest.mark.parametrize(
    ("group", "tlp", "stays"), [("demo-amber", "AMBER", True), ("demo-clear", "CLEAR", False)]
)
def test_what_is_asked_for_in_a_url_follows_the_policy(group: str, tlp: str, *, stays: bool) -> None:  # fmt: skip
    victim = "e=maja.hribar%40lipa.si"
    for query, other in (("id=8812", True), (victim, False)):
        text = f"Povezava hxxps://evil-fixture[.]top/a?{query}, prejela maja.hribar@lipa.si"
        shared = gate(text, group=group, tlp=tlp).preview["text"]
        assert ("8812" in shared) == (other and stays)
        assert "maja.hribar" not in shared


def test_of_two_names_alike_the_one_with_the_attackers_words_is_the_look_alike() -> None:
    text = "Naša domena je livarna-kresnik.si, goljufi uporabljajo livarna-kresnlk.si."
    outcome = gate(text)
    assert span(outcome, "livarna-kresnik.si").state is SpanState.PSEUDONYMISE
    fake = span(outcome, "livarna-kresnlk.si")
    assert fake.p_attacker > 0.5


def test_addresses_of_a_network_that_the_text_calls_ours_go() -> None:
    text = "Naš obseg je 84.20.248.0/24. Promet: 84.20.248.17 -> 91.100.7.7:6667"
    outcome = gate(text)
    inside, outside = span(outcome, "84.20.248.17"), span(outcome, "91.100.7.7")
    assert inside.p_attacker < outside.p_attacker
    assert inside.state is not SpanState.KEEP


@pytest.mark.parametrize(
    "text",
    ["Vdrli so mi v račun, geslo sem vpisal na https://prijava-racun.com/wp/a",
     "Provalili su mi u račun, lozinku sam upisao na https://prijava-racun.com/wp/a",
     "My account was hacked, I typed the password at https://account-check.com/wp/a"],
)  # fmt: skip
def test_an_account_that_was_broken_into_is_no_hacked_site(text: str) -> None:
    url = next(s for s in gate(text).spans if s.type == "URL")
    assert url.state is SpanState.KEEP
    assert not url.inner


def test_thousands_of_names_and_addresses_are_judged_too() -> None:
    """The work grows with the text, not with its square; the sides stay as they are."""
    lines = [f"Vir {i % 200 + 20}.{i // 200 % 250}.7.7, domena evil{i}-login.top" for i in range(3000)]  # fmt: skip
    text = "Naša stran lipa-{i}.si je vdrta. ".replace("{i}", "1") + "\n".join(lines)
    outcome = gate(text)
    assert len(outcome.spans) > 5000
    assert span(outcome, "evil7-login.top").state is SpanState.KEEP


SIGNED = (
    "A caller from +2348083345639 talked the victim Petra Zupanc into installing AnyDesk. The scammer"
    " sent her the link https://pdkcbld-prijava.test/nalog."
)


def test_a_foreign_number_above_a_victim_s_name_is_hers() -> None:
    signed = span(gate(f"{SIGNED}\n+44 7700 977447\nPetra Zupanc"), "+44 7700 977447")
    alone = span(gate(f"{SIGNED}\n+44 7700 977447\n"), "+44 7700 977447")
    assert "beside.name" in {e.rule for e in signed.evidence}
    assert signed.state is not SpanState.KEEP
    assert signed.p_attacker < alone.p_attacker - 0.1
    caller = gate(f"{SIGNED}\nPetra Zupanc")
    assert span(caller, "+2348083345639").state is SpanState.KEEP
