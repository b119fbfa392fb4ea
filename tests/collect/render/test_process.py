"""The browser has its own user and profile, keeps its sandbox, and nothing of it stays behind."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collect.render.conftest import no_browser
from zvon.collect.render import profile
from zvon.collect.render.arguments import BYPASS, NOWHERE, arguments
from zvon.collect.render.process import NoBrowser, find, memory, running
from zvon.config import Settings

CHILD = """
import asyncio
from zvon.collect.render.process import find, running
async def main():
    async with running(find(None)) as browser:
        print(browser.group, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for profiles that no other test uses, and that the browser's user may enter."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


def members(group: int) -> list[int]:
    """The living processes of a session."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat[3]) == group and stat[0] != "Z":
            found.append(int(folder.name))
    return found


def gone(group: int) -> bool:
    for _ in range(100):
        if not members(group):
            return True
        time.sleep(0.05)
    return False


def profiles(room: Path) -> list[Path]:
    return list(room.glob("zvon-look-*"))


@pytest.mark.browser
async def test_it_runs_in_its_sandbox_as_nobody_else_and_leaves_nothing(room: Path) -> None:
    try:
        async with running(find(None)) as browser:
            (place,) = profiles(room)
            folder = place / "profile"
            everybody = [Path(f"/proc/{pid}") for pid in members(browser.group)]
            lines = [(each / "cmdline").read_bytes() for each in everybody]
            assert not any(b"--no-sandbox" in line for line in lines)
            assert browser.version.count(".") == 3
            if os.geteuid() == 0:
                owners = {each.stat().st_uid for each in everybody}
                assert 0 not in owners
                assert {folder.stat().st_uid} == owners
                assert folder.stat().st_mode & 0o077 == 0
            namespaces = {(each / "ns/user").readlink() for each in everybody}
            assert len(namespaces) > 1  # the renderer's is its own
            assert 10_000_000 < memory(browser.group) < 512 * 2**20
    except NoBrowser as problem:
        no_browser(problem)
    assert gone(browser.group)
    assert profiles(room) == []


@pytest.mark.browser
async def test_it_ends_when_its_reader_fails(room: Path) -> None:
    try:
        with pytest.raises(ZeroDivisionError):
            async with running(find(None)) as browser:
                raise ZeroDivisionError
    except NoBrowser as problem:
        no_browser(problem)
    assert gone(browser.group)
    assert profiles(room) == []


@pytest.mark.browser
async def test_it_dies_with_the_worker_and_the_next_one_clears_up(room: Path) -> None:
    worker = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    said = await asyncio.to_thread(worker.stdout.readline)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    if not said:
        no_browser(NoBrowser("sandbox"))
    assert gone(int(said))
    assert profiles(room)
    profile.clear()
    assert profiles(room) == []


def test_nothing_opens_the_sandbox_or_the_network() -> None:
    said = arguments(Path("/profile"))
    assert not [each for each in said if "sandbox" in each or "remote-debugging-port" in each]
    assert f"--proxy-server={NOWHERE}" in said
    assert f"--proxy-bypass-list={BYPASS}" in said
    assert "--disable-quic" in said
    assert len({each for each in said if each.startswith("--disable-features=")}) == 1


def test_no_setting_opens_the_sandbox_or_what_the_guard_closes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("SANDBOX", "NO_SANDBOX", "ALLOW", "CHROMIUM_ARGS", "CHROMIUM_FLAGS"):
        monkeypatch.setenv(f"ZVON_{name}", "0")
    fields = Settings.model_fields
    assert not [name for name in fields if "sandbox" in name or "allow" in name or "args" in name]
    monkeypatch.setenv("CHROMIUM_FLAGS", "--no-sandbox")  # of Debian's shell script
    assert not [each for each in arguments(Path("/profile")) if "sandbox" in each]


async def test_no_program_and_no_sandbox_are_told_apart(room: Path) -> None:
    with pytest.raises(NoBrowser, match="missing"):
        find(room / "nothing")
    refuses = room / "chromium"  # ends as Chromium does when it cannot lock itself in
    refuses.write_text("#!/bin/sh\nexit 1\n")
    refuses.chmod(0o755)
    assert find(refuses) == refuses
    with pytest.raises(NoBrowser, match="sandbox"):
        async with running(refuses):
            pass
    assert profiles(room) == []
