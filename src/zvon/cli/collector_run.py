"""`zvon collector run`: the program on a SOC's machine, until it is told to stop."""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zvon.privacy.facts import Facts
    from zvon.privacy.pseudonym import Domain


def run_sources(state: Path, config: Path) -> None:
    """Read, keep and send. Raises `BadConfig`, `FileNotFoundError` where nobody enrolled."""
    if not state.is_dir():
        raise FileNotFoundError(
            f"{state} holds no collector; run `zvon collector enrol URL TOKEN` first"
        )
    asyncio.run(_run(state, config))


async def _run(state: Path, path: Path) -> None:
    from zvon.collect.collector import config as configuration
    from zvon.collect.collector.client import Node
    from zvon.collect.collector.program import Program
    from zvon.store.folder_lock import FolderLock

    def clock() -> datetime:
        return datetime.now(UTC)

    config = configuration.read(path)

    def facts() -> "Facts":
        from zvon.privacy.facts import read_register, with_brands

        texts = (each.read_text(encoding="utf-8") for each in config.registers)
        return with_brands(read_register(texts))

    def keys(group: str) -> "Domain":
        from zvon.cli import keyring

        return keyring.domain(state / "keys", group, f"{clock():%Y-%m}")

    lock = FolderLock(state / "lock")
    if not lock.take():  # two would both number batches
        raise RuntimeError(f"another collector runs in {state}")
    try:
        node = Node.read(state, clock, os.urandom)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        subject = None
        if config.via != "https":
            from zvon.collect.collector.subject import Subject

            subject = Subject(config.via, node.identity.collector, node.hand_in, config.nats_creds)
        program = Program(
            config, state, node, clock=clock, random=os.urandom, facts=facts, keys=keys,
            deliver=None if subject is None else subject.deliver,
        )  # fmt: skip
        names = ", ".join(each.name for each in config.source)
        print(f"collector {node.identity.name}, reads {names}", file=sys.stderr)
        try:
            await program.run(stop)
        finally:
            program.close()
            if subject is not None:
                await subject.close()
            await node.close()
    finally:
        lock.give_up()
