"""`zvon intake` and `zvon quarantine`: files in, what became of them, and what was set aside."""

import asyncio
import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.test_block import NODE, house
from tests.collect.intake import waiting_jobs
from tests.web.house import House
from zvon.cli import quarantine
from zvon.cli.api import NodeRefused
from zvon.cli.intake import detect
from zvon.cli.intake import intake as send
from zvon.collect.intake import intake as read_delivery
from zvon.store import source_change
from zvon.store.source_change import NewSource
from zvon.store.transaction import transaction

__all__ = ["house"]

Out = pytest.CaptureFixture[str]
ALERT = json.dumps({
    "timestamp": "2026-11-22T08:00:00.000000+0000", "event_type": "alert", "src_ip": "192.0.2.7",
    "dest_ip": "198.51.100.9", "alert": {"signature": "ET beacon", "signature_id": 2000001},
}).encode() + b"\n"  # fmt: skip


@pytest.fixture
async def node(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A node with one source; files are streamed to it."""
    plain = httpx.request

    def request(method: str, url: str, **given: Any) -> httpx.Response:
        if not isinstance(given.get("content"), bytes | None):
            given["content"] = b"".join(given["content"])
        return plain(method, url, **given)

    monkeypatch.setattr(httpx, "request", request)
    await add(house, "sensor")
    return house


async def add(house: House, name: str) -> None:
    now = house.clock()
    async with transaction(house.pool, now) as tx:
        await source_change.create(
            tx, house.viewers["ada"], NewSource(name=name, kind="push"), house.context.node.key,
            now, os.urandom(10), os.urandom(12),
        )  # fmt: skip


async def run(node: House, act: Callable[..., int], *given: Any, **more: Any) -> int:
    return await asyncio.to_thread(act, *given, node=NODE, key=node.keys["ana"], **more)


async def work(node: House) -> None:
    for name, payload in await waiting_jobs(node.pool):
        if name == "collect.intake":
            await read_delivery(node.context, payload)


async def test_files_are_sent_read_and_what_is_wrong_is_shown_and_replayed(
    node: House, tmp_path: Path, capsys: Out
) -> None:
    file = tmp_path / "eve.json.gz"
    file.write_bytes(gzip.compress(ALERT * 3 + b"{wro\x1bng\n"))
    assert await run(node, send, str(file)) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{file}  waiting  /api/v1/deliveries/")
    await work(node)
    assert await run(node, send, str(file), source="sensor", wait=5.0) == 0
    said = capsys.readouterr().out
    assert "  done  eve  3 items, 3 records, 6 values, 1 set aside: zvon quarantine list" in said
    assert await run(node, quarantine.list_pieces, source="sensor", json=True) == 0
    [piece] = json.loads(capsys.readouterr().out)["pieces"]
    assert await run(node, quarantine.show, piece["id"]) == 0
    said = capsys.readouterr().out
    assert "position  line 4" in said
    assert "{wro\ufffdng" in said
    assert "\x1b" not in said
    assert await run(node, quarantine.replay, source="sensor") == 0
    assert capsys.readouterr().out == "1 delivery is read again\n"


async def test_a_source_is_named_where_there_are_several(
    node: House, tmp_path: Path, capsys: Out
) -> None:
    await add(node, "mailbox")
    file = tmp_path / "a.json"
    file.write_bytes(ALERT)
    with pytest.raises(NodeRefused, match="into which one\\? There are: mailbox, sensor"):
        await run(node, send, str(file))
    with pytest.raises(NodeRefused, match="no source 'nobody'"):
        await run(node, send, str(file), source="nobody")
    with pytest.raises(FileNotFoundError):
        await run(node, send, str(tmp_path / "nothing"), source="sensor")
    assert await run(node, send, str(file), source="sensor", format="nonsense") == 2
    assert "there is no format 'nonsense'" in capsys.readouterr().err


async def test_an_empty_file_is_refused_and_the_others_are_sent(
    node: House, tmp_path: Path, capsys: Out
) -> None:
    empty, good = tmp_path / "empty", tmp_path / "good.json"
    empty.write_bytes(b"")
    good.write_bytes(ALERT)
    assert await run(node, send, str(empty), str(good), json=True) == 2
    said = capsys.readouterr()
    assert "the delivery is empty" in said.err
    assert json.loads(said.out)["file"] == str(good)


async def test_quarantine_says_when_nothing_waits(node: House, capsys: Out) -> None:
    assert await run(node, quarantine.list_pieces) == 0
    assert capsys.readouterr().out == "nothing waits\n"
    assert await run(node, quarantine.show, 999) == 2
    assert "there is no piece 999" in capsys.readouterr().err


def test_detect_says_the_decoder_and_why_without_a_node(tmp_path: Path, capsys: Out) -> None:
    known, unknown = tmp_path / "eve.json.gz", tmp_path / "noise"
    known.write_bytes(gzip.compress(ALERT * 3))
    unknown.write_bytes(bytes(range(128, 256)) * 8)
    assert detect(str(known)) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{known} · gzip  eve (")
    assert "fields" in said
    assert detect(str(known), str(unknown), json=True) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["format"] for row in rows] == ["eve", None]


def test_detect_goes_through_archives_and_says_what_is_broken(tmp_path: Path, capsys: Out) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04" + bytes(200))
    assert detect(str(broken)) == 1
    assert "the zip archive is broken" in capsys.readouterr().out
