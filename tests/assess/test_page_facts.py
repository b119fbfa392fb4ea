"""Which facts a page makes, through the whole gathering of facts."""

from collections.abc import Sequence

import msgspec

from tests.assess.looks import C, capture, seen
from tests.assess.message import AT, message, registered
from zvon.assess.facts import Facts
from zvon.assess.judge import judge
from zvon.assess.shipped import shipped
from zvon.model.evidence import Evidence
from zvon.model.page import Capture
from zvon.model.report import AuthResult, Channel
from zvon.model.scope import Scope
from zvon.model.verdict import Category, VerdictWord

URL = "https://nova-stran.example/x"
WHAT = message(URL, channel=Channel.WEB)


def facts(
    rows: Sequence[Evidence], looks: Sequence[Capture] = (), kits: dict[str, int] | None = None,
    verified: str = "", text: str = URL,
) -> Facts:  # fmt: skip
    what = message(text, channel=Channel.WEB)
    return shipped(frozenset({verified})).facts(what, rows, AT, looks, kits)


def codes(found: Facts) -> set[str]:
    return {reason.code for reason in found.all}


def test_what_forms_ask_for_are_facts_at_the_place_of_the_link() -> None:
    found = facts(seen(URL, (C.FORM, "card"), (C.FORM, "code"), (C.FORM, "password"),
                       (C.FORM, "identity")))  # fmt: skip
    assert {"CARD_FORM", "OTP_FORM", "PASSWORD_FORM", "IDENTITY_FORM"} <= codes(found)
    (card,) = [r for r in found.all if r.code == "CARD_FORM"]
    assert card.span is not None
    assert URL[card.span.start : card.span.end] == URL


def test_data_that_go_elsewhere_are_a_fact_unless_a_known_brand_gets_them() -> None:
    away = seen(URL, (C.FORM, "password"), (C.FORM_TARGET, "zbiralnik.example"))
    home = seen(URL, (C.FORM, "password"), (C.FORM_TARGET, "api.nova-stran.example"))
    known = seen(URL, (C.FORM, "password"), (C.FORM_TARGET, "login.microsoft.com"))
    assert "FORM_ELSEWHERE" in codes(facts(away))
    assert "FORM_ELSEWHERE" not in codes(facts(home)) | codes(facts(known))


def test_a_page_that_claims_a_brand_and_asks_is_told_one_that_mentions_it_is_not() -> None:
    claims = facts(seen(URL, (C.FORM, "password")), [capture(URL, "NLB Klik", "Prijava")])
    mentions = facts(seen(URL, (C.FORM, "password")),
                     [capture(URL, "Forum", "pogovori " * 20 + "o NLB")])  # fmt: skip
    reads = facts(seen(URL, (C.FORM, "search")), [capture(URL, "NLB Klik", "Članek")])
    assert "PAGE_BRAND" in codes(claims)
    assert "PAGE_BRAND" not in codes(mentions) | codes(reads)
    assert "PAGE_MENTION" in codes(mentions) & codes(reads)


def test_the_same_kit_a_bot_an_archive_and_two_faces_are_facts() -> None:
    found = facts(
        seen(URL, (C.SECRET, "ab"), (C.KIT_ARCHIVE, "/k.zip"), (C.CLOAK, "form"), (C.TITLE, "x")),
        kits={URL: 7},
    )
    assert {"SAME_KIT", "BOT_TOKEN", "KIT_ARCHIVE", "CLOAK"} <= codes(found)
    (kit,) = [r for r in found.all if r.code == "SAME_KIT"]
    assert kit.params == {"n": 7}


def test_a_refused_or_silent_page_is_no_fact() -> None:
    for row in ((C.REFUSED, "private"), (C.UNREACHABLE, "no_answer"), (C.NO_BROWSER, "sandbox")):
        found = facts(seen(URL, row))
        assert codes(found) == codes(facts([]))
        assert "page" in found.missing


def test_a_page_that_asks_nothing_and_names_its_owner_speaks_for_the_address() -> None:
    found = facts(seen(URL, (C.TITLE, "Pekarna"), (C.OWNER, "davcna"),
                       (C.BUSINESS, "imprint phone")))  # fmt: skip
    assert {"NO_FORM", "OWNER_NAMED"} <= codes(found)
    assert all(r.weight < 0 for r in found.all if r.code in {"NO_FORM", "OWNER_NAMED"})


def test_where_a_shortener_leads_is_what_is_judged_and_the_shortener_is_named_apart() -> None:
    short = "https://bit.ly/zvon-test-1"
    final = "https://nlb-obnova.example/prijava"
    rows = [*seen(short, (C.FINAL, final), (C.FORM, "password"), (C.TITLE, "NLB")),
            *registered("nlb-obnova.example", 2)]  # fmt: skip
    opinion = judge(shipped(), message(f"NLB: prijavite se {short}"), AT, rows)
    assert opinion.verdict.word is VerdictWord.MALICIOUS
    assert [(line.name, line.scope) for line in opinion.names] == [
        ("nlb-obnova.example", Scope.REGISTRABLE_SUB), ("bit.ly", Scope.NONE),
    ]  # fmt: skip
    assert opinion.facts.links[1].via == opinion.facts.links[0].link


def test_a_broken_official_page_goes_to_a_person_and_is_never_advised_against() -> None:
    url = "https://www.nlb.si/klik"
    rows = seen(url, (C.FORM, "password"), (C.FORM_TARGET, "zbiralnik.example"))
    what = message(f"NLB: {url}")
    opinion = judge(shipped(frozenset({"si.nlb"})), what, AT, rows)
    assert opinion.verdict.word is VerdictWord.SUSPICIOUS
    assert opinion.verdict.category is Category.COMPROMISED_SITE
    assert opinion.names == ()
    sound = judge(shipped(frozenset({"si.nlb"})), what, AT, seen(url, (C.FORM, "password")))
    assert sound.verdict.word is VerdictWord.BENIGN


def test_a_kit_deep_in_an_old_site_is_a_break_in() -> None:
    url = "https://drustvo.example/galerija/2024/prijava.html"
    rows = [
        *seen(url, (C.FORM, "card"), (C.TITLE, "NLB Klik")),
        *registered("drustvo.example", 3000),
    ]
    opinion = judge(shipped(), message(f"NLB: potrdite podatke {url}"), AT, rows)
    assert opinion.verdict.category is Category.COMPROMISED_SITE
    assert all(line.scope is Scope.NONE for line in opinion.names)


def test_only_failed_authentication_is_a_fact() -> None:
    def of(**results: str) -> set[str]:
        auth = tuple(AuthResult(method=m, result=r) for m, r in results.items())
        what = msgspec.structs.replace(message("Pozdrav"), auth=auth)
        return {r.code for r in shipped().facts(what, [], AT).all}

    assert "AUTH_FAIL" in of(dmarc="fail")
    assert "AUTH_FAIL" in of(spf="softfail")
    assert "AUTH_FAIL" not in of(spf="pass", dkim="pass", dmarc="pass") | of(dkim="none")
