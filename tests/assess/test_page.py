"""What looks at an address bring together."""

from tests.assess.looks import C, capture, seen
from zvon.assess.page import Page, pages
from zvon.model.brand import shipped
from zvon.model.evidence import Evidence
from zvon.model.page import Asked, Capture, Vantage

URL = "https://a.example/x"


def page(rows: list[Evidence], *looks: Capture) -> Page:
    return pages(rows, looks, registry=shipped(), lang="sl")[URL]


def test_what_was_seen_once_stays_when_a_later_look_finds_nothing() -> None:
    rows = [
        *seen(URL, (C.FORM, "card"), (C.TITLE, "NLB")),
        *seen(URL, (C.EMPTY, "empty"), minutes=60),
    ]
    found = page(rows)
    assert found.asks == {Asked.CARD}
    assert found.named[0].brand == "si.nlb"
    assert found == page(rows[::-1])


def test_a_refused_look_was_tried_and_saw_nothing() -> None:
    found = page(seen(URL, (C.REFUSED, "loopback")))
    assert found.tried == {3}
    assert found.seen == frozenset()


def test_a_look_that_was_sent_home_is_not_held_against_the_address() -> None:
    rows = seen(URL, (C.FINAL, "https://www.nlb.si/klik"), (C.FORM, "password"), (C.TITLE, "NLB"))
    assert pages(rows, registry=shipped()) == {}
    kept = seen(URL, (C.FINAL, URL), (C.FORM, "card"), minutes=9)
    assert page([*rows, *kept]).asks == {Asked.CARD}


def test_the_most_telling_place_of_a_brand_counts() -> None:
    found = page([], capture(URL, "NLB Klik", "Prijava v NLB"))
    assert [(n.where, n.brand) for n in found.named] == [("title", "si.nlb")]
    deep = page([], capture(URL, "Forum", "Pogovori o bankah in drugem " * 9 + "imam NLB"))
    assert [(n.where, n.brand) for n in deep.named] == [("text", "si.nlb")]


def test_who_lists_several_brands_claims_none() -> None:
    found = page([], capture(URL, "Blagajna", "Dostava: Pošta Slovenije, GLS, DHL"))
    assert {n.where for n in found.named} == {"text"}


def test_a_brand_that_is_only_painted_is_read_from_the_picture() -> None:
    look = capture(URL, "", "Vnesite podatke", read="Pošta Slovenije", vantage=Vantage.PHONE)
    assert [(n.where, n.brand) for n in page([], look).named] == [("picture", "si.posta")]
