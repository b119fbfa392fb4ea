"""The Latvia test: our node is dead, and subscribed resolvers go on blocking and resolving.

In February 2026 an outage of the operator led to public advice to switch the protection off. Here
the processes and the database are killed with SIGKILL under real resolvers.
"""

import asyncio
import os
import shutil
import signal
import struct
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from tests.blocks import publish
from tests.conftest import FAST
from tests.dns import conftest
from tests.dns.conftest import Lab, clock, laboratory
from tests.dns.test_crash import Process
from tests.dns.test_serve import until
from zvon.dns.ask import Asker
from zvon.dns.kit import kit
from zvon.dns.meter import Meter
from zvon.formats import rpz
from zvon.model.zone import serial_newer
from zvon.store.cluster import Cluster
from zvon.store.data_key import DataKeys
from zvon.store.migrate import migrate
from zvon.store.pool import open_pool
from zvon.store.transaction import Pool

IMPATIENT = ("min-refresh-time 1;", "min-refresh-time 1; min-retry-time 1; max-retry-time 1;")
DARK_S = 6.0
"""How long the node is dead in this test; `ZVON_DARK_S` makes it longer (nightly: 600)."""


@pytest_asyncio.fixture
async def lab(pool: Pool, tmp_path: Path) -> AsyncIterator[Lab]:
    """The service, ready, in real time: resolvers have their own clock."""
    async with laboratory(pool, clock(), tmp_path) as made:
        yield made


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of its own, because it is going to be killed."""
    folder = Path(tempfile.mkdtemp(prefix="zvon-latvia-"))
    folder.chmod(0o755)
    made = Cluster(folder / "node", settings=FAST | {"synchronous_commit": "on"})
    made.start()
    migrate(made.dsn())
    yield made
    child = made._child
    made.stop()
    if child is not None:
        child.wait(20)
    shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def asking(port: int) -> AsyncIterator[Asker]:
    asker = await Asker.to("127.0.0.1", port)
    try:
        yield asker
    finally:
        asker.close()


async def dark(askers: list[Asker], blocked: str, seconds: float) -> int:
    """Ask for a blocked name and for fresh ones while we are dead; how many answers were right."""
    loop, right, turn = asyncio.get_running_loop(), 0, 0
    end = loop.time() + seconds
    while loop.time() < end:
        turn += 1
        for asker in askers:
            answer = await asker.ask(blocked)
            assert answer is not None, "a resolver fell silent"
            assert answer.blocks("nxdomain"), "a block was lost while we were dead"
            answer = await asker.ask(f"fresh{turn}.control.example")
            assert answer is not None
            assert answer.resolves, "a resolver stopped resolving while we were dead"
            right += 2
        await asyncio.sleep(0.2)
    return right


def slaughter(cluster: Cluster) -> None:
    """SIGKILL for the whole database."""
    pid = cluster.pid
    assert pid is not None
    children = [
        int(entry.name) for entry in Path("/proc").glob("[0-9]*")
        if _parent(entry) == pid
    ]  # fmt: skip
    for each in (pid, *children):
        try:
            os.kill(each, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _parent(entry: Path) -> int | None:
    try:
        return int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return None


def transfers(meter: Meter) -> int:
    """Full transfers since the start."""
    return sum(meter._full.values())


@pytest.mark.server("named", "unbound")
@pytest.mark.slow
async def test_a_node_that_is_killed_with_its_database_harms_nobody(
    cluster: Cluster, tmp_path: Path
) -> None:
    async with (
        open_pool(cluster.dsn(), size=6, keys=DataKeys(bytes(32), os.urandom)) as pool,
        laboratory(pool, clock(), tmp_path) as lab,
    ):
        bind, unbound = [
            (await lab.resolver(brand, tmp_path, relay=relay))[1]
            for brand, relay in (("bind", None), ("unbound", False))
        ]
        async with asking(bind.port) as one, asking(unbound.port) as two:
            await lab.stop()
            process = Process(lab, cluster.dsn())
            await process.start()
            await publish(pool, lab.people, clock(), "before.example")
            for asker in (one, two):
                await until(asker, "before.example", blocked=True, limit=60)
            await process.kill()
            slaughter(cluster)
            assert cluster._child is not None
            cluster._child.wait(20)
            seconds = float(os.environ.get("ZVON_DARK_S", DARK_S))
            assert await dark([one, two], "before.example", seconds) > 10
            # Back without a database: it serves what it had, and nobody asks for it anew.
            await lab.start(ready=False)
            assert lab.service.registry.zones["hot.si.zvon"].get("before.example") == "."
            assert await dark([one, two], "before.example", 3.0) > 5
            assert transfers(lab.service.meter) == 0, "a storm of transfers on return"
            cluster.restart()
            async with asyncio.timeout(90):
                await lab.service.ready.wait()
            await publish(pool, lab.people, clock(), "after.example")
            zone = lab.service.registry.zones["hot.si.zvon"]
            async with asyncio.timeout(60):
                while zone.get("after.example") is None:
                    await asyncio.sleep(0.05)
            for asker in (one, two):
                await until(asker, "after.example", blocked=True, limit=60)
            assert transfers(lab.service.meter) == 0, "a storm of transfers on return"


@pytest.mark.server("named")
@pytest.mark.slow
@pytest.mark.parametrize(("expire", "lost"), [(3, True), (604_800, False)])
async def test_with_a_short_expire_the_blocks_would_be_lost(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expire: int, lost: bool
) -> None:
    """The control run: the test above can fail, and does with an expire of seconds.

    BIND raises a short expiry to what refreshing and trying again take, so both are made short.
    """
    monkeypatch.setattr(
        rpz, "soa_numbers", lambda serial: struct.pack("!IIIII", serial, 1, 1, expire, 60)
    )
    monkeypatch.setattr(
        conftest, "kit",
        lambda *given, **more: [
            msgspec.structs.replace(file, text=file.text.replace(*IMPATIENT))
            for file in kit(*given, **more)
        ],
    )  # fmt: skip
    _, running = await lab.resolver("bind", tmp_path)
    async with asking(running.port) as asker:
        await publish(lab.pool, lab.people, clock(), "before.example")
        await until(asker, "before.example", blocked=True, limit=60)
        await lab.stop()
        if lost:
            await until(asker, "before.example", blocked=False, limit=30)
        else:
            assert await dark([asker], "before.example", 6.0) > 10


async def test_after_a_day_what_expired_is_gone_and_what_lives_is_there(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty-four hours by the clock: serials go on, and a resolver gets the difference."""
    names = ("short.example", "long.example")
    await publish(lab.pool, lab.people, clock(), *names)
    zone = lab.service.registry.zones["hot.si.zvon"]
    async with asyncio.timeout(10):
        while zone.get("long.example") is None:
            await asyncio.sleep(0.01)
    before = zone.serial
    async with lab.pool.connection() as db:
        await db.execute("update block set expires_at = %s where name = 'short.example'",
                         (clock() + timedelta(hours=12),))  # fmt: skip
    await lab.stop()
    tomorrow = datetime.now(UTC) + timedelta(hours=24)
    assert rpz.soa_numbers(1)[12:16] == struct.pack("!I", 604_800)
    monkeypatch.setattr(conftest, "clock", lambda: tomorrow)
    await lab.start()
    zone = lab.service.registry.zones["hot.si.zvon"]
    async with asyncio.timeout(10):
        while zone.get("short.example") == ".":
            await asyncio.sleep(0.01)
    assert zone.get("long.example") == "."
    assert serial_newer(zone.serial, before)
    assert zone.difference(before) is not None
