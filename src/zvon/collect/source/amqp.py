"""A queue over AMQP 0-9-1 (RabbitMQ); needs the extra `streams`. At least once: a message that
names itself (`message_id`) counts once however often it comes, others may come again after a crash.
"""

import ssl
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from msgspec import Meta, Struct

from zvon.collect.source.kind import Failed, Kind, Reading
from zvon.collect.source.server import allowed

PREFETCH = 100
CONNECT_S = 15


class Amqp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A queue that exists at a server; the source's secret is the password of `user`."""

    server: Annotated[str, Meta(max_length=300, pattern=r"^amqps?://[^\s@]+$")]
    queue: Annotated[str, Meta(min_length=1, max_length=255)]
    user: Annotated[str, Meta(min_length=1, max_length=200)] = "guest"

    def __post_init__(self) -> None:
        if not urlsplit(self.server).hostname:
            raise ValueError(f"server: {self.server!r} is no amqps://host:port/vhost")


async def follow(reading: Reading) -> None:
    """Take messages until cancelled; each is acknowledged once it is kept."""
    try:
        import aio_pika  # noqa: PLC0415 -- an extra
    except ImportError:
        raise Failed("reading AMQP needs the extra `streams` (aio-pika)") from None
    settings: Amqp = reading.settings
    host, port = _place(settings.server)
    await allowed(reading.context.settings, host, port)
    given: dict[str, Any] = {}
    if settings.server.startswith("amqps:"):
        given["ssl_context"] = ssl.create_default_context(cafile=reading.context.settings.source_ca)
    try:
        connection = await aio_pika.connect(
            _address(settings, reading.secret), timeout=CONNECT_S, **given
        )
        async with connection:
            channel = await connection.channel()
            await channel.set_qos(prefetch_count=PREFETCH)
            queue = await channel.get_queue(settings.queue, ensure=True)
            await reading.alive()
            async with queue.iterator() as messages:
                async for message in messages:
                    await take_one(reading, message)
    except (TimeoutError, aio_pika.exceptions.AMQPError, OSError) as problem:
        # Its words may hold the address, and the password is in there.
        raise Failed(f"{settings.queue} at {host}: {type(problem).__name__}") from None
    raise Failed(f"{settings.queue} at {host}: the connection was lost")


async def take_one(reading: Reading, message: Any) -> None:
    """Keep one message, then acknowledge it."""
    named = message.message_id
    await reading.take(
        message.body, name=str(message.routing_key or reading.settings.queue),
        media_type=str(message.content_type or ""), external=str(named) if named else None,
    )  # fmt: skip
    await message.ack()
    await reading.alive()


def _place(server: str) -> tuple[str, int]:
    parts = urlsplit(server)
    return parts.hostname or "", parts.port or (5671 if parts.scheme == "amqps" else 5672)


def _address(settings: Amqp, secret: str) -> str:
    scheme, _, rest = settings.server.partition("://")
    return f"{scheme}://{quote(settings.user, safe='')}:{quote(secret, safe='')}@{rest}"


AMQP = Kind(name="amqp", how="stream", settings=Amqp, credential="optional", follow=follow)
