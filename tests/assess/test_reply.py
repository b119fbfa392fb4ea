"""The four answers and what is urgent."""

from tests.assess.message import AT, message, registered
from zvon.assess import reply
from zvon.assess.decide import decide
from zvon.assess.shipped import shipped
from zvon.model.evidence import Evidence
from zvon.model.report import Channel, Message


def kind(what: Message, evidence: list[Evidence], verified: frozenset[str] = frozenset()) -> str:
    assessor = shipped(verified)
    facts = assessor.facts(what, evidence, AT)
    return reply.kind(decide(assessor, facts, "sms"), facts, assessor.policy)


def test_each_of_the_four_answers() -> None:
    lure = message("NLB: potrdite podatke v 24 urah https://nlb-podatki.example/a")
    assert kind(lure, registered("nlb-podatki.example", 1)) == "dangerous"
    official = message("Novice: https://www.nlb.si/")
    assert kind(official, [], frozenset({"si.nlb"})) == "official"
    shop = message("https://pekarna.example/")
    assert kind(shop, registered("pekarna.example", 3000)) == "no_sign"
    assert kind(shop, []) == "looking"  # nothing is known, which is not "no sign"


def test_an_unverified_official_name_is_not_called_official() -> None:
    assert kind(message("Novice: https://www.nlb.si/"), []) == "looking"


def test_without_a_link_a_person_looks() -> None:
    assert kind(message("Pokliči me, prosim."), []) == "looking"


def urgent(what: Message) -> tuple[str, ...]:
    assessor = shipped()
    verdict = decide(assessor, assessor.facts(what, [], AT), "sms")
    return reply.addons(what, verdict, assessor.cues)


def test_what_was_entered_is_read_in_the_reporters_words_only() -> None:
    text = "Vpišite kodo in kartico na https://a.example/"
    assert urgent(message(text)) == ()
    assert urgent(message(text, remark="Kartico sem že vpisala.")) == ("card",)
    assert urgent(message("Vpisal sem geslo na https://a.example/", channel=Channel.WEB)) == (
        "password",
    )
