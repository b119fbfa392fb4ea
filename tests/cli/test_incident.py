"""`zvon incident`: what it asks a node, and what it prints."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from zvon.cli import incident, incident_exhibit, incident_ref, incident_task
from zvon.cli.incident_exhibit import ChangedExhibit, UnknownExhibit
from zvon.cli.incident_task import UnknownTask

ID = "0190b7f2-6f0e-7b53-9d0a-5a766f6e7372"
QUESTION = "0190b7f2-6f0e-7b53-9d0a-5a766f6e7373"
AT = "2026-11-22T09:00:00Z"
BODY = b"evidence"
LIFE: dict[str, Any] = {
    "id": ID, "number": "I-26-000012", "state": "open", "hold_until": None, "severity": "high",
    "alert_verdict": "true_positive", "owner": "ana", "version": 7, "waits_for": None,
    "reviewed": False, "moves": [{"to": "contained", "needs_reason": False}],
    "verdicts": [{"at": AT, "by": "ana", "value": "true_positive", "reason": "seen",
                  "undone_at": None}],
    "times": [{"what": "aware", "at": AT, "by": "ana", "source": "person", "counts": True,
               "reason": ""}],
    "questions": [{"id": QUESTION, "act": "close", "asked_by": "bor", "reason": "all is done",
                   "stands": True}],
}  # fmt: skip
TASK: dict[str, Any] = {
    "id": ID, "number": "T-26-000004", "state": "todo", "assignee": None, "text": "",
    "code": "TASK_SHARE", "params": {}, "due_at": AT, "overdue": True, "first": ["T-26-000003"],
    "version": 3,
}  # fmt: skip
EXHIBIT: dict[str, Any] = {
    "id": ID, "number": "X-26-000002", "size": len(BODY), "name": "a.eml", "held_by": None,
    "sha256": hashlib.sha256(BODY).hexdigest(), "deleted_at": None,
}  # fmt: skip


class Node:
    """Answers as a node does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.life = dict(LIFE)

    def __call__(self, node: str, key: str | None, method: str, path: str, body: Any = None,
                 **query: Any) -> dict[str, Any]:  # fmt: skip
        self.asked.append((method, path, body or query or None))
        last = path.rpartition("/")[2]
        if "numbered" in path:
            return {"id": ID, "number": "I-26-000012"}
        answers: dict[str, dict[str, Any]] = {
            "tasks": {"tasks": [TASK]}, "exhibits": {"exhibits": [EXHIBIT]},
            "custody": {"custody": [{"at": AT, "act": "added", "by": None, "note": ""}]},
            "countersigns": {"questions": []},
            "answer": {"number": "I-26-000012", "act": "close", "agrees": True},
            "incidents": {"incidents": [], "hidden": 2},
            "task-templates": {"templates": [{"name": "phishing", "categories": [], "steps": []}]},
        }  # fmt: skip
        if path.startswith("/tasks/") or (method == "POST" and last == "tasks"):
            return TASK
        return answers.get(last, self.life)


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Node:
    made = Node()
    for module in (incident, incident_task, incident_exhibit, incident_ref):
        monkeypatch.setattr(module, "call", made)
    monkeypatch.setenv("ZVON_LANG", "en")
    return made


def test_show_says_what_waits_and_where_it_may_go(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    incident.show("I-26-000012")
    said = capsys.readouterr().out
    assert node.asked[0][:2] == ("GET", "/incidents/numbered/I-26-000012")
    assert "I-26-000012  open  severity high  true_positive  ana" in said
    assert f"zvon incident agree {QUESTION}" in said
    assert "may go to: contained" in said


def test_a_change_is_made_on_the_version_that_stands(node: Node) -> None:
    assert incident.move(ID, "contained", reason="all blocked") == 0
    assert node.asked[-1] == (
        "POST", f"/incidents/{ID}/state",
        {"to": "contained", "version": 7, "reason": "all blocked"},
    )  # fmt: skip
    incident.verdict(ID, "duplicate", of="I-26-000012")
    assert node.asked[-1][2] == {
        "value": "duplicate", "version": 7, "reason": "", "follow": True, "of": ID,
    }  # fmt: skip
    incident.severity(ID, "critical", reason="the registry")
    assert node.asked[-1][2]["severity"] == 4
    incident.assign(ID, owner="")
    assert node.asked[-1][2] == {"version": 7, "owner": ""}


def test_what_waits_for_another_person_is_not_done(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    node.life["waits_for"] = QUESTION
    assert incident.move(ID, "closed") == 1
    assert f"agree {QUESTION}" in capsys.readouterr().out
    incident.agree(QUESTION)
    assert node.asked[-1][2] == {"agrees": True, "reason": ""}
    incident.agree(QUESTION, refuse="it still burns")
    assert node.asked[-1][2] == {"agrees": False, "reason": "it still burns"}


def test_times_are_listed_or_stated(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    assert incident.time(ID) == 0
    assert "aware         2026-11-22 09:00:00" in capsys.readouterr().out
    incident.time(ID, "aware", AT, reason="read later")
    assert node.asked[-1][2]["what"] == "aware"
    with pytest.raises(ValueError, match="when"):
        incident.time(ID, "aware")


def test_an_empty_queue_says_so(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    incident.list_incidents()
    assert capsys.readouterr().out == "2 more are hidden from you\nnothing waits\n"
    incident.questions()
    assert "nothing waits for a second person" in capsys.readouterr().out


def test_tasks_read_well_and_move(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    incident_task.list_tasks()
    said = capsys.readouterr().out
    assert "Share with partners." in said
    assert "OVERDUE  first T-26-000003" in said
    incident_task.add(ID, "Call them", assignee="bor")
    assert node.asked[-1][2] == {"text": "Call them", "assignee": "bor"}
    incident_task.move(ID, "T-26-000004", "done", result="told")
    assert node.asked[-1] == (
        "POST", f"/tasks/{ID}/state", {"to": "done", "version": 3, "result": "told"},
    )  # fmt: skip
    with pytest.raises(UnknownTask):
        incident_task.move(ID, "T-26-999999", "done")


def test_a_file_is_sealed_and_comes_back_the_same(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sent: list[tuple[str, Any]] = []

    def post(url: str, **given: Any) -> httpx.Response:
        sent.append((url, given))
        return httpx.Response(201, json=EXHIBIT)

    monkeypatch.setattr(httpx, "post", post)
    file = tmp_path / "a.eml"
    file.write_bytes(BODY)
    incident_exhibit.add(ID, file, note="from Friday")
    assert sent[0][1]["params"] == {"name": "a.eml", "note": "from Friday"}
    file.write_bytes(b"something else")
    with pytest.raises(ChangedExhibit):
        incident_exhibit.add(ID, file)
    pieces = [BODY]

    def stream(*_: Any, **__: Any) -> Iterator[bytes]:
        yield from pieces

    monkeypatch.setattr(incident_exhibit, "stream", stream)
    out = tmp_path / "out.bin"
    incident_exhibit.save(ID, "X-26-000002", out=out)
    assert out.read_bytes() == BODY
    assert out.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        incident_exhibit.save(ID, "X-26-000002", out=out)
    pieces[0] = b"changed"
    with pytest.raises(ChangedExhibit):
        incident_exhibit.save(ID, "X-26-000002", out=tmp_path / "other.bin")
    with pytest.raises(UnknownExhibit):
        incident_exhibit.custody(ID, "X-26-999999")
    incident_exhibit.custody(ID, "X-26-000002")
    assert "added       this node" in capsys.readouterr().out
