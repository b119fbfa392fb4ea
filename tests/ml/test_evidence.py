"""The evidence model keeps its promises, whatever the numbers are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.evidence import BadWeights, Weights, shipped

facts = st.lists(st.sampled_from(sorted(shipped().speaks_for)), max_size=8)


@given(facts, st.sampled_from(sorted(shipped().speaks_for)), st.floats(0.001, 0.9))
def test_more_incriminating_evidence_never_lowers_the_probability(
    seen: list[str], more: str, prior: float
) -> None:
    model = shipped()
    before = [model.of(*key.split(".")) for key in seen]
    after = [*before, model.of(*more.split("."))]
    assert model.probability(after, prior) >= model.probability(before, prior)


@given(st.permutations(["BRAND_CLAIM", "DEADLINE", "FEE", "DOMAIN_OLD", "SHORTENER"]))
def test_the_order_of_the_facts_does_not_matter(order: list[str]) -> None:
    model = shipped()
    assert model.probability([model.of(c) for c in order], 0.4) == model.probability(
        [model.of(c) for c in sorted(order)], 0.4
    )


def test_without_a_fact_the_probability_is_the_prior() -> None:
    assert shipped().probability([], 0.03) == pytest.approx(0.03)


def test_an_official_address_speaks_against() -> None:
    model = shipped()
    assert model.probability([model.of("OFFICIAL")], 0.4) < 0.02


def test_a_weight_of_the_wrong_sign_is_refused() -> None:
    with pytest.raises(BadWeights, match="FEE"):
        Weights("x", 0.5, {"FEE": -1.0}, {})
    with pytest.raises(BadWeights, match="OFFICIAL"):
        Weights("x", 0.5, {}, {"OFFICIAL": 1.0})


def test_a_fact_that_the_model_does_not_know_is_an_error() -> None:
    with pytest.raises(KeyError):
        shipped().of("NO_SUCH_FACT")
