"""`zvon source`: what an administrator types, against the node's own application."""

import asyncio
import io
import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.cli.test_block import NODE, house
from tests.web.house import House
from zvon.cli import source
from zvon.cli.api import NodeRefused
from zvon.store import source as sources
from zvon.store import source_day
from zvon.store.transaction import transaction

__all__ = ["house"]

Out = pytest.CaptureFixture[str]


async def run(house: House, who: str, act: Callable[..., None], *given: Any, **more: Any) -> None:
    await asyncio.to_thread(act, *given, node=NODE, key=house.keys[who], **more)


async def test_a_source_is_added_listed_changed_paused_read_and_removed(
    house: House, tmp_path: Path, capsys: Out
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("sesame\n")
    await run(house, "ada", source.add, "abuse", "https://list.example/a", kind="http",
              secret=str(secret), set_=["header=Auth-Key", "most_mb=10"], zone="Europe/Zagreb")  # fmt: skip
    said = capsys.readouterr().out
    assert "abuse  http  nothing yet" in said
    assert "url = https://list.example/a" in said
    assert "most_mb = 10" in said
    assert "fetched every 1 h" in said
    assert "sesame" not in said
    await run(house, "ada", source.change, "abuse", set_=["most_mb=20"], every=600)
    said = capsys.readouterr().out
    assert ("most_mb = 20" in said, "header = Auth-Key" in said, "10 min" in said) == (
        True, True, True,
    )  # fmt: skip
    await run(house, "ada", source.pause, "abuse")
    assert "paused" in capsys.readouterr().out
    with pytest.raises(NodeRefused, match="not paused"):
        await run(house, "ada", source.read, "abuse")
    await run(house, "ada", source.resume, "abuse")
    await run(house, "ada", source.read, "abuse")
    capsys.readouterr()
    await run(house, "ana", source.list_all)
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["SOURCE", "KIND", "STATE"]
    assert row.split()[:2] == ["abuse", "http"]
    await run(house, "ada", source.remove, "abuse")
    with pytest.raises(NodeRefused, match="no source"):
        await run(house, "ana", source.show, "abuse")


async def test_a_webhook_is_given_a_secret_and_its_address_once(house: House, capsys: Out) -> None:
    await run(house, "ada", source.add, "soar", kind="webhook", set_=["style=standard"])
    said = capsys.readouterr().out
    assert "/in/" in said
    assert "shown only now: " in said
    secret = said.rpartition("shown only now: ")[2].strip()
    await run(house, "ada", source.show, "soar")
    assert secret not in capsys.readouterr().out


async def test_lists_are_lists_and_a_secret_may_come_from_standard_input(
    house: House, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("pass\n"))
    await run(house, "ada", source.add, "bus", "nats://nats.example:4222", kind="nats",
              set_=["servers=nats://two.example:4222", "subject=a.>"], secret="-", json=True)  # fmt: skip
    said = json.loads(capsys.readouterr().out)["source"]
    assert said["settings"]["servers"] == ["nats://two.example:4222"]
    assert said["has_secret"]
    await run(house, "ada", source.add, "fw", kind="syslog",
              set_=["peers=10.0.0.0/8", "peers=192.0.2.1", "port=5514"], json=True)  # fmt: skip
    said = json.loads(capsys.readouterr().out)["source"]["settings"]
    assert said == {"peers": ["10.0.0.0/8", "192.0.2.1"], "port": 5514}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"kind": "pigeon"}, "expected one of"),
    ({"kind": "http", "set_": ["url"]}, "expected name=value"),
    ({"kind": "http", "set_": ["url=https://a.example", "colour=red"]}, "colour"),
    ({"kind": "folder"}, "path"),
]


async def test_what_is_wrong_is_said(house: House) -> None:
    for given, reason in WRONG:
        with pytest.raises(NodeRefused, match=reason):
            await run(house, "ada", source.add, "x", **given)


async def test_days_and_weeks_are_tables(house: House, capsys: Out) -> None:
    await run(house, "ada", source.add, "abuse", "https://list.example/a", kind="http", json=True)
    uuid = json.loads(capsys.readouterr().out)["source"]["id"]
    now = house.clock()
    day = now.date()
    week = day - timedelta(days=day.weekday())
    async with transaction(house.pool, now) as tx:
        found = await sources.by_uuid(tx.db, UUID(uuid))
        await source_day.count(tx, found.id, now, deliveries=2, records=30, fresh=7, lag_s=90)
        await tx.execute(
            "insert into source_quality (source_id, week, volume, exclusive, first, delay_s, good,"
            " bad, sample, made_at) values (%s, %s, 100, 0.25, 0.5, 7200, 3, 1, 0.5, %s)",
            (found.id, week, now),
        )
    await run(house, "ana", source.show, "abuse")
    said = capsys.readouterr().out
    assert "lag 1.5 min" in said
    assert f"{day}  2           30       7" in said
    await run(house, "ana", source.quality)
    row = capsys.readouterr().out.splitlines()[1].split()
    assert row == ["abuse", str(week), "~100", "25%", "50%", "2", "h", "67%", "4.0"]
    await run(house, "ana", source.kinds)
    said = capsys.readouterr().out
    assert "http: url" in said
    assert "misp" in said.splitlines()[-1]


def test_a_secret_is_read_from_standard_input_as_it_is_typed() -> None:
    typed = ["add", "Warnings", "imaps://soc@mail.example", "--kind", "imap", "--secret", "-",
             "--every", "60"]  # fmt: skip
    _, bound, _ = source.app.parse_args(typed, exit_on_error=False)
    assert bound.arguments["secret"] == "-"
    assert bound.arguments["every"] == 60
