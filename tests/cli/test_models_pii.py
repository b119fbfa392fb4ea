"""`zvon models train|evaluate pii`."""

import json
from pathlib import Path

import pytest

from zvon.cli import models_pii
from zvon.cli.models import evaluate, train
from zvon.ml.pii.model import load
from zvon.ml.pii_training import run


def gold(folder: Path) -> Path:
    text = "Zadeva: prevara\nSem Ana Novak, uporabnik ahribar, hvala."
    path = folder / "gold.jsonl"
    spans = [
        {"start": text.index(t), "end": text.index(t) + len(t), "role": "pseudonymise", "type": k, "text": t}
        for t, k in (("Ana Novak", "NAME"), ("ahribar", "USER"))
    ]  # fmt: skip
    path.write_text(json.dumps({"id": "x", "lang": "sl", "text": text, "spans": spans}) + "\n")
    return path


def test_training_writes_weights_that_load_and_a_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "TEXTS", 40)
    monkeypatch.setattr(run, "JUDGED", 10)
    assert train("pii", out=tmp_path) == 0
    meta = json.loads((tmp_path / "meta.json").read_text("utf-8"))
    load((tmp_path / "weights.npz").read_bytes(), meta)
    assert set(meta["figures"]) == {"sl", "hr", "en"}
    assert "| sl | NAME |" in (tmp_path / "CARD.md").read_text("utf-8")


def test_the_shipped_weights_come_from_the_texts_of_the_package() -> None:
    shipped = Path(models_pii.__file__).parents[1] / "ml" / "pii" / "meta.json"
    meta = json.loads(shipped.read_text("utf-8"))
    assert meta["texts_sha256"] == models_pii.texts_hash()


def test_labelled_mails_are_scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate("pii", gold=[gold(tmp_path)], json_=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["lists, rules and tagger"]["sl"]["NAME"] == {"values": 1, "found": 1, "wrong": 0}
    assert found["lists, rules and tagger"]["sl"]["USER"]["found"] == 1
    assert found["share of characters taken wrongly"] == 0


def test_without_mails_the_figures_of_the_training_are_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert evaluate("pii") == 0
    assert "held out" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["{", '{"id": 1}\n', "\x00"])
def test_a_file_that_holds_no_labelled_mails_is_refused(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(content)
    assert evaluate("pii", gold=[path]) == 2
    assert "bad.jsonl:1" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert evaluate("pii", gold=[tmp_path / "none.jsonl"]) == 2
