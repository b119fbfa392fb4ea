"""`zvon dns export` writes what the node gives, byte for byte, and says where to go on from."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from zvon.cli.api import NoAnswer, NodeRefused
from zvon.cli.dns_export import export

LIST = b"# zvon\nlure.example\r\n\xff"


@contextmanager
def node(status: int = 200, body: bytes = LIST) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A node that answers every request alike; remembers path and key."""
    seen: list[tuple[str, str]] = []

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers.get("authorization", "")))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.send_header("x-zvon-change", "4711")
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


def test_a_list_is_written_byte_for_byte(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "list"
    with node() as (address, seen):
        export("si", format="adblock", since=12, out=out, node=address, key="zvon_a_b")
    assert out.read_bytes() == LIST
    assert seen == [("/api/v1/feeds/si/export/adblock?since=12", "Bearer zvon_a_b")]
    assert capsys.readouterr().err == "change 4711\n"


@pytest.mark.parametrize(("status", "body", "kind"), [
    (404, json.dumps({"detail": "there is no feed"}).encode(), NodeRefused),
    (410, json.dumps({"detail": "take the whole list"}).encode(), NodeRefused),
    (502, b"<html>", NoAnswer),
])  # fmt: skip
def test_what_a_node_refuses_is_no_list(
    tmp_path: Path, status: int, body: bytes, kind: type[Exception]
) -> None:
    out = tmp_path / "list"
    with node(status, body) as (address, _), pytest.raises(kind):
        export("si", out=out, node=address)
    assert not out.exists()


def test_an_address_of_no_node_is_said(tmp_path: Path) -> None:
    with pytest.raises(NodeRefused):
        export("si", out=tmp_path / "x", node="ftp://nowhere")
