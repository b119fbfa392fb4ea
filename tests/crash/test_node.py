"""kill -9 of any part of a real node, at any time: nothing that was acknowledged is lost."""

import asyncio
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import psycopg
import pytest

from tests.blocks import people_of, publish, rules
from tests.crash.running import Running, until
from zvon.store.folder_lock import FolderLock
from zvon.store.pool import open_pool

pytestmark = pytest.mark.slow
TEXT = "Posta: paket caka, placajte 1,99 EUR na https://posta-si.paket-{n}.example/placilo"


@pytest.fixture(scope="module")
def node() -> Iterator[Running]:
    folder = Path(tempfile.mkdtemp(prefix="zvon-crash-"))
    folder.chmod(0o755)
    running = Running(folder / "node")
    running.start()
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


class Citizens(threading.Thread):
    """People who report without a pause; `numbers` is what the node acknowledged."""

    def __init__(self, node: Running, first: int) -> None:
        super().__init__()
        self.numbers: list[str] = []
        self._node, self._next = node, first
        self._enough = threading.Event()

    def run(self) -> None:
        while not self._enough.wait(0.05):
            self._next += 1
            number = self._node.report(TEXT.format(n=self._next))
            if number is not None:
                self.numbers.append(number)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self.join()

    def wait_for(self, more: int) -> None:
        have = len(self.numbers)
        until(lambda: len(self.numbers) >= have + more)


def statuses(node: Running) -> dict[str, str]:
    with psycopg.connect(node.dsn) as db:
        return dict(db.execute("select number, status from report").fetchall())


def all_answered(node: Running, numbers: list[str]) -> bool:
    known = statuses(node)
    return all(known.get(number) == "answered" for number in numbers)


@pytest.mark.parametrize("part", ["postgres", "web", "worker", "dns"])
def test_a_killed_part_comes_back_and_every_acknowledged_report_is_answered(
    node: Running, part: str
) -> None:
    with Citizens(node, {"postgres": 1000, "web": 2000, "worker": 3000, "dns": 4000}[part]) as they:
        they.wait_for(5)
        node.kill(part)
        they.wait_for(5)
    assert set(they.numbers) <= statuses(node).keys()
    until(lambda: all_answered(node, they.numbers))


def test_the_whole_node_killed_during_ingest_starts_again_with_everything(node: Running) -> None:
    with Citizens(node, 5000) as they:
        they.wait_for(5)
        node.kill("up")
    node.start()
    assert set(they.numbers) <= statuses(node).keys()
    until(lambda: all_answered(node, they.numbers))


def test_a_kill_of_the_database_during_publish_keeps_every_approved_block(node: Running) -> None:
    approved: list[str] = []

    async def approve() -> None:
        async with open_pool(node.dsn, size=2) as pool:
            people = await people_of(pool, datetime.now(UTC))
            killing = None
            for n in range(40):
                name = f"n{n}.published.example"
                try:
                    await publish(pool, people, datetime.now(UTC), name)
                except psycopg.Error:
                    continue  # not acknowledged: it may be there or not
                approved.append(name)
                if len(approved) == 5:
                    killing = asyncio.create_task(asyncio.to_thread(node.kill, "postgres"))
            assert killing is not None
            await killing
            kept = await rules(pool, "hot.si.zvon")
        assert len(approved) > 5
        assert set(approved) <= {owner.rstrip(".") for owner in kept}

    asyncio.run(approve())


def test_a_second_up_says_who_owns_the_folder_and_harms_nothing(node: Running) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "zvon", "up", "--root", node.root],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert second.returncode == 1
    assert f"is run by process {node.pid('up')}" in second.stdout
    assert node.report(TEXT.format(n=9001)) is not None


def test_status_is_good_while_it_runs_and_bad_afterwards(node: Running) -> None:
    def status() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "zvon", "status", "--root", node.root],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    until(lambda: status().returncode == 0)
    assert (node.root / "node.json").exists()
    assert node.stop() == 0
    assert FolderLock(node.root / "up.lock").owner() is None
    assert not (node.root / "data" / "postmaster.pid").exists()
    after = status()
    assert after.returncode == 1
    assert "FAIL  postgres" in after.stdout
    node.start()
