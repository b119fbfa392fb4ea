"""Detection: by content, the surest first, and always the same way."""

import gzip
import lzma
from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats import detect
from zvon.formats.detect import Packing, packing
from zvon.locale import LANGS, translator
from zvon.locale.sentence import sentence
from zvon.model.item import Format, Guess


def _format(name: str, guess: Guess | None, media_type: str = "") -> Format:
    return Format(
        name=name,
        sniff=lambda _sample, _name: guess,
        decode=lambda _chunks, _options: iter(()),
        media_type=media_type,
    )


def _broken(_sample: bytes, _name: str) -> Guess | None:
    raise ValueError("a stranger's sniff")


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, Format]:
    table: dict[str, Format] = {}
    monkeypatch.setattr(detect, "formats", lambda: table)
    return table


def test_the_surest_format_is_chosen_and_says_why(known: dict[str, Format]) -> None:
    known["weak"] = _format("weak", Guess(20, "LINES", {"matched": 2, "of": 9}))
    known["sure"] = _format("sure", Guess(90, "KEYS", {"keys": "objects"}))
    known["never"] = _format("never", None)
    chosen = detect.choose(b"{}", "x.json")
    assert chosen is not None
    assert (chosen[0].name, chosen[1].why) == ("sure", "KEYS")
    assert [each.name for each, _ in detect.candidates(b"{}")] == ["sure", "weak"]


def test_of_equals_the_stronger_reason_then_the_media_type_then_the_name(
    known: dict[str, Format],
) -> None:
    known["c"] = _format("c", Guess(50, "NAME", {"name": "c"}))
    known["b"] = _format("b", Guess(50, "LINES", {"matched": 1, "of": 1}))
    known["a"] = _format("a", Guess(50, "LINES", {"matched": 1, "of": 1}), "text/a")
    known["d"] = _format("d", Guess(50, "LINES", {"matched": 1, "of": 1}), "text/d")
    assert [e.name for e, _ in detect.candidates(b"x")] == ["a", "b", "d", "c"]
    assert detect.candidates(b"x", "", "text/D; charset=utf-8")[0][0].name == "d"


def test_a_strangers_format_that_breaks_is_passed_over(known: dict[str, Format]) -> None:
    known["broken"] = Format(
        name="broken", sniff=_broken, decode=lambda _chunks, _options: iter(())
    )
    assert detect.choose(b"x") is None
    known["good"] = _format("good", Guess(1, "NAME", {"name": "x"}))
    chosen = detect.choose(b"x")
    assert chosen is not None
    assert chosen[0].name == "good"


def _zip(*names: str) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return out.getvalue()


def test_layers_are_named_and_office_documents_are_none() -> None:
    assert packing(gzip.compress(b"a")) is Packing.GZIP
    assert packing(lzma.compress(b"a")) is Packing.XZ
    assert packing(_zip("list.csv")) is Packing.ZIP
    assert packing(b"") is None
    assert packing(b"BZh is how my name begins") is None
    assert packing(_zip("[Content_Types].xml", "word/document.xml")) is None
    assert Packing.ZIP.holds_files
    assert not Packing.GZIP.holds_files


@given(st.binary(max_size=600), st.text(max_size=20))
def test_any_bytes_have_an_answer(sample: bytes, name: str) -> None:
    packing(sample)
    for _, guess in detect.candidates(sample, name):
        assert 0 < guess.score <= 100


@pytest.mark.parametrize("lang", LANGS)
def test_each_reason_is_a_sentence_in_every_language(lang: str) -> None:
    said = translator(lang)
    for why, params in (
        ("KEYS", {"keys": "Event"}),
        ("HEADER", {"header": "ip,asn"}),
        ("MAGIC", {"what": "PDF"}),
        ("LINES", {"matched": 9, "of": 10}),
        ("NAME", {"name": "a.csv"}),
    ):
        text = sentence(said, f"DETECTED_{why}", params)
        assert "DETECTED" not in text
        assert all(str(value) in text for value in params.values())
