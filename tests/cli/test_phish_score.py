"""`zvon phish score`: one line in, one probability out, whatever the line is."""

import io
import subprocess
import sys

import pytest

from zvon.cli import phish
from zvon.ml.url import load_shipped


def scores(data: bytes, *more: str) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-m", "zvon", "phish", "score", *more],
        input=data, capture_output=True, check=True,
    )  # fmt: skip
    lines = done.stdout.decode("ascii").split("\n")
    assert lines.pop() == ""
    return [float(line) for line in lines]


def test_lines_stay_paired_whatever_they_hold() -> None:
    model = load_shipped()
    assert model is not None
    data = (
        b"https://secure-login-verify.top/signin\n\nhttps://docs.python.org/3\r\n\xff\xfe/x\n"
        b"https://a.example/" + b"y" * 200_000 + b"\nhttp://WWW.Posta.si:80/\nlast.example"
    )
    found = scores(data, "--stdin")
    assert len(found) == 7
    assert all(0 < p < 1 for p in found)
    assert found[1] == 1 / 3
    assert found[0] > found[2]
    assert found[5] == pytest.approx(model.score(["https://posta.si"])[0], rel=1e-12)
    assert found[6] == pytest.approx(model.score(["last.example"])[0], rel=1e-12)


def test_nothing_in_gives_nothing_out() -> None:
    assert scores(b"") == []


def test_blocks_keep_lines_whole_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phish, "BLOCK", 7)
    monkeypatch.setattr(phish, "LONGEST", 5)
    text = b"one\ntwo\n\n" + b"x" * 50 + b"\nlast"
    lines = [line for block in phish._blocks(io.BytesIO(text)) for line in block]
    assert lines[:3] == [b"one", b"two", b""]
    assert lines[3].startswith(b"xxxxx")
    assert len(lines[3]) <= 5 + 7
    assert lines[4:] == [b"last"]


def test_a_folder_without_a_model_is_one_line_and_no_traceback(tmp_path: object) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "zvon", "phish", "score", "--model", str(tmp_path)],
        input=b"a.example\n", capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith(b"zvon: ")
    assert b"Traceback" not in done.stderr
