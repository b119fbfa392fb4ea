"""`zvon text lang|dedup|tag`: JSON lines as contracted."""

import json
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from zvon.cli import main

pytestmark = pytest.mark.filterwarnings("ignore:Cyclopts application invoked")

TEXTS = [
    {"id": "a", "text": "Spoštovani, vaš paket 12 čaka. Plačajte 2,99 EUR na https://a.example/x."},
    {"id": "b", "text": "Spoštovani, vaš paket 99 čaka. Plačajte 1,10 EUR na https://b.example/y."},
    {"id": "c", "text": "The malware uses a scheduled task for persistence and deletes itself."},
]


class Zvon:
    """The command line in this process: exit code, JSON lines, error output."""

    def __init__(self, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.patch, self.capsys = patch, capsys

    def __call__(self, *arguments: str, stdin: str = "") -> tuple[int, list[dict[str, Any]], str]:
        self.patch.setattr(sys, "argv", ["zvon", "text", *arguments])
        self.patch.setattr(sys, "stdin", TextIOWrapper(BytesIO(stdin.encode())))
        with pytest.raises(SystemExit) as ended:
            main()
        printed = self.capsys.readouterr()
        code = int(ended.value.code or 0)
        return code, [json.loads(line) for line in printed.out.splitlines()], printed.err


@pytest.fixture
def zvon(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Zvon:
    return Zvon(monkeypatch, capsys)


@pytest.fixture
def jsonl(tmp_path: Path) -> Path:
    file = tmp_path / "in.jsonl"
    rows = [json.dumps(row, ensure_ascii=False) for row in TEXTS]
    file.write_text("\n".join([*rows[:2], "bad", rows[2]]), encoding="utf-8")
    return file


def test_lang_of_standard_input_and_of_lines(zvon: Zvon, jsonl: Path) -> None:
    code, rows, _ = zvon("lang", "-", stdin="Prosim, odstranite to lažno stran čim prej.\n")
    assert code == 0
    assert set(rows[0]) == {"id", "lang", "scores", "paragraphs"}
    assert (rows[0]["id"], rows[0]["lang"]) == (None, "sl")
    assert rows[0]["paragraphs"] == [{"start": 0, "end": 43, "lang": "sl"}]
    code, rows, _ = zvon("lang", "--jsonl", str(jsonl))
    assert code == 0
    assert [row.get("lang", row.get("line")) for row in rows] == ["sl", "sl", 3, "en"]


def test_dedup_names_cluster_nearest_and_similarity(zvon: Zvon, jsonl: Path) -> None:
    code, rows, _ = zvon("dedup", "--jsonl", str(jsonl))
    assert code == 0
    assert rows[0] == {"id": "a", "cluster": "a", "nearest": None, "jaccard": 0.0}
    assert rows[1] == {"id": "b", "cluster": "a", "nearest": "a", "jaccard": 1.0}
    assert rows[2]["line"] == 3
    assert rows[3]["cluster"] == "c"


def test_tag_gives_techniques_with_places(zvon: Zvon, jsonl: Path) -> None:
    code, rows, _ = zvon("tag", "--jsonl", str(jsonl), "--top", "3")
    assert code == 0
    assert [row.get("id", row.get("line")) for row in rows] == ["a", "b", 3, "c"]
    last = rows[3]
    assert set(last) == {"id", "attack_version", "techniques"}
    assert "T1053.005" in {one["id"] for one in last["techniques"]}
    first = last["techniques"][0]
    assert {"id", "name", "score", "suggested", "evidence"} <= set(first)
    assert first["evidence"][0]["start"] == 0
    scores = [one["score"] for one in last["techniques"]]
    assert scores == sorted(scores, reverse=True)


def test_tag_by_sentence(zvon: Zvon, tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    text = "It uses T1059.001 scripts.\nNothing else is known about this."
    file.write_text(text)
    code, rows, _ = zvon("tag", str(file), "--sentences", "--min-score", "0.9")
    assert code == 0
    assert [(row["start"], row["end"]) for row in rows] == [(0, 26), (27, len(text))]
    assert rows[0]["techniques"][0]["literal"] is True
    assert rows[0]["techniques"][0]["evidence"][0] == {"start": 0, "end": 26, "score": 0.99}
    assert rows[1]["techniques"] == []


@pytest.mark.parametrize(
    "arguments",
    [("lang", "/no/such/file"), ("dedup", "--jsonl", "/no/such/file"),
     ("tag", "-", "--min-score", "7"), ("dedup", "--jsonl", "-", "--threshold", "0")],
)  # fmt: skip
def test_what_cannot_be_read_is_bad_input(zvon: Zvon, arguments: tuple[str, ...]) -> None:
    code, _, error = zvon(*arguments)
    assert code == 2
    assert error.startswith("zvon: ")
