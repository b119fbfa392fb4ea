"""`zvon text eval` counts what `extract` finds against labels."""

import json
from pathlib import Path

import pytest

from zvon.cli.text_eval import BAD_INPUT, DONE, evaluate

GOLD = [
    {
        "id": "a",
        "lang": "en",
        "text": "C2: evil-fixture[.]example and posta.si, file a.exe",
        "mentions": [
            {"start": 4, "end": 26, "type": "domain", "value": "evil-fixture.example", "role": "attacker"},
            {"start": 31, "end": 39, "type": "domain", "value": "posta.si", "role": "attacker"},
            {"start": 0, "end": 2, "type": "md5", "value": "0" * 32},
        ],
    }
]  # fmt: skip


def gold(folder: Path, rows: object) -> Path:
    path = folder / "gold.jsonl"
    lines = rows if isinstance(rows, str) else "\n".join(json.dumps(row) for row in rows)  # type: ignore[attr-defined]
    path.write_text(lines, encoding="utf-8")
    return path


def test_right_wrong_and_missed_are_counted_by_type_and_role(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(gold=gold(tmp_path, GOLD), json=True, wrong=True) == DONE
    answer = json.loads(capfd.readouterr().out)
    assert answer["all"]["right"] == 2
    assert answer["types"]["domain"] == {
        "n": 2, "right": 2, "wrong": 0, "missed": 0, "precision": 1.0, "recall": 1.0,
    }  # fmt: skip
    assert answer["types"]["md5"]["recall"] == 0
    assert answer["types"]["filename"]["wrong"] == 1
    assert answer["judged"] == 2
    assert answer["role"] == answer["attacker_or_other"] == 0.5
    assert answer["roles"]["brand"]["wrong"] == 1
    assert {row["what"] for row in answer["wrong"]} == {"wrong", "missed", "role"}


def test_a_person_reads_a_table(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert evaluate(gold=gold(tmp_path, GOLD), wrong=True) == DONE
    said = capfd.readouterr().out
    assert "precision" in said
    assert "attacker or other right: 0.500" in said
    assert "posta.si" in said


def test_nothing_labelled_is_no_division(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert evaluate(gold=gold(tmp_path, [{"text": "x", "mentions": []}])) == DONE
    assert "-" in capfd.readouterr().out


@pytest.mark.parametrize(
    "rows",
    ["no json", '{"text":"x","mentions":[{"start":0,"end":9,"type":"url","value":"x"}]}',
     '{"text":"x","mentions":[{"start":0,"end":1,"type":"url","value":"x","role":"hero"}]}'],
)  # fmt: skip
def test_a_gold_file_that_is_none_is_refused_with_its_line(
    rows: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(gold=gold(tmp_path, rows)) == BAD_INPUT
    assert "gold.jsonl:1:" in capfd.readouterr().err


def test_a_missing_file_is_bad_input(tmp_path: Path) -> None:
    assert evaluate(gold=tmp_path / "none") == BAD_INPUT
