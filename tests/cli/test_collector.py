"""`zvon collector`: what an administrator types at the node, and on the machine that collects."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_block import NODE, house
from tests.web.house import House
from zvon.cli import collector
from zvon.cli.api import NodeRefused
from zvon.cli.collector_run import run_sources
from zvon.collect.collector.client import Node
from zvon.collect.collector.config import BadConfig, read
from zvon.store.folder_lock import FolderLock

__all__ = ["house"]


async def run(house: House, who: str, act: Callable[..., None], *given: Any, **more: Any) -> None:
    await asyncio.to_thread(act, *given, node=NODE, key=house.keys[who], **more)


async def test_a_collector_is_made_listed_told_a_policy_and_removed(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(house, "ada", collector.new, "soc-lj")
    token = capsys.readouterr().out.strip()
    assert len(token.rpartition(".")[0]) == 32
    await run(house, "ana", collector.list_collectors)
    assert "not enrolled" in capsys.readouterr().out
    async with house.pool.connection() as db:
        status = {
            "used": 95, "most": 100, "free": 3_000_000_000, "level": 90, "clock_s": -1e6,
            "next_loss": {"source": "netflow", "at": "2026-11-24T11:00:00Z"}, "problems": [],
            "sources": [{"name": "netflow", "kind": "file", "spool": "x", "n": 3, "waiting": 12,
                         "problem": "No such file"}],
        }  # fmt: skip
        await db.execute("update collector set status = %s::jsonb", (json.dumps(status),))
    await run(house, "ana", collector.list_collectors)
    said = capsys.readouterr().out
    assert "12 waiting" in said
    assert "spool over 90 %; first to go: netflow, 2026-11-24T11:00" in said
    assert "clock is -1000000 s off" in said
    await run(house, "ana", collector.show, "soc-lj")
    said = capsys.readouterr().out
    assert "3.0 GB free" in said
    assert "No such file" in said
    await run(house, "ada", collector.policy, "soc-lj", "demo-amber")
    assert "policy demo-amber" in capsys.readouterr().out
    await run(house, "ada", collector.policy, "soc-lj", "none")
    assert "policy none" in capsys.readouterr().out
    await run(house, "ada", collector.list_collectors, json=True)
    (made,) = json.loads(capsys.readouterr().out)["collectors"]
    assert made["policy"] == ""
    with pytest.raises(NodeRefused, match="409"):
        await run(house, "ada", collector.new, "soc-lj")
    with pytest.raises(NodeRefused, match="403"):
        await run(house, "ana", collector.remove, "soc-lj")
    await run(house, "ada", collector.remove, "soc-lj")
    with pytest.raises(NodeRefused, match="no collector"):
        await run(house, "ana", collector.show, "soc-lj")
    await run(house, "ada", collector.new, "soc-lj")


def test_what_stands_in_the_configuration_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "collector.toml"
    path.write_text(
        'via = "nats://127.0.0.1:4222"\nmost_bytes = 1_000_000_000\n'
        '[[source]]\nname = "suricata"\nkind = "file"\npath = "/var/log/eve.json"\npriority = 9\n'
        '[[source]]\nname = "fw"\nkind = "syslog"\nlisten = "tcp://0.0.0.0:514"\n'
        'zone = "Europe/Ljubljana"\n'
    )
    made = read(path)
    assert [each.name for each in made.source] == ["suricata", "fw"]
    for wrong, said in (
        ("", "source"), ("x", "x"), ('[[source]]\nname = "a"\nkind = "file"\n', "path"),
        ('[[source]]\nname = "a"\nkind = "syslog"\nlisten = "514"\n', "listen"),
        ('[[source]]\nname = "a"\nkind = "syslog"\nlisten = "tls://[::]:6514"\n', "cert"),
        ('[[source]]\nname = "a"\nkind = "stdin"\nzone = "Mars/Base"\n', "Mars"),
        ('[[source]]\nname = "a/../b"\nkind = "stdin"\n', "name"),
        ('[[source]]\nname = "a"\nkind = "stdin"\n' * 2, "two sources"),
        ('via = "ftp://x"\n[[source]]\nname = "a"\nkind = "stdin"\n', "via"),
    ):  # fmt: skip
        path.write_text(wrong)
        with pytest.raises(BadConfig, match=said):
            read(path)
    with pytest.raises(BadConfig, match="there is no"):
        read(tmp_path / "other.toml")


def test_a_machine_that_nobody_enrolled_and_one_that_runs_already_say_so(tmp_path: Path) -> None:
    path = tmp_path / "collector.toml"
    path.write_text('[[source]]\nname = "a"\nkind = "stdin"\n')
    with pytest.raises(FileNotFoundError, match="enrol"):
        run_sources(tmp_path / "nobody", path)
    with pytest.raises(FileNotFoundError, match="enrol"):
        run_sources(tmp_path, path)
    lock = FolderLock(tmp_path / "lock")
    assert lock.take()
    with pytest.raises(RuntimeError, match="another collector"):
        run_sources(tmp_path, path)
    lock.give_up()
    with pytest.raises(FileNotFoundError, match="holds no collector"):
        Node.read(tmp_path, lambda: None, bytes)  # type: ignore[arg-type, return-value]
