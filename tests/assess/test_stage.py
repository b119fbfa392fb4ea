"""Which addresses are looked at next."""

from tests.assess.looks import C, seen
from tests.assess.message import AT, message
from zvon.assess.judge import judge
from zvon.assess.shipped import shipped
from zvon.assess.stage import MOST_URLS, Wanted, wanted
from zvon.model.evidence import Evidence

URL = "https://nlb-prijava.example/p"


def asked(text: str, rows: list[Evidence] | None = None, verified: str = "") -> Wanted:
    opinion = judge(shipped(frozenset({verified})), message(text), AT, rows or [])
    return wanted(opinion.facts, opinion.verdict)


def test_a_target_is_first_looked_at_without_scripts_then_with_a_browser() -> None:
    assert asked(URL) == Wanted(fetch=(URL,))
    assert asked(URL, seen(URL, (C.TITLE, "x"))) == Wanted(render=(URL,))
    both = [*seen(URL, (C.TITLE, "x")), *seen(URL, (C.LOOK, "00"), stage=4)]
    assert asked(URL, both) == Wanted()


def test_what_our_guard_refused_is_not_shown_to_a_browser() -> None:
    assert asked(URL, seen(URL, (C.REFUSED, "private"))) == Wanted()


def test_a_plain_page_without_anything_telling_needs_no_browser() -> None:
    url = "https://vrt.example/"
    assert asked(url, seen(url, (C.TITLE, "Vrt"))).render == ()
    assert asked(url, seen(url, (C.TITLE, "Vrt"), (C.FORM, "password"))).render == (url,)


def test_an_official_address_is_left_alone() -> None:
    text = "NLB https://www.nlb.si/klik"
    assert asked(text, verified="si.nlb") == Wanted()
    assert asked(text) == Wanted()


def test_at_most_five_addresses_of_a_report_are_looked_at() -> None:
    text = " ".join(f"https://s{n}.example/nlb" for n in range(12))
    first = asked(text).fetch
    assert len(first) == MOST_URLS
    rows = [row for url in first for row in seen(url, (C.REFUSED, "private"))]
    assert asked(text, rows).fetch == ()


def test_a_name_that_turned_up_behind_a_shortener_is_asked_about() -> None:
    short = "https://bit.ly/zvon-test-2"
    rows = seen(short, (C.FINAL, "https://nekam.example/a"), (C.TITLE, "x"))
    assert asked(short, rows).names == ("nekam.example",)
