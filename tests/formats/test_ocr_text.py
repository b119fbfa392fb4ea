"""Addresses broken over lines are joined, and sentences are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.ocr_text import Line, joined


def of(*lines: str, width: int = 40) -> str:
    """Lines in letters of one width."""
    return joined([Line(text, 0, min(len(text), width) * 10) for text in lines])


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("Uredite dostavo https://posta-si.dostava-pa", "keta.example/i?t=7F takoj."),
         "Uredite dostavo https://posta-si.dostava-paketa.example/i?t=7F\ntakoj."),
        (("Uredite novo dostavo danes: https://", "posta-si.lipa.example/i"),
         "Uredite novo dostavo danes: https://posta-si.lipa.example/i"),
        (("Uredite novo dostavo https://posta.lipa.", "example/i"),
         "Uredite novo dostavo https://posta.lipa.example/i"),
        (("Pozdravljeni https://lipa.example/dolga-", "pot/do/strani?x=1"),
         "Pozdravljeni https://lipa.example/dolga-pot/do/strani?x=1"),
        (("Pozdravljeni https://lipa.example/do/str", "ani"),
         "Pozdravljeni https://lipa.example/do/strani"),
        (("Uredite takoj https://posta.lipa.example/", "i"),
         "Uredite takoj https://posta.lipa.example/i"),
        (("Uredite novo dostavo https://lipa.example", "Lep pozdrav"),
         "Uredite novo dostavo https://lipa.example\nLep pozdrav"),
        (("Uredite dostavo https://lipa.example/prev", "naslov ni popoln in čaka"),
         "Uredite dostavo https://lipa.example/prev\nnaslov ni popoln in čaka"),
        (("https://lipa.example/a", "in potem še to, kar je dolgo in brez konca"),
         "https://lipa.example/a\nin potem še to, kar je dolgo in brez konca"),
        (("Vaš paket čaka v skladišču že dva dni.", "Plačajte danes"),
         "Vaš paket čaka v skladišču že dva dni.\nPlačajte danes"),
        (("Prva stran https://prva.lipa.example/abc", "https://druga.lipa.example/"),
         "Prva stran https://prva.lipa.example/abc\nhttps://druga.lipa.example/"),
    ],
)  # fmt: skip
def test_lines_become_a_text(lines: tuple[str, ...], text: str) -> None:
    assert of(*lines) == text


def test_an_empty_line_ends_an_address() -> None:
    assert of("Uredite dostavo https://posta-si.dostava-pa", "", "keta.example/i") == (
        "Uredite dostavo https://posta-si.dostava-pa\n\nketa.example/i"
    )


@given(st.lists(st.text(alphabet="abč -./:?=1X", max_size=30), max_size=8))
def test_no_letter_is_lost_or_made_up(lines: list[str]) -> None:
    assert "".join(of(*lines).split()) == "".join("".join(lines).split())
