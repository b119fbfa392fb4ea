"""The policy of assessment is complete and refuses what it does not know."""

import msgspec
import pytest

from zvon.assess.policy import Policy, shipped
from zvon.ml.evidence import shipped as weights
from zvon.model.advice import Action
from zvon.model.verdict import Category


def test_every_category_has_an_action_and_only_two_propose() -> None:
    actions = shipped().action
    assert set(actions) == set(Category)
    proposing = {c for c, a in actions.items() if a is Action.PROPOSE_BLOCK}
    assert proposing == {Category.PHISHING, Category.MALWARE}
    assert actions[Category.FAKE_SHOP] is Action.WARN


def test_every_fact_that_the_policy_names_has_a_weight() -> None:
    known = {key.split(".")[0] for key in weights().speaks_for}
    assert (shipped().telling | shipped().beside) <= known
    assert not shipped().telling & shipped().beside


def test_ages_are_graded() -> None:
    age = shipped().age
    assert [age.grade(d) for d in (0, 7, 8, 30, 90, 91)] == [
        "week", "week", "month", "month", "quarter", None,
    ]  # fmt: skip


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(msgspec.to_builtins(shipped()) | {"surprise": 1}, Policy)
