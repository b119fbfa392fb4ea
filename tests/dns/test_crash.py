"""The process dies in the middle of publishing: nothing that was approved is lost."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.blocks import publish
from tests.dns.conftest import Lab, clock
from tests.dns.test_serve import until
from zvon.config import host_port
from zvon.dns.ask import Asker


class Process:
    """`zvon serve dns` in a process of its own."""

    def __init__(self, lab: Lab, dsn: str) -> None:
        self.lab = lab
        self.env = os.environ | {
            "ZVON_ROOT": str(lab.settings.root), "ZVON_DATABASE": dsn,
            "ZVON_DNS": lab.settings.dns,
        }  # fmt: skip

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from zvon.cli import main; main()", "serve", "dns", env=self.env,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(30):
            while True:
                assert self.process.returncode is None, "serve dns ended"
                try:
                    _, writer = await asyncio.open_connection(*host_port(self.lab.settings.dns))
                except OSError:
                    await asyncio.sleep(0.1)
                else:
                    writer.close()
                    return

    async def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


@pytest.mark.server("named")
@pytest.mark.slow
async def test_kill_9_while_publishing_loses_no_approved_block(
    lab: Lab, dsn: str, tmp_path: Path
) -> None:
    _, running = await lab.resolver("bind", tmp_path)
    await lab.stop()
    process = Process(lab, dsn)
    await process.start()
    asker = await Asker.to("127.0.0.1", running.port)
    try:
        await publish(lab.pool, lab.people, clock(), "first.example")
        await until(asker, "first.example", blocked=True)
        approving = asyncio.create_task(many(lab))
        await asyncio.sleep(0.15)
        await process.kill()
        names = await approving
        answer = await asker.ask("first.example")
        assert answer is not None
        assert answer.blocks("nxdomain"), "the resolver goes on without us"
        await process.start()
        for name in names:
            await until(asker, name, blocked=True)
        await until(asker, "control.example", blocked=False)
    finally:
        asker.close()
        await process.kill()


async def many(lab: Lab) -> list[str]:
    names = [f"n{n}.example" for n in range(20)]
    for name in names:
        await publish(lab.pool, lab.people, clock(), name)
    return names
