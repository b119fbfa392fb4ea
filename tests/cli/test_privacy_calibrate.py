"""`zvon privacy calibrate` and `zvon privacy eval --by`: figures of labelled mails."""

import json
import tomllib
from pathlib import Path

import msgspec
import pytest

from tests.privacy.marked import MAILS, read
from zvon.cli.privacy import evaluate
from zvon.cli.privacy_calibrate import Value, calibrate, crossed, outcomes
from zvon.ml.side.calibrate import probability


@pytest.fixture(name="gold")
def _gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.jsonl"
    mails = [
        msgspec.structs.replace(mail, author=f"a{i % 6}")
        for i, mail in enumerate(read(MAILS / "fresh.txt"))
    ]
    path.write_bytes(b"".join(msgspec.json.encode(mail) + b"\n" for mail in mails))
    return path


def test_rates_are_printed_by_type_language_and_author(
    gold: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(gold=[gold], by="type") == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("IP ") and "(" in line for line in lines)
    assert evaluate(gold=[gold], by="lang") == 0
    assert {"sl", "hr", "en"} <= {line[:2] for line in capsys.readouterr().out.splitlines()}
    assert evaluate(gold=[gold], by="author", json=True) == 0
    row = json.loads(capsys.readouterr().out)
    assert set(row["by"]) == {f"a{i}" for i in range(6)}
    whole = sum(one["PII recall"]["of"] for one in row["by"].values())
    assert whole == row["PII recall"]["of"]


def test_calibrate_prints_costs_and_writes_a_scaling(
    gold: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "scale.toml"
    assert calibrate(gold=[gold], out=out) == 0
    said = capsys.readouterr().out
    assert "leak : lost indicator : question = 50 : 1 : 2" in said
    assert " 0.65" in said
    for scale in tomllib.loads(out.read_text()).values():
        assert set(scale) == {"slope", "shift"}


def test_no_value_is_scaled_by_its_own_author() -> None:
    """One author lies about everything; the scaling of the others must not hear of it."""
    honest = [
        Value("ip", z, z > 0, f"honest{i}") for i in range(4) for z in (-3.0, -2.0, 2.0, 3.0) * 5
    ]
    liar = [Value("ip", z, z < 0, "liar") for z in (-3.0, -2.0, 2.0, 3.0) * 5]
    scaled, _ = crossed([*honest, *liar])
    of_liar = scaled[len(honest) :]
    assert all((logit > 0) == (value.logit > 0) for value, logit in zip(liar, of_liar, strict=True))


def test_thresholds_divide_values_into_leaks_losses_and_questions() -> None:
    values = [Value("ip", z, a, "x") for z, a in ((3.0, False), (-3.0, True), (0.0, True), (3.0, True))]  # fmt: skip
    logits = [v.logit for v in values]
    assert probability(3.0) > 0.9
    assert outcomes(values, logits, keep_at=0.9, remove_at=0.2) == (1, 1, 1)
    assert outcomes(values, logits, keep_at=0.5, remove_at=0.5) == (1, 2, 0)
