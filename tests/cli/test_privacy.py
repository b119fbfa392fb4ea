"""`zvon privacy`: files in, files out, and an exit code that says what happened."""

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.privacy.marked import MAILS, read
from zvon.cli import keyring
from zvon.cli.privacy import evaluate, share

CLEAN = "Kontakt: Igor Kos, 041 332 118. Povezava hxxps://evil-fixture[.]top/a\r\nKonec ž"
UNSURE = "Glej 46.123.240.11."


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZVON_ROOT", str(tmp_path / "node"))
    return tmp_path


def run(folder: Path, text: str | bytes, name: str = "in.txt", **options: Any) -> tuple[int, Path]:
    source = folder / name
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    options = {"group": "demo-amber", "keys": folder / "keys", "epoch": "2026-11", **options}
    return share(source, out=folder / "out", **options), folder / "out"


def written(out: Path) -> dict[str, Any]:
    row: dict[str, Any] = json.loads((out / "decision.json").read_text())
    return row


def test_a_clean_text_is_released_and_only_spans_change(folder: Path) -> None:
    code, out = run(folder, CLEAN)
    assert code == 0
    shared = (out / "shared.txt").read_bytes().decode()
    row = written(out)
    assert shared == row["shared_text"]
    assert shared.endswith("hxxps://evil-fixture[.]top/a\r\nKonec ž")
    assert "Kos" not in shared
    (part,) = row["parts"]
    assert (part["id"], part["text"]) == ("text", CLEAN)
    assert all(part["text"][s["start"] : s["end"]] == s["text"] for s in row["spans"])
    assert (row["schema"], row["status"], row["group"], row["epoch"]) == (
        "zvon.privacy.decision/1", "released", "demo-amber", "2026-11",
    )  # fmt: skip


def test_one_question_holds_and_shows_its_type_only(folder: Path) -> None:
    code, out = run(folder, UNSURE)
    assert code == 3
    assert not (out / "shared.txt").exists()
    assert written(out)["shared_text"] is None
    assert "[ask:IP]" in (out / "preview.txt").read_text()


def test_an_old_release_does_not_survive_a_later_hold(folder: Path) -> None:
    assert run(folder, CLEAN)[0] == 0
    _, out = run(folder, UNSURE)
    assert not (out / "shared.txt").exists()


def test_a_marking_above_the_group_is_refused(folder: Path) -> None:
    assert run(folder, "TLP:RED " + CLEAN)[0] == 4
    code, out = run(folder, "TLP:AMBER " + CLEAN, group="demo-clear")
    assert code == 4
    assert not (out / "shared.txt").exists()


def test_what_holds_originals_is_for_this_user_alone(folder: Path) -> None:
    _, out = run(folder, CLEAN)
    for path in (out / "decision.json", folder / "keys" / "demo-amber.2026-11.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "keys").stat().st_mode) == 0o700


def test_the_same_keys_give_the_same_output(folder: Path) -> None:
    first = written(run(folder, CLEAN)[1])["shared_text"]
    assert written(run(folder, CLEAN)[1])["shared_text"] == first
    assert written(run(folder, CLEAN, epoch="2026-12")[1])["shared_text"] != first


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 40, b"g" * 64])
def test_a_malformed_key_lets_nothing_leave(folder: Path, content: bytes) -> None:
    (folder / "keys").mkdir()
    key = folder / "keys" / "demo-amber.2026-11.key"
    key.write_bytes(content)
    code, out = run(folder, CLEAN)
    assert code == 2
    assert not out.exists()
    assert key.read_bytes() == content


def test_a_key_folder_that_is_a_file_lets_nothing_leave(folder: Path) -> None:
    (folder / "keys").write_text("x")
    assert run(folder, CLEAN)[0] == 2
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    "register", ["domain,lipa.si\nprefix,46.1", "colour,red", "domain,", 'domain,"lipa']
)
def test_half_a_register_is_refused_whole(folder: Path, register: str) -> None:
    (folder / "r.csv").write_text(register)
    assert run(folder, CLEAN, registry=[folder / "r.csv"])[0] == 2


def test_a_register_answers_what_would_be_asked(folder: Path) -> None:
    (folder / "r.csv").write_text("kind,value\nprefix,46.123.240.0/24\n")
    assert run(folder, UNSURE, registry=[folder / "r.csv"])[0] == 0


def test_a_policy_with_an_unknown_key_is_refused(folder: Path) -> None:
    (folder / "p").mkdir()
    (folder / "p" / "g.toml").write_text('id = "demo-amber"\nurl_querry = "keep"\n')
    assert run(folder, CLEAN, policy=folder / "p")[0] == 2
    assert run(folder, CLEAN, group="nobody")[0] == 2


