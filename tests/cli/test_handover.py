"""`zvon handover`: what it asks a node, and what it prints."""

from typing import Any

import pytest

from zvon.cli import handover, incident_ref
from zvon.cli.handover import NoneOpen

ID = "0190b7f2-6f0e-7b53-9d0a-5a766f6e7372"
AT = "2026-11-22T09:00:00Z"
ONE: dict[str, Any] = {
    "id": ID, "state": "given", "since": AT, "begun_by": "ana", "given_by": "ana", "given_at": AT,
    "taken_by": "bor", "late": True, "version": 4,
    "notes": [{"by": "ana", "text": "The bank calls at six.", "tlp": "TLP:AMBER",
               "number": "I-26-000012"}],
    "items": [
        {"section": "critical", "kind": "critical", "at": AT, "number": "I-26-000012", "label": "",
         "title": "TITLE_SUSPICIOUS", "params": {}, "state": "open"},
        {"section": "due", "kind": "task", "at": None, "number": None, "label": "T-26-000004",
         "title": None, "params": None, "state": "todo"},
    ],
}  # fmt: skip


class Node:
    """Answers as a node does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.draft: str | None = ID
        self.waiting: list[dict[str, Any]] = []

    def __call__(self, node: str, key: str | None, method: str, path: str, body: Any = None,
                 **query: Any) -> dict[str, Any]:  # fmt: skip
        self.asked.append((method, path, body))
        if "numbered" in path:
            return {"id": ID}
        if (method, path) == ("GET", "/handovers"):
            return {"draft": self.draft, "waiting": self.waiting, "before": [ONE]}
        return ONE


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Node:
    made = Node()
    for module in (handover, incident_ref):
        monkeypatch.setattr(module, "call", made)
    monkeypatch.setenv("ZVON_LANG", "en")
    return made


def test_show_prints_the_draft_by_section_with_what_people_wrote(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    handover.show()
    said = capsys.readouterr().out.splitlines()
    assert node.asked[-1][1] == f"/handovers/{ID}"
    assert said[1] == "  ana: The bank calls at six.  (TLP:AMBER)  I-26-000012"
    assert said[2] == "Open critical incidents"
    assert "I-26-000012" in said[3]
    assert said[4] == "Clocks"
    assert "T-26-000004  [todo]" in said[5]


def test_the_list_says_who_took_which(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    handover.list_handovers()
    said = capsys.readouterr().out
    assert f"{ID}  draft" in said
    assert "taken by bor, those who lead were told" in said


def test_notes_and_giving_are_about_the_draft(node: Node) -> None:
    handover.note("Quiet.", incident="I-26-000012")
    assert node.asked[-1] == (
        "POST", f"/handovers/{ID}/notes", {"text": "Quiet.", "incident": ID},
    )  # fmt: skip
    handover.give(to="bor")
    assert node.asked[-1] == ("POST", f"/handovers/{ID}/giving", {"version": 4, "to": "bor"})


def test_the_oldest_that_waits_is_taken_and_none_is_an_error(node: Node) -> None:
    node.waiting = [ONE]
    handover.take(remark="fine")
    assert node.asked[-1] == ("POST", f"/handovers/{ID}/taking", {"version": 4, "remark": "fine"})
    node.waiting, node.draft = [], None
    with pytest.raises(NoneOpen):
        handover.take()
    with pytest.raises(NoneOpen):
        handover.show()
