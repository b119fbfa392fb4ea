"""`zvon peer` against an API: what it asks, what it prints, how it ends."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from zvon.cli.peer import app

PEER = {"id": "01a2", "name": "csirt-hr", "country": "HR", "url": "https://127.0.0.1:1",
        "state": "active", "state_reason": "", "synced_at": None, "stale": True, "held": 0,
        "error": "UNREACHABLE: no"}  # fmt: skip


class Api(BaseHTTPRequestHandler):
    """Remembers what was asked and answers what the test says."""

    asked: ClassVar[list[tuple[str, str, str, Any]]] = []
    answer: ClassVar[tuple[int, Any]] = (200, {})

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.asked.append((self.command, self.path, self.headers["authorization"],
                           json.loads(body) if body else None))  # fmt: skip
        status, answer = self.answer
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = _any  # noqa: N815 -- the names that http.server calls

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def node() -> Iterator[str]:
    Api.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def run(*words: str) -> int:
    code = app([*words, "--key", "zvon_k"], exit_on_error=False, result_action="return_value")
    assert isinstance(code, int)
    return code


def test_list_prints_a_line_for_each_with_its_problem(
    node: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Api.answer = (200, {"peers": [PEER]})
    assert run("list", "--node", node) == 0
    assert capsys.readouterr().out == (
        "01a2  stale  HR  csirt-hr  https://127.0.0.1:1  never  UNREACHABLE: no\n"
    )
    assert Api.asked == [("GET", "/api/v1/peers", "Bearer zvon_k", None)]


def test_invite_prints_the_invitation_alone(node: str, capsys: pytest.CaptureFixture[str]) -> None:
    Api.answer = (201, {"invitation": "zvon-invite-abc"})
    assert run("invite", "--node", node, "--name", "Adria", "--max-tlp", "GREEN") == 0
    assert capsys.readouterr().out == "zvon-invite-abc\n"
    assert Api.asked[0][3] == {"max_tlp": "green", "group_name": "Adria"}


def test_accept_takes_the_line_or_a_file(node: str, tmp_path: Path) -> None:
    Api.answer = (201, PEER)
    file = tmp_path / "invitation.txt"
    file.write_text("zvon-invite-abc\n")
    assert run("accept", "zvon-invite-abc", "--node", node) == 0
    assert run("accept", str(file), "--node", node) == 0
    assert [a[3] for a in Api.asked] == [{"invitation": "zvon-invite-abc"}] * 2
    assert run("accept", "no-such-file", "--node", node) == 2


def test_a_refusal_is_told_with_its_reason(node: str, capsys: pytest.CaptureFixture[str]) -> None:
    Api.answer = (403, {"title": "Forbidden", "detail": "needs peer:manage"})
    peer = "01a201ca-3b4d-7160-8000-000000000001"
    assert run("revoke", peer, "--reason", "ended", "--node", node) == 2
    assert "needs peer:manage" in capsys.readouterr().err
    assert Api.asked[0][1] == f"/api/v1/peers/{peer}/revocation"


def test_no_answer_and_a_foreign_answer_end_with_one(node: str) -> None:
    assert run("list", "--node", "http://127.0.0.1:1") == 1
    Api.answer = (200, b"<html>")
    assert run("list", "--node", node) == 1
    assert run("list", "--node", "nonsense") == 2
