"""Titles of incidents are codes with parameters."""

from zvon.assess.title import title
from zvon.locale import LANGS, translator
from zvon.model.advice import NameAdvice
from zvon.model.scope import Scope
from zvon.model.verdict import Category, Verdict, VerdictWord

NAME = NameAdvice(name="a.example", scope=Scope.HOST, reason="narrow")


def verdict(word: VerdictWord, category: Category, brand: str | None = None) -> Verdict:
    return Verdict(word=word, category=category, probability=0.9, brand=brand)


def test_titles_say_what_and_who() -> None:
    bad = VerdictWord.MALICIOUS
    assert title(verdict(bad, Category.PHISHING, "si.nlb"), []) == (
        "TITLE_PHISHING_BRAND", {"brand": "NLB"},
    )  # fmt: skip
    assert title(verdict(bad, Category.PHISHING), [])[0] == "TITLE_PHISHING"
    assert title(verdict(bad, Category.FAKE_SHOP), [NAME])[1] == {"name": "a.example"}
    assert title(verdict(bad, Category.COMPROMISED_SITE), [NAME])[0] == "TITLE_COMPROMISED"
    assert title(verdict(bad, Category.SCAM), [])[0] == "TITLE_SCAM"
    assert title(verdict(VerdictWord.SUSPICIOUS, Category.PHISHING), [])[0] == "TITLE_SUSPICIOUS"
    assert title(verdict(VerdictWord.UNDETERMINED, Category.UNSURE), [])[0] == "TITLE_UNDETERMINED"


def test_every_title_is_in_every_language() -> None:
    for lang in LANGS:
        for word in VerdictWord:
            for category in Category:
                code, params = title(verdict(word, category, "si.nlb"), [NAME])
                assert translator(lang, strict=True).text(code, **params)
