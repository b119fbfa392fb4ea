"""`zvon privacy flow`: what leaves of flows, what stops, and what the prefixes give away."""

import csv
from ipaddress import ip_address
from pathlib import Path

import msgspec
import pytest

from zvon.cli import app

TEXT = """time,src,dst,proto,bytes,flags,user
2026-11-22T08:00:00,192.0.2.7,198.51.100.9,tcp,1200,.AP.SF,maja
2026-11-22T08:00:01,192.0.2.8,198.51.100.9,udp,90,,ivan
2026-11-22T08:00:02,192.0.2.7,2001:db8::1,6,44.5,S,maja
"""


def run(*words: str | Path) -> int:
    with pytest.raises(SystemExit) as left:
        app(["privacy", "flow", *map(str, words)])
    return int(left.value.code or 0)


def call(folder: Path, text: str, *more: str, epoch: str = "2026-11") -> Path:
    file = folder / "flows.csv"
    file.write_text(text, encoding="utf-8")
    out = folder / "out.csv"
    run(file, "--columns", "src,dst", "--out", out, "--group", "demo-amber", "--keys",
        folder / "keys", "--epoch", epoch, *more)  # fmt: skip
    return out


def test_addresses_keep_their_prefixes_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = call(tmp_path, TEXT, "--drop", "user")
    rows = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    assert list(rows[0]) == ["time", "src", "dst", "proto", "bytes", "flags"]
    assert "maja" not in out.read_text("utf-8")
    assert "192.0.2" not in out.read_text("utf-8")
    a, b = (int(ip_address(rows[n]["src"])) for n in (0, 1))
    assert (a ^ b).bit_length() == 4  # 7 and 8 differ from the fourth last bit on
    assert rows[0]["src"] == rows[2]["src"]
    assert ip_address(rows[2]["dst"]).version == 6
    said = capsys.readouterr().out
    assert "3 flows of 4 hosts" in said
    assert "IPv4: 3 hosts in 2 /8, 2 /16, 2 /24" in said
    assert "any 1 of the hosts" in said


def test_the_same_key_gives_the_same_and_another_epoch_another_file(tmp_path: Path) -> None:
    first = call(tmp_path, TEXT, "--drop", "user").read_bytes()
    assert call(tmp_path, TEXT, "--drop", "user").read_bytes() == first
    later = call(tmp_path, TEXT, "--drop", "user", epoch="2026-12").read_bytes()
    sources = [[r["src"] for r in csv.DictReader(b.decode().splitlines())] for b in (first, later)]
    assert not set(sources[0]) & set(sources[1])


def test_without_prefixes_nothing_of_the_networks_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = call(tmp_path, TEXT, "--drop", "user", "--no-prefixes")
    rows = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    a, b = (int(ip_address(rows[n]["src"])) for n in (0, 1))
    assert all(row[c].startswith("2001:db8:") for row in rows for c in ("src", "dst"))
    assert rows[0]["src"] == rows[2]["src"]
    assert (a ^ b).bit_length() > 64
    said = capsys.readouterr().out
    assert "learns" not in said
    assert "by rank" in said


def test_the_risk_is_there_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(tmp_path, TEXT, "--drop", "user", "--json")
    said = msgspec.json.decode(capsys.readouterr().out)
    assert said["risk"][0]["hosts"] == 3
    assert said["risk"][0]["learnt"][0]["chosen"] == "any"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (TEXT, "line 2, column user"),
        (TEXT.replace("192.0.2.8", "ris.kbc.example"), "line 3, column src: no address"),
        (TEXT.replace("90", "maja@lipa.example"), "line 3, column bytes"),
        (TEXT.replace("90", "192.0.2.55"), "line 3, column bytes"),
        (TEXT.replace("90", "+38640000111"), "line 3, column bytes"),
        (TEXT.replace("src,", "source,"), "no column src"),
        (TEXT.replace(",90,,ivan", ",90"), "line 3: not 7 values"),
        (TEXT.replace("proto", "bytes"), "two columns"),
        ("", "no column src"),
        (TEXT.replace("2001:db8::1", "fe80::1%eth0"), "interface"),
    ],
)
def test_what_is_no_flow_stops_it_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, why: str
) -> None:
    drop = () if why == "line 2, column user" else ("--drop", "user")
    with pytest.raises(ValueError, match=why) as refused:
        call(tmp_path, text, *drop)
    for value in ("maja", "kbc", "192.0.2.55", "38640000111", "eth0"):
        assert value not in str(refused.value)
    assert not (tmp_path / "out.csv").exists()
    assert "hosts" not in capsys.readouterr().out
