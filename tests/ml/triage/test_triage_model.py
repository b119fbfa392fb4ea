"""The shipped model: whole, bounded, and more sure of an attack than of noise."""

import json
from importlib import resources

import numpy as np
import pytest

from zvon.ml.triage.features import Sighting
from zvon.ml.triage.model import BadWeights, pack, shipped, unpack

ATTACK = ["Port scan by Nmap", "Common web attack", "Suspicious URL access", "Web server 400 error code",
          "First time user executed sudo", "User successfully changed UID"]  # fmt: skip


def chain(at: float) -> list[Sighting]:
    return [
        Sighting(at + 40 * n, f"{title} {turn}", "web", 0, 0, 90.0, 20)
        for turn in range(3)
        for n, title in enumerate(ATTACK, turn * len(ATTACK))
    ]


def quiet(at: float) -> list[Sighting]:
    return [
        Sighting(at + 3600 * n, "Signature update", "mail", 30 + n, 40 + n, 90.0) for n in range(9)
    ]


@pytest.mark.parametrize("blind", [False, True])
def test_many_new_things_at_once_are_likelier_an_attack_than_what_comes_each_hour(
    blind: bool,
) -> None:
    seen = sorted(chain(5e5) + quiet(4e5), key=lambda each: each.at)
    p = shipped().probabilities(seen, str, blind=blind)
    of = {
        name: [x for x, s in zip(p, seen, strict=True) if s.host == name]
        for name in ("web", "mail")
    }
    assert np.mean(of["web"]) > 0.5
    assert max(of["mail"]) < 0.05
    assert np.all((p >= 0) & (p <= 1))


def test_words_that_training_never_saw_are_not_read() -> None:
    seen = chain(5e5)
    strange = shipped().probabilities(seen, lambda _: "qqzx wwvy kkjj")
    assert np.allclose(strange, shipped().probabilities(seen, str, blind=True))


def test_nothing_gives_nothing() -> None:
    assert shipped().probabilities([], str).shape == (0,)


def test_weights_round_trip_and_others_are_refused() -> None:
    folder = resources.files("zvon.ml.triage")
    meta = json.loads(folder.joinpath("meta.json").read_text("utf-8"))
    data = folder.joinpath("weights.npz").read_bytes()
    assert pack(unpack(data, meta["version"], meta["sha256"])) == data
    with pytest.raises(BadWeights):
        unpack(data[:-1], meta["version"], meta["sha256"])


def test_the_card_names_the_source_as_its_licence_asks() -> None:
    card = resources.files("zvon.ml.triage").joinpath("CARD.md").read_text("utf-8")
    assert "Landauer, Skopik, Wurzenberger" in card
    assert "CC BY 4.0" in card
