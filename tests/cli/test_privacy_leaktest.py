"""`zvon privacy leaktest`: no leak from what ships, and a leak is said and ends with 1."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from zvon.cli import privacy_open
from zvon.cli.privacy_gate import Decided
from zvon.cli.privacy_leaktest import _twice, leaktest
from zvon.privacy.attack.finding import Finding, judged
from zvon.privacy.carrier.item import Item, Passed


def test_what_ships_leaks_nothing_and_keeps_the_indicators(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert leaktest(mails=20, seed=4, json=True) == 0
    row = msgspec.json.decode(capsys.readouterr().out)
    assert row["leaks"] == []
    assert row["tried"] > 60
    assert row["indicators"]["file"]["kept"] == row["indicators"]["file"]["of"] > 15
    assert len(row["attacks"]) == 7
    assert all(each["passed"] for each in row["attacks"])


def test_a_gate_that_lets_things_out_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = privacy_open.decide_file

    def open_door(gate: object, name: str, raw: bytes, kind: str) -> tuple[Item, Decided]:
        item, decided = real(gate, name, raw, kind)  # type: ignore[arg-type]
        files: Mapping[str, bytes] = {name: raw}
        passed = Passed(outcome=decided.passed.outcome, files=dict(files), preview="")
        return item, msgspec.structs.replace(decided, passed=passed)

    monkeypatch.setattr(privacy_open, "decide_file", open_door)
    assert leaktest(mails=5) == 1
    said = capsys.readouterr().out
    assert "LEAK  sl-00000" in said
    assert "FAIL  residue" in said


def test_labelled_mails_give_the_honest_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gold = tmp_path / "gold.jsonl"
    text = "Sem Marija Kovačič, pisal je zli@posta.test."
    spans = [{"start": 4, "end": 19, "role": "pseudonymise", "type": "NAME", "text": text[4:19]},
             {"start": 28, "end": 42, "role": "keep", "type": "EMAIL", "text": text[28:42]}]  # fmt: skip
    gold.write_bytes(msgspec.json.encode({"id": "1", "lang": "sl", "text": text, "spans": spans}))
    leaktest(mails=3, gold=[gold])
    assert "PII recall" in capsys.readouterr().out
    assert leaktest(mails=0) == 2


@pytest.mark.slow  # a database of its own
def test_every_way_out_of_a_node_and_its_ledger_are_searched(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert leaktest(mails=22, doors=True, json=True) == 0
    row = msgspec.json.decode(capsys.readouterr().out)
    assert row["leaks"] == []
    doors = {name.partition(":")[0] for name in row["outcomes"]}
    assert doors == {"file", "ledger", "question", "takedown", "notice", "export", "mail", "webhook",
                     "misp", "taxii", "feed", "report"}  # fmt: skip
    assert sum(n for name, n in row["outcomes"].items() if name.endswith(": released")) > 30
    assert row["outcomes"]["ledger: written"] == 19


def test_an_attack_has_to_succeed_twice() -> None:
    def found(attack: str, hits: int) -> Finding:
        return judged(attack, hits, 100, 0.01)

    lucky = [[found("join", 9), found("rank", 0)], [found("join", 1), found("rank", 9)]]
    assert [f.passed for f in _twice(lambda n: lucky[n - 1])] == [True, True]
    broken = [[found("join", 9), found("rank", 0)]] * 2
    assert [f.passed for f in _twice(lambda n: broken[n - 1])] == [False, True]
