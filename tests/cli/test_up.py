"""What the terminal says is said in three languages."""

import re
from pathlib import Path

from zvon.cli import status, up
from zvon.cli.sentence import sentences
from zvon.locale import LANGS, translator

SAID = re.compile(r'_say\(\s*((?:"[^"]*"\s*)+|f"[^"]*")|\bsay\(\s*("[^"]*")')


def test_every_sentence_of_up_is_in_every_catalogue() -> None:
    text = Path(up.__file__).read_text("utf-8")
    said = ["".join(re.findall(r'"([^"]*)"', a or b)) for a, b in SAID.findall(text)]
    assert len(said) >= 9
    for lang in LANGS:
        catalogue = translator(lang)
        assert [s for s in said if s not in catalogue] == []


def test_every_finding_of_status_is_in_every_catalogue() -> None:
    text = Path(status.__file__).read_text("utf-8")
    said = re.findall(r'Health\(\s*"\w+",\s*[^,]+,\s*"([^"]+)"', text)
    assert len(said) >= 7
    for lang in LANGS:
        catalogue = translator(lang)
        assert [s for s in said if s not in catalogue] == []


def test_nothing_is_told_past_the_catalogue() -> None:
    text = Path(up.__file__).read_text("utf-8")
    assert not re.search(r'_tell\(\s*"\w+",\s*"', text)


def test_english_needs_no_catalogue_and_others_are_filled() -> None:
    assert sentences("en")("seen {seconds} s ago", seconds=3) == "seen 3 s ago"
    assert sentences("sl")("seen {seconds} s ago", seconds=3) == "viden pred 3 s"
