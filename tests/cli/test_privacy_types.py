"""`zvon privacy share` for every type of input, and for everything that can go wrong."""

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from tests.collect.open.papers import packed, png, qr
from tests.collect.rebuild.papers import document
from tests.privacy.carrier.mails import mail
from tests.privacy.structured.structures import clean_misp, misp
from tests.privacy.structured.test_alert import EVE
from tests.privacy.structured.test_stix import bundle
from zvon.cli.privacy import share
from zvon.privacy import tagged
from zvon.privacy.tables import BadTable

REGISTER = "domain,lipa-primer.si\nprefix,46.123.240.0/24\n"
NAMES = ("Igor", "igor", "Kos", "lipa", "mnovak")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZVON_ROOT", str(tmp_path / "node"))
    (tmp_path / "r.csv").write_text(REGISTER)
    return tmp_path


def run(folder: Path, name: str, body: bytes, **options: Any) -> tuple[int, dict[str, bytes]]:
    (folder / name).write_bytes(body)
    options = {"group": "demo-amber", "keys": folder / "keys", "epoch": "2026-11",
               "registry": [folder / "r.csv"], **options}  # fmt: skip
    code = share(folder / name, out=folder / "out", **options)
    out = folder / "out"
    files = {p.name: p.read_bytes() for p in out.iterdir()} if out.exists() else {}
    return code, files


@pytest.mark.parametrize(
    ("name", "body", "left"),
    [
        ("a.json", json.dumps(misp()).encode(), {"shared.json"}),
        ("a.json", json.dumps(bundle()[0]).encode(), {"shared.json"}),
        ("a.json", json.dumps(EVE).encode(), {"shared.json"}),
        ("a.csv", b"src_ip,user\n10.1.2.3,mnovak\n", {"shared.csv"}),
        ("a.eml", mail(), {"shared.txt", "shared.eml"}),
        ("a.docx", document("Kontakt: Igor Kos"), {"shared.txt"}),
        ("a.html", b"<p>Kontakt: Igor K<b>os</b></p>", {"shared.txt"}),
        ("a.png", qr("https://evil-fixture.top/a"), {"shared.txt", "shared.png"}),
        ("a.zip", packed({"Igor Kos.txt": b"x"}), {"shared.txt"}),
        ("a.log", b"Kontakt: Igor Kos", {"shared.txt"}),
    ],
)
def test_every_type_leaves_in_its_form_without_the_victim(
    folder: Path, name: str, body: bytes, left: set[str]
) -> None:
    code, files = run(folder, name, body)
    assert code == 0
    assert {each for each in files if each.startswith("shared")} == left
    for each in left:
        assert not [victim for victim in NAMES if victim.encode() in files[each]]
    row = json.loads(files["decision.json"])
    assert row["status"] == "released"
    assert not [each for each in files if each.startswith(".")]


def test_a_text_is_a_text_whatever_it_begins_with(folder: Path) -> None:
    for beginning in (b"%PDF-1.7\n", b"PK\x03\x04\n", b"Subject: x\nFrom: a@b.example\n\n", b"{}"):
        code, files = run(folder, "a.txt", beginning + b"Kontakt: Igor Kos")
        assert code == 0
        assert "shared.txt" in files
        assert json.loads(files["decision.json"])["input"]["type"] == "txt"


@pytest.mark.parametrize("type", ["misp", "json"])
def test_a_type_that_is_said_is_believed(folder: Path, type: str) -> None:
    code, files = run(folder, "a.bin", json.dumps(clean_misp()).encode(), type=type)
    assert code == 0
    assert "shared.json" in files


def test_what_is_held_writes_a_preview_with_questions_only(folder: Path) -> None:
    event = clean_misp()
    event["Event"]["Attribute"][0] |= {"value": "46.99.1.2", "to_ids": False}
    code, files = run(folder, "a.json", json.dumps(event).encode())
    assert code == 3
    assert set(files) == {"decision.json", "preview.txt"}
    assert b"[ask:IP]" in files["preview.txt"]
    assert b"46.99.1.2" not in files["preview.txt"]


def test_a_red_event_is_refused(folder: Path) -> None:
    event = clean_misp()
    event["Event"]["Tag"] = [{"name": "tlp:red"}]
    code, files = run(folder, "a.json", json.dumps(event).encode())
    assert code == 4
    assert "shared.json" not in files


