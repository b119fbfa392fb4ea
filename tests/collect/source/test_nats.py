"""NATS with the real server: every message of a stream once, whatever is lost on the way."""

import asyncio
import json
import subprocess
import sysconfig
from collections.abc import AsyncIterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import nats
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import StreamConfig
from psycopg import OperationalError

from tests.collect.source.listener import free_port, lines, listening, until
from tests.collect.source.sources import Desk, desk
from zvon.collect import take as collect_take
from zvon.collect.source import kind
from zvon.collect.source import nats as source_nats
from zvon.collect.source.ranges import added, holds
from zvon.store.source import Setup
from zvon.store.transaction import Pool

SERVER = Path(sysconfig.get_path("scripts")) / "nats-server"


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    """A server with JetStream."""
    if not SERVER.exists():
        pytest.skip("nats-server is not installed")
    free = free_port()
    with subprocess.Popen(
        [str(SERVER), "-a", "127.0.0.1", "-p", str(free), "-js", "-sd", str(tmp_path / "js")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as running:  # fmt: skip
        try:
            yield free
        finally:
            running.terminate()


@pytest.fixture
async def client(port: int) -> AsyncIterator[Client]:
    made: Client | None = None
    async with asyncio.timeout(20):
        while made is None:
            try:
                made = await nats.connect(f"nats://127.0.0.1:{port}", allow_reconnect=False)
            except (OSError, nats.errors.Error):
                await asyncio.sleep(0.1)
    jetstream = made.jetstream()
    await jetstream.add_stream(StreamConfig(name="EVENTS", subjects=["events.>"]))
    yield made
    await made.close()


@pytest.fixture
async def node(pool: Pool, now: datetime, tmp_path: Path, port: int) -> Desk:
    return await desk(pool, now, tmp_path, f"127.0.0.1:{port}")


async def stream_of(node: Desk, port: int, **more: Any) -> Setup:
    settings = {"servers": [f"nats://127.0.0.1:{port}"], "subject": "events.>", "stream": "EVENTS"}
    return await node.add("nats", {**settings, **more}, every_s=None)


async def publish(client: Client, start: int, end: int) -> None:
    jetstream = client.jetstream()
    for n in range(start, end):
        await jetstream.publish("events.a", json.dumps({"n": n}).encode())


async def numbers(node: Desk, source: Setup) -> list[int]:
    return [json.loads(line)["n"] for line in await lines(node, source)]


async def test_every_message_of_a_stream_is_taken_once_and_again_after_a_restart(
    node: Desk, client: Client, port: int
) -> None:
    await publish(client, 0, 300)
    source = await stream_of(node, port)

    async def come(count: int) -> None:
        async def so() -> bool:
            return len(await numbers(node, source)) >= count

        await until(so)

    async with listening(node):
        await come(300)
        await publish(client, 300, 320)
        await come(320)
    await publish(client, 320, 330)
    async with listening(node):
        await come(330)
    assert await numbers(node, source) == list(range(330))
    after = await node.get(source)
    assert (after.problem, after.read_at) == ("", node.now)


async def test_a_message_whose_acknowledgement_was_lost_comes_again_and_counts_once(
    node: Desk, client: Client, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_nats, "ACK_WAIT_S", 1.0)
    lost = 0

    async def ack(self: Msg) -> None:
        nonlocal lost
        lost += 1
        if lost > 40:  # each of the first ones was taken, and nobody heard of it
            await client.publish(self.reply, b"+ACK")

    monkeypatch.setattr(Msg, "ack", ack)
    await publish(client, 0, 20)
    source = await stream_of(node, port)
    async with listening(node):

        async def acknowledged() -> bool:
            info = await client.jetstream().consumer_info("EVENTS", f"zvon-{source.uuid.hex}")
            return info.ack_floor is not None and info.ack_floor.stream_seq == 20

        await until(lambda: _known(acknowledged))
    assert lost > 40
    assert await numbers(node, source) == list(range(20))


async def _known(look: Any) -> bool:
    try:
        return bool(await look())
    except nats.errors.Error:
        return False


async def test_what_could_not_be_kept_comes_again_also_behind_newer_messages(
    node: Desk, client: Client, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_nats, "ACK_WAIT_S", 1.5)
    monkeypatch.setattr("zvon.collect.source.listen.FIRST_REST_S", 0.1)
    real, failures = collect_take.take, 0

    async def take(*given: Any, **more: Any) -> Any:
        nonlocal failures
        failures += 1
        if failures == 1:
            raise OperationalError("the database is away")
        return await real(*given, **more)

    monkeypatch.setattr(kind, "take", take)
    await publish(client, 0, 10)
    source = await stream_of(node, port)
    async with listening(node):

        async def failed() -> bool:
            return failures > 0

        await until(failed)
        await publish(client, 10, 20)

        async def all_there() -> bool:
            return len(await numbers(node, source)) >= 20

        await until(all_there)
    assert sorted(await numbers(node, source)) == list(range(20))
    assert (await node.get(source)).cursor["taken"][-1][-1] == 20


async def test_plain_messages_are_gathered_while_somebody_listens(
    node: Desk, client: Client, port: int
) -> None:
    source = await stream_of(node, port, stream="", subject="loose.*")
    async with listening(node):

        async def listened() -> bool:
            await client.publish("loose.x", b'{"n": 1}')
            return bool(await node.deliveries(source))

        await until(listened)
    assert set(await lines(node, source)) == {b'{"n": 1}'}


async def test_a_server_that_is_not_there_is_said_at_the_source(
    node: Desk, pool: Pool, now: datetime, tmp_path: Path
) -> None:
    source = await stream_of(node, 1)
    async with listening(node):

        async def said() -> bool:
            return (await node.get(source)).failures > 0

        await until(said)
    assert "ZVON_SOURCE_HOSTS" in (await node.get(source)).problem


def message(data: bytes) -> Any:
    return type("M", (), {"data": data})()


def test_a_message_with_lines_of_its_own_is_a_delivery_of_its_own() -> None:
    sent = [b"a", b"b\n", b"c\nd", b"e", b"f" * 70_000, b"g"]
    found = [[m.data for m in group] for group in source_nats.joined([message(d) for d in sent])]
    assert found == [[b"a", b"b\n"], [b"c\nd"], [b"e"], [b"f" * 70_000], [b"g"]]


@given(st.lists(st.sets(st.integers(1, 60)), max_size=6), st.integers(0, 60))
def test_ranges_hold_exactly_what_was_added_above_the_floor(
    batches: list[set[int]], floor: int
) -> None:
    ranges: list[list[int]] = []
    for batch in batches:
        ranges = added(ranges, batch)
    ranges = added(ranges, [], floor)
    every = set().union(*batches)
    assert {n for n in range(70) if holds(ranges, n)} == {n for n in every if n > floor}
    assert all(a[1] + 1 < b[0] for a, b in pairwise(ranges))
