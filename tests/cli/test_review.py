"""`zvon review`, `zvon metrics` and `zvon incident class`: what they ask a node, and what they print."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from zvon.cli import incident_class, incident_ref, metrics, review

ID = "0190b7f2-6f0e-7b53-9d0a-5a766f6e7372"
AT = "2026-11-22T09:00:00Z"
REVIEW: dict[str, Any] = {
    "id": ID, "kind": "second_opinion", "scale": "verdict", "state": "open", "incident": ID,
    "number": "I-26-000012", "question": "is it ours?", "asked_by": "ana", "rule": None, "at": AT,
    "ended_at": None, "mine": True,
    "opinions": [{"place": 1, "login": "ana", "word": "malicious", "reason": "", "at": AT}],
}  # fmt: skip
FIGURE: dict[str, Any] = {
    "measure": "resolve", "late": 2, "backwards": 0,
    "durations": {"n": 7, "open": 3, "median": 5400.0, "low": 60.0, "high": None, "p90": None},
}  # fmt: skip
COUNTS: dict[str, Any] = {"incidents": 7, "reports": 40, "alerts": 0, "decided": 4, "undone": 1}
CLASSES: dict[str, Any] = {
    "classes": [{"taxonomy": "rsit", "term": "fraud/phishing", "place": 1, "source": "rule",
                 "rule": "category", "login": None, "at": AT,
                 "reason": {"code": "CLASS_BY_CATEGORY", "params": {"what": "phishing"}}}],
    "suggestions": [{"id": ID, "what": "class", "value": "fraud/masquerade", "probability": 0.8,
                     "model": "likeness@1", "reasons": []}],
    "similar": [{"number": "I-26-000003", "alert_verdict": None, "verdict": "malicious",
                 "shared": ["dostava.example"]}],
    "national": {"si-national": ["A1"], "hr-national": []},
}  # fmt: skip


class Node:
    """Answers as a node does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []

    def __call__(self, node: str, key: str | None, method: str, path: str, body: Any = None,
                 **query: Any) -> dict[str, Any]:  # fmt: skip
        self.asked.append((method, path, body or query or None))
        if "numbered" in path:
            return {"id": ID}
        answers: dict[str, dict[str, Any]] = {
            "quality": {"agreement": [{"category": "", "kappa": {
                "pairs": 3, "agreed": 2, "value": None, "low": None, "high": None}}],
                "load": [{"name": "Ana", "decisions": 3, "opinions": 1, "undone": 0, "open": 2}]},
            "metrics": {"counts": COUNTS, "figures": [FIGURE]},
            "classes": CLASSES, "taxonomies": {"name": "si-national", "terms": 1},
        }  # fmt: skip
        last = path.rpartition("/")[2]
        if method == "GET" and last == "reviews":
            return {"reviews": [REVIEW]}
        return answers.get(last, REVIEW)


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Node:
    made = Node()
    for module in (review, metrics, incident_class, incident_ref):
        monkeypatch.setattr(module, "call", made)
    return made


def run(app: Any, *words: str) -> int:
    result = app(list(words), exit_on_error=False, result_action="return_value")
    return int(result or 0)


def test_reviews_are_listed_asked_for_and_answered(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(review.app, "list") == 0
    assert "I-26-000012" in (said := capsys.readouterr().out)
    assert "(you gave yours)" in said
    run(review.app, "ask", "I-26-000012", "is it ours?")
    assert node.asked[-1] == ("POST", f"/incidents/{ID}/reviews", {"question": "is it ours?"})
    run(review.app, "say", ID, "malicious", "--reason", "same kit")
    assert node.asked[-1] == (
        "POST", f"/reviews/{ID}/opinions", {"word": "malicious", "reason": "same kit"},
    )  # fmt: skip
    assert "ana          malicious" in capsys.readouterr().out


def test_agreement_without_enough_pairs_says_so(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    run(review.app, "quality", "--days", "7")
    assert node.asked[-1] == ("GET", "/reviews/quality", {"days": "7"})
    said = capsys.readouterr().out
    assert "2 of 3 the same, too few" in said
    assert "Ana" in said


def test_a_median_is_printed_with_its_interval_and_what_is_open(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    run(metrics.app, "show", "--days", "7", "--category", "phishing")
    assert node.asked[-1] == ("GET", "/metrics", {"days": "7", "category": "phishing"})
    said = capsys.readouterr().out
    assert "1 h 30 min  (1 min to ?)" in said
    assert "n 7, open 3, 2 entered late" in said


def test_a_situation_report_goes_to_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[dict[str, Any]] = []

    def stream(*_: Any, **query: str) -> Iterator[bytes]:
        asked.append(query)
        yield b"PK"
        yield b"rest"

    monkeypatch.setattr(metrics, "stream", stream)
    out = tmp_path / "report.docx"
    run(metrics.app, "situation", "public", "--format", "docx", "--lang", "hr", "--out", str(out))
    assert out.read_bytes() == b"PKrest"
    assert asked == [{"days": "30", "format": "docx", "lang": "hr"}]
    assert "6 bytes" in capsys.readouterr().out


def test_classes_are_shown_said_and_taxonomies_loaded(
    node: Node, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(incident_class.app, "show", "I-26-000012")
    said = capsys.readouterr().out
    for part in ("fraud/phishing", "si-national: A1", "likeness@1", "I-26-000003: malicious"):
        assert part in said
    assert "hr-national" not in said
    run(incident_class.app, "say", ID, "fraud/phishing", "fraud/masquerade")
    assert node.asked[-1] == (
        "POST", f"/incidents/{ID}/classes",
        {"taxonomy": "rsit", "terms": ["fraud/phishing", "fraud/masquerade"]},
    )  # fmt: skip
    file = tmp_path / "si.toml"
    file.write_text(
        'name = "si-national"\nversion = "1"\n[[terms]]\nterm = "A1"\nnames = {sl = "x"}'
    )
    assert run(incident_class.app, "load", str(file)) == 0
    sent: dict[str, Any] = node.asked[-1][2]
    assert sent["terms"] == [{"term": "A1", "names": {"sl": "x"}}]
    file.write_text("name = ")
    assert run(incident_class.app, "load", str(file)) == 2
