"""Significance: yes, no, or unknown with what is missing; each criterion with value and source."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.model.rule_pack_shipped import packs
from zvon.model.significance import (
    Answer,
    Comparison,
    Criterion,
    Earlier,
    Fact,
    Significance,
    Value,
    assess,
    facts_of,
)

_RULES = packs()["cir-2024-2690-dns"].significant
assert _RULES is not None
RULES = _RULES
NOW = datetime(2026, 12, 14, 8, tzinfo=UTC)
QUIET: dict[str, Value] = {
    "dns.unavailable_minutes": 0.0, "dns.mean_answer_s": 0.02, "dns.slow_minutes": 0.0,
    "dns.authoritative_data_compromised": False, "loss.eur": 0.0, "turnover.eur": 2e6,
    "planned_maintenance": False, "root_cause": "bgp", "cause": "failure",
    "dns.names_affected": 0.0, "dns.names_total": 50_000.0,
}  # fmt: skip


def judged(facts: dict[str, Value], earlier: list[Earlier] | None = None) -> Significance:
    said = {name: Fact(value, "probe") for name, value in facts.items()}
    return assess(RULES, said, at=NOW, earlier=earlier or [])


@pytest.mark.parametrize(
    ("more", "answer"),
    [
        ({"dns.unavailable_minutes": 29.0}, Answer.NO),
        ({"dns.unavailable_minutes": 30.0}, Answer.NO),
        ({"dns.unavailable_minutes": 31.0}, Answer.YES),
        ({"dns.mean_answer_s": 11.0, "dns.slow_minutes": 60.0}, Answer.NO),
        ({"dns.mean_answer_s": 11.0, "dns.slow_minutes": 61.0}, Answer.YES),
        ({"dns.authoritative_data_compromised": True, "cause": "misconfiguration",
          "dns.names_affected": 999.0}, Answer.YES),
        ({"dns.authoritative_data_compromised": True, "cause": "misconfiguration",
          "dns.names_affected": 500.0}, Answer.NO),
        ({"dns.authoritative_data_compromised": True, "cause": "misconfiguration",
          "dns.names_affected": 1000.0, "dns.names_total": 1e6}, Answer.YES),
        ({"dns.authoritative_data_compromised": True, "cause": "malicious",
          "dns.names_affected": 1.0}, Answer.YES),
        ({"loss.eur": 500_000.0, "turnover.eur": 1e9}, Answer.NO),
        ({"loss.eur": 500_001.0, "turnover.eur": 1e9}, Answer.YES),
        ({"loss.eur": 100_001.0, "turnover.eur": 2e6}, Answer.YES),
        ({"dns.unavailable_minutes": 600.0, "planned_maintenance": True}, Answer.NO),
    ],
)  # fmt: skip
def test_the_rules_for_dns_providers(more: dict[str, Value], answer: Answer) -> None:
    found = judged({**QUIET, **more})
    assert (found.answer, found.missing) == (answer, ())


def test_what_is_missing_is_unknown_and_named_and_not_no() -> None:
    found = judged({"dns.unavailable_minutes": 29.0})
    assert found.answer is Answer.UNKNOWN
    assert {"dns.mean_answer_s", "loss.eur", "dns.authoritative_data_compromised"} <= set(
        found.missing
    )
    assert "dns.unavailable_minutes" not in found.missing


def test_one_criterion_is_enough_whatever_else_is_missing() -> None:
    found = judged({"dns.unavailable_minutes": 31.0})
    assert (found.answer, found.missing) == (Answer.YES, ())
    first = next(each for each in found.criteria if each.id == "art5-outage")
    assert (first.checked[0].value, first.checked[0].source) == (31.0, "probe")


def test_a_malicious_change_needs_no_count_of_names() -> None:
    found = judged({"dns.authoritative_data_compromised": True, "cause": "malicious"})
    assert found.answer is Answer.YES
    unclear = judged({"dns.authoritative_data_compromised": True})
    assert unclear.answer is Answer.UNKNOWN
    assert "cause" in unclear.missing


def test_the_share_of_names_follows_from_two_numbers_and_is_shown_with_them() -> None:
    found = judged({**QUIET, "dns.authoritative_data_compromised": True,
                    "cause": "misconfiguration", "dns.names_affected": 999.0})  # fmt: skip
    data = next(each for each in found.criteria if each.id == "art5-data")
    share = next(each for each in data.exception if each.fact == "dns.names_share")
    assert share.value == pytest.approx(999 / 50_000)
    assert share.source == "dns.names_affected / dns.names_total"


def before(days: int, loss: float | None, cause: str = "bgp") -> Earlier:
    facts = {"root_cause": Fact(cause, "person")}
    if loss is not None:
        facts["loss.eur"] = Fact(loss, "person")
    return Earlier(f"I-{days}", NOW - timedelta(days=days), facts)


def test_twice_in_six_months_of_the_same_cause_is_significant_together() -> None:
    rich: dict[str, Value] = {**QUIET, "turnover.eur": 1e9, "loss.eur": 300_000.0}
    assert judged(rich).answer is Answer.NO
    found = judged(rich, [before(100, 250_000.0)])
    assert found.answer is Answer.YES
    together = next(each for each in found.criteria if each.kind == "together")
    assert together.with_incidents == ("I-100",)
    assert together.checked[0].value == 550_000.0
    assert judged(rich, [before(100, 250_000.0, "fibre")]).answer is Answer.NO
    assert judged(rich, [before(190, 250_000.0)]).answer is Answer.NO
    unsaid = judged(rich, [before(100, None)])
    assert (unsaid.answer, unsaid.missing) == (Answer.UNKNOWN, ("loss.eur", "loss.turnover_share"))


values = st.one_of(st.booleans(), st.floats(-1e9, 1e9), st.sampled_from(["misconfiguration", "x"]))


@given(
    st.dictionaries(st.sampled_from(facts_of(RULES)), values),
    st.sampled_from(facts_of(RULES)),
    values,
)
def test_more_knowledge_never_turns_a_yes_or_a_no_around_unless_it_excludes(
    facts: dict[str, Value], name: str, value: Value
) -> None:
    before_ = judged(facts)
    after = judged({name: value, **facts})
    if before_.answer is not Answer.UNKNOWN and name != "planned_maintenance":
        assert after.answer is before_.answer
    assert (before_.answer is Answer.UNKNOWN) == bool(before_.missing)


def test_a_test_has_one_limit_and_a_criterion_one_kind() -> None:
    with pytest.raises(ValueError, match="one of"):
        Comparison("x", gt=1.0, lt=2.0)
    with pytest.raises(ValueError, match="either"):
        Criterion(id="c")
