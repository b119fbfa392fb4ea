"""The rank: a sum that explains itself."""

import pytest

from tests.ml.correlate.alerts_made import BEGIN, attack, engine
from zvon.locale import translator
from zvon.locale.correlate import explain
from zvon.ml.correlate.link import Reason
from zvon.ml.correlate.policy import shipped
from zvon.ml.correlate.rank import GroupFacts, facts_of, score, titled

POLICY = shipped()


def test_each_signature_counts_once_by_its_best_group() -> None:
    groups = [
        GroupFacts("login", "mail", 3), GroupFacts("login", "vpn", 1), GroupFacts("sudo", "vpn", 0, severity=9),
    ]  # fmt: skip
    found = score(groups, POLICY)
    assert found.value == pytest.approx(3.0 + 1 / 2)
    assert [term.reason.code for term in found.terms] == ["RANK_FIRST", "RANK_SELDOM"]


@pytest.mark.parametrize(
    ("group", "code"),
    [
        (GroupFacts("s", "h", 0), "RANK_FIRST"),
        (GroupFacts("s", "h", 0, signature_hours=4), "RANK_FIRST_HERE"),
        (GroupFacts("s", "h", 2), "RANK_SELDOM"),
        (GroupFacts("s", "h", 0, hosts=4), "RANK_BURST"),
        (GroupFacts("s", "h", 40, slow=True), "RANK_SLOW"),
    ],
)
def test_each_reason_is_a_sentence_in_each_language(group: GroupFacts, code: str) -> None:
    (term,) = score([group], POLICY).terms
    assert term.reason.code == code
    said = {explain(translator(lang), code, term.reason.params) for lang in ("sl", "hr", "en")}
    assert len(said) == 3
    assert all("{" not in each and code not in each for each in said)


def test_the_wider_the_oftener_and_the_milder_the_less() -> None:
    values = [
        score([group], POLICY).value
        for group in (
            GroupFacts("s", "h", 0, severity=9), GroupFacts("s", "h", 0, severity=9, hosts=2),
            GroupFacts("s", "h", 3, severity=9, hosts=2), GroupFacts("s", "h", 3, severity=3, hosts=2),
        )
    ]  # fmt: skip
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == 4


def test_context_says_nothing_and_a_model_adds_at_most_its_weight() -> None:
    plain = score([GroupFacts("s", "h", 0)], POLICY).value
    assert (
        score([GroupFacts("s", "h", 0), GroupFacts("c", "h", 0, context=True)], POLICY).value
        == plain
    )
    sure = score([GroupFacts("s", "h", 0, triage=1.0), GroupFacts("t", "h", 6, triage=0.2)], POLICY)
    assert "RANK_TRIAGE" in [term.reason.code for term in sure.terms]
    assert sure.value <= plain + 1 / 7 + POLICY.incident.triage_weight + 1e-9


def test_a_component_of_the_engine_ranks_as_it_says() -> None:
    made = engine()
    made.take_all(attack(BEGIN))
    ((_, component),) = made.memory.active(0.0)
    found = score(facts_of(component, POLICY), POLICY)
    assert found.value == pytest.approx(component.value)
    assert len(found.reasons()) == 5


def test_the_title_stands_in_place_of_the_code_of_a_signature() -> None:
    reason = Reason("RANK_FIRST", (("signature", "suricata:1"), ("host", "web")))
    assert (
        dict(titled(reason, {"suricata:1": "A scan"}.__getitem__).params)["signature"] == "A scan"
    )


def test_a_gap_is_said_as_a_duration() -> None:
    params = (("host", "web"), ("gap_s", 840.0))
    assert "14 min" in explain(translator("en"), "LINK_HOST", params)
    assert "14 min" in explain(translator("sl"), "LINK_HOST", params)


def test_one_event_in_the_words_of_three_sensors_is_less_than_three_events() -> None:
    words = ("login failed", "invalid user", "authentication failure")
    once = score([GroupFacts(word, "mail", 0, at=600.0) for word in words], POLICY)
    apart = score(
        [GroupFacts(word, "mail", 0, at=600.0 * n) for n, word in enumerate(words)], POLICY
    )
    assert apart.value == pytest.approx(3.0)
    assert once.value == pytest.approx(1 + 2**-0.5 + 3**-0.5)
