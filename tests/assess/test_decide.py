"""From facts to a verdict."""

from collections.abc import Sequence

import msgspec

from tests.assess.message import AT, message, registered
from zvon.assess.advise import advise
from zvon.assess.decide import decide
from zvon.assess.rank import rank
from zvon.assess.shipped import shipped
from zvon.model.advice import Action, NameAdvice
from zvon.model.evidence import Evidence
from zvon.model.report import Channel, Lang, Message
from zvon.model.scope import Scope
from zvon.model.verdict import Category, Verdict, VerdictWord, shown

LURE = "NLB: vaš dostop poteče v 24 urah, prijavite se: https://nlb-obnovitev.example/p"


def judge(
    what: Message, evidence: Sequence[Evidence] = (), verified: str = ""
) -> tuple[Verdict, tuple[NameAdvice, ...]]:
    assessor = shipped(frozenset({verified}))
    found = assessor.facts(what, evidence, AT)
    verdict = decide(assessor, found, what.channel.value)
    return verdict, advise(found, verdict, assessor.policy)


def test_a_lure_on_a_new_domain_is_malicious_and_its_domain_is_proposed() -> None:
    verdict, (advice,) = judge(message(LURE), registered("nlb-obnovitev.example", 1))
    assert (verdict.word, verdict.category) == (VerdictWord.MALICIOUS, Category.PHISHING)
    assert verdict.brand == "si.nlb"
    assert (advice.name, advice.scope) == ("nlb-obnovitev.example", Scope.REGISTRABLE_SUB)
    assert advice.action is Action.PROPOSE_BLOCK


def test_without_registration_data_the_scope_is_narrower() -> None:
    _, (advice,) = judge(message(LURE))
    assert advice.scope is Scope.HOST


def test_an_official_address_is_never_advised_against() -> None:
    text = message("NLB: vaš dostop poteče v 24 urah, prijavite se: https://www.nlb.si/prijava")
    verdict, names = judge(text)
    assert verdict.word is not VerdictWord.BENIGN  # nobody has verified it
    assert names == ()
    cleared, _ = judge(text, verified="si.nlb")
    assert cleared.word is VerdictWord.BENIGN
    assert cleared.probability is not None
    assert cleared.probability <= 0.02


def test_the_official_link_does_not_clear_a_mail_that_leads_elsewhere() -> None:
    text = message("NLB https://www.nlb.si/ in https://nlb-obnovitev.example/p vpišite geslo")
    verdict, names = judge(text, registered("nlb-obnovitev.example", 1), verified="si.nlb")
    assert verdict.word is not VerdictWord.BENIGN
    assert [line.name for line in names] in ([], ["nlb-obnovitev.example"])


def test_words_and_age_alone_never_carry_the_word_malicious() -> None:
    text = message("Plačajte 2,10 EUR v 24 urah, vpišite geslo, vračilo: https://a-b.example/x")
    verdict, _ = judge(text, registered("a-b.example", 1))
    assert verdict.probability is not None
    assert verdict.probability > 0.9
    assert verdict.word is VerdictWord.SUSPICIOUS


def test_a_fake_shop_is_warned_of_and_not_blocked() -> None:
    text = message("Trgovina https://cevlji-outlet-slovenija.example, popust 75 %, brez naslova",
                   channel=Channel.WEB)  # fmt: skip
    verdict, (advice,) = judge(text, registered("cevlji-outlet-slovenija.example", 6))
    assert verdict.category is Category.FAKE_SHOP
    assert advice.action is Action.WARN


def test_a_broken_site_is_named_but_has_no_scope() -> None:
    text = message("NLB: potrdite podatke https://drustvo.example/wp-content/nlb/prijava.php")
    verdict, (advice,) = judge(text, registered("drustvo.example", 2500))
    assert verdict.category is Category.COMPROMISED_SITE
    assert (advice.scope, advice.action) == (Scope.NONE, Action.NONE)


def test_an_honest_old_site_is_left_undetermined_and_unadvised() -> None:
    verdict, names = judge(message("https://pekarna.example/kruh", lang=Lang.HR),
                           registered("pekarna.example", 2500))  # fmt: skip
    assert verdict.word is VerdictWord.UNDETERMINED
    assert names == ()


def test_the_same_report_and_evidence_give_the_same_bytes() -> None:
    evidence = registered("nlb-obnovitev.example", 1)
    first, second = judge(message(LURE), evidence), judge(message(LURE), list(reversed(evidence)))
    assert msgspec.json.encode(first) == msgspec.json.encode(second)


def test_reasons_come_strongest_first_and_at_most_five_for_and_two_against() -> None:
    verdict, _ = judge(
        message(LURE, sender="+447700900999"), registered("nlb-obnovitev.example", 1)
    )
    weights = [reason.weight for reason in shown(verdict.reasons)]
    assert weights == sorted(weights, reverse=True)
    assert len([w for w in weights if w > 0]) <= 5


def test_what_was_entered_raises_the_rank_and_the_verdict_stays() -> None:
    verdict, _ = judge(message(LURE))
    calm, _ = rank(verdict, (), None)
    urgent, why = rank(verdict, ("card",), None)
    assert urgent > calm
    assert "RANK_ENTERED" in {reason.code for reason in why}
