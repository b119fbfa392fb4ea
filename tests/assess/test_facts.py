"""Which facts a report gives, and which it does not."""

import time
from collections.abc import Sequence

import msgspec

from tests.assess.message import AT, message, registered
from zvon.assess.facts import Facts
from zvon.assess.shipped import shipped
from zvon.ml.template import signature
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.observable import Observable, ObservableType
from zvon.model.report import Channel, Lang, Message


def facts(what: Message, evidence: Sequence[Evidence] = (), verified: str = "") -> Facts:
    return shipped(frozenset({verified})).facts(what, evidence, AT)


def codes(what: Message, evidence: Sequence[Evidence] = (), verified: str = "") -> set[str]:
    return {reason.code for reason in facts(what, evidence, verified).all}


def test_a_brand_in_a_foreign_name_is_a_fact_with_its_official_pages() -> None:
    found = facts(message("Poglejte https://nlb-klik-obvestilo.example/a"))
    (reason,) = [r for r in found.all if r.code == "BRAND_NOT_OFFICIAL"]
    assert reason.params == {"brand": "NLB", "official": "nlb.si"}
    assert reason.span is not None


def test_an_official_name_clears_only_after_its_desk_has_verified_it() -> None:
    text = message("Prijava: https://www.nlb.si/prijava")
    assert "OFFICIAL" not in codes(text)
    assert "OFFICIAL" in codes(text, verified="si.nlb")
    assert "BRAND_NOT_OFFICIAL" not in codes(text)


def test_the_shown_name_and_the_target_are_compared() -> None:
    text = message("https://obvestilo.example/x", shown="https://www.posta.hr/moj")
    (reason,) = [r for r in facts(text).all if r.code == "HREF_MISMATCH"]
    assert reason.params == {"shown": "www.posta.hr", "real": "obvestilo.example"}
    same = message("https://a.obvestilo.example/x", shown="https://www.obvestilo.example/")
    assert "HREF_MISMATCH" not in codes(same)


def test_a_message_in_the_name_of_a_brand_that_leads_elsewhere_is_told() -> None:
    assert "BRAND_CLAIM" in codes(message("FURS: oddajte vlogo https://vloga.example/1"))
    assert "BRAND_CLAIM" not in codes(message("FURS: oddajte vlogo https://www.fu.gov.si/1"))
    assert "BRAND_CLAIM" not in codes(message("Fina torta: https://torte.example/1"))


def test_what_a_reporter_writes_on_the_form_is_no_claim_of_the_sender() -> None:
    text = "Ali je NLB res odprla https://banka.example/a ?"
    assert "BRAND_CLAIM" in codes(message(text))
    assert "BRAND_CLAIM" not in codes(message(text, channel=Channel.WEB))


def test_age_speaks_against_a_new_domain_and_for_an_old_one() -> None:
    text = message("https://zavod.example/a")
    new, old = registered("zavod.example", 3), registered("zavod.example", 3000)
    assert "DOMAIN_NEW" in codes(text, new)
    assert "DOMAIN_OLD" in codes(text, old)
    assert codes(text) == set()  # not known is neither


def test_a_brand_in_the_path_of_an_old_site_is_a_break_in() -> None:
    text = message("https://drustvo.example/wp-content/nlb/prijava.php")
    assert "COMPROMISED" in codes(text, registered("drustvo.example", 2000))
    assert "COMPROMISED" not in codes(text, registered("drustvo.example", 5))


def test_a_foreign_number_counts_beside_a_national_brand() -> None:
    text = "DARS: vinjeta je potekla https://vinjeta.example/"
    assert "FOREIGN_NUMBER" in codes(message(text, sender="+447700900999"))
    assert "FOREIGN_NUMBER" not in codes(message(text, sender="+38640000199"))
    assert "FOREIGN_NUMBER" not in codes(message("Se vidiva jutri?", sender="+447700900999"))


def test_a_sender_that_claims_a_brand_must_write_from_it() -> None:
    text = "Račun je pripravljen."
    claim = message(text, sender="info@obvestila.example", sender_name="Pošta Slovenije")
    honest = message(text, sender="info@posta.si", sender_name="Pošta Slovenije")
    assert "SENDER_CLAIM" in codes(claim)
    assert "SENDER_CLAIM" not in codes(honest)


def test_an_account_and_a_new_number_of_the_family() -> None:
    text = "Mama, to je moja nova številka. Nakaži mi prosim na SI56020170014356205."
    found = codes(message(text))
    assert {"FAMILY_NEW_NUMBER", "PAY_TO_ACCOUNT"} <= found
    assert "PAY_TO_ACCOUNT" not in codes(message("Nakaži mi prosim danes."))


def test_croatian_and_english_words_are_read_too() -> None:
    hr = message("Molim te glasaj za mene na natjecanju https://a.example/", lang=Lang.HR)
    en = message("Please verify your account within 24 hours", lang=Lang.EN)
    assert "VOTE_LURE" in codes(hr)
    assert {"CREDENTIALS", "DEADLINE"} <= codes(en)


def test_a_customer_of_a_platform_and_a_numeric_host_are_told() -> None:
    assert "SHARED_PLATFORM" in codes(message("NLB: https://moja-stran.pages.dev/nlb"))
    assert "SHARED_PLATFORM" not in codes(message("Blog: https://moja-stran.pages.dev/"))
    assert "ADDRESS_HOST" in codes(message("http://198.51.100.7/prijava"))


def test_a_name_that_is_only_shown_is_never_a_target() -> None:
    found = facts(message("https://obvestilo.example/x", shown="https://www.posta.hr/moj"))
    assert [link.link.host for link in found.links] == ["obvestilo.example"]


def test_a_hostile_text_of_a_million_letters_takes_no_time() -> None:
    began = time.monotonic()
    for piece in ("A-", "1.", "a.", "š-1.", "NLB ", "mama telefon "):
        what = message("https://a.example/")
        text = piece * (1_000_000 // len(piece))
        facts(msgspec.structs.replace(what, text=text))
        signature(text)
    assert time.monotonic() - began < 10.0


def accused(value: str, n: int, kind: ObservableType = ObservableType.DOMAIN) -> Evidence:
    return Evidence(observable=Observable(kind, value), code=EvidenceCode.ACCUSED, value=str(n),
                    source="sources", seen_at=AT)  # fmt: skip


def test_what_sources_call_bad_speaks_against_the_address_its_host_and_the_name_above() -> None:
    text = message("Poglejte https://a.obvestilo.example/x")
    by_name = facts(text, [accused("obvestilo.example", 1)])
    (reason,) = [r for r in by_name.all if r.code == "ACCUSED"]
    assert reason.params == {"n": 1}
    by_host = facts(text, [accused("a.obvestilo.example", 3)])
    (more,) = [r for r in by_host.all if r.code == "ACCUSED"]
    assert more.weight > reason.weight > 0
    url = accused("https://a.obvestilo.example/x", 1, ObservableType.URL)
    assert "ACCUSED" in codes(text, [url])
    assert "ACCUSED" not in codes(text, [accused("drugo.example", 5)])


def test_an_accused_platform_says_nothing_of_its_customer() -> None:
    text = message("Poglejte https://stran.pages.dev/x")
    assert "ACCUSED" not in codes(text, [accused("pages.dev", 4)])
    assert "ACCUSED" in codes(text, [accused("stran.pages.dev", 1)])


def test_an_official_name_is_not_accused_by_sources() -> None:
    text = message("Prijava: https://www.nlb.si/prijava")
    assert "ACCUSED" not in codes(text, [accused("nlb.si", 9)], verified="si.nlb")
