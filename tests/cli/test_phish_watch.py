"""`zvon phish watch` and `sources`: alone, and against the node's own application."""

import asyncio
import gzip
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_block import NODE, house
from tests.web.house import House
from zvon.cli import phish_sources, phish_watch
from zvon.cli.api import NodeRefused
from zvon.cli.phish import app

__all__ = ["house"]

NAMES = "rank,domain\n1,posta-si-pack.lat\n2,no name\n3,example.org\n4,nlb-klik.top\n"


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def run(*words: str) -> int:
    """What the command's process would end with."""
    with pytest.raises(SystemExit) as ended:
        app(["watch", *words])
    return int(ended.value.code or 0)


def test_a_file_gives_the_likeliest_bait_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new.csv"
    file.write_text(NAMES)
    assert run("--names", str(file), "--format", "csv") == 0
    said = capsys.readouterr()
    rows = [line.split() for line in said.out.splitlines()]
    assert [(row[1], row[3]) for row in rows] == [
        ("si.posta", "posta-si-pack.lat"),
        ("si.nlb", "nlb-klik.top"),
    ]
    assert float(rows[0][0]) > float(rows[1][0])
    assert f"{file}:3:" in said.err


def test_json_has_reasons_and_counts_and_the_top_is_a_limit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(NAMES.encode())))
    assert run("--format", "csv", "--top", "1", "--json") == 0
    [said] = [json.loads(line) for line in printed(capsys)]
    assert (said["names"], said["bad"]) == (3, 1)
    assert [one["name"] for one in said["found"]] == ["posta-si-pack.lat"]
    assert {"code", "weight"} <= set(said["found"][0]["reasons"][0])


def test_a_packed_list_is_unpacked_and_a_cut_one_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new.gz"
    file.write_bytes(gzip.compress(NAMES.encode()))
    assert run("--names", str(file), "--format", "csv") == 0
    assert len(printed(capsys)) == 2
    file.write_bytes(gzip.compress(NAMES.encode())[:-9])
    with pytest.raises(ValueError, match="gzip"):
        app(["watch", "--names", str(file)])


def test_a_form_that_nobody_knows_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--format", "pdf") == 2
    assert "openphish" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        app(["watch", "--names", "/nowhere/names"])


async def act(house: House, who: str, do: Callable[..., Any], *names: str, **more: Any) -> Any:
    return await asyncio.to_thread(do, *names, node=NODE, key=house.keys[who], **more)


async def test_what_is_found_is_handed_to_the_node_and_dealt_with_there(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new.csv"
    file.write_text(NAMES)
    await act(house, "ana", phish_watch.watch, names=str(file), format="csv", store=True)
    capsys.readouterr()
    await act(house, "ana", phish_watch.list_watched)
    rows = [line.split() for line in printed(capsys)]
    assert [(row[3], row[4]) for row in rows] == [
        ("watching", "posta-si-pack.lat"),
        ("watching", "nlb-klik.top"),
    ]
    await act(house, "ana", phish_watch.dismiss, rows[0][5], reason="a shop of stamps")
    await act(house, "ana", phish_watch.escalate, rows[1][5], reason="a bank called")
    assert [line.split()[1] for line in printed(capsys)] == ["dismissed", "escalated"]
    await act(house, "ana", phish_watch.list_watched, state=["dismissed"], json=True)
    [said] = [json.loads(line) for line in printed(capsys)]
    assert [one["name"] for one in said["names"]] == ["posta-si-pack.lat"]


async def test_sources_are_added_from_a_log_list_shown_and_removed(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = {"description": "Primer 2026h2", "key": "AAAA", "monitoring_url": "https://log.example/",
           "state": {"usable": {}}}  # fmt: skip
    file = tmp_path / "logs.json"
    file.write_text(json.dumps({"operators": [{"name": "Primer", "tiled_logs": [log]}]}))
    await act(house, "ana", phish_sources.logs, str(file))
    assert printed(capsys) == ["+ Primer 2026h2"]
    await act(house, "ana", phish_sources.add, "feed", "https://feed.example/x", kind="feed",
              format="openphish")  # fmt: skip
    await act(house, "ana", phish_sources.stop, "feed")
    capsys.readouterr()
    await act(house, "ana", phish_sources.list_all)
    assert [line.split()[-1] for line in printed(capsys)] == ["good", "off"]
    await act(house, "ana", phish_sources.read, "feed")
    await act(house, "ana", phish_sources.remove, "feed")
    with pytest.raises(NodeRefused, match="no source"):
        await act(house, "ana", phish_sources.remove, "feed")
