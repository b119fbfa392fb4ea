"""A drop folder: finished files once each, in order; logs that grow and rotate, line for line."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.collect.source.sources import Desk, desk
from zvon.collect.source.folder import Folder, permitted
from zvon.collect.source.kind import BadSettings, Failed, checked
from zvon.collect.source.kinds import kind
from zvon.store.transaction import Pool


@pytest.fixture
async def node(pool: Pool, now: datetime, tmp_path: Path) -> Desk:
    (tmp_path / "inbox").mkdir()
    return await desk(pool, now, tmp_path)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return tmp_path / "inbox"


def drop(folder: Path, name: str, body: bytes, at: datetime) -> Path:
    path = folder / name
    path.write_bytes(body)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


async def test_finished_files_are_taken_in_order_and_put_away(
    node: Desk, inbox: Path, now: datetime
) -> None:
    drop(inbox, "b.csv", b"second\n", now - timedelta(minutes=1))
    drop(inbox, "a.csv", b"third\n", now - timedelta(seconds=30))
    drop(inbox, "c.csv", b"first\n", now - timedelta(hours=1))
    drop(inbox, "fresh.csv", b"being written\n", now - timedelta(seconds=2))
    drop(inbox, "d.csv.part", b"unfinished\n", now - timedelta(hours=1))
    drop(inbox, "note.txt", b"other\n", now - timedelta(hours=1))
    drop(inbox, "empty.csv", b"", now - timedelta(minutes=2))
    source = await node.add("folder", {"path": str(inbox), "pattern": "*.csv*"})
    after = await node.read(source)
    assert await node.bodies(source) == [b"first\n", b"second\n", b"third\n"]
    assert sorted(p.name for p in (inbox / "done").iterdir()) == ["a.csv", "b.csv", "c.csv"]
    assert [p.name for p in (inbox / "failed").iterdir()] == ["empty.csv"]
    assert "empty.csv" in after.problem
    assert (inbox / "fresh.csv").exists()
    node.forward(timedelta(minutes=1))
    await node.read(source)
    assert (await node.bodies(source))[-1] == b"being written\n"
    assert {p.name for p in inbox.iterdir() if p.is_file()} == {"d.csv.part", "note.txt"}


async def test_a_file_from_the_future_is_taken_once_two_looks_agree(
    node: Desk, inbox: Path, now: datetime
) -> None:
    drop(inbox, "x.csv", b"x\n", now + timedelta(days=400))
    source = await node.add("folder", {"path": str(inbox)})
    await node.read(source)
    assert await node.bodies(source) == []
    await node.read(source)
    assert await node.bodies(source) == [b"x\n"]


async def test_kept_files_are_taken_once_until_they_change(
    node: Desk, inbox: Path, now: datetime
) -> None:
    early = now - timedelta(hours=1)
    drop(inbox, "list.txt", b"one\n", early)
    source = await node.add("folder", {"path": str(inbox), "after": "keep"})
    await node.read(source)
    await node.read(source)
    assert await node.bodies(source) == [b"one\n"]
    drop(inbox, "list.txt", b"one\ntwo\n", early + timedelta(minutes=5))
    after = await node.read(source)
    assert await node.bodies(source) == [b"one\n", b"one\ntwo\n"]
    (inbox / "list.txt").unlink()
    assert list(after.cursor["taken"]) == ["list.txt"]
    assert (await node.read(source)).cursor["taken"] == {}


async def test_a_growing_log_is_followed_through_rotation_and_no_line_is_taken_twice(
    node: Desk, inbox: Path
) -> None:
    log = inbox / "eve.json"
    log.write_bytes(b'{"n":1}\n{"n":2}\n{"n":')
    source = await node.add("folder", {"path": str(inbox), "pattern": "*.json", "mode": "follow"})
    await node.read(source)
    with log.open("ab") as file:
        file.write(b'3}\n{"n":4}\n')
    log.rename(inbox / "eve.json.1")
    log.write_bytes(b'{"n":5}\n')
    await node.read(source)
    await node.read(source)
    lines = b"".join(await node.bodies(source)).splitlines()
    assert lines == [b'{"n":%d}' % n for n in (1, 2, 3, 4, 5)]


async def test_a_log_that_was_put_into_a_folder_by_its_date_is_read_to_its_end(
    node: Desk, inbox: Path
) -> None:
    log = inbox / "alerts.json"
    log.write_bytes(b"".join(b'{"n":%d}\n' % n for n in range(100)))
    source = await node.add("folder", {"path": str(inbox), "pattern": "*.json", "mode": "follow"})
    await node.read(source)
    with log.open("ab") as file:
        file.write(b'{"n":100}\n')
    (inbox / "2026").mkdir()
    log.rename(inbox / "2026" / "alerts-22.json")
    log.write_bytes(b'{"n":101}\n')
    await node.read(source)
    await node.read(source)
    lines = b"".join(await node.bodies(source)).splitlines()
    assert lines == [b'{"n":%d}' % n for n in range(102)]


async def test_long_lines_and_many_of_them_come_whole(node: Desk, inbox: Path) -> None:
    lines = [b'{"n":%d,"x":"%s"}' % (n, b"y" * 100_000) for n in range(40)]
    (inbox / "a.json").write_bytes(b"\n".join(lines) + b"\n")
    source = await node.add("folder", {"path": str(inbox), "pattern": "*.json", "mode": "follow"})
    await node.read(source)
    assert b"".join(await node.bodies(source)).splitlines() == lines
    assert 3 <= len(await node.deliveries(source)) <= 6


async def test_a_link_does_not_lead_out_of_the_folder(
    node: Desk, inbox: Path, tmp_path: Path
) -> None:
    (tmp_path / "node.key").write_bytes(b"secret")
    (inbox / "a.csv").symlink_to(tmp_path / "node.key")
    source = await node.add("folder", {"path": str(inbox)})
    await node.read(source)
    assert await node.deliveries(source) == []


async def test_a_folder_elsewhere_is_not_read(node: Desk, tmp_path: Path) -> None:
    (tmp_path / "node.key").write_bytes(b"secret")
    for path in ("", "inbox/..", "nowhere", "node.key"):
        with pytest.raises(Failed):
            permitted(node.context.settings, str(tmp_path / path))
    source = await node.add("folder", {"path": str(tmp_path)})
    assert (await node.read(source)).failures == 1


@pytest.mark.parametrize("settings", [
    {}, {"path": "/x", "pattern": "../*"}, {"path": "/x", "mode": "watch"},
    {"path": "/x", "unknown": 1}, {"path": "/x", "settle_s": -1},
])  # fmt: skip
def test_settings_that_mean_nothing_are_refused_with_their_place(settings: dict[str, Any]) -> None:
    with pytest.raises(BadSettings, match="settings of folder"):
        checked(kind("folder"), settings)


def test_the_usual_folder_is_emptied(tmp_path: Path) -> None:
    assert checked(kind("folder"), {"path": str(tmp_path)}) == Folder(path=str(tmp_path))
