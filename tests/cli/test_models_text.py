"""`zvon models train|evaluate phish-text`."""

import gzip
import json
from pathlib import Path

import pytest

from zvon.cli import models_text
from zvon.ml.text import load_shipped
from zvon.ml.text_training import Figures


def test_foreign_mail_is_counted_and_compared(tmp_path: Path) -> None:
    folder = tmp_path / "phishing" / "email"
    folder.mkdir(parents=True)
    lure = "Takoj potrdite podatke kartice, sicer bo račun zaklenjen: https://a.example"
    plain = "Zapisnik sestanka je v skupni mapi, prosim za pripombe do petka."
    for name, text in zip(models_text.MAILS, (lure, plain, plain), strict=True):
        with gzip.open(folder / name, "wt", encoding="utf-8") as out:
            out.write(json.dumps({"subject": "", "text": text}) + "\n")
    model = load_shipped()
    assert model is not None
    first, second, third = models_text.elsewhere(model, tmp_path)
    assert (first["mails"], first["called_lure"], second["called_lure"]) == (1, 1.0, 0.0)
    assert second["auc"] == third["auc"] == 1.0


def test_without_data_nothing_is_evaluated(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ZVON_DATA", raising=False)
    assert models_text.evaluate(models_text.data_folder(None), as_json=True) == 2
    assert "data folder" in capsys.readouterr().err


def test_the_card_has_denominators_and_says_what_it_is_not() -> None:
    figures = {"templates held out": Figures(texts=10, lures=4, auc=0.9, recall=0.5, alarms=0.1,
                                             brier=0.1)}  # fmt: skip
    meta = {"version": "1", "seed": 7, "texts_each": 2, "templates": {"sl": 3}, "sha256": "ab",
            "elsewhere": [{"what": "mail", "mails": 12, "called_lure": 0.25}]}  # fmt: skip
    text = models_text.card(meta, figures, 40_000)
    assert "| templates held out | 10 | 4 |" in text
    assert "| mail | 12 | 0.250 |" in text
    assert "alone it never makes a verdict" in text
