"""Headings, lists and tables say what their values are; a sentence among them does not."""

import pytest

from zvon.privacy.document import Blocks, Layout, table


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("# Indicators of compromise\n\n@", "indicators"),
        ("INDICATORS\n@", "indicators"),
        ("4.2 Network indicators\n\n@", "indicators"),
        ("Kazalniki zlorabe:\n\n@", "indicators"),
        ("Pokazatelji kompromitacije\n@", "indicators"),
        ("References\n@", "reference"),
        ("Viri in literatura\n@", "reference"),
        ("Izvori:\n@", "reference"),
        ("Kontakt\n@", "note"),
        ("Indicators\n@\n\n## Timeline\n\nx\n@@", "indicators"),
        ("These malicious hosts answered when we asked for them in the past week:\n@", "lead-in"),
        ("Indicator;Date;Comment\n@", "table"),
        ("Vrsta | Vrednost | Opomba\n@", "table"),
    ],
)
def test_what_is_announced_holds_for_what_follows(text: str, kind: str) -> None:
    stretch = Layout(text).at(text.index("@"))
    assert stretch is not None
    assert stretch.kind == kind


@pytest.mark.parametrize(
    "text",
    ["@", "The indicators are listed elsewhere.\n@", "Indicators\nx\n\n## Timeline\n@",
     "Red hosts, blue hosts and more, as seen\n@", "Evil hosts are the following malicious ones here:\nx\n\n@",
     "Indicator;Date;Comment\nx;y;z\n\n@"],
)  # fmt: skip
def test_other_text_announces_nothing(text: str) -> None:
    assert Layout(text).at(text.rindex("@")) is None


def test_another_heading_ends_what_the_last_one_announced() -> None:
    text = "# Indicators\n\na\n\n# Timeline\n\n@"
    assert Layout(text).at(text.index("@")) is None


def test_a_remark_is_the_reporters() -> None:
    text = "Kliknite na x\nPrijavitelj: Janez, 040"
    assert Blocks(text).author(text.index("Janez")) == "reporter"
    assert Blocks(text).author(0) == ""


def test_every_phrase_of_the_table_is_folded() -> None:
    heading = table().heading
    for phrase in (*heading.indicators, *heading.reference, *heading.note, *heading.column):
        assert phrase == phrase.lower()
        assert phrase.isascii()
