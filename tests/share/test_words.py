"""Every problem that sharing stores has a sentence in each language."""

import re
from pathlib import Path

import pytest

import zvon.share
from zvon.locale import LANGS, translator
from zvon.share.words import explain

FOLDER = Path(zvon.share.__file__).parent


def codes(pattern: str) -> set[str]:
    """What the source writes as a code."""
    return {c for f in FOLDER.glob("*.py") for c in re.findall(pattern, f.read_text())}


@pytest.mark.parametrize("lang", LANGS)
def test_every_code_in_the_source_has_a_sentence(lang: str) -> None:
    entries = codes(r'"([A-Z_]{2,}): ') | {"REVOKED", "NO_FEED"}
    peers = codes(r'code = "([A-Z_]+)"') | {"PROTOCOL", "UNREACHABLE", "STALE"}
    assert {"TLP", "GUARD", "RATE"} <= entries
    for what, found in (("PEER", peers), ("ENTRY", entries - {"UNREACHABLE", "EQUIVOCATION"})):
        for code in found:
            assert explain(translator(lang), what, code) != code, f"{what}_{code}"  # type: ignore[arg-type]


def test_the_detail_follows_the_sentence_and_unknown_problems_stay_as_they_are() -> None:
    english = translator("en")
    assert explain(english, "ENTRY", "TLP: TLP:RED is above") == (
        "Its marking is stricter than the group allows. (TLP:RED is above)"
    )
    assert explain(english, "PEER", "Something: else") == "Something: else"
    assert explain(english, "PEER", "") == ""


def test_slovenian_counts_with_its_dual() -> None:
    text = [translator("sl").plural("ACKS_OF", "ACKS_OF", n, total=20) for n in (1, 2, 3, 5)]
    assert [t.split()[-1] for t in text] == ["ima", "imata", "imajo", "ima"]
