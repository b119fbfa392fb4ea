"""`zvon report` sends bytes as they are and says in one line what became of them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from zvon.cli.report import app, report
from zvon.model.report import Channel, Lang

RECEIPT = {"report": "Z-26-000007", "status": "received", "id": "x",
           "receipt_url": "http://127.0.0.1/receipt/abc"}  # fmt: skip


@contextmanager
def node(
    status: int = 202, answer: object = RECEIPT
) -> Iterator[tuple[str, list[tuple[str, dict[str, str], bytes]]]]:
    """A node that answers every request alike and remembers what it got."""
    seen: list[tuple[str, dict[str, str], bytes]] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            seen.append(
                (
                    self.path,
                    {k.lower(): v for k, v in self.headers.items()},
                    self.rfile.read(length),
                )
            )
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_mail_is_sent_byte_for_byte(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mail = tmp_path / "a.eml"
    mail.write_bytes(b"From: a@lipa.example\r\n\r\n\xff\x00")
    with node() as (address, seen):
        code = report(
            str(mail), node=address + "/", key="zvon_1_x", channel=Channel.EMAIL, lang=Lang.HR,
            once="k1", json=True,
        )  # fmt: skip
    assert code == 0
    [(path, headers, body)] = seen
    assert path == "/api/v1/reports?channel=email&lang=hr"
    assert body == mail.read_bytes()
    assert headers["content-type"] == "message/rfc822"
    assert headers["authorization"] == "Bearer zvon_1_x"
    assert headers["idempotency-key"] == "k1"
    assert json.loads(capsys.readouterr().out) == {
        "report": "Z-26-000007", "status": "received",
        "receipt_url": "http://127.0.0.1/receipt/abc",
    }  # fmt: skip


def test_the_input_is_read_from_a_dash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO("Vaš paket".encode())))
    with node() as (address, seen):
        assert report("-", node=address) == 0
    assert seen[0][2].decode() == "Vaš paket"
    assert "authorization" not in seen[0][1]
    assert capsys.readouterr().out == "Z-26-000007  received  http://127.0.0.1/receipt/abc\n"


@pytest.mark.parametrize(
    ("status", "answer", "code", "said"),
    [
        (422, {"title": "Bad input", "detail": "channel is one of sms"}, 2, "channel is one of sms"),
        (401, {"title": "Unknown key"}, 2, "Unknown key"),
        (503, b"", 1, "503"),
        (200, b"<html>", 1, "no node"),
        (200, {"hello": 1}, 2, "refused"),
    ],
)  # fmt: skip
def test_what_a_node_answers_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
    status: int, answer: object, code: int, said: str,
) -> None:  # fmt: skip
    text = tmp_path / "a.txt"
    text.write_text("Hej")
    with node(status, answer) as (address, _):
        assert report(str(text), node=address) == code
    out = capsys.readouterr()
    assert said in out.err
    assert out.err.count("\n") == 1
    assert out.out == ""


def test_a_node_that_is_not_there_is_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "a.txt"
    text.write_text("Hej")
    assert report(str(text), node="http://127.0.0.1:9") == 1
    assert report(str(text), node="gopher://x") == 2
    assert "no answer from http://127.0.0.1:9" in capsys.readouterr().err


def test_bad_input_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text(" \n")
    with node() as (address, seen):
        with pytest.raises(ValueError, match="empty"):
            report(str(tmp_path / "empty.txt"), node=address)
        with pytest.raises(ValueError, match="folder"):
            report(str(tmp_path), node=address)
        with pytest.raises(FileNotFoundError, match="there is no file"):
            report(str(tmp_path / "none.txt"), node=address)
    assert seen == []


def test_the_command_line_takes_a_dash_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    with node() as (address, seen):
        for words in (["-", "--json"], ["--json", "-"], ["--channel", "sms", "-"]):
            monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"Hej")))
            with pytest.raises(SystemExit) as done:
                app([*words, "--node", address])
            assert done.value.code == 0
    assert [body for _, _, body in seen] == [b"Hej"] * 3


def test_an_option_that_does_not_exist_is_bad_input() -> None:
    with pytest.raises(SystemExit) as done:
        app(["-", "--bogus"])
    assert done.value.code != 0
