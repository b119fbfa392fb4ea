"""`zvon brand`: what a desk and an analyst type."""

import asyncio
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_block import NODE, house
from tests.web.house import House
from zvon.cli import brand
from zvon.cli.api import NodeRefused

__all__ = ["house"]


async def run(house: House, who: str, act: Callable[..., None], *given: Any, **more: Any) -> None:
    await asyncio.to_thread(act, *given, node=NODE, key=house.keys[who], **more)


async def test_a_brand_is_listed_edited_confirmed_and_put_back(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(house, "ana", brand.list_all)
    assert "si.posta" in capsys.readouterr().out
    await run(house, "ana", brand.edit, "si.posta", reason="a new page",
              add_to=["official=posta-novo.example", "sender_ids=POSTA"], remove=["words=posta"])  # fmt: skip
    said = capsys.readouterr().out
    assert "official: posta.si, posta-novo.example" in said
    assert "sender_ids: POSTA" in said
    assert "words:" not in said
    await run(house, "ana", brand.verify, "si.posta")
    assert "ana" in capsys.readouterr().out
    await run(house, "ana", brand.undo, "si.posta", reason="a mistake", version=0)
    assert "words: posta" in capsys.readouterr().out
    await run(house, "ana", brand.show, "si.posta")
    assert "ana: a mistake" in capsys.readouterr().out


async def test_a_brand_is_added_from_a_file(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "nova.toml"
    file.write_text('id = "si.nova"\nname = "Nova"\ncountry = "SI"\nsector = "bank"\n'
                    'official = { "nova.example" = "b" }\nwords = ["zaba"]\n', "utf-8")  # fmt: skip
    await run(house, "ana", brand.add, file, reason="a new bank")
    said = capsys.readouterr().out
    assert "si.nova  Nova  SI  bank" in said
    assert "Zagrebačka banka" in said  # the alias is somebody else's too
    file.write_text("id = ", "utf-8")
    with pytest.raises(ValueError, match=r"nova\.toml"):
        await run(house, "ana", brand.add, file, reason="a new bank")
    file.write_text('name = "Nova"', "utf-8")
    with pytest.raises(ValueError, match="id"):
        await run(house, "ana", brand.add, file, reason="a new bank")


async def test_a_word_is_said_and_taken_back(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(house, "ana", brand.say, "si.posta", "posta-natecaj.example", ours=True)
    assert "hosts: sledenje.posta.si, posta-natecaj.example" in capsys.readouterr().out
    await run(house, "ana", brand.unsay, "si.posta", "posta-natecaj.example")
    assert "natecaj" not in capsys.readouterr().out
    with pytest.raises(NodeRefused):
        await run(house, "ana", brand.say, "si.posta", "com.hr", ours=True)
    with pytest.raises(ValueError, match="FIELD=VALUE"):
        await run(house, "ana", brand.edit, "si.posta", reason="a test", add_to=["colour=red"])


def test_names_are_checked_without_a_node(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert brand.check(["Posta.si", "kolo.example"]) == 0
    assert "si.posta" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO("nlb-klik.top\n\n"))
    assert brand.check(["-"], json=True) == 1
    (one,) = json.loads(capsys.readouterr().out)["names"]
    assert (one["name"], one["official"], one["hits"][0]["brand"]) == (
        "nlb-klik.top",
        None,
        "si.nlb",
    )
    with pytest.raises(ValueError, match=r"a\.\.b"):
        brand.check(["a..b"])
