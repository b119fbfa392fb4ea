"""The lexical score: its form of an address, its determinism, its weights."""

import hashlib
import json
from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.ml import url
from zvon.ml.url import BadWeights, Model, gram_hashes, load, load_shipped, pack, score_form


@given(st.text(max_size=200))
def test_the_score_form_is_idempotent(text: str) -> None:
    assert score_form(score_form(text)) == score_form(text)


@pytest.mark.parametrize(
    ("given_url", "form"),
    [
        ("http://WWW.Example.com:80/", "https://example.com"),
        ("example.com", "https://example.com"),
        ("https://user:pw@example.com:8443/A?b#c", "https://example.com:8443/A?b#c"),
        ("//www.www.example.com./x", "https://example.com/x"),
    ],
)
def test_what_tells_only_the_list_is_removed(given_url: str, form: str) -> None:
    assert score_form(given_url) == form


def shipped() -> Model:
    model = load_shipped()
    assert model is not None
    return model


@given(st.lists(st.text(max_size=80), max_size=20))
def test_every_line_gets_one_probability(lines: list[str]) -> None:
    scores = shipped().score(lines)
    assert scores.shape == (len(lines),)
    assert np.all((scores > 0) & (scores < 1))


def test_a_score_does_not_depend_on_its_neighbours() -> None:
    lines = ["https://a.example/x", "", "https://parcel-fee.example/login?x=1", "é.example"]
    together = shipped().score(lines)
    alone = [shipped().score([line])[0] for line in lines]
    assert np.allclose(together, alone, rtol=0, atol=1e-12)


def test_a_lure_ranks_above_a_plain_page() -> None:
    lure, plain = shipped().score(
        ["secure-login-verify-account.top/signin", "docs.python.org/3/library/index.html"]
    )
    assert lure > 0.5 > plain


def test_buckets_are_grouped_by_address_and_counted() -> None:
    hashes, starts, counts = gram_hashes(["ab.example", "", "c"])
    assert counts.tolist() == [11 + 10 + 9 + 8, 1, 2 + 1]
    assert starts.tolist() == [0, 38, 39]
    assert len(hashes) == 42
    assert np.array_equal(hashes[39:], gram_hashes(["c"])[0])


def test_weights_survive_packing() -> None:
    model = shipped()
    data = pack(model)
    meta = {"name": "phish-url", "version": "t", "sha256": hashlib.sha256(data).hexdigest()}
    again = load(data, meta)
    assert np.array_equal(model.score(["x.example/y"]), again.score(["x.example/y"]))


def test_changed_weights_are_refused() -> None:
    data = pack(shipped())
    with pytest.raises(BadWeights):
        load(data, {"name": "phish-url", "version": "t", "sha256": "0" * 64})


def test_shipped_weights_come_from_permissive_sources_only() -> None:
    meta = json.loads((resources.files(url.__package__) / "phish_url" / "meta.json").read_text())
    assert meta["use"] == "shipped"
    assert set(meta["sources"]) <= {
        "tweetfeed", "awesome", "fpb", "jdm", "apple_pw", "2fa", "bangs", "bare",
    }  # fmt: skip
