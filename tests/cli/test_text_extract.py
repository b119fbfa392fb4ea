"""`zvon text extract`: the lines of its contract, and input that is none."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from zvon.cli import text_extract
from zvon.cli.text_extract import BAD_INPUT, DONE, LIMIT, extract

TEXT = (
    "Opozorilo 🙏: lažna stran nlb-varnost[.]example/klik posnema nlb.si.\n"
    "C2: 198.51.100[.]7, prijava na podpora[at]nlb-varnost[.]example\n"
)
KEYS = ["id", "part", "type", "value", "raw", "start", "end", "defanged", "role", "score", "derived",
        "parent", "evidence"]  # fmt: skip


class Output:
    """What was printed so far."""

    def __init__(self, captured: pytest.CaptureFixture[bytes]) -> None:
        self._captured = captured

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._captured.readouterr().out.splitlines()]


@pytest.fixture
def out(capsysbinary: pytest.CaptureFixture[bytes]) -> Output:
    return Output(capsysbinary)


def given(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))


def test_each_mention_is_a_line_in_the_order_of_the_text(
    out: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, TEXT.encode())
    assert extract("-") == DONE
    rows = out.rows()
    assert [(r["type"], r["value"], r["derived"]) for r in rows] == [
        ("url", "https://nlb-varnost.example/klik", False),
        ("domain", "nlb-varnost.example", True),
        ("domain", "nlb.si", False),
        ("ipv4", "198.51.100.7", False),
        ("email", "podpora@nlb-varnost.example", False),
        ("domain", "nlb-varnost.example", True),
    ]
    assert [r["start"] for r in rows] == sorted(r["start"] for r in rows)
    for row in rows:
        assert list(row) == KEYS
        assert TEXT[row["start"] : row["end"]] == row["raw"]
        assert 0 <= row["score"] <= 1
    assert [r["role"] for r in rows] == ["attacker", "attacker", "brand", *["attacker"] * 3]
    assert rows[1]["parent"] == "https://nlb-varnost.example/klik"
    assert {"defanged", "brand-lookalike:nlb"} <= set(rows[0]["evidence"])


def test_only_the_asked_types_and_no_roles(out: Output, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    wallet = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
    file.write_text(f"{TEXT} {wallet} abcdefghij234567.onion", encoding="utf-8")
    assert extract(str(file), types="ipv4, btc,onion", roles=False) == DONE
    assert [(r["type"], r["role"], r["score"], r["evidence"]) for r in out.rows()] == [
        ("ipv4", None, None, []),
        ("btc", None, None, []),
        ("onion", None, None, []),
    ]


def test_a_file_of_lines_repeats_its_ids_and_says_which_line_is_none(
    out: Output, tmp_path: Path
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(
        '{"id":7,"text":"a: evil-fixture[.]example \\ud800"}\n[1]\n{"id":"x"}\n\n'
        '{"id":"č","text":"hxxp://evil-fixture[.]example/a"}\n{"id":8,"text":""}\n',
        encoding="utf-8",
    )
    assert extract(jsonl=file) == DONE
    rows = out.rows()
    assert [row.get("id") for row in rows if "type" in row] == [7, "č", "č"]
    assert [row["line"] for row in rows if "error" in row] == [2, 3]


@pytest.mark.parametrize("raw", [b"", b"nothing here\n", "brez vrednosti 🙏".encode()])
def test_nothing_found_is_done(raw: bytes, out: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, raw)
    assert extract("-") == DONE
    assert out.rows() == []


@pytest.mark.parametrize(
    "raw", ["Račun: evil-fixture[.]example".encode("cp1250"), b"\xff\xfe evil-fixture[.]example \x00"]
)  # fmt: skip
def test_bytes_that_are_no_utf8_are_still_read(
    raw: bytes, out: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, raw)
    assert extract("-") == DONE
    assert isinstance(out.rows(), list)


def test_what_cannot_be_read_is_bad_input(out: Output, tmp_path: Path) -> None:
    assert extract(str(tmp_path / "none.txt")) == BAD_INPUT
    assert extract(str(tmp_path)) == BAD_INPUT
    assert extract("-", types="domain,virus") == BAD_INPUT
    broken = tmp_path / "a.pdf"
    broken.write_bytes(b"%PDF-1.7 nothing")
    assert extract(str(broken)) == BAD_INPUT
    assert out.rows() == []


def test_a_limit_is_said_and_has_its_own_code(
    out: Output, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_extract, "MAX_FOUND", 3)
    file = tmp_path / "a.txt"
    file.write_text("a1.example\n" * 10, encoding="utf-8")
    assert extract(str(file)) == LIMIT
    rows = out.rows()
    assert len(rows) == 4
    assert rows[-1] == {"id": None, "warnings": ["only the first 3 values were read"]}


def test_a_page_gives_the_target_of_a_link_and_not_what_it_shows(
    out: Output, tmp_path: Path
) -> None:
    page = tmp_path / "a.html"
    page.write_text(
        '<p>Pozor, paket: <a href="https://paket-zvon.example/i?t=1">www.posta.si</a> · posta.si</p>',
        encoding="utf-8",
    )
    assert extract(str(page)) == DONE
    rows = [row for row in out.rows() if not row["derived"]]
    assert {row["value"]: row["role"] for row in rows} == {
        "www.posta.si": "brand",
        "posta.si": "brand",
        "https://paket-zvon.example/i?t=1": "attacker",
    }
    target = next(row for row in rows if row["type"] == "url")
    assert target["part"].endswith("#link:1")
    assert "link-mismatch:posta.si" in target["evidence"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Dobio sam poruku s broja 01 2004 567, što da radim, je li to prijevara?", "+38512004567"),
        (
            "Dobil sem sporočilo s številke 01 2004 567, kaj naj storim, je to prevara?",
            "+38612004567",
        ),
    ],
)
def test_a_local_number_is_read_in_the_country_of_the_language(
    text: str, number: str, out: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, text.encode())
    assert extract("-") == DONE
    assert [row["value"] for row in out.rows()] == [number]
