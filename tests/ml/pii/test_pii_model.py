"""The tagger's weights and what it says of words."""

import hashlib
import json
import re
from importlib import resources
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.ml.pii import tagger as tagging
from zvon.ml.pii.features import SIZE, class_of, gap_class, shape
from zvon.ml.pii.model import KINDS, LABELS, BadWeights, Model, load, pack, shipped
from zvon.ml.pii.tagger import Tagger
from zvon.privacy.fold import fold
from zvon.privacy.lexeme import lex, unlisted

_WORD = re.compile(r"[^\W_]+")


def read(text: str) -> tuple[list[str], list[str], list[str]]:
    found = list(_WORD.finditer(text))
    gaps, at = [], 0
    for word in found:
        gaps.append(text[at : word.start()])
        at = word.end()
    return [m[0] for m in found], [fold(m[0]) for m in found], [*gaps, text[at:]]


def said(text: str, *, listed: bool = True) -> list[tuple[str, str]]:
    texts, folded, gaps = read(text)
    tagger = Tagger(shipped(), lex if listed else unlisted)
    return [(s.kind, " ".join(texts[s.first : s.last])) for s in tagger.tag(texts, folded, gaps)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Kontakt: Berislava Kranjčevićka, tel.", "NAME", "Berislava Kranjčevićka"),
        ("Lep pozdrav,\nZvezdomir Poljčnik", "NAME", "Zvezdomir Poljčnik"),
        ("Our employee Tamsin Oyelowo entered her credentials.", "NAME", "Tamsin Oyelowo"),
        ("V podjetju Lesnina Borovje d.o.o. je vdor.", "ORG", "Lesnina Borovje d o o"),
        ("uporabnik: mzdovc\ngeslo: Ropotuljica77", "SECRET", "Ropotuljica77"),
        ("Stanuje na naslovu Lončarska ulica 9, 2000 Maribor.", "ADDR", "Lončarska ulica 9 2000 Maribor"),
    ],
)  # fmt: skip
def test_what_stands_in_no_list_is_found_by_its_surroundings(
    text: str, kind: str, value: str
) -> None:
    assert (kind, value) in said(text, listed=False)


@pytest.mark.parametrize(
    "text",
    ["Danes zjutraj smo zaznali promet.", "Please update Windows Server and reboot.",
     "Banka nikoli ne zahteva gesla po telefonu.", "U petak je poslužitelj bio ugašen."],
)  # fmt: skip
def test_ordinary_sentences_hold_nothing(text: str) -> None:
    assert said(text) == []


def test_weights_read_back_and_a_changed_file_is_refused() -> None:
    weights = pack(shipped())
    meta = json.loads((resources.files("zvon.ml") / "pii" / "meta.json").read_text("utf-8"))
    with pytest.raises(BadWeights):
        load(weights[:-1] + b"x", meta)
    with pytest.raises(BadWeights):
        load((resources.files("zvon.ml") / "pii" / "weights.npz").read_bytes(), meta | {"labels": ["O"]})  # fmt: skip


def test_arrays_of_another_shape_are_refused() -> None:
    small = pack(Model(np.zeros((5, 3), np.float32), np.zeros((3, 3), np.float32), np.zeros(3, np.float32)))  # fmt: skip
    meta = {"sha256": hashlib.sha256(small).hexdigest(), "labels": list(LABELS)}
    with pytest.raises(BadWeights):
        load(small, meta)
    with pytest.raises(BadWeights):
        load(b"no archive", meta | {"sha256": hashlib.sha256(b"no archive").hexdigest()})


def test_the_weights_are_small() -> None:
    assert len((resources.files("zvon.ml") / "pii" / "weights.npz").read_bytes()) < 2_000_000
    assert shipped().weights.shape == (SIZE, len(LABELS))


def test_a_text_longer_than_a_portion_and_more_words_than_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tagging, "PORTION", 7)
    monkeypatch.setattr(tagging, "REMEMBERED", 12)
    text = "Kontakt: Ana Novak, tel.\n" + " ".join(f"beseda{chr(97 + n)}" for n in range(20))
    assert ("NAME", "Ana Novak") in said(text)


@settings(deadline=None, max_examples=40)
@given(st.text(alphabet="Ana Novk.,\n@0123čŠ(:", max_size=120))
def test_findings_are_in_order_and_apart(text: str) -> None:
    texts, folded, gaps = read(text)
    classes, found = Tagger(shipped(), lex).read(texts, folded, gaps, lean=1.0)
    assert len(classes) == len(texts)
    assert all(s.kind in KINDS and 0 <= s.first < s.last <= len(texts) for s in found)
    assert all(a.last <= b.first for a, b in pairwise(found))


def test_classes_of_words() -> None:
    assert [shape(w) for w in ("ana", "Ana", "ANA", "A", "12", "a1", "iPhone", "<ID>")] == [
        0, 1, 2, 3, 4, 5, 6, 7
    ]  # fmt: skip
    assert class_of("2000", "2000", lex) != class_of("20", "20", lex)
    assert gap_class(" ") != gap_class("\n\n") != gap_class(": ")
    assert gap_class("...\n") == gap_class("\n")
