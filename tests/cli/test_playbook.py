"""`zvon playbook`: the check needs no node; the rest says what the node says."""

import json
from pathlib import Path
from typing import Any

import pytest

from zvon.cli import playbook as command
from zvon.formats.cacao.document import BadPlaybook

ONE = {
    "id": "0190b7f2-6f0e-7b53-9d0a-5a766f6e7372", "name": "Lažna stran", "state": "dry_run",
    "cacao_id": "playbook--00000000-0000-4000-8000-000000000001", "version": 7, "in_force": 1,
    "working": 2, "errors": 0,
}  # fmt: skip
GOOD: dict[str, Any] = {
    "type": "playbook", "spec_version": "cacao-2.0", "name": "Vaja",
    "id": "playbook--00000000-0000-4000-8000-000000000002", "workflow_start": "start--1",
    "workflow": {"start--1": {"type": "start", "on_completion": "action--1"},
                 "action--1": {"type": "action", "commands": [{"type": "bash", "command": "ls"}],
                               "on_completion": "end--1"},
                 "end--1": {"type": "end"}},
}  # fmt: skip
ENDLESS = GOOD | {"workflow": GOOD["workflow"] | {
    "action--1": GOOD["workflow"]["action--1"] | {"on_completion": "action--1"}}}  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What a node was asked; it knows one playbook."""
    found: list[tuple[Any, ...]] = []

    def call(_node: str, _key: str | None, method: str, path: str, body: Any = None) -> Any:
        found.append((method, path, body))
        return {"playbooks": [ONE]} if path == "/playbooks" else ONE

    def stream(_node: str, _key: str | None, method: str, path: str) -> list[bytes]:
        found.append((method, path))
        return [b"{}"]

    monkeypatch.setattr(command, "call", call)
    monkeypatch.setattr(command, "stream", stream)
    return found


def written(folder: Path, said: Any) -> Path:
    file = folder / "p.json"
    file.write_text(json.dumps(said))
    return file


@pytest.mark.parametrize(("said", "code", "word"), [
    (GOOD, 0, "it can be taken in"), (ENDLESS, 1, "action--1: From this step it goes round"),
    ([], 1, "This is no CACAO playbook."),
])  # fmt: skip
def test_a_document_is_checked_without_a_node(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], said: Any, code: int, word: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        command.check(written(tmp_path, said))
    assert ended.value.code == code
    assert word in capsys.readouterr().out


def test_the_check_speaks_to_machines_and_in_other_languages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command.check(written(tmp_path, ENDLESS), lang="sl", json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["name"], told["shape"]["manual"]) == (False, "Vaja", 1)
    (circle,) = [f for f in told["findings"] if f["code"] == "PLAYBOOK_CIRCLE"]
    assert circle["step"] == "action--1"
    assert "v krog" in circle["sentence"]


def test_a_document_with_an_error_is_not_even_sent(
    tmp_path: Path, asked: list[tuple[Any, ...]]
) -> None:
    with pytest.raises(BadPlaybook, match=r"^action--1: PLAYBOOK_CIRCLE"):
        command.import_playbook(written(tmp_path, ENDLESS))
    assert asked == []
    file = written(tmp_path, GOOD)
    command.import_playbook(file)
    assert asked == [("POST", "/playbooks/import", file.read_bytes())]


def test_one_is_found_by_its_name_and_published(
    asked: list[tuple[Any, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    command.list_playbooks()
    command.publish("Lažna stran", reason="preizkušeno")
    command.validate(str(ONE["cacao_id"]))
    command.retire(str(ONE["id"]), reason="zastarelo")
    path = f"/playbooks/{ONE['id']}"
    assert [each for each in asked if each[0] == "POST"] == [
        ("POST", f"{path}/publication", {"version": 7, "reason": "preizkušeno"}),
        ("POST", f"{path}/validation", {"version": 7}),
        ("POST", f"{path}/retirement", {"version": 7, "reason": "zastarelo"}),
    ]
    assert "in force 1, version 2 dry_run" in capsys.readouterr().out
    with pytest.raises(command.UnknownPlaybook):
        command.publish("Nič", reason="preizkušeno")


def test_a_version_is_written_to_a_file(
    tmp_path: Path, asked: list[tuple[Any, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    command.export("Lažna stran", out=tmp_path / "out.json", number=1)
    assert (tmp_path / "out.json").read_bytes() == b"{}\n"
    assert asked[-1] == ("GET", f"/playbooks/{ONE['id']}/export?number=1")
    assert "3 bytes" in capsys.readouterr().out
