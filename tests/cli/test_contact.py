"""`zvon contact`: what it sends, and how its answers read."""

from pathlib import Path
from typing import Any

import pytest

from zvon.cli import contact

ONE = {"id": "x", "name": "Elektro", "address": "cert@elektro.example", "kind": "constituent",
       "networks": ["203.0.113.0/24"], "domains": [], "state": "bounced", "bounced": "5.1.1 nobody"}  # fmt: skip
FOUND = {"why": "owner", "address": "cert@elektro.example", "name": "Elektro", "of": "203.0.113.0/24",
         "contact": None, "seen_at": "2026-11-22T09:00:00Z"}  # fmt: skip


class Node:
    """Answers as a node does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any, dict[str, Any]]] = []

    def __call__(
        self, node: str, key: str | None, method: str, path: str, body: Any = None, **query: Any
    ) -> dict[str, Any]:
        self.asked.append((method, path, body, query))
        if path == "/contacts/lookup":
            return {"found": [FOUND] if query["value"] == "203.0.113.7" else [], "asked": True}
        if path == "/contacts/file":
            return {"added": 2}
        return {"contacts": [ONE], "next": None} if method == "GET" else ONE


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Node:
    made = Node()
    monkeypatch.setattr(contact, "call", made)
    return made


def test_a_contact_whose_mail_comes_back_is_seen(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    contact.list_contacts("elek", kind="constituent")
    assert "MAIL COMES BACK: 5.1.1 nobody" in capsys.readouterr().out
    assert node.asked == [("GET", "/contacts", None, {"text": "elek", "kind": "constituent"})]


def test_a_contact_is_added_with_what_is_theirs(node: Node) -> None:
    contact.add("Elektro", "cert@elektro.example", tlp="amber+strict", network=["203.0.113.0/24"])
    ((method, path, body, _),) = node.asked
    assert (method, path, body["tlp"], body["networks"]) == (
        "POST",
        "/contacts",
        3,
        ["203.0.113.0/24"],
    )


def test_a_table_is_sent_as_it_is(
    node: Node, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "stiki.csv"
    file.write_bytes(b"name,address\nA,a@a.example\n")
    contact.take(file)
    assert node.asked[0][:3] == ("POST", "/contacts/file", b"name,address\nA,a@a.example\n")
    assert "2 contacts added" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "said"), [("203.0.113.7", "owner"), ("x.example", "nobody is known")]
)
def test_a_look_up_says_who_says_so(
    node: Node, capsys: pytest.CaptureFixture[str], value: str, said: str
) -> None:
    contact.lookup(value)
    out = capsys.readouterr().out
    assert said in out
    assert "being asked" in out
