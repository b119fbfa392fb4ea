"""The shipped lexical model: one probability a line, its weights, what it was made from."""

import hashlib
import json
import math
from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.url import BadWeights, Model, load, load_shipped, pack
from zvon.ml.url_training.made import pinned_urls
from zvon.model.brand import registry


def shipped() -> Model:
    model = load_shipped()
    assert model is not None
    return model


def shipped_meta() -> dict[str, object]:
    folder = resources.files("zvon.ml") / "phish_url"
    found = json.loads((folder / "meta.json").read_text())
    assert isinstance(found, dict)
    return found


@given(st.lists(st.text(max_size=80), max_size=20))
def test_every_line_gets_one_probability(lines: list[str]) -> None:
    scores = shipped().score(lines)
    assert scores.shape == (len(lines),)
    assert np.all((scores > 0) & (scores < 1))


@given(st.lists(st.binary(max_size=80), max_size=8))
def test_any_bytes_get_a_probability(lines: list[bytes]) -> None:
    scores = shipped().score_lines(lines)
    assert np.all((scores > 0) & (scores < 1))


def test_a_score_does_not_depend_on_its_neighbours() -> None:
    lines = ["https://a.example/x", "", "https://parcel-fee.example/login?x=1", "é.example"]
    together = shipped().score(lines)
    alone = [shipped().score([line])[0] for line in lines]
    assert together.tolist() == alone


def test_an_empty_line_gets_the_prior() -> None:
    assert shipped().score(["", "  ", "https://"]).tolist() == [1 / 3] * 3


def test_a_lure_ranks_above_a_plain_page() -> None:
    lure, plain = shipped().score(
        ["secure-login-verify-account.top/signin", "docs.python.org/3/library/index.html"]
    )
    assert lure > 0.5 > plain


def test_extreme_log_odds_are_neither_sure_nor_tied() -> None:
    model = shipped()
    far = Model(
        name="far", tables=model.tables, forest=model.forest, used=model.used, low=8.0, high=8.0
    )
    urls = [f"secure-login-{n}.top/verify" for n in range(40)]
    scores = far.score([*urls, "docs.python.org/3/"])
    assert np.all((scores > 0) & (scores < 1))
    assert len(set(scores.tolist())) == len(set(model.raw([u.encode() for u in urls]).tolist())) + 1


def test_weights_survive_packing_byte_for_byte() -> None:
    model = shipped()
    data = pack(model)
    meta = {"name": "phish-url", "version": "t", "sha256": hashlib.sha256(data).hexdigest()}
    again = load(data, meta)
    assert pack(again) == data
    assert np.array_equal(model.score(["x.example/y"]), again.score(["x.example/y"]))


def test_changed_weights_are_refused() -> None:
    data = pack(shipped())
    with pytest.raises(BadWeights):
        load(data, {"name": "phish-url", "version": "t", "sha256": "0" * 64})


def test_shipped_weights_come_from_permissive_sources_only() -> None:
    meta = shipped_meta()
    assert meta["use"] == "shipped"
    sources = meta["sources"]
    assert isinstance(sources, dict)
    assert set(sources) <= {
        "tweetfeed", "awesome", "fpb", "jdm", "apple_pw", "2fa", "bangs", "bare", "made", "official",
    }  # fmt: skip


def test_the_shipped_model_is_small_and_its_card_is_of_these_weights() -> None:
    folder = resources.files("zvon.ml") / "phish_url"
    assert len((folder / "weights.npz").read_bytes()) <= 5_000_000
    assert str(shipped_meta()["sha256"]) in (folder / "CARD.md").read_text("utf-8")


def test_official_names_raise_no_alarm() -> None:
    figures = shipped_meta()["figures"]
    assert isinstance(figures, dict)
    scores = shipped().score(pinned_urls(registry()))
    assert not math.isnan(figures["threshold_1pct"])
    assert np.all(scores < figures["threshold_1pct"])
