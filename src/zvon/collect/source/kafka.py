"""Kafka topics; needs the extra `streams`. Every message once, by the offsets in the cursor."""

import ssl
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct

from zvon.collect.source.kind import Failed, Kind, Reading
from zvon.collect.source.server import allowed
from zvon.config import host_port

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer

AT_ONCE = 1000
POLL_MS = 1000
Place = Annotated[str, Meta(max_length=300, pattern=r"^[^\s/@]+:[0-9]{1,5}$")]
Topic = Annotated[str, Meta(min_length=1, max_length=249, pattern=r"^[A-Za-z0-9._-]+$")]


class Kafka(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Topics of a cluster. With `user` the source's secret is the password (SASL PLAIN)."""

    servers: Annotated[list[Place], Meta(min_length=1, max_length=20)]
    topics: Annotated[list[Topic], Meta(min_length=1, max_length=50)]
    tls: bool = True
    user: Annotated[str, Meta(max_length=200)] = ""

    def __post_init__(self) -> None:
        for each in self.servers:
            host_port(each)


async def follow(reading: Reading) -> None:
    """Take messages until cancelled; offsets are committed after the delivery is."""
    try:
        from aiokafka.errors import KafkaError  # noqa: PLC0415 -- an extra
    except ImportError:
        raise Failed("reading Kafka needs the extra `streams` (aiokafka)") from None
    settings: Kafka = reading.settings
    for each in settings.servers:
        await allowed(reading.context.settings, *host_port(each))
    consumer = _consumer(reading)
    try:
        try:
            await consumer.start()
            await reading.alive()
            while True:
                found = await consumer.getmany(timeout_ms=POLL_MS, max_records=AT_ONCE)
                await take_all(reading, found)
                if found:
                    await consumer.commit()
                await reading.alive()
        finally:
            await consumer.stop()
    except (TimeoutError, KafkaError, OSError) as problem:
        raise Failed(f"{', '.join(settings.topics)}: {str(problem)[:300]}") from None


async def take_all(reading: Reading, found: Mapping[Any, Sequence[Any]]) -> None:
    """Take what of each partition lies behind the cursor, in the order of its offsets."""
    for partition, messages in found.items():
        place = f"{partition.topic}/{partition.partition}"
        offsets: dict[str, int] = reading.cursor.get("offsets", {})
        fresh = [m for m in messages if m.offset >= offsets.get(place, 0) and m.value]
        if not messages:
            continue
        to = {"offsets": {**offsets, place: max(offsets.get(place, 0), messages[-1].offset + 1)}}
        if not fresh:
            await reading.advance(to)
            continue
        body = b"".join(m.value.rstrip(b"\n") + b"\n" for m in fresh)
        await reading.take(body, name=f"{place} {fresh[0].offset}", cursor=to)


def _consumer(reading: Reading) -> "AIOKafkaConsumer":
    from aiokafka import AIOKafkaConsumer  # noqa: PLC0415 -- an extra

    settings: Kafka = reading.settings
    tls = settings.tls
    given: dict[str, Any] = {"security_protocol": "SSL" if tls else "PLAINTEXT"}
    if tls:
        given["ssl_context"] = ssl.create_default_context(cafile=reading.context.settings.source_ca)
    if settings.user:
        given |= {"security_protocol": "SASL_SSL" if tls else "SASL_PLAINTEXT",
                  "sasl_mechanism": "PLAIN", "sasl_plain_username": settings.user,
                  "sasl_plain_password": reading.secret}  # fmt: skip
    return AIOKafkaConsumer(
        *settings.topics, bootstrap_servers=settings.servers,
        group_id=f"zvon-{reading.source.uuid.hex}", enable_auto_commit=False,
        auto_offset_reset="earliest", max_partition_fetch_bytes=1 << 20, **given,
    )  # fmt: skip


KAFKA = Kind(name="kafka", how="stream", settings=Kafka, credential="optional", follow=follow)
