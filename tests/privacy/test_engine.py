"""Properties that hold for every text, and the mails that people labelled."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.privacy.conftest import gate
from tests.privacy.marked import MAILS, read
from zvon.model.role import SpanState
from zvon.privacy.engine import Outcome, Part, Status
from zvon.privacy.facts import Facts, with_brands
from zvon.privacy.fold import fold
from zvon.privacy.gold import Score, judge
from zvon.privacy.register import Register
from zvon.privacy.register_entry import Entry

PIECES = (
    "Kontakt: Igor Kos", "maja.hribar@gradnje-lipa.si", "10.24.8.117", "185.220.101[.]47", ", ",
    "hxxps://nlb-varnost[.]top/prijava?e=bWFqYS5ocmliYXJAZ3JhZG5qZS1saXBhLnNp", "\n", " in ", "od ",
    "041 332 118", "+44 7911 123456", "SI56 9383 4992 7229 031", "https://a.example/b", "geslo: X9!x",
    "46.123.240.11", "\u200b", "ž&#269;", "OIB 09442102730", "Livarna Kresnik d.o.o.", "srv-erp02", ". ",
    "evil-fixture.top", "CVE-2024-21762", "person-0123456789abcdef", "4303 4799 0845 7288", "🙏", "\r\n",
)  # fmt: skip
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=12).map(" ".join)
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(texts)
def test_spans_are_valid_sorted_and_apart(text: str) -> None:
    at = 0
    for span in gate(text).spans:
        assert at <= span.start < span.end <= len(text)
        assert span.text == text[span.start : span.end]
        inner_at = span.start
        for inner in span.inner:
            assert inner_at <= inner.start <= inner.end <= span.end
            inner_at = inner.end
        at = span.end


@quick
@given(texts)
def test_nothing_is_released_while_something_is_asked(text: str) -> None:
    outcome = gate(text)
    asked = any(span.state is SpanState.ASK for span in outcome.spans)
    assert (outcome.status is Status.HELD) == asked
    assert bool(outcome.shared) == (outcome.status is Status.RELEASED)
    assert outcome.status is Status.RELEASED or not outcome.vault


@quick
@given(texts)
def test_what_is_outside_spans_or_kept_is_unchanged(text: str) -> None:
    outcome = gate(text)
    rest = outcome.preview["text"]
    at = 0
    for span in outcome.spans:
        between = text[at : span.start]
        assert rest.startswith(between)
        rest = rest[len(between) :]
        if span.state is SpanState.KEEP and not span.inner:
            assert rest.startswith(span.text)
            rest = rest[len(span.text) :]
        elif span.state is SpanState.ASK:
            rest = rest.removeprefix(f"[ask:{span.type}]")
        elif span.state is not SpanState.KEEP:
            assert span.replacement is not None
            rest = rest.removeprefix(span.replacement)
        else:
            return
        at = span.end
    assert rest == text[at:]


@quick
@given(texts)
def test_equal_keys_and_text_give_equal_output(text: str) -> None:
    one, two = gate(text), gate(text)
    assert (one.preview, one.spans, one.vault) == (two.preview, two.spans, two.vault)


@quick
@given(texts)
def test_what_is_released_holds_no_original(text: str) -> None:
    outcome = gate(text)
    for found in (s for s in outcome.spans if s.state.removes):
        if outcome.shared and len(found.text) >= 6:
            assert fold(found.text) not in fold(outcome.shared["text"])


@quick
@given(texts)
@example("4303 4799 0845 7288 10.24.8.117")
def test_the_gate_changes_nothing_in_what_it_made(text: str) -> None:
    outcome = gate(text)
    if outcome.status is Status.RELEASED:
        again = gate(outcome.shared["text"])
        changed = [s for s in again.spans if s.state.removes]
        assert not changed, [(s.type, s.text) for s in changed]


@pytest.mark.parametrize("behind", ["10.24.8.117", "12,50 EUR", "3", "2026-11-22"])
def test_digits_behind_a_card_number_do_not_hide_it(behind: str) -> None:
    outcome = gate(f"Kartica 4303 4799 0845 7288 {behind}")
    assert [s.type for s in outcome.spans if "7288" in s.text and s.state.removes] == ["CARD"]


@pytest.mark.parametrize(
    "forged", ["person-0123456789abcdef", "user-0123456789abcdef@org-0123456789abcdef.invalid",
               "phone-si-0123456789abcdef", "host-0123456789abcdef.org-0123456789abcdef.invalid"],
)  # fmt: skip
def test_a_text_that_imitates_our_tokens_does_not_pass_as_ours(forged: str) -> None:
    outcome = gate(f"Prijavitelj je {forged}, prosim pokličite.")
    assert [(s.text, s.state.removes) for s in outcome.spans] == [(forged, True)]
    assert forged not in outcome.shared["text"]


def test_a_token_of_another_group_is_a_value_of_the_text() -> None:
    here = gate("Kontakt: Igor Kos").spans[0].replacement
    assert here
    assert here in gate(f"Pozdrav, {here}").shared["text"]
    assert here not in gate(f"Pozdrav, {here}", group="demo-amber-2").shared["text"]


def test_equal_people_have_equal_tokens_in_one_group_and_epoch_only() -> None:
    text = "Kontakt: Špela Zupančič. Obvestili smo Špelo Zupančič in ŠPELO ZUPANČIČ."

    def tokens(group: str = "demo-amber", epoch: str = "2026-11") -> set[str | None]:
        return {s.replacement for s in gate(text, group=group, epoch=epoch).spans}

    here = tokens()
    assert len(here) == 1
    assert here == tokens()
    assert here.isdisjoint(tokens(group="demo-amber-2"))
    assert here.isdisjoint(tokens(epoch="2026-12"))


def test_hosts_and_mails_of_one_owner_share_their_organisation() -> None:
    outcome = gate(
        "Naš strežnik ris1.kbc-primjer.hr, kontakt Ana Horvat, ana.horvat@kbc-primjer.hr"
    )
    owners = {s.replacement.rpartition("org-")[2] for s in outcome.spans if s.type in {"HOST", "EMAIL"} and s.replacement}  # fmt: skip
    assert len(owners) == 1


def test_clear_drops_queries_and_hashes_accounts() -> None:
    text = "Nakazal je na DE89370400440532013000, povezava hxxps://evil-fixture[.]top/a?id=8812"
    amber, clear = gate(text), gate(text, group="demo-clear", tlp="CLEAR")
    assert "?id=8812" in amber.shared["text"]
    assert "DE89370400440532013000" in amber.shared["text"]
    assert "8812" not in clear.shared["text"]
    assert "iban-de-" in clear.shared["text"]


def test_amber_does_not_enter_a_public_group() -> None:
    outcome = gate("TLP:AMBER", group="demo-clear")
    assert (outcome.status, outcome.leave.reason) == (Status.REFUSED, "TLP_ABOVE_GROUP")


def test_a_victim_inside_a_kept_url_is_replaced_in_any_coding() -> None:
    text = (
        "Prejela Maja Hribar, maja.hribar@gradnje-lipa.si. Povezava "
        "hxxps://evil-fixture[.]top/u/maja.hribar?e=bWFqYS5ocmliYXJAZ3JhZG5qZS1saXBhLnNp&page=2"
    )
    shared = gate(text).shared["text"]
    assert "hxxps://evil-fixture[.]top/u/" in shared
    assert "page=2" in shared
    assert "hribar" not in shared
    assert "bWFqYS5" not in shared


def test_the_register_beats_a_missing_cue() -> None:
    text = "V prilogi: 46.123.240.11"
    assert gate(text).status is Status.HELD
    known = with_brands(Facts(register=Register([Entry(kind="prefix", value="46.123.240.0/24")])))
    assert gate(text, facts=known).status is Status.RELEASED


def test_two_strong_terms_against_each_other_ask() -> None:
    both = with_brands(Facts(register=Register([Entry(kind="domain", value="lipa-primer.si")])))
    outcome = gate("Napad z lipa-primer[.]si", facts=both)
    assert [s.state for s in outcome.spans] == [SpanState.ASK]


def total(outcomes: list[tuple[Score, Outcome]]) -> Score:
    return sum((score for score, _ in outcomes), Score())


def test_labelled_mails_stay_at_the_level_that_was_reached() -> None:
    mails = read(MAILS / "own.txt")
    found = total([(judge(m, o := gate(m.text)), o) for m in mails])
    assert found.mails == 30
    assert found.recalled >= 0.95 * found.pii
    assert found.not_removed >= 0.97 * found.indicators
    assert found.kept >= 0.9 * found.indicators
    assert found.clean >= 0.9 * found.mails
    assert found.asks <= 0.08 * found.spans


def test_mails_that_no_rule_was_made_for_leak_little_and_lose_little() -> None:
    found = total([(judge(m, o := gate(m.text)), o) for m in read(MAILS / "fresh.txt")])
    assert found.recalled >= 0.95 * found.pii
    assert found.not_removed >= 0.95 * found.indicators
    assert found.clean >= 0.9 * found.mails


def test_parts_know_each_other() -> None:
    from tests.privacy.conftest import demo, key
    from zvon.privacy.engine import share_text

    parts = [Part("a", "Kontakt: Tomaž Zupančič"), Part("b", "Tomaž je kliknil")]
    outcome = share_text(parts, facts=Facts(), policy=demo(), keys=key())
    assert len({s.replacement for s in outcome.spans}) == 1
    assert outcome.shared["b"].startswith("person-")


def test_a_firm_right_after_an_address_is_seen() -> None:
    outcome = gate("hxxps://nlb-varnost[.]top/prijava?e=LnNp Livarna Brezovica d.o.o.")
    assert "Brezovica" not in outcome.shared.get("text", "")


@pytest.mark.parametrize(
    "text",
    [
        "Kontakt: Ana Kos. Piše z ana.kos@evil-fixture.top, stran hxxps://evil-fixture[.]top/ana-kos",
        "Stranka Tine Novak: tine 041 332 118, TINE, tine.novak@lipa.example in tine.novak",
        "Kontakt: Igor No<b>vak</b>; N\u043evak; Nova\u200bk; Zupanc\u030cic\u030c Maja",
    ],
)
def test_what_is_left_of_a_victim_goes_before_the_proof_finds_it(text: str) -> None:
    outcome = gate(text)
    assert outcome.status in {Status.RELEASED, Status.HELD}
    for name in ("Novak", "tine.novak", "Zupan"):
        assert name not in outcome.preview["text"]


def test_a_home_in_a_path_goes_and_the_path_stays() -> None:
    outcome = gate("Zagnano: C:\\Users\\mnovak\\Downloads\\netscan64.exe, mnovak je na dopustu")
    shared = outcome.preview["text"]
    assert "mnovak" not in shared
    assert "\\Downloads\\netscan64.exe" in shared
    assert "C:\\Users\\user-" in shared


def test_a_line_of_many_characters_is_decided() -> None:
    outcome = gate("a" * 300_000 + " Kontakt: Igor Kos " + "b" * 300_000)
    assert "Igor Kos" not in outcome.preview["text"]
