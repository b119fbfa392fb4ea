"""Batches over a real NATS server: stored, then acknowledged; in order, once, whatever comes again."""

import asyncio
import os
import subprocess
import sysconfig
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import nats
import pytest
from nats.aio.client import Client

from tests.collect.collector.post import Wire, enrolled, node_of
from tests.collect.collector.test_receive import SPOOL, alert, ends, sealed
from tests.web.conftest import house
from tests.web.house import House
from zvon.cli.demo.resolvers import free_port
from zvon.collect.collector import stream
from zvon.collect.collector import subject as subject_module
from zvon.collect.collector.subject import PREFIX, Subject
from zvon.config import Settings

__all__ = ["house"]
SERVER = Path(sysconfig.get_path("scripts")) / "nats-server"


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    """A server with JetStream."""
    if not SERVER.exists():
        pytest.skip("nats-server is not installed")
    port = free_port()
    with subprocess.Popen(
        [str(SERVER), "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(tmp_path / "js")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as running:  # fmt: skip
        try:
            yield f"nats://127.0.0.1:{port}"
        finally:
            running.terminate()


async def connected(url: str) -> Client:
    async with asyncio.timeout(20):
        while True:
            try:
                return await nats.connect(url, allow_reconnect=False)
            except (OSError, nats.errors.Error):
                await asyncio.sleep(0.1)


async def test_batches_are_stored_once_and_in_order_and_forged_ones_end(
    house: House, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "AGAIN_S", 0.1)
    await enrolled(house, tmp_path / "c")
    node = node_of(house, tmp_path / "c", Wire(house))
    client = await connected(url)
    settings = Settings(root=house.context.settings.root, collector_nats=url)
    context = msgspec.structs.replace(house.context, settings=settings)
    stop = asyncio.Event()
    serving = asyncio.create_task(stream.serve(context, stop))
    subject = Subject(url, node.identity.collector, node.hand_in)
    first, second, third = (sealed(node, n, [alert(n), alert(n + 10)]) for n in (1, 2, 3))

    async def delivered(octets: bytes) -> int:
        async with asyncio.timeout(20):
            while True:
                try:
                    return await subject.deliver(octets)
                except ConnectionError:  # the node makes the stream
                    await asyncio.sleep(0.1)

    assert [await delivered(each) for each in (first, first, third, second)] == [1, 1, 3, 2]
    jetstream = client.jetstream()
    other = f"{PREFIX}.{SPOOL}"
    for subject_name, octets in (
        (other, second),
        (f"{PREFIX}.{node.identity.collector}", b"noise"),
    ):
        await jetstream.publish(subject_name, octets)
    async with asyncio.timeout(30):
        while (await jetstream.stream_info(stream.STREAM)).state.messages:
            await asyncio.sleep(0.1)
    (end,) = await ends(house, node)
    assert (end.n, end.items, end.lost) == (3, 6, 0)
    assert await house.count("record") == 6
    assert len([r for r in await house.refusals() if r[1] == "collector:send"]) == 1
    stop.set()
    await serving
    await subject.close()
    await client.close()
    await node.close()


async def test_a_batch_too_large_for_the_server_goes_to_the_node_itself(
    url: str, tmp_path: Path
) -> None:
    client = await connected(url)
    went: list[int] = []

    async def direct(octets: bytes) -> int:
        went.append(len(octets))
        return 7

    subject = Subject(url, SPOOL, direct)
    octets = os.urandom(client.max_payload)
    assert await subject.deliver(octets) == 7
    assert went == [len(octets)]
    await subject.close()
    await client.close()


async def test_without_a_server_the_collector_is_told_and_keeps_its_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subject_module, "CONNECT_S", 0.5)

    async def direct(octets: bytes) -> int:
        raise AssertionError

    subject = Subject(f"nats://127.0.0.1:{free_port()}", SPOOL, direct)
    given: Any = b"batch"
    with pytest.raises(ConnectionError):
        await subject.deliver(given)
