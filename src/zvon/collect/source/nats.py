"""A NATS subject: over JetStream every message once, over plain NATS at most once.

JetStream gives a message again until it is acknowledged, and that happens after the commit. What
was taken is kept in the cursor, in the transaction of the delivery, down to what the server knows
as acknowledged; a message that comes again because its acknowledgement was lost counts once.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any
from urllib.parse import urlsplit

import nats
from msgspec import Meta, Struct
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from zvon.collect.source.gather import Gatherer
from zvon.collect.source.kind import Failed, Kind, Reading
from zvon.collect.source.ranges import added, holds
from zvon.collect.source.server import allowed

AT_ONCE = 1000
FETCH_S = 1.0
ACK_WAIT_S = 60.0
MOST_JOINED = 64 * 1024
Server = Annotated[str, Meta(max_length=300, pattern=r"^(nats|tls)://[^\s/@]+$")]
Word = Annotated[str, Meta(max_length=200, pattern=r"^[^\s*>.]*$")]


class Nats(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A subject (wildcards allowed) of these servers; with `stream`, over JetStream.

    With `user` the source's secret is the password, else a token. Without a stream messages that
    come while nobody listens are gone: at most once.
    """

    servers: Annotated[list[Server], Meta(min_length=1, max_length=10)]
    subject: Annotated[str, Meta(min_length=1, max_length=300, pattern=r"^[^\s]+$")]
    stream: Word = ""
    user: Annotated[str, Meta(max_length=200)] = ""

    def __post_init__(self) -> None:
        for each in self.servers:
            _place(each)


def _place(server: str) -> tuple[str, int]:
    parts = urlsplit(server)
    if not parts.hostname:
        raise ValueError(f"servers: {server!r} is no nats://host:port")
    return parts.hostname, parts.port or 4222


async def follow(reading: Reading) -> None:
    """Take messages until cancelled."""
    settings: Nats = reading.settings
    for each in settings.servers:
        await allowed(reading.context.settings, *_place(each))
    try:
        lost = asyncio.Event()
        async with _connected(reading, lost) as client:
            if settings.stream:
                await _stream(reading, client.jetstream(timeout=10))
            else:
                await _plain(reading, client, lost)
    except (NatsError, OSError, TimeoutError) as problem:
        raise Failed(f"{settings.subject}: {_words(problem)}") from None


@asynccontextmanager
async def _connected(reading: Reading, lost: asyncio.Event) -> AsyncIterator[Client]:
    settings: Nats = reading.settings
    given: dict[str, Any] = {}
    if reading.secret and settings.user:
        given = {"user": settings.user, "password": reading.secret}
    elif reading.secret:
        given = {"token": reading.secret}
    if any(each.startswith("tls:") for each in settings.servers):
        given["tls"] = ssl.create_default_context(cafile=reading.context.settings.source_ca)

    async def quiet(_problem: Exception) -> None:
        """What goes wrong is raised where it matters."""

    async def closed() -> None:
        lost.set()

    client = await nats.connect(
        settings.servers, name=f"zvon {reading.source.name}", connect_timeout=10,
        max_reconnect_attempts=2, reconnect_time_wait=1, error_cb=quiet, closed_cb=closed, allow_reconnect=True,
        **given,
    )  # fmt: skip
    try:
        yield client
    finally:
        with suppress(NatsError, OSError, TimeoutError):
            await client.close()


async def _stream(reading: Reading, jetstream: JetStreamContext) -> None:
    settings: Nats = reading.settings
    durable = f"zvon-{reading.source.uuid.hex}"
    subscription = await jetstream.pull_subscribe(
        settings.subject, durable=durable, stream=settings.stream,
        config=ConsumerConfig(
            ack_policy=AckPolicy.EXPLICIT, deliver_policy=DeliverPolicy.ALL,
            ack_wait=ACK_WAIT_S, max_ack_pending=4 * AT_ONCE,
        ),
    )  # fmt: skip
    await reading.alive()
    while True:
        try:
            messages = await subscription.fetch(AT_ONCE, timeout=FETCH_S)
        except TimeoutError:
            await reading.alive()
            continue
        known = await subscription.consumer_info()
        floor = known.ack_floor.stream_seq if known.ack_floor else 0
        await _take_all(reading, messages, floor)


async def _take_all(reading: Reading, messages: Sequence[Msg], floor: int) -> None:
    """Take those that are new, together where they are lines, and acknowledge all."""
    taken = reading.cursor.get("taken", [])
    fresh = [m for m in messages if not holds(taken, m.metadata.sequence.stream)]
    for group in joined(fresh):
        numbers = [m.metadata.sequence.stream for m in group]
        to = added(reading.cursor.get("taken", []), numbers, floor)
        body = (
            b"".join(m.data.rstrip(b"\n") + b"\n" for m in group)
            if len(group) > 1
            else group[0].data
        )
        await reading.take(body, name=f"{group[0].subject} {numbers[0]}", cursor={"taken": to})
        await reading.alive()
    for message in messages:
        await message.ack()


def joined(messages: Sequence[Msg]) -> list[list[Msg]]:
    """Messages that are one line each go together; one with lines of its own stays alone."""
    groups: list[list[Msg]] = []
    line = False
    for message in messages:
        single = len(message.data) <= MOST_JOINED and b"\n" not in message.data.rstrip(b"\n")
        if single and line:
            groups[-1].append(message)
        else:
            groups.append([message])
        line = single
    return groups


async def _plain(reading: Reading, client: Client, lost: asyncio.Event) -> None:
    settings: Nats = reading.settings
    gatherer = Gatherer(reading.context, reading.source, name=settings.subject)

    async def came(message: Msg) -> None:
        gatherer.offer(message.data.rstrip(b"\n"))

    await client.subscribe(settings.subject, queue=f"zvon-{reading.source.uuid.hex}", cb=came)
    await client.flush(timeout=10)
    await reading.alive()
    working = asyncio.create_task(gatherer.work())
    try:
        await lost.wait()
        raise Failed(f"{settings.subject}: the connection was lost")
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        await gatherer.finish(3.0)


def _words(problem: BaseException) -> str:
    return str(problem)[:300] or type(problem).__name__


NATS = Kind(name="nats", how="stream", settings=Nats, credential="optional", follow=follow)
