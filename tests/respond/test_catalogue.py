"""Every line that the story of an incident can have has its words in three languages."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import zvon
from zvon.model.lifecycle import BlockState
from zvon.model.verdict import VerdictWord

SOURCE = Path(zvon.__file__).parent
CODE = re.compile(r'"((?:INCIDENT|REPORT|EVENT|VERDICT|DUPLICATE|HAS|NOTE|OWNER|SHARE)_?[A-Z_]*)"')


def codes() -> set[str]:
    found = {f"BLOCK_{s.name}" for s in BlockState} | {f"VERDICT_{w.name}" for w in VerdictWord}
    for file in ("incident.py", "incident_decision.py"):
        found |= set(CODE.findall((SOURCE / "store" / file).read_text()))
    return found - {"DUPLICATE", "NOTE_", "REPORT_"}


@pytest.mark.parametrize("lang", ["sl", "hr", "en"])
def test_every_code_has_its_words_with_the_same_parameters(lang: str) -> None:
    english = _read("en")
    words = _read(lang)
    assert codes() <= set(words)
    assert set(words) == set(english)
    for code, text in words.items():
        assert text, code
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", english[code])), code


def _read(lang: str) -> dict[str, str]:
    with (SOURCE / "locale" / lang / "respond.po").open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id}
