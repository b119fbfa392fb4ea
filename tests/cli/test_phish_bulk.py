"""`zvon phish bulk` sends each row once, counts honestly, and names what it set aside."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from zvon.cli.bulk_rows import BadBulk, lines, rows
from zvon.cli.phish_bulk import bulk

TABLE = "id;url;note\n1;https://a.lipa.example/;x\n2;;empty\n3;https://b.lipa.example/;y\n"
MBOX = (
    "From a@brod.example Sun Nov 22 09:00:00 2026\nFrom: a@brod.example\nSubject: x\n\nHej\n\n"
    "From b@brod.example Sun Nov 22 09:01:00 2026\nFrom: b@brod.example\nSubject: y\n\nHoj\n"
)


class Door:
    """A node: the same bytes under the same key are the same report."""

    def __init__(self) -> None:
        self.address = ""
        self.seen: list[tuple[bytes, str, str]] = []
        self.numbers: dict[tuple[bytes, str], str] = {}
        self.refuse = b""
        self.busy = 0
        self.status: dict[str, tuple[str, str]] = {}


@contextmanager
def node() -> Iterator[Door]:
    door = Door()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            key = self.headers["idempotency-key"]
            with lock:
                if door.busy:
                    door.busy -= 1
                    return self.say(503, {})
                if door.refuse and door.refuse in body:
                    return self.say(422, {"detail": "the report is bad"})
                known = (body, key) in door.numbers
                number = door.numbers.setdefault((body, key), f"Z-{len(door.numbers)}")
                door.seen.append((body, key, self.headers["content-type"]))
            status = door.status.get(number, ("answered" if known else "received", ""))[0]
            return self.say(
                202,
                {"report": number, "status": status, "receipt_url": f"http://x/receipt/{number}"},
            )

        def do_GET(self) -> None:
            number = self.path.rpartition("/")[2]
            status, answer = door.status.get(number, ("answered", "dangerous"))
            self.say(200, {"status": status, "answer": answer})

        def say(self, status: int, answer: dict[str, Any]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    door.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield door
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ran(
    door: Door, capsys: pytest.CaptureFixture[str], path: Path, **given: Any
) -> tuple[int, Any]:
    code = bulk(str(path), node=door.address, json=True, **given)
    return code, json.loads(capsys.readouterr().out)


def test_each_line_is_a_report_and_the_same_file_again_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.txt"
    file.write_text(
        "# list\nhttps://a.lipa.example/\n\nhxxps://b[.]lipa[.]example/\nhttps://a.lipa.example/\n"
    )
    with node() as door:
        code, first = ran(door, capsys, file)
        again = ran(door, capsys, file)[1]
    assert (code, first["rows"], first["sent"], first["known"], first["aside"]) == (0, 3, 2, 1, [])
    assert (again["sent"], again["known"]) == (0, 3)
    assert len(door.numbers) == 2
    assert {kind for _, _, kind in door.seen} == {"text/plain; charset=utf-8"}


def test_a_table_is_read_by_its_column_and_empty_cells_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.csv"
    file.write_text(TABLE)
    with node() as door:
        code, said = ran(door, capsys, file)
    assert code == 1
    assert sorted(body for body, _, _ in door.seen) == [
        b"https://a.lipa.example/",
        b"https://b.lipa.example/",
    ]
    assert said["aside"] == [{"place": "line 3", "reason": "nothing in column url"}]


def test_an_mbox_and_a_folder_give_a_report_for_each_mail_and_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = tmp_path / "old.mbox"
    box.write_text(MBOX)
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.eml").write_bytes(b"From: a@brod.example\n\nHej")
    (folder / "b.png").write_bytes(b"\x89PNG\x00")
    (folder / "empty.txt").write_bytes(b"")
    (folder / ".hidden").write_bytes(b"x")
    with node() as door:
        assert ran(door, capsys, box)[1]["sent"] == 2
        code, said = ran(door, capsys, folder)
    assert [kind for _, _, kind in door.seen[:2]] == ["message/rfc822"] * 2
    assert {body for body, _, _ in door.seen[2:]} == {
        b"From: a@brod.example\n\nHej",
        b"\x89PNG\x00",
    }
    assert (code, said["aside"]) == (1, [{"place": "empty.txt", "reason": "it is empty"}])


def test_what_the_node_refuses_is_listed_and_what_it_is_too_busy_for_is_sent_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.txt"
    file.write_text("https://a.lipa.example/\nhttps://bad.lipa.example/\n")
    with node() as door:
        door.refuse, door.busy = b"bad", 1
        code, said = ran(door, capsys, file)
    assert (code, said["sent"]) == (1, 1)
    assert said["aside"] == [{"place": "line 2", "reason": "the report is bad"}]


def test_waiting_tells_the_answers_and_what_could_not_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.txt"
    file.write_text("https://a.lipa.example/\nhttps://b.lipa.example/\n")
    with node() as door:
        ran(door, capsys, file)
        door.status = {"Z-1": ("quarantined", "looking")}
        code, said = ran(door, capsys, file, wait=5)
    assert code == 1
    assert said["answers"] == {"dangerous": 1, "looking": 1}
    assert [each["reason"] for each in said["unread"]] == ["the node could not read it"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"id,name\n1,x\n", "no column with addresses"),
        ("a.txt", b"\xff\xfe\x00", "not UTF-8"),
    ],
)
def test_a_file_that_holds_nothing_to_send_is_refused_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, reason: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    assert bulk(str(file), node="http://127.0.0.1:9") == 2
    assert reason in capsys.readouterr().err
    assert bulk(str(tmp_path / "none.txt")) == 2


def test_a_header_is_known_without_being_told() -> None:
    assert [row.body for row in lines(TABLE.encode(), None)] == [
        b"https://a.lipa.example/",
        b"",
        b"https://b.lipa.example/",
    ]
    assert [row.body for row in lines(b"https://a.lipa.example/?url,x\n", None)] == [
        b"https://a.lipa.example/?url,x"
    ]
    with pytest.raises(BadBulk, match="no column note2"):
        list(lines(TABLE.encode(), "note2"))


def test_rows_say_where_they_stand(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("\n# x\nhttps://a.lipa.example/\n")
    assert [row.place for row in rows(file, None)] == ["line 3"]
