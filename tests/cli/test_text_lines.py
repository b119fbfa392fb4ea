"""Texts for `zvon text`: files and JSON lines, bad lines said and passed over."""

import json
from pathlib import Path

import pytest

from zvon.cli import text_lines
from zvon.cli.text_lines import BadLine, Text, lines, out, read


def test_good_lines_are_read_and_bad_ones_said_with_their_number(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_bytes(
        b'{"id": 7, "text": "a"}\n\nnot json\n{"id": "x"}\n[1]\n{"text": "b"}\n\xff\xfe\n'
        + b"[" * 100_000
        + b'\n{"id":"last","text":"c"}'
    )
    found = list(lines(file))
    assert [one for one in found if isinstance(one, Text)] == [
        Text(7, "a"), Text(None, "b"), Text("last", "c")]  # fmt: skip
    assert [one.line for one in found if isinstance(one, BadLine)] == [3, 4, 5, 7, 8]


def test_a_line_that_is_too_long_is_one_bad_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_lines, "LONGEST", 50)
    file = tmp_path / "in.jsonl"
    file.write_text(
        json.dumps({"id": 1, "text": "x" * 200}) + "\n" + json.dumps({"id": 2, "text": "y"})
    )
    first, second = lines(file)
    assert isinstance(first, BadLine)
    assert second == Text(2, "y")


def test_a_plain_file_is_taken_verbatim(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes('{"text": 1}\r\nčž\n'.encode() + b"\xff")
    assert list(read(file, None)) == [Text(None, '{"text": 1}\r\nčž\n\ufffd')]


def test_two_inputs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not both"):
        list(read(tmp_path / "a", tmp_path / "b"))


def test_a_lone_surrogate_is_written_as_an_escape(capsys: pytest.CaptureFixture[str]) -> None:
    out({"id": "\ud800"})
    assert json.loads(capsys.readouterr().out) == {"id": "\ud800"}
