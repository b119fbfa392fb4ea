"""Lookalikes of a stream come first, and names that only look like it do not come at all."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.brand import shipped
from zvon.ml.lookalike import best, find, score
from zvon.ml.lookalike import shipped as weights
from zvon.model.verdict import Reason

# Leet, Cyrillic, ill-formed `xn--`, combosquat, and official names inside longer ones.
PLANTED = (
    "posta-si-pack.lat", "elementa.otpbanka.hr-azuriranje-12.online", "posta-si.dostava-paketa.top",
    "posta-sl0venija.top", "p0sta-si.cfd", "xn--pota-h6a-si.top", "postasi-sledenje.cc",
    "nlb-klik.top", "hrvatska-posta-paket.info", "hp-posiljka.com", "furs-placilo.com",
    "evinjeta-placilo.eu", "xn--psta-si-9ig.com", "zaba-hr-login.net", "pbz-hr-prijava.com",
    "njuskal0-dostava.com", "posta.si.sledenje-paket.xyz", "egradjani-potvrda.info",
    "nlb.si-prijava.online", "xn--nl-klik-kgg.top",
)  # fmt: skip
# Firms and words that have a brand's letters in them and nothing to do with it.
FIRMS = (
    "postavka.si", "postaja.si", "postanek.si", "postavitev.si", "gasilska-postaja.si",
    "postaprint.hr", "kibrispostasi.com", "postaonline.cz", "posta.com", "posta.rs", "postar.hr",
    "postaviti.hr", "postament.si", "zabavnik.hr", "zabavni-park.hr", "folha.com.br", "costa.hr",
    "fina-cuisine.fr", "erste-hilfe.de", "hepatitis.org", "petrolhead.com", "adarshschool.in",
    "telekomunikacije-novak.si", "darsana.example", "furstenfeld.at", "hepburn.example",
)  # fmt: skip
SYLLABLES = (
    "ma", "ri", "no", "ka", "te", "lo", "vi", "da", "re", "su", "pe", "ti", "bo", "la", "ne", "go",
    "zu", "he", "fi", "ko", "mi", "ra", "sto", "pra", "gra", "tel", "bank", "net", "web", "shop",
    "pos", "ta", "nl", "fur", "sor", "dom", "hot", "art", "med", "eko", "vin", "les", "avto", "tur",
)  # fmt: skip
ENDINGS = (
    "com",
    "net",
    "org",
    "si",
    "hr",
    "de",
    "it",
    "info",
    "top",
    "shop",
    "online",
    "xyz",
    "eu",
)
WORDS = (
    "shop",
    "online",
    "hotel",
    "login",
    "servis",
    "blog",
    "dostava",
    "delivery",
    "secure",
    "24",
)


def stream(count: int) -> list[str]:
    """Names as a stream has them: made of syllables, some with an ordinary word beside."""
    dice = random.Random(4)
    names = []
    for _ in range(count):
        name = "".join(dice.choices(SYLLABLES, k=dice.randint(2, 4)))
        if dice.random() < 0.3:
            name += "-" + dice.choice(WORDS)
        names.append(f"{name}.{dice.choice(ENDINGS)}")
    return names


def test_of_two_hundred_thousand_names_the_planted_ones_come_first() -> None:
    names = stream(200_000 - len(PLANTED) - len(FIRMS))
    names += [*PLANTED, *FIRMS]
    random.Random(5).shuffle(names)
    first = [one.name for one in best(find(shipped(), names), 50)]
    wanted = {_subject(name) for name in PLANTED}
    assert wanted - set(first) == set()
    assert set(first) & set(FIRMS) == set()


def _subject(name: str) -> str:
    """What is watched: the registered domain where the brand stands in it, else the host."""
    [one] = find(shipped(), [name])
    return one.name


def test_the_domain_is_watched_where_the_brand_is_in_it_and_the_host_where_not() -> None:
    found = [one.name for one in find(shipped(), ["www.posta-si-pack.lat", "posta-si.prodaja.top"])]
    assert found == ["posta-si-pack.lat", "posta-si.prodaja.top"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("posta-sl0venija.top", "WATCH_LEET"),
        ("xn--psta-si-9ig.com", "WATCH_HOMOGLYPH"),
        ("xn--pota-h6a-si.top", "WATCH_ILL_FORMED"),
        ("nlb-prijava.top", "WATCH_LURE"),
        ("posta.si.sledenje-paket.xyz", "WATCH_INSIDE"),
        ("posta-si-pack.pages.dev", "WATCH_PLATFORM"),
        ("posta-si-7.lat", "WATCH_DIGITS"),
    ],
)
def test_a_name_says_what_is_odd_about_it(name: str, code: str) -> None:
    [one] = find(shipped(), [name])
    assert code in {reason.code for reason in one.reasons}


def test_a_hacek_is_no_letter_of_another_script() -> None:
    [one] = find(shipped(), ["xn--pota-slovenija-r0c.top"])
    assert "WATCH_HOMOGLYPH" not in {reason.code for reason in one.reasons}


def test_a_feed_raises_the_score() -> None:
    [plain] = find(shipped(), ["posta-si-pack.lat"])
    [listed] = find(shipped(), ["posta-si-pack.lat"], listed=True)
    assert listed.score > plain.score
    assert {r.code for r in listed.reasons} - {r.code for r in plain.reasons} == {"WATCH_FEED"}


def test_a_lexical_model_speaks_against_a_name_and_never_for_it() -> None:
    def says(p: float) -> float:
        [one] = find(shipped(), ["nlb-klik.top"], lexical=lambda urls: [p for _ in urls])
        return one.score

    [plain] = find(shipped(), ["nlb-klik.top"])
    assert says(0.0) == says(0.5) == plain.score
    assert plain.score < says(0.7) < says(0.95)
    assert says(0.999) == says(1.0) < 0.9, "what it says is bounded"


def test_the_best_are_in_order_and_each_is_once() -> None:
    found = best(find(shipped(), [*PLANTED, *PLANTED]), 10)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert len({one.name for one in found}) == 10


@given(st.lists(st.floats(-9, 9), max_size=9), st.floats(0, 9))
def test_more_against_a_name_never_lowers_its_score(given_: list[float], more: float) -> None:
    reasons = [Reason(code="X", weight=weight) for weight in given_]
    assert score([*reasons, Reason(code="Y", weight=more)]) >= score(reasons)


def test_every_reason_has_words() -> None:
    from zvon.locale import translator

    speak = translator("sl")
    for key in (*weights().technique, *weights().signal):
        code = f"WATCH_{key.upper()}"
        if key == "lures":
            continue
        assert speak.text(code, brand="", written="", alias="", rule="") != code
