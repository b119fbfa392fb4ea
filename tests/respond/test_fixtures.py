"""The fixtures are whole, and no rule was written from their texts."""

import re
from importlib.resources import files

import pytest

from zvon.ml.fold import accents
from zvon.model.brand import by_id
from zvon.model.report import Channel, Lang
from zvon.model.verdict import Category, VerdictWord
from zvon.respond.fixtures import IDS, fixture

RULES = [("zvon.assess", "cues.toml"), ("zvon.assess", "policy.toml"),
         ("zvon.model", "brands.toml"), ("zvon.ml.evidence", "weights.toml")]  # fmt: skip
RUN = 4  # words; shorter runs are the language of the trade


@pytest.mark.parametrize("name", IDS)
def test_a_fixture_speaks_the_words_of_the_model(name: str) -> None:
    given = fixture(name)
    assert given.id == name
    assert Channel(given.channel)
    assert Lang(given.lang)
    assert given.received.tzinfo is not None
    words = given.expect["verdict"]
    assert all(VerdictWord(w) for w in (words if isinstance(words, list) else [words]))
    assert Category(given.expect["category"])
    assert given.expect.get("brand", "si.posta") in by_id()


@pytest.mark.parametrize("name", IDS)
def test_no_rule_contains_text_of_a_fixture(name: str) -> None:
    text = accents(fixture(name).body.decode())
    words = re.findall(r"[a-z0-9]+", text)
    runs = {" ".join(words[n : n + RUN]) for n in range(len(words) - RUN + 1)}
    hosts = set(re.findall(r"[a-z0-9-]+\.(?:example|dev)\b", text))
    for package, file in RULES:
        rule = accents((files(package) / file).read_text(encoding="utf-8"))
        flat = " ".join(re.findall(r"[a-z0-9]+", rule))
        assert not {run for run in runs if f" {run} " in f" {flat} "}
        assert not {host for host in hosts if host in rule}
