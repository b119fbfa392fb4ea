"""`zvon probe` and `zvon collector`: the chain proved, and both programs at work as processes."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from tests.blocks import publish
from tests.browser.node import _listening
from tests.dns.conftest import Lab, clock, laboratory
from tests.dns.test_outpost import hidden, state
from tests.store.test_receipt import chain
from zvon.access.node import create_node, node
from zvon.cli.collector import run
from zvon.cli.demo.resolvers import free_port
from zvon.cli.probe import verify
from zvon.config import Settings
from zvon.jobs import Context
from zvon.model.lifecycle import BlockState
from zvon.store import hit, outpost
from zvon.store.pool import open_pool
from zvon.store.subscriber import Subscriber
from zvon.store.transaction import Pool, transaction

COMMAND = [sys.executable, "-c", "from zvon.cli import main; main()"]


@pytest.fixture
def root(dsn: str, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a node with three receipts."""

    async def fill() -> None:
        settings = Settings(root=tmp_path)
        async with open_pool(dsn, size=2) as pool:
            async with transaction(pool, now) as tx:
                await create_node(tx, settings, now, os.urandom)
            async with pool.connection() as db:
                me = await node(db, settings.key_file.read_bytes())
            await chain(pool, now, me.signing.sign)

    asyncio.run(fill())
    monkeypatch.setenv("ZVON_DATABASE", dsn)
    return tmp_path


def test_a_whole_chain_is_said_to_be_unbroken_and_a_tampered_row_is_named(
    root: Path, dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(root=root) == 0
    assert capsys.readouterr().out == "probe: 3 receipts, chains unbroken\n"
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("update receipt set blocked_at = blocked_at - interval '1 s' where n = 2")
    assert verify(root=root) == 1
    assert capsys.readouterr().out.startswith("receipt node:2: was changed")
    assert verify(root=root, json=True) == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["prober"], problem["n"]) == ("node", 2)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"brand": "bind"}, "--log"), ({"brand": "pdns"}, "--listen"),
        ({"brand": "dnsmasq", "log": Path("x")}, "--brand"),
    ],
)  # fmt: skip
def test_a_collector_says_what_it_lacks(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        run(**given)  # type: ignore[arg-type]


@pytest.fixture
async def lab(pool: Pool, tmp_path: Path) -> AsyncIterator[Lab]:
    async with laboratory(pool, clock(), tmp_path) as made:
        yield made


@asynccontextmanager
async def process(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    started = await asyncio.create_subprocess_exec(
        *COMMAND, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


async def enrolled(lab: Lab, of: Subscriber, url: str, folder: Path) -> None:
    async with transaction(lab.pool, clock()) as tx:
        _, token = await outpost.create(tx, lab.people["ada"], of.uuid, "test", clock(), os.urandom)
    words = ("probe", "enrol", "--node", url, "--key", token, "--state", str(folder))
    async with process(*words) as done:
        out, _ = await done.communicate()
        assert done.returncode == 0, out
    assert (folder / "outpost.key").stat().st_mode & 0o777 == 0o600


async def test_both_programs_work_as_processes_also_with_the_node_away(
    lab: Lab, tmp_path: Path
) -> None:
    made, resolver = await hidden(lab, tmp_path, "hidden")
    async with lab.pool.connection() as db:
        me = await node(db, lab.settings.key_file.read_bytes())
    context = Context(lab.pool, lab.settings, me, clock, os.urandom)
    port = free_port()
    url, folder, log = f"http://127.0.0.1:{port}", tmp_path / "post", tmp_path / "unbound.log"
    log.touch()
    collect = ("collector", "run", "--brand", "unbound", "--log", str(log), "--state", str(folder))
    async with _listening(context, port):
        await enrolled(lab, made, url, folder)
        async with process(
            "probe", "run", "--state", str(folder), "--resolver", f"127.0.0.1:{resolver}"
        ):
            (row,) = await publish(lab.pool, lab.people, clock(), "evil.example")
            async with asyncio.timeout(90):
                while (await state(lab, row)).block.state is not BlockState.ENFORCED:
                    await asyncio.sleep(0.1)
    line = (
        f"[{int(clock().timestamp())}] unbound[1:0] info: rpz: applied [hot.si.zvon] evil.example."
        " rpz-nxdomain 203.0.113.7@1 evil.example. A IN\n"
    )
    # The node is away: what is counted waits in the spool.
    async with process(*collect):
        await segments(folder, 1)
        log.write_text(line * 42)
        await segments(folder, 200)
        since = row.proposed_at.replace(second=0, microsecond=0)
        async with _listening(context, port), asyncio.timeout(90):
            while await counted(lab, row.uuid, since) < 42:
                await asyncio.sleep(0.2)
        assert await counted(lab, row.uuid, since) == 42


async def counted(lab: Lab, block: UUID, since: datetime) -> int:
    async with lab.pool.connection() as db:
        return await hit.count(db, block, since)


async def segments(folder: Path, octets: int) -> None:
    """Wait until the spool holds so much."""
    async with asyncio.timeout(90):
        while sum(p.stat().st_size for p in (folder / "spool").glob("*.seg")) < octets:
            await asyncio.sleep(0.1)