def test_bytes_that_are_no_text_are_refused_without_showing_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _ = run(folder, b"Kontakt: Igor Kos " + b"\xff\xfe")
    said = capsys.readouterr()
    assert code == 2
    assert "Kos" not in said.err + said.out


def test_a_byte_order_mark_is_not_counted(folder: Path) -> None:
    _, out = run(folder, b"\xef\xbb\xbf" + CLEAN.encode())
    assert written(out)["parts"][0]["text"] == CLEAN


def test_a_mail_is_rebuilt_and_its_routing_stays_here(folder: Path) -> None:
    mail = (
        "Received: from pc-7.lipa.local (10.1.2.3) by mx1.lipa-primer.si; Mon, 1 Jun 2026\r\n"
        "Message-ID: <1.2@pc-7.lipa.local>\r\nFrom: Igor Kos <igor.kos@lipa-primer.si>\r\n"
        "To: cert@cert.example\r\nSubject: =?utf-8?q?Prijava_Igorja_Kosa?=\r\n"
        "Content-Type: text/html; charset=utf-8\r\n\r\n"
        "<p>Kontakt: Igor&nbsp;Kos</p><!-- igor.kos@lipa-primer.si -->"
        "<a href='https://evil-fixture.top/x'>tu</a>"
    )
    code, out = run(folder, mail, "m.eml")
    assert code in {0, 3}
    left = (out / "preview.txt").read_text()
    for secret in ("Kos", "10.1.2.3", "pc-7", "lipa"):
        assert secret not in left
    if code == 0:
        rebuilt = (out / "shared.eml").read_text()
        assert "Received" not in rebuilt
        assert "Message-ID" not in rebuilt


def test_ten_thousand_nested_parts_are_refused(folder: Path) -> None:
    mail = "Subject: a\r\n" + "Content-Type: message/rfc822\r\n\r\n" * 2000 + "x"
    assert run(folder, mail, "m.eml")[0] == 2


def test_a_batch_answers_every_line_and_says_when_one_was_bad(folder: Path) -> None:
    lines = folder / "in.jsonl"
    good = {"id": "a", "text": CLEAN, "spans": "ignored"}
    lines.write_text(json.dumps(good) + "\n{broken\n" + json.dumps({"id": "b", "text": UNSURE}) + "\n")  # fmt: skip
    out = folder / "out.jsonl"
    code = share(group="demo-amber", keys=folder / "keys", jsonl=lines, out_jsonl=out)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert code == 2
    assert [(r["id"], r["status"]) for r in rows] == [
        ("a", "released"), ("line-2", "error"), ("b", "held"),
    ]  # fmt: skip
    lines.write_text(json.dumps(good) + "\n")
    assert share(group="demo-amber", keys=folder / "keys", jsonl=lines, out_jsonl=out) == 0


def test_a_missing_input_is_said_in_one_line(folder: Path) -> None:
    assert share(folder / "none.txt", group="demo-amber", out=folder / "o", keys=folder / "k") == 2
    assert share(group="demo-amber", keys=folder / "k") == 2


def test_eval_prints_the_five_numbers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gold = folder / "gold.jsonl"
    mails = read(MAILS / "own.txt")[:6]
    gold.write_bytes(b"\n".join(msgspec.json.encode(m) for m in mails))
    assert evaluate(gold=[gold], json=True) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["PII recall"]["of"] == sum(s.role == "pseudonymise" for m in mails for s in m.spans)
    assert {"indicators kept", "leak-free mails", "ask rate", "released", "mails_per_s"} <= set(row)
    assert evaluate(gold=[gold]) == 0
    assert "PII recall" in capsys.readouterr().out


def test_it_runs_as_a_command_without_node_or_network(folder: Path) -> None:
    (folder / "in.txt").write_text(CLEAN)
    done = subprocess.run(
        [sys.executable, "-c", "from zvon.cli import main; main()", "privacy", "share",
              str(folder / "in.txt"), "--group", "demo-amber", "--keys", str(folder / "k"),
              "--out", str(folder / "out")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (folder / "out" / "shared.txt").exists()


def test_two_runs_at_once_agree_on_the_key(folder: Path) -> None:
    assert keyring.domain(folder / "k", "g", "e") == keyring.domain(folder / "k", "g", "e")
    with pytest.raises(keyring.BadKeyring):
        keyring.domain(folder / "k", "../g", "e")
