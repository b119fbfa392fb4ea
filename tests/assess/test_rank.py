"""The lexical model orders and never decides."""

from collections.abc import Sequence

import numpy as np
from msgspec import structs

from tests.assess.message import AT, message
from zvon.assess.decide import decide
from zvon.assess.rank import Lexical, lexical, rank
from zvon.assess.shipped import shipped


class Model:
    name = "test@1"

    def score(self, urls: Sequence[str]) -> np.ndarray:
        return np.array([0.9 if "a.example" in url else 0.2 for url in urls])


def test_the_worst_target_counts() -> None:
    assessor = structs.replace(shipped(), addresses=Model())
    facts = assessor.facts(message("https://a.example/nlb https://b.example/nlb"), [], AT)
    assert lexical(facts, "test@1") == Lexical(0.9, "test@1")


def test_without_weights_or_targets_the_score_is_missing() -> None:
    blind = structs.replace(shipped(), addresses=None)
    assert lexical(blind.facts(message("https://a.example/x"), [], AT), None) is None
    seeing = structs.replace(shipped(), addresses=Model())
    assert lexical(seeing.facts(message("Brez povezave"), [], AT), "test@1") is None


def test_a_high_score_lifts_the_rank_and_names_its_model() -> None:
    assessor = shipped()
    verdict = decide(assessor, assessor.facts(message("https://a.example/x"), [], AT), "sms")
    low, _ = rank(verdict, (), Lexical(0.1, "m@1"))
    high, why = rank(verdict, (), Lexical(0.9, "m@1"))
    assert high > low
    assert why[-1].source == "model:m@1"
    assert why[-1].code == "LEXICAL"
