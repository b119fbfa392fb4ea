"""Batches over NATS JetStream, at the node: stored first, acknowledged then, in order."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID

import nats
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from zvon.access.refusal import Refused
from zvon.collect.collector.receive import receive
from zvon.collect.collector.subject import CONNECT_S, PREFIX
from zvon.formats.batch import BadBatch
from zvon.jobs import Context
from zvon.store.collector import NoCollector
from zvon.store.collector_spool import MissingBatch, SourceHeld

STREAM, DURABLE = "ZVON_INTAKE", "node"
AT_ONCE, FETCH_S, ACK_WAIT_S = 64, 1.0, 120.0
DUPLICATES_S = 2 * 3600.0
AGAIN_S, HELD_S = 5.0, 60.0
PATIENCE = 100
"""After so many tries a batch that never came is counted as lost, and what follows is taken."""

log = structlog.get_logger("zvon.collector")


async def serve(context: Context, stop: asyncio.Event) -> None:
    """Take batches from the server of the setting `collector_nats` until `stop`; none, no work."""
    server = context.settings.collector_nats
    while server is not None and not stop.is_set():
        try:
            await _serve(context, server, stop)
        except (NatsError, OSError, TimeoutError) as problem:
            log.warning("NATS is away", problem=str(problem) or type(problem).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), AGAIN_S)


async def _serve(context: Context, server: str, stop: asyncio.Event) -> None:
    creds = context.settings.collector_nats_creds
    connecting = nats.connect(
        server, name="zvon node", allow_reconnect=False, error_cb=_quiet,
        user_credentials=None if creds is None else str(creds),
    )  # fmt: skip
    client: Client = await asyncio.wait_for(connecting, CONNECT_S)
    try:
        jetstream = client.jetstream(timeout=10)
        await _stream(jetstream)
        subscription = await jetstream.pull_subscribe(
            f"{PREFIX}.*", durable=DURABLE, stream=STREAM,
            config=ConsumerConfig(
                ack_policy=AckPolicy.EXPLICIT, ack_wait=ACK_WAIT_S, max_ack_pending=4 * AT_ONCE
            ),
        )  # fmt: skip
        while not stop.is_set() and client.is_connected:
            try:
                messages = await subscription.fetch(AT_ONCE, timeout=FETCH_S)
            except TimeoutError:
                continue
            for message in messages:
                await _take(context, message)
    finally:
        await client.close()


async def _stream(jetstream: JetStreamContext) -> None:
    """The stream, made when nobody did; one that is there (with replicas, say) stays as it is.

    When it is full it takes no more, so that what it has not stays in the collectors' spools.
    """
    try:
        await jetstream.stream_info(STREAM)
    except NotFoundError:
        await jetstream.add_stream(
            StreamConfig(
                name=STREAM, subjects=[f"{PREFIX}.*"], storage=StorageType.FILE,
                retention=RetentionPolicy.WORK_QUEUE, discard=DiscardPolicy.NEW,
                duplicate_window=DUPLICATES_S,
            )
        )  # fmt: skip


async def _take(context: Context, message: Msg) -> None:
    """Store a batch, then acknowledge it; what cannot be stored now comes again."""
    sender = None
    with suppress(ValueError):  # a subject that nobody of ours has: the signature decides
        sender = UUID(message.subject.rpartition(".")[2])
    try:
        patient = message.metadata.num_delivered < PATIENCE
        await receive(context, message.data, sender, patient=patient)
    except MissingBatch:
        await message.nak(delay=AGAIN_S)
    except SourceHeld:
        await message.nak(delay=HELD_S)
    except (OperationalError, PoolTimeout) as problem:
        log.warning("the database is away", problem=str(problem))
        await message.nak(delay=AGAIN_S)
    except (BadBatch, Refused, NoCollector) as problem:
        log.warning("a batch is refused", subject=message.subject, problem=str(problem))
        await message.term()
    else:
        await message.ack()


async def _quiet(_problem: Any) -> None:
    """What goes wrong is raised where it matters."""