@pytest.mark.parametrize(
    ("name", "body", "options"),
    [
        ("a.json", b'{"Event": {"info": "Igor Ko', {}),
        ("a.json", b"[" * 100_000, {}),
        ("a.json", b'{"Igor": "\xff"}', {}),
        ("a.csv", b'Igor,Kos\n"half', {}),
        ("a.eml", b"Content-Type: text/plain; charset=x-nobody\n\nIgor Kos", {}),
        ("a.eml", b"Content-Type: message/rfc822\n\n" * 10_000 + b"Igor Kos", {}),
        ("a.txt", b"Igor Kos \xff", {}),
        ("a.pdf", b"%PDF-1.7 Igor Kos", {}),
        ("a.png", png(60_000, 60_000), {}),
        ("a.html", b"<div>" * 20_000 + b"Igor Kos", {}),
        ("Igor.zip", b"PK\x03\x04Igor Kos" + bytes(40), {}),
        ("a.txt", b"Igor Kos", {"type": "pdf"}),
        ("a.json", b"Igor Kos", {"type": "image"}),
        ("a.txt", b"Igor Kos", {"registry": [Path("/nowhere/r.csv")]}),
        ("a.txt", b"Igor Kos", {"policy": Path("/nowhere")}),
        ("a.txt", b"Igor Kos", {"group": "nobody"}),
        ("a.txt", b"Igor Kos", {"epoch": "../x"}),
    ],
)
def test_what_cannot_be_read_or_decided_leaves_nothing_and_shows_nothing(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    body: bytes,
    options: dict[str, Any],
) -> None:
    code, files = run(folder, name, body, **options)
    said = capsys.readouterr()
    assert code == 2
    assert files == {}
    assert said.err.startswith("zvon: ")
    for text in ("Igor Ko", "Kos"):
        assert text not in said.err + said.out


def test_a_register_that_is_no_text_or_half_written_closes_the_gate(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for content in (b"domain,lipa\xff", b"domain,lipa-primer.si\nprefix,46.123.2", b'domain,"lipa'):
        (folder / "r.csv").write_bytes(content)
        assert run(folder, "a.txt", b"x")[0] == 2
        assert "lipa" not in capsys.readouterr().err


def test_a_full_disk_leaves_nothing_behind(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, content: bytes) -> int:
        if path.name.endswith(".part"):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return len(content)

    (folder / "a.txt").write_text("Kontakt: Igor Kos")
    monkeypatch.setattr(Path, "write_bytes", full)
    code = share(folder / "a.txt", group="demo-amber", out=folder / "out", keys=folder / "keys")
    assert code == 2
    assert list((folder / "out").iterdir()) == []
    assert "No space left" in capsys.readouterr().err


def test_a_gate_that_breaks_says_how_and_nothing_of_the_text(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*args: Any, **named: Any) -> Any:
        raise RuntimeError("at Igor Kos")

    monkeypatch.setattr("zvon.privacy.carrier.item.share_text", broken)
    code, files = run(folder, "a.txt", b"Kontakt: Igor Kos")
    assert code == 2
    assert files == {}
    said = capsys.readouterr().err
    assert "RuntimeError" in said
    assert "Igor" not in said


def test_what_stays_is_said_without_names(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(folder, "a.zip", packed({"Igor Kos.txt": b"x", "inner.zip": packed({"Kos.exe": b"MZ\0"})}))
    said = capsys.readouterr().out
    assert "stays here" in said
    assert "Kos" not in said


def test_without_the_taggers_weights_the_gate_is_closed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def absent() -> Any:
        raise BadTable("the weights of the tagger: weights.npz is not there")

    monkeypatch.setattr(tagged, "tagger", absent)
    code, files = run(folder, "a.txt", b"Kontakt: Igor Kos")
    assert code == 2
    assert files == {}
    said = capsys.readouterr().err
    assert "weights" in said
    assert "Igor" not in said


def test_a_key_that_nobody_may_read_closes_the_gate(folder: Path) -> None:
    (folder / "keys" / "demo-amber.2026-11.key").mkdir(parents=True)
    code, files = run(folder, "a.txt", b"Kontakt: Igor Kos")
    assert code == 2
    assert files == {}
