"""Codes become sentences in every language, in the right plural form."""

import pytest

from zvon.locale import LANGS, translator
from zvon.locale.sentence import answer, sentence
from zvon.ml.evidence import shipped


@pytest.mark.parametrize("lang", LANGS)
def test_every_fact_of_the_evidence_model_has_a_sentence(lang: str) -> None:
    facts = {key.split(".")[0] for key in (*shipped().speaks_for, *shipped().speaks_against)}
    assert [code for code in facts if code not in translator(lang)] == []


@pytest.mark.parametrize(
    ("lang", "n", "ending"),
    [
        ("sl", 1, "pred 1 dnevom."),
        ("sl", 2, "pred 2 dnevoma."),
        ("sl", 4, "pred 4 dnevi."),
        ("sl", 5, "pred 5 dnevi."),
        ("sl", 101, "pred 101 dnevom."),
        ("hr", 1, "prije 1 dan."),
        ("hr", 21, "prije 21 dan."),
        ("hr", 22, "prije 22 dana."),
        ("hr", 12, "prije 12 dana."),
        ("en", 1, "1 day ago."),
        ("en", 2, "2 days ago."),
    ],
)
def test_a_count_takes_the_form_of_its_language(lang: str, n: int, ending: str) -> None:
    assert sentence(translator(lang), "DOMAIN_NEW", {"n": n}).endswith(ending)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", ["dangerous", "official", "no_sign", "looking"])
def test_an_answer_gives_the_number_and_says_that_a_machine_wrote_it(lang: str, kind: str) -> None:
    strict = translator(lang, strict=True)
    text = answer(strict, kind, number="Z-26-000001", brand="NLB", addons=("card", "code",
                  "password", "linked_device"))  # fmt: skip
    assert any("Z-26-000001" in line for line in text)
    assert text[-1] == strict.text("ANSWER_MACHINE")
    assert "{" not in " ".join(text)


def test_a_card_that_was_entered_is_not_asked_about_again() -> None:
    plain = answer(translator("sl"), "dangerous", number="Z")
    urgent = answer(translator("sl"), "dangerous", number="Z", addons=("card",))
    once = translator("sl").text("ANSWER_IF_ENTERED")
    assert once in plain
    assert once not in urgent
    assert translator("sl").text("ADDON_CARD") in urgent


def test_no_language_calls_anything_safe() -> None:
    words = {"sl": ("varn",), "hr": ("sigurn",), "en": ("safe",)}
    for lang, banned in words.items():
        for kind in ("official", "no_sign", "looking"):
            text = " ".join(answer(translator(lang), kind, number="Z", brand="NLB")).lower()
            assert not any(word in text for word in banned)
