"""A cloak is found; a page that only adapts is none."""

import pytest

from zvon.ml.look import Difference, View, What, differences
from zvon.model.page import Asked, Form, Hop, PageFacts, Vantage

PHONE, DESKTOP, PLAIN = Vantage.PHONE, Vantage.DESKTOP, Vantage.PLAIN
LOGIN = Form((Asked.LOGIN, Asked.PASSWORD))
CARD = Form((Asked.CARD,))
SEARCH = Form((Asked.SEARCH,))
FLOWERS = " ".join(f"roža številka {n} stoji ob poti do vrta in cveti" for n in range(12))
PARCEL = " ".join(f"paket {n} čaka na plačilo carine pred dostavo na naslov" for n in range(12))
HERBS = " ".join(f"herb {n} grows in the shade behind our old garden wall" for n in range(12))


def view(
    vantage: Vantage,
    text: str = FLOWERS,
    *forms: Form,
    url: str = "https://vrt.example/",
    lang: str | None = "sl",
    brands: tuple[str, ...] = (),
) -> View:
    facts = PageFacts(hops=(Hop(url, 200),), status=200, text=text, forms=forms, lang=lang)
    return View(vantage, facts, frozenset(brands))


def found(*views: View) -> set[tuple[What, Vantage]]:
    return {(each.what, each.vantage) for each in differences(views)}


def test_a_form_that_only_phones_see_is_a_cloak() -> None:
    assert found(view(PHONE, PARCEL, CARD), view(DESKTOP, FLOWERS)) == {
        (What.FORM, PHONE),
        (What.TEXT, PHONE),
    }
    assert differences([view(DESKTOP, "404"), view(PHONE, PARCEL, LOGIN)]) == (
        Difference(What.FORM, PHONE, DESKTOP),
    )


def test_a_form_for_scanners_only_is_a_cloak_too() -> None:
    assert (What.FORM, DESKTOP) in found(view(PHONE), view(DESKTOP, FLOWERS, LOGIN))


def test_sending_computers_elsewhere_is_a_cloak_where_the_phone_is_asked_for_something() -> None:
    elsewhere = view(DESKTOP, HERBS, url="https://iskalnik.example/", lang="en")
    assert (What.REDIRECT, PHONE) in found(view(PHONE, PARCEL, CARD), elsewhere)
    # An advertiser sends phones to the shop of apps: nobody is asked for anything.
    assert found(view(PHONE, PARCEL), elsewhere) == set()


def test_a_name_that_scanners_do_not_see_is_a_cloak() -> None:
    posing = view(PHONE, PARCEL, brands=("si.posta",))
    assert (What.BRAND, PHONE) in found(posing, view(DESKTOP, HERBS, lang="en"))
    assert found(posing, view(DESKTOP, PARCEL, brands=("si.posta",))) == set()


def test_the_order_of_looks_does_not_matter() -> None:
    views = [view(PHONE, PARCEL, CARD), view(DESKTOP, FLOWERS), view(PLAIN, FLOWERS)]
    assert differences(views) == differences(views[::-1])


@pytest.mark.parametrize(("phone", "desktop"), [
    (view(PHONE, FLOWERS, LOGIN), view(DESKTOP, FLOWERS + " Več o nas " * 40, LOGIN, SEARCH)),
    (view(PHONE, FLOWERS, LOGIN), view(DESKTOP, HERBS, LOGIN, lang="en")),
    (view(PHONE, FLOWERS, LOGIN, url="https://m.vrt.example/"), view(DESKTOP, FLOWERS, LOGIN)),
    (view(PHONE, FLOWERS, LOGIN, url="https://vrt.si/"),
     view(DESKTOP, HERBS, LOGIN, url="https://vrt.com/", lang="en")),
    (view(PHONE, FLOWERS, SEARCH), view(DESKTOP, FLOWERS)),
    (view(PHONE, "", LOGIN), view(DESKTOP, "", LOGIN)),
])  # fmt: skip
def test_a_page_that_adapts_is_none(phone: View, desktop: View) -> None:
    assert differences([phone, desktop]) == ()


def test_an_application_built_by_scripts_is_none_but_a_page_of_its_own_is() -> None:
    shell = view(PLAIN, "Omogočite JavaScript.")
    assert differences([shell, view(PHONE, FLOWERS, LOGIN)]) == ()
    with_widget = view(PHONE, FLOWERS + " Prijava v spletno banko", LOGIN)
    assert differences([view(PLAIN, FLOWERS), with_widget]) == ()
    disguised = found(view(PLAIN, HERBS), view(PHONE, PARCEL, CARD))
    assert (What.FORM, PHONE) in disguised
