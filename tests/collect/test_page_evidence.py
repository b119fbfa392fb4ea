"""A look becomes rows of evidence: what was seen, and what was not is not there."""

from datetime import UTC, datetime
from typing import Any

import pytest

from zvon.collect.fetch.certificate import Certificate
from zvon.collect.page_evidence import of_capture, rows
from zvon.formats.page import read
from zvon.model.evidence import EvidenceCode as Code
from zvon.model.observable import Observable, ObservableType
from zvon.model.page import Asked, Capture, Form, Hop, Outcome, PageFacts, Vantage

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
URL = "https://a.example/i"
ABOUT = Observable(ObservableType.URL, URL)


def facts(**some: Any) -> PageFacts:
    known: dict[str, Any] = {"hops": (Hop(URL, 200),), "status": 200, "title": "Naslov"}
    return PageFacts(**(known | some))


def said(page: PageFacts) -> dict[tuple[Code, str], dict[str, str | int]]:
    return {(e.code, e.value): e.params for e in rows(ABOUT, page, stage=3, now=AT)}


def test_every_thing_asked_for_is_one_row_with_who_gets_it() -> None:
    found = said(facts(forms=(
        Form((Asked.LOGIN, Asked.PASSWORD)), Form((Asked.CARD, Asked.PASSWORD), "b.example"),
        Form((Asked.SEARCH,), "iskalnik.example"), Form((Asked.OTHER,)),
    ), sends=("c.example", "b.example")))  # fmt: skip
    forms = {value: params for (code, value), params in found.items() if code is Code.FORM}
    assert forms == {"login": {}, "password": {"target": "b.example"}, "card": {"target": "b.example"},
                     "search": {"target": "iskalnik.example"}}  # fmt: skip
    targets = {value: params for (code, value), params in found.items() if code is Code.FORM_TARGET}
    assert targets == {"b.example": {"how": "form"}, "c.example": {"how": "script"}}


def test_a_script_that_sends_where_nothing_is_asked_is_no_target() -> None:
    found = said(facts(sends=("stevec.example",), forms=(Form((Asked.SEARCH,)),)))
    assert not any(code is Code.FORM_TARGET for code, _ in found)


def test_the_last_hop_is_the_final_address_and_how_it_was_reached() -> None:
    chain = (
        Hop("https://k.example/", 301, "http"),
        Hop(URL, 200, "script"),
        Hop("https://z.example/", 0),
    )
    assert said(facts(hops=chain))[Code.FINAL, "https://z.example/"] == {"hops": 3, "via": "script"}


@pytest.mark.parametrize(("page", "word"), [
    (facts(title=""), "empty"),
    (facts(title="", text="Kratko"), "empty"),
    (facts(hints=("default-page",)), "default"),
    (facts(hints=("suspended-page",)), "suspended"),
    (facts(hints=("listing",)), "listing"),
    (facts(), None),
    (facts(title="", text="Dovolj besedila za bralca."), None),
    (facts(title="", forms=(Form((Asked.OTHER,)),)), None),
    (facts(title="", onward="https://z.example/"), None),
])  # fmt: skip
def test_pages_with_nothing_on_them(page: PageFacts, word: str | None) -> None:
    found = [value for code, value in said(page) if code is Code.EMPTY]
    assert found == ([word] if word else [])


def test_a_page_that_is_gone_shows_nothing_and_an_error_page_with_a_form_does() -> None:
    gone = said(facts(status=404, skeleton="ab", nodes=60))
    assert {code for code, _ in gone} == {Code.FINAL, Code.UNREACHABLE}
    assert (Code.UNREACHABLE, "http_404") in gone
    disguised = said(facts(status=404, forms=(Form((Asked.CARD,)),)))
    assert (Code.FORM, "card") in disguised
    assert not any(code is Code.UNREACHABLE for code, _ in disguised)


def test_the_rest_of_a_page() -> None:
    page = facts(lang="sl", favicon=-5, skeleton="ab", nodes=41, resources=("11", "22"), parked=True,
                 secrets=("s1",), kit_archives=("/k.zip",), owner_ids=("oib",), business=("firm", "mail"))  # fmt: skip
    found = said(page)
    for row in ((Code.LANG, "sl"), (Code.TITLE, "Naslov"), (Code.FAVICON, "-5"), (Code.SKELETON, "ab"),
                (Code.RESOURCES, "11 22"), (Code.PARKED, "parked"), (Code.SECRET, "s1"),
                (Code.KIT_ARCHIVE, "/k.zip"), (Code.OWNER, "oib"), (Code.BUSINESS, "firm mail")):  # fmt: skip
        assert row in found
    assert found[Code.SKELETON, "ab"] == {"nodes": 41}
    assert Code.DOWNLOAD in {
        code for code, _ in said(facts(title="", media_type="application/zip"))
    }


def look(outcome: Outcome, reason: str = "", page: PageFacts | None = None) -> Capture:
    return Capture(url=URL, stage=3, vantage=Vantage.PLAIN, outcome=outcome, reason=reason, facts=page,
                   at=AT)  # fmt: skip


def test_a_refused_look_says_where_it_stopped_and_nothing_of_the_page() -> None:
    page = facts(hops=(Hop(URL, 302, "http"), Hop("http://0x7f.1/", 0)), title="x")
    (row,) = of_capture(look(Outcome.REFUSED, "loopback", page), AT)
    assert (row.code, row.value, row.stage) == (Code.REFUSED, "loopback", 3)
    assert row.params == {"url": "http://0x7f.1/", "hops": 2}
    (row,) = of_capture(look(Outcome.UNREACHABLE, "no_address"), AT)
    assert (row.code, row.value, row.params) == (Code.UNREACHABLE, "no_address", {})


def test_what_came_before_a_limit_counts() -> None:
    found = of_capture(look(Outcome.LIMITED, "size", facts()), AT)
    assert Code.TITLE in {row.code for row in found}


def test_a_certificate_is_a_fact_of_its_own() -> None:
    shown = Certificate(names=("*.a.example", "a.example"), issuer="Preizkus", not_before=AT,
                        not_after=AT, sha256="00", problem="expired")  # fmt: skip
    page = facts(certificate=shown.names)
    rows_ = {row.code: row for row in of_capture(look(Outcome.SEEN, "", page), AT, shown)}
    row = rows_[Code.CERTIFICATE]
    assert row.value == "*.a.example a.example"
    assert row.params == {"issuer": "Preizkus", "not_before": "2026-11-22", "not_after": "2026-11-22",
                          "problem": "expired"}  # fmt: skip
    again = {row.code: row for row in of_capture(look(Outcome.SEEN, "", page), AT)}
    assert again[Code.CERTIFICATE].params == {}


def test_a_browsers_look_says_that_it_is_one() -> None:
    page = read(b"<title>A</title><form><input type=password></form>", URL)
    found = rows(ABOUT, page, stage=4, now=AT)
    assert {(row.stage, row.source) for row in found} == {(4, "browser")}
    assert all(row.expires_at is not None and row.expires_at > AT for row in found)
