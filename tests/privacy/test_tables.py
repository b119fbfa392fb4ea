"""Data files: complete, readable, refused when wrong; every word that is shown has a translation."""

import re
from pathlib import Path

import pytest

import zvon.privacy
from zvon.locale import translator
from zvon.model.role import Role, SpanState
from zvon.privacy.cues import find, language, lexicon, words
from zvon.privacy.decide import REDACTED
from zvon.privacy.decision import rule_code
from zvon.privacy.fold import fold
from zvon.privacy.role import terms
from zvon.privacy.tables import BadTable, agreements, countries, cue_files, hosts, names

LANGUAGES = ("sl", "hr", "en")


def test_three_agreements_ship_and_the_public_one_is_the_strictest() -> None:
    shipped = agreements()
    assert set(shipped) == {"demo-amber", "demo-amber-2", "demo-clear"}
    assert shipped["demo-amber"].url_query == "scrub_known"
    assert shipped["demo-amber"].mule_iban == "keep"
    clear = shipped["demo-clear"]
    assert (clear.max_tlp, clear.url_query, clear.mule_iban) == ("CLEAR", "drop_values", "hash")


def test_a_broken_agreement_names_its_file(tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("max_tlp = ")
    with pytest.raises(BadTable, match=r"wrong\.toml"):
        agreements(tmp_path)


def test_languages_have_the_same_sections() -> None:
    sections = {name: set(body) for name, body in cue_files().items()}
    assert set(sections) == set(LANGUAGES)
    assert sections["sl"] == sections["hr"] == sections["en"]


def test_countries_and_names_are_there() -> None:
    assert {c.country for c in countries()} >= {"SI", "HR"}
    lists = names()
    assert {"spela", "sanja"} <= lists.first
    assert {"zupancic", "horvat"} <= lists.last
    assert "kos" in lists.common
    assert "onion" in hosts().darknet


def test_no_country_is_named_in_code() -> None:
    for path in Path(zvon.privacy.__path__[0]).rglob("*.py"):
        assert not re.search(r'"(SI|HR)"', path.read_text(encoding="utf-8")), path.name


def test_the_language_is_the_one_with_most_function_words() -> None:
    def of(text: str) -> str | None:
        return language(words(text, fold(text)))

    assert of("Pozdravljeni, sem kliknila na povezavo, ki je v sporočilo") == "sl"
    assert of("Poštovani, danas sam dobila poruku koja je kod vas") == "hr"
    assert of("The sender was seen from this address and we have the data") == "en"
    assert of("1234") is None


def test_the_longer_of_two_phrases_speaks() -> None:
    text = "povezave na 1.2.3.4"
    found = [c for c in find(words(text, fold(text)), lexicon(("sl",))) if c.section == "before"]
    assert [c.phrase for c in found] == ["povezave na"]


def rules() -> set[str]:
    folder = Path(zvon.privacy.__path__[0]) / "role"
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    said = set(re.findall(r'term\(\s*"([a-z.]+)"', source)) | {"neighbours", "cue.od", "word.od"}
    return said | {"side.attacker", "side.reporter"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_word_that_people_see_is_translated(lang: str) -> None:
    said = translator(lang)
    codes = {f"STATE_{s.name}" for s in SpanState} | {f"ROLE_{r.name}" for r in Role}
    codes |= {f"TYPE_{kind}" for kind in (*terms().prior, *REDACTED)}
    codes |= {"TLP_RED", "TLP_ABOVE_GROUP", "OTHER_GROUP", "WITHIN_AGREEMENT", "NOT_MALICIOUS",
              "RESIDUE"}  # fmt: skip
    for code in codes:
        assert said.text(code) not in {"", code}, code
    for rule in rules():
        code, params = rule_code(rule)
        assert said.text(code, **params) not in {"", code}, rule


@pytest.mark.parametrize(
    ("lang", "n", "text"),
    [("sl", 1, "1 vrednost čaka"), ("sl", 2, "2 vrednosti čakata"), ("sl", 3, "3 vrednosti čakajo"),
     ("sl", 101, "101 vrednost čaka"), ("hr", 21, "21 vrijednost čeka"),
     ("hr", 2, "2 vrijednosti čekaju"), ("en", 1, "1 value waits")],
)  # fmt: skip
def test_counts_are_said_in_the_right_form(lang: str, n: int, text: str) -> None:
    assert translator(lang).plural("OPEN_SPANS", "OPEN_SPANS", n).startswith(text)
