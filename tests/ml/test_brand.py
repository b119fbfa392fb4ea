"""Names that use a brand, and names that only look so."""

import pytest
from msgspec.structs import replace

from zvon.ml.brand import Technique, compiled, shipped
from zvon.model.brand import built

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


@pytest.mark.parametrize("address", [
    "otp-banka-prijava.top", "pay-pal-login.com", "hrvatskap-osta.top", "delavska-hranilnica.top",
])  # fmt: skip
def test_a_name_cut_by_hyphens_is_read_whole(address: str) -> None:
    assert hits(address)[0][1] is Technique.TOKEN


@pytest.mark.parametrize(
    "address", ["rnimovrste.top", "tele-rnach-prijava.si", "vvestern-union-pay.com"]
)
def test_two_letters_that_print_like_one_are_read_as_one(address: str) -> None:
    assert hits(address)


@pytest.mark.parametrize("name", ["роѕтаsi", "ɴlb-prijava", "ŧelemach-racun", "νzajemna-racun"])
def test_letters_that_print_like_ours_are_read_as_ours(name: str) -> None:
    encoded = "xn--" + name.encode("punycode").decode()
    assert hits(f"{encoded}.top")
    assert hits(f"{encoded}.top") == hits(f"{name}.top")


@pytest.mark.parametrize("address", [
    "unicredit.it", "otpbank.hu", "paypal.fr", "microsoft.example", "netflix-research.com",
    "paypal.com.au", "google.com.br", "cloud-delivery.net",
])  # fmt: skip
def test_a_name_that_firms_abroad_bear_needs_a_co_signal(address: str) -> None:
    assert hits(address) == []


@pytest.mark.parametrize(("address", "brand"), [
    ("unicredit-prijava.it", "si.unicredit"), ("otpbank.top", "si.otp"), ("paypal-login.fr", "x.paypal"),
    ("netflix-account.com", "x.netflix"), ("microsoft.weebly.com", "x.microsoft"),
    ("paypal.com.evil.example", "x.paypal"), ("netfliix.top", "x.netflix"), ("paypal-24.com", "x.paypal"),
])  # fmt: skip
def test_beside_a_lure_or_where_names_cost_nothing_it_is_a_hit(address: str, brand: str) -> None:
    assert hits(address)[0][0] == brand


def test_an_ordinary_word_of_a_local_brand_is_bait_only_where_names_cost_nothing() -> None:
    assert hits("petrol-obnova.top")[0][0] == "si.petrol"
    assert hits("petrol-obnova.example") == []
    assert hits("orange-obnova.top") == []  # the word of a brand of many countries is no sign


def test_a_typing_error_in_a_short_name_needs_a_co_signal() -> None:
    assert hits("ajpse.example") == []
    assert hits("ajpse-prijava.example")[0] == ("si.ajpes", Technique.TYPO)


def test_where_anybody_may_publish_the_owner_is_no_hit_and_others_are() -> None:
    assert hits("sharepoint.com") == []
    assert hits("microsoft-login.sharepoint.com") == []
    assert hits("nlb-prijava.sharepoint.com")[0][0] == "si.nlb"
    registry = shipped().registry
    assert registry.official("docs.google.com") is None
    assert registry.official("mail.google.com") is registry.by_id["x.google"]


def test_a_name_that_is_excluded_whole_is_left_alone_with_all_below_it() -> None:
    assert hits("www.otpbanka.rs") == []
    assert hits("otpbanka-prijava.rs")[0][0] in {"hr.otp", "si.otp"}


def test_a_changed_registry_gives_another_matcher() -> None:
    nlb = replace(shipped().registry.by_id["si.nlb"], hosts={"nlb-klik.top": "c"})
    known = built([nlb], "test")
    assert compiled(known) is compiled(known)
    assert compiled(known).match("www.nlb-klik.top") == ()
    assert compiled(known).match("nlb-klik.cc")


def test_of_a_brand_of_many_countries_a_word_in_a_path_needs_its_lure_beside_it() -> None:
    assert hits("blog.example/how-google-works/login") == []
    assert hits("blog.example/google/login")[0] == ("x.google", Technique.PATH)
