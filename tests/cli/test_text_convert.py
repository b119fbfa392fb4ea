"""`zvon text convert`: parts, links and warnings of a document as one JSON line; exit codes."""

import json
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from tests.collect.open.papers import packed, pdf
from zvon.cli import main
from zvon.collect.open import parts as parts_module

pytestmark = pytest.mark.filterwarnings("ignore:Cyclopts application invoked")

MAIL = (
    b"From: a@b.example\nTo: c@d.example\nSubject: Nujno\nMessage-ID: <1@b.example>\n"
    b"Content-Type: text/html; charset=utf-8\n\n"
    b'<p>Pozdravljeni, <a href="http://zla.example/x">www.posta.si</a></p>'
)


def convert(
    patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], file: str, stdin: bytes = b""
) -> tuple[int, dict[str, Any]]:
    patch.setattr(sys, "argv", ["zvon", "text", "convert", file])
    patch.setattr(sys, "stdin", TextIOWrapper(BytesIO(stdin)))
    with pytest.raises(SystemExit) as ended:
        main()
    out = capsys.readouterr().out
    return int(ended.value.code or 0), json.loads(out) if out else {}


def test_a_mail_gives_its_parts_and_where_its_link_leads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "lure.eml"
    file.write_bytes(MAIL)
    code, said = convert(monkeypatch, capsys, str(file))
    assert code == 0
    assert set(said) == {"parts", "warnings"}
    assert all({"id", "kind", "text", "links"} <= set(part) for part in said["parts"])
    [text] = [part for part in said["parts"] if part["id"] == "text"]
    [link] = text["links"]
    assert (link["target"], link["shown"]) == ("http://zla.example/x", "www.posta.si")
    assert text["text"][link["start"] : link["end"]] == "www.posta.si"


def test_standard_input_is_read_by_what_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = convert(monkeypatch, capsys, "-", pdf("words on a page of paper"))
    assert code == 0
    assert said["parts"][0]["id"] == "page:1"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"%PDF-1.4\n<<", "damaged"),
        (b"", "nothing"),
        (packed({"a": b"x" * 50_000_000}), "100 times"),
    ],
    ids=["cut", "empty", "bomb"],
)
def test_what_cannot_be_read_ends_with_two_and_says_why(
    body: bytes, error: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = convert(monkeypatch, capsys, "-", body)
    assert code == 2
    assert error in said["error"] + " ".join(said["warnings"])


def test_a_file_that_is_not_there_ends_with_two(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert(monkeypatch, capsys, "/nowhere/a.eml")[0] == 2


def test_a_limit_ends_with_three_and_what_was_read_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    body = b"words of it " * (parts_module.MAX_TEXT // 10)
    code, said = convert(monkeypatch, capsys, "-", body)
    assert code == 3
    assert said["parts"][0]["text"].startswith("words of it")
    assert parts_module.CUT in said["warnings"]
