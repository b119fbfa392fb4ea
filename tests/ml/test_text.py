"""The model of message texts: what it reads, what it must not, and that it repeats itself."""

import hashlib
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.text import BadWeights, Model, features, load, load_shipped, pack, words
from zvon.ml.text_corpus import fill, samples, templates
from zvon.ml.text_training import measured


def shipped() -> Model:
    model = load_shipped()
    assert model is not None
    return model


def test_a_lure_scores_higher_than_what_it_imitates_in_each_language() -> None:
    pairs = [
        ("Vaša kartica je zaklenjena, takoj potrdite geslo: https://a.example",
         "Vaša kartica je pripravljena v poslovalnici, prinesite osebni dokument"),
        ("Vaša kartica je zaključana, odmah potvrdite lozinku: https://a.example",
         "Vaša kartica je spremna u poslovnici, ponesite osobni dokument"),
        ("Your card is locked, confirm your password at once: https://a.example",
         "Your card is ready at the branch, please bring a document"),
    ]  # fmt: skip
    for lure, ordinary in pairs:
        high, low = shipped().score([lure, ordinary])
        assert high > low


def test_what_differs_between_eras_and_senders_is_read_alike() -> None:
    one = "Plačajte 2,99 EUR do 5. januarja 2019 na https://a.example/x, pišite na a@b.example"
    other = "Plačajte 14,50 EUR do 28. oktobra 2026 na https://c.example/yy, pišite na q@w.example"
    assert words(one) == words(other)


def test_accents_do_not_matter() -> None:
    assert list(features("Pošiljka čaka, žal")) == list(features("Posiljka caka, zal"))


def test_length_alone_changes_little() -> None:
    text = "Zasedanje sveta bo v torek. "
    once, often = shipped().score([text, text * 40])
    assert abs(once - often) < 0.05


@given(st.text(max_size=400))
def test_any_text_gets_a_probability_and_a_place_inside_itself(text: str) -> None:
    (p,) = shipped().score([text])
    assert 0 < p < 1
    place = shipped().telling(text)
    assert place is None or 0 <= place[0] < place[1] <= len(text)


def test_the_most_telling_words_are_those_of_the_lure() -> None:
    text = "Danes je lep dan in sije sonce. Takoj potrdite podatke kartice. Lep pozdrav iz Kranja."
    place = shipped().telling(text)
    assert place is not None
    assert 25 < place[0] < 70


def test_weights_read_back_and_foreign_ones_are_refused() -> None:
    model = shipped()
    body = pack(model)
    meta = {"name": "phish-text", "version": "1", "sha256": hashlib.sha256(body).hexdigest()}
    again = load(body, meta)
    assert np.array_equal(again.weights, model.weights)
    with pytest.raises(BadWeights):
        load(body + b"x", meta)


def test_every_template_can_be_filled_and_the_same_seed_gives_the_same_texts() -> None:
    for template in templates():
        text = fill(template, random.Random(1))
        assert "{" not in text
        assert "[" not in text
    first = [s.text for s in samples(random.Random(3), 2)]
    assert first == [s.text for s in samples(random.Random(3), 2)]


def test_both_classes_have_templates_of_many_kinds_in_each_language() -> None:
    for lang in ("sl", "hr", "en"):
        for lure in (True, False):
            mine = [t for t in templates() if t.lang == lang and t.lure == lure]
            assert len(mine) >= 45
            assert len({t.kind for t in mine}) >= 10


def test_figures_count_what_they_say() -> None:
    p, labels = np.array([0.9, 0.8, 0.3, 0.1]), np.array([1.0, 0.0, 1.0, 0.0])
    found = measured(p, labels)
    assert (found.auc, found.recall, found.alarms) == (0.75, 0.5, 0.5)
