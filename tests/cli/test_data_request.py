"""`zvon data-request` and `zvon purge`: what they send, and that no identifier is on a command line."""

import io
import json
from typing import Any

import pytest

from zvon.cli import data_request, purge

ONE = {
    "id": "0190b7f2-6f0e-7b53-9d0a-5a766f6e7372", "number": "D-26-000001", "kind": "erasure",
    "state": "searched", "until": "2026-12-22T09:00:00Z", "overdue": False,
    "found": {"report.text": 2}, "done": {"report.text": {"erased": 2}}, "revoked": 1, "receipts": 1,
    "steps": [{"code": "RECEIVED", "by": "pia", "at": "2026-11-22T09:00:00Z", "detail": {}}],
}  # fmt: skip
PURGE = {
    "id": "0190b7f2-6f0e-7b53-9d0a-5a766f6e7373", "country": "SI", "of_class": "report.raw",
    "cut_off": "2026-10-23T09:00:00Z", "rows": {"raw_input": 3}, "files": 0, "bytes": 900, "keys": 1,
    "held": 0, "proof": "ab" * 32, "started_at": "2026-11-22T09:00:00Z", "done_at": None,
    "rewrite": ["record"], "rewritten_at": None,
}  # fmt: skip


class Node:
    """Answers as a node does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []

    def __call__(self, node: str, key: str | None, method: str, path: str, body: Any = None,
                 **query: Any) -> dict[str, Any]:  # fmt: skip
        self.asked.append((method, path, body))
        if path == "/data-requests" and method == "GET":
            return {"data_requests": [ONE] if query.get("closed") == "false" else []}
        if path == "/purges" and method == "GET":
            return {"purges": [PURGE], "next": None}
        return PURGE if path.startswith("/purges/") else ONE


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Node:
    made = Node()
    monkeypatch.setattr(data_request, "call", made)
    monkeypatch.setattr(purge, "call", made)
    return made


def test_identifiers_come_from_the_input(
    node: Node, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "sys.stdin", io.StringIO("email maja@primer.example\n\nname Maja Zupančič\n")
    )
    data_request.new("erasure", country="SI")
    ((method, path, body),) = node.asked
    assert (method, path, body["kind"]) == ("POST", "/data-requests", "erasure")
    assert body["identifiers"] == [
        {"kind": "email", "text": "maja@primer.example"}, {"kind": "name", "text": "Maja Zupančič"},
    ]  # fmt: skip
    assert "D-26-000001  erasure" in capsys.readouterr().out


def test_a_request_is_shown_with_what_was_found_and_done(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    data_request.show("D-26-000001")
    said = capsys.readouterr().out
    for part in ("report.text", "erased 2", "1 releases taken back, 1 receipts", "received"):
        assert part in said


def test_an_erasure_says_what_stays_and_why(node: Node) -> None:
    data_request.erase("D-26-000001", reason="Article 17", keep=["decision=claims", "audit=law"])
    assert node.asked[-1] == (
        "POST", f"/data-requests/{ONE['id']}/erasure",
        {"reason": "Article 17", "except_for": {"decision": "claims", "audit": "law"}},
    )  # fmt: skip


def test_an_unknown_number_is_said(node: Node) -> None:
    with pytest.raises(data_request.UnknownRequest):
        data_request.search("D-26-999999")


def test_purges_are_listed_and_one_that_broke_off_is_seen(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    purge.list_purges()
    assert "NOT FINISHED" in capsys.readouterr().out
    purge.show(str(PURGE["id"]))
    said = capsys.readouterr().out
    assert "raw_input" in said
    assert "still on the disk until they are rewritten: record" in said
    purge.list_purges(json=True)
    assert json.loads(capsys.readouterr().out)["purges"] == [PURGE]


def test_a_purge_is_ordered_for_what_was_named(node: Node) -> None:
    purge.run(of_class="report.raw", rewrite=True)
    assert node.asked == [
        ("POST", "/purges", {"country": None, "of_class": "report.raw", "rewrite": True})
    ]
