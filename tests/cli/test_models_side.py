"""`zvon models train side`: the same passages give the same weights, and they know their sides."""

from pathlib import Path

import msgspec
import pytest

from tests.privacy.marked import MAILS, read
from zvon.cli import models_side
from zvon.ml.side.fit import fit
from zvon.ml.side.made import made


@pytest.fixture(name="data")
def _data(tmp_path: Path) -> Path:
    path = tmp_path / models_side.GOLD
    path.parent.mkdir(parents=True)
    mails = read(MAILS / "own.txt")
    path.write_bytes(b"".join(msgspec.json.encode(mail) + b"\n" for mail in mails))
    return tmp_path


def test_few_hundred_mails_teach_the_sides_of_mails_by_others(data: Path) -> None:
    weights = fit(models_side.examples(made(240, 1)), version="t")
    again = fit(models_side.examples(made(240, 1)), version="t")
    assert weights == again
    found = models_side.on_mails(weights, data / models_side.GOLD)
    assert found["values"] > 100
    assert found["right"] > 0.75


def test_training_writes_weights_meta_and_card(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models_side, "MAILS", 90)
    out = tmp_path / "out"
    assert models_side.train(out, data) == 0
    meta = msgspec.json.decode((out / "meta.json").read_bytes())
    card = (out / "CARD.md").read_text(encoding="utf-8")
    assert meta["sha256"] in card
    assert "held out" in card
    first = (out / "weights.json").read_bytes()
    assert models_side.train(out, None) == 0
    assert (out / "weights.json").read_bytes() == first


def test_evaluate_needs_labelled_mails_and_prints_by_type(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert models_side.evaluate(None, as_json=False) == 2
    capsys.readouterr()
    assert models_side.evaluate(data, as_json=True) == 0
    assert msgspec.json.decode(capsys.readouterr().out)["right"] > 0.8
