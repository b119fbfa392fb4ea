"""Names that use a brand, and names that only look so."""

import pytest

from zvon.ml.brand import Technique, shipped

MUST_HIT = {
    "posta-si-pack.lat": "si.posta",
    "elementa.otpbanka.hr-azuriranje-12.online": "hr.otp",
    "posta-si.dostava-paketa.top/i": "si.posta",
    "posta-sl0venija.top": "si.posta",
    "p0sta-si.cfd": "si.posta",
    "xn--pota-h6a-si.top": "si.posta",
    "postasi-sledenje.cc": "si.posta",
    "nlb-klik.top": "si.nlb",
    "hrvatska-posta-paket.info": "hr.posta",
    "hp-posiljka.com": "hr.posta",
    "furs-placilo.com": "si.furs",
    "evinjeta-placilo.eu": "si.dars",
    "pоsta-si.com": "si.posta",
    "zaba-hr-login.net": "hr.zaba",
    "pbz-hr.com": "hr.pbz",
    "njuskal0-dostava.com": "hr.njuskalo",
    "otpbamka.com": "si.otp",
    "posta.si.sledenje-paket.xyz": "si.posta",
    "egradjani-potvrda.info": "hr.gov",
}
MUST_NOT = [
    "posta.si", "sledenje.posta.si", "posiljka.posta.hr", "e-uprava.gov.si", "adarshschool.in",
    "posta.com", "posta.rs", "postaprint.hr", "kibrispostasi.com", "postaonline.cz",
    "folha.com.br", "costa.hr", "fina-cuisine.fr", "erste-hilfe.de", "hepatitis.org",
    "petrolhead.com", "zabavnik.hr", "example.com/adarsh?x=nlb",
    "ipfs.example/ipfs/QmNlbPbz7hpbdarsXk3w9TqLm2aVdR5sYcEuFjHoBi",
]  # fmt: skip


def hits(address: str, **facts: object) -> list[tuple[str, Technique]]:
    host, slash, path = address.partition("/")
    return [(h.brand.id, h.technique) for h in shipped().match(host, slash + path, **facts)]  # type: ignore[arg-type]


@pytest.mark.parametrize("address", MUST_HIT)
def test_a_lookalike_is_found_and_its_brand_named(address: str) -> None:
    assert MUST_HIT[address] in [brand for brand, _ in hits(address)]


@pytest.mark.parametrize("address", MUST_NOT)
def test_an_ordinary_or_official_name_is_left_alone(address: str) -> None:
    assert hits(address) == []


def test_an_official_name_inside_a_longer_one_is_the_surest_sign() -> None:
    assert hits("nlb.si.potrditev.example")[0] == ("si.nlb", Technique.INSIDE)
    assert hits("nlb.six.example") == []


def test_a_short_alias_needs_its_co_signal_beside_it() -> None:
    assert hits("hp-posiljka.com")[0][0] == "hr.posta"
    assert hits("hp.printers-login.com") == []


def test_a_message_that_names_the_brand_is_a_co_signal() -> None:
    assert hits("zaba-novosti.example") == []
    assert hits("zaba-novosti.example", claimed={"hr.zaba"})[0][0] == "hr.zaba"


def test_language_settles_which_post_is_meant() -> None:
    assert hits("moja-posta-paket.example", lang="hr")[0][0] == "hr.posta"
    assert hits("moja-posta-paket.example", lang="sl")[0][0] == "si.posta"


def test_an_ill_formed_label_is_a_signal_of_its_own() -> None:
    (hit, *_) = shipped().match("xn--pota-h6a-si.top")
    assert hit.ill_formed
    assert not shipped().match("posta-si-pack.lat")[0].ill_formed


def test_a_typing_error_alone_is_told_apart_from_the_name_itself() -> None:
    assert hits("otpbamka.com")[0][1] is Technique.TYPO
    assert hits("otpbanka.top")[0][1] is Technique.TOKEN


def test_a_word_in_the_path_counts_only_beside_a_lure() -> None:
    assert hits("skola.example/wp-content/nlb/prijava.html")[0] == ("si.nlb", Technique.PATH)
    assert hits("skola.example/wp-content/nlb/index.html") == []
