"""The six playbooks that come with the program: sound, named in three languages, each for its kind."""

import pytest

from zvon.locale import LANGS
from zvon.model.playbook import Action, Call, End
from zvon.model.playbook_action import ACTIONS
from zvon.model.playbook_check import check, shape
from zvon.model.verdict import Category
from zvon.respond.playbook_shipped import shipped


def test_there_are_six_and_each_is_another_one() -> None:
    assert [each.name for each in shipped("en")] == [
        "Appeal", "Brute force", "Compromised site", "DNS outage", "Phishing report",
        "Ransomware in a constituent",
    ]  # fmt: skip
    assert len({each.id for each in shipped("en")}) == 6


@pytest.mark.parametrize("lang", LANGS)
def test_each_passes_the_check_without_a_warning(lang: str) -> None:
    for each in shipped(lang):
        assert [p for p in check(each) if p.weight != "note"] == [], each.name
        assert shape(each)["manual"] == 0


def test_every_name_is_there_in_every_language() -> None:
    for each in shipped("en"):
        assert set(each.titles) == set(LANGS)
        for step in each.steps.values():
            assert isinstance(step, End) or set(step.titles) == set(LANGS), (each.name, step.name)
        assert {Category(suit) for suit in each.suits} <= set(Category)


def test_questions_and_letters_are_in_the_language_of_the_node() -> None:
    spoken = {
        lang: [
            value
            for each in shipped(lang)
            for step in each.steps.values()
            if isinstance(step, Action)
            for name, value in step.args.items()
            if name in {"question", "title", "instructions", "reason", "text"}
        ]
        for lang in LANGS
    }
    assert len(spoken["sl"]) == len(spoken["hr"]) == len(spoken["en"]) > 15
    assert not set(spoken["sl"]) & set(spoken["en"])
    assert not set(spoken["hr"]) & set(spoken["en"])
    assert not set(spoken["hr"]) & set(spoken["sl"])


def test_a_language_that_nobody_wrote_gets_english() -> None:
    assert shipped("de") == shipped("en")


def test_what_acts_on_the_world_has_a_way_for_no() -> None:
    for each in shipped("en"):
        for step in each.steps.values():
            if isinstance(step, Action) and ACTIONS[step.action].needs_approval:
                assert step.on_failure is not None or step.action == "notify", (
                    each.name,
                    step.name,
                )
            assert not isinstance(step, Call)
