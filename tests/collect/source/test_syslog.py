"""Syslog over UDP, TCP and TLS becomes deliveries of the source that its sender belongs to."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from psycopg import OperationalError

from tests.collect.site import server_tls
from tests.collect.source.listener import connected, free_port, lines, listening, until
from tests.collect.source.sources import Desk, desk
from zvon.collect.source import gather
from zvon.collect.source.gather import Gatherer
from zvon.collect.source.syslog import Route, Syslog, find
from zvon.store.source import Setup
from zvon.store.transaction import Pool


@pytest.fixture
async def node(pool: Pool, now: datetime, tmp_path: Path) -> Desk:
    return await desk(pool, now, tmp_path)


def has(node: Desk, source: Setup, *wanted: bytes) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return set(wanted) <= set(await lines(node, source))

    return look


async def test_messages_over_udp_and_tcp_go_to_the_source_of_their_sender(node: Desk) -> None:
    udp, tcp = free_port(socket.SOCK_DGRAM), free_port()
    elsewhere = await node.add(
        "syslog", {"peers": ["192.0.2.0/24"]}, name="elsewhere", every_s=None
    )
    local = await node.add("syslog", {"peers": ["127.0.0.0/8"]}, name="local", every_s=None)
    stream = await node.add(
        "syslog", {"peers": ["127.0.0.0/8"], "transport": "tcp"}, name="stream", every_s=None
    )
    async with listening(node, syslog=f"udp:127.0.0.1:{udp},tcp:127.0.0.1:{tcp}"):
        _, writer = await connected(tcp)
        writer.write(b"<13>one line\n11 <13>two\nthr")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b"ee\n<13>cut off")
        writer.close()
        await until(has(node, stream, b"<13>one line", b"<13>two#012thr", b"ee", b"<13>cut off"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for n in range(50):
                sender.sendto(b"<13>datagram %d\n" % n, ("127.0.0.1", udp))
        await until(has(node, local, b"<13>datagram 0", b"<13>datagram 49"))
    assert await lines(node, elsewhere) == []
    assert len(await node.deliveries(local)) <= 3


async def test_messages_over_tls_are_counted_octets(node: Desk, tmp_path: Path) -> None:
    server_tls(tmp_path, "localhost")
    pem, port = tmp_path / "server.pem", free_port()
    source = await node.add("syslog", {"transport": "tls"}, every_s=None)
    async with listening(
        node, syslog_tls=f"127.0.0.1:{port}", syslog_tls_cert=pem, syslog_tls_key=pem
    ):
        trust = ssl.create_default_context(cafile=pem)
        _, writer = await connected(port, ssl=trust, server_hostname="localhost")
        message = "<34>1 2026-11-22T09:00:00Z fw - - - - blokirano ščž".encode()
        writer.write(b"%d %s" % (len(message), message) * 2)
        await writer.drain()
        writer.close()
        await until(has(node, source, message))
    assert await lines(node, source) == [message, message]


async def test_a_sender_that_no_source_names_is_cut_off_and_one_added_later_is_taken(
    node: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zvon.collect.source.listen.LOOK_S", 0.1)
    port = free_port()
    async with listening(node, syslog=f"tcp:127.0.0.1:{port}"):
        reader, writer = await connected(port)
        writer.write(b"<13>early\n")
        assert await reader.read() == b""
        writer.close()
        source = await node.add("syslog", {}, every_s=None)

        async def taken() -> bool:
            _, again = await connected(port)
            again.write(b"<13>late\n")
            again.close()
            return b"<13>late" in await lines(node, source)

        await until(taken)


@pytest.mark.parametrize("address", ["127.0.0.1:514", "tcp:nowhere", "sctp:127.0.0.1:514"])
async def test_a_setting_that_means_nothing_ends_the_worker_with_its_reason(
    node: Desk, address: str
) -> None:
    with pytest.raises(ValueError, match="expected"):
        async with listening(node, syslog=address):
            await asyncio.sleep(0.2)


class Away:
    """Stands for `take` while the database is away."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.away = True
        self.bodies: list[bytes] = []
        monkeypatch.setattr(gather, "take", self)
        monkeypatch.setattr(gather, "REST_S", (0.02,))

    async def __call__(self, _context: Any, _source: int, body: bytes, **_more: Any) -> None:
        if self.away:
            raise OperationalError("the database is away")
        self.bodies.append(body)


async def test_while_the_database_is_away_a_bounded_part_waits_and_the_rest_is_counted(
    node: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = await node.add("syslog", {}, every_s=None)
    take = Away(monkeypatch)
    gatherer = Gatherer(node.context, source, name="syslog", most=1000, every_s=0.02)
    working = asyncio.create_task(gatherer.work())
    taken = [n for n in range(100) if gatherer.offer(b"%03d %s" % (n, b"x" * 95))]
    assert taken == list(range(10))
    assert gatherer.dropped == 90
    waiting = asyncio.create_task(gatherer.put(b"patient"))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    take.away = False
    await asyncio.wait_for(waiting, 5)

    async def all_there() -> bool:
        return b"".join(take.bodies).splitlines()[-1:] == [b"patient"]

    await until(all_there)
    assert len(b"".join(take.bodies).splitlines()) == 11
    assert "90 messages were dropped" in (await node.get(source)).problem
    working.cancel()


async def test_what_was_gathered_is_taken_when_the_worker_ends(
    node: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = await node.add("syslog", {}, every_s=None)
    gatherer = Gatherer(node.context, source, name="syslog", every_s=60)
    working = asyncio.create_task(gatherer.work())
    gatherer.offer(b"last words")
    await asyncio.sleep(0.05)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    await gatherer.finish(5)
    assert await lines(node, source) == [b"last words"]


def test_the_narrowest_network_wins_then_the_port_then_the_transport() -> None:
    def route(name: str, **settings: Any) -> Route:
        return Route(Syslog(**settings), name)  # type: ignore[arg-type]

    routes = [
        route("any"), route("site", peers=["10.0.0.0/8"]), route("branch", peers=["10.1.0.0/16"]),
        route("tls", peers=["10.1.0.0/16"], transport="tls"),
        route("port", peers=["10.1.0.0/16"], port=6515), route("v6", peers=["2001:db8::/32"]),
    ]  # fmt: skip
    asked = {
        ("10.1.2.3", "udp", 514): "branch", ("10.2.2.3", "udp", 514): "site",
        ("192.0.2.1", "tcp", 514): "any", ("10.1.2.3", "tls", 6514): "tls",
        ("10.1.2.3", "tcp", 6515): "port", ("2001:db8::1", "udp", 514): "v6",
        ("::ffff:10.1.2.3", "udp", 514): "branch", ("fe80::1%eth0", "udp", 514): "any",
    }  # fmt: skip
    found: dict[Any, Any] = {key: find(routes, key[0], key[1], key[2]) for key in asked}  # type: ignore[arg-type]
    assert found == asked
    assert find(routes[1:], "192.0.2.1", "udp", 514) is None
