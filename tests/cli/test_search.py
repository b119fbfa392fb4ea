"""`zvon search`: what an analyst asks a node, and reads."""

import asyncio
import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.test_block import NODE, house
from tests.store.findable import LIST
from tests.web.house import House
from tests.web.test_search import SAID, fill
from zvon.cli import search
from zvon.cli.api import NodeRefused

__all__ = ["house"]


async def run(house: House, act: Callable[..., int | None], *given: Any, **more: Any) -> int | None:
    return await asyncio.to_thread(act, *given, node=NODE, key=house.keys["ana"], **more)


@pytest.fixture
def streamed(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """What is answered in pieces comes from the same application."""

    @contextmanager
    def stream(method: str, url: str, **given: Any) -> Iterator[httpx.Response]:
        yield httpx.request(method, url, **given)

    monkeypatch.setattr(httpx, "stream", stream)
    return house


async def test_values_and_records_are_found(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    await fill(house, *SAID)
    assert await run(house, search.find, "posta-si[.]example", facets=True) == 0
    said = capsys.readouterr().out
    assert "posta-si.example  domain  2  " in said
    assert f"TLP:AMBER  {LIST}" in said
    assert "tag: phishing (1)" in said
    assert await run(house, search.find, "posta-si") == 0
    assert "read as a part of a value" in capsys.readouterr().out
    assert await run(house, search.find, "text:stran", records=True) == 0
    assert "Lažna stran  [2] posta-si.example, 192.0.2.7" in capsys.readouterr().out
    assert await run(house, search.find, "", limit=3) == 0
    assert "--limit" in capsys.readouterr().out
    assert await run(house, search.find, "nothing.test") == 1
    assert "nothing found" in capsys.readouterr().out
    assert await run(house, search.find, "*.example*", limit=400, json=True) == 0
    assert len(json.loads(capsys.readouterr().out)["values"]) == 4
    with pytest.raises(NodeRefused, match="at character 1: there is no field sourc"):
        await run(house, search.find, "sourc:x")


async def test_a_result_is_taken_along(
    streamed: House, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    await fill(streamed, *SAID)
    out = tmp_path / "x.json"
    await run(streamed, search.export, "type:domain", format="stix", out=out)
    assert {o["name"] for o in json.loads(out.read_bytes())["objects"] if "name" in o} >= {
        "posta-si.example"
    }
    await run(streamed, search.export, "type:domain")
    assert capsysbinary.readouterr().out.startswith(b"type,value,")
    with pytest.raises(NodeRefused, match="at character 1"):
        await run(streamed, search.export, "tlp:pink")


async def test_a_file_is_looked_up(
    streamed: House,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await fill(streamed, *SAID)
    file = tmp_path / "list.txt"
    file.write_text("posta-si[.]example\nneznano.test\n192.0.2.9\n", "utf-8")
    assert await run(streamed, search.lookup, str(file)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("posta-si.example  domain  known: 2 records")
    assert lines[1] == "neznano.test  domain  unknown"
    assert lines[2] == "192.0.2.9  ipv4  unknown · inside 192.0.2.0/24"
    file.write_text("n;ime\n1;posta-si[.]example\n", "utf-8")
    assert await run(streamed, search.lookup, str(file), column="ime", csv=True) == 0
    assert "posta-si[.]example,domain,posta-si.example,true,2" in capsys.readouterr().out
    with pytest.raises(NodeRefused, match="no column"):
        await run(streamed, search.lookup, str(file), column="x")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xffneznano.test")))
    assert await run(streamed, search.lookup, "-", json=True) == 1
    with pytest.raises(FileNotFoundError):
        await run(streamed, search.lookup, str(tmp_path / "gone"))


async def test_kept_searches_are_listed(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    await house.post("ana", "/api/v1/search/views", {"name": "Mine", "query": "tlp:red"})
    await run(house, search.views)
    assert capsys.readouterr().out == "Mine  (ana)  tlp:red\n"
