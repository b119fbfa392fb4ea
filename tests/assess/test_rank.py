"""The lexical model orders and never decides."""

import numpy as np
import pytest

from tests.assess.message import AT, message
from zvon.assess import rank as ranking
from zvon.assess.decide import decide
from zvon.assess.rank import Lexical, lexical, rank
from zvon.assess.shipped import shipped


class Model:
    name = "test@1"

    def score(self, urls: list[str]) -> np.ndarray:
        return np.array([0.9 if "a.example" in url else 0.2 for url in urls])


def test_the_worst_target_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "_model", Model)
    facts = shipped().facts(message("https://a.example/nlb"), [], AT)
    assert lexical(facts) == Lexical(0.9, "test@1")


def test_without_weights_or_targets_the_score_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = shipped().facts(message("https://a.example/x"), [], AT)
    monkeypatch.setattr(ranking, "_model", lambda: None)
    assert lexical(facts) is None
    monkeypatch.setattr(ranking, "_model", Model)
    assert lexical(shipped().facts(message("Brez povezave"), [], AT)) is None


def test_a_high_score_lifts_the_rank_and_names_its_model() -> None:
    assessor = shipped()
    verdict = decide(assessor, assessor.facts(message("https://a.example/x"), [], AT), "sms")
    low, _ = rank(verdict, (), Lexical(0.1, "m@1"))
    high, why = rank(verdict, (), Lexical(0.9, "m@1"))
    assert high > low
    assert why[-1].source == "model:m@1"
    assert why[-1].code == "LEXICAL"
