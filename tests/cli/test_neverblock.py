"""`zvon neverblock`: what two people type, against the node's own application."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.test_block import NODE, house
from tests.web.house import House
from zvon.cli import neverblock
from zvon.cli.api import NodeRefused

__all__ = ["house"]


async def run(house: House, who: str, act: Callable[..., None], *names: str, **more: Any) -> None:
    await asyncio.to_thread(act, *names, node=NODE, key=house.keys[who], **more)


async def test_two_people_take_a_name_out_and_one_puts_it_back(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(house, "ana", neverblock.remove, "sofascore.com", reason="a test")
    said = capsys.readouterr().out
    assert said.startswith("- sofascore.com  waits for a person of another role  ana")
    change = said.split()[-1]
    await run(house, "bor", neverblock.approve, change)
    assert "until 20" in capsys.readouterr().out
    await run(house, "bor", neverblock.end, change, reason="enough")
    assert "sofascore.com  over" in capsys.readouterr().out
    await run(house, "ana", neverblock.list_all, "www.gov.si")
    said = capsys.readouterr().out
    assert "gov.si  constituency: government of Slovenia" in said
    assert "NOT USABLE" not in said


async def test_what_is_official_is_refused_in_one_line(house: House) -> None:
    with pytest.raises(NodeRefused, match="cannot be taken out"):
        await run(house, "ana", neverblock.remove, "gov.si", reason="a test")
