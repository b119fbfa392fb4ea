"""Notifications of the database, for as long as somebody listens."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import LiteralString

import psycopg
from msgspec import Struct
from psycopg import sql

from zvon.store.pool import dsn_of
from zvon.store.transaction import Pool

RETRY_S = 0.5


class Notice(Struct, frozen=True):
    """One notification. An empty `channel` means: (re)connected, anything may have been missed."""

    channel: str
    payload: str


async def listen(pool: Pool, channels: Sequence[LiteralString]) -> AsyncGenerator[Notice]:
    """Yield what comes on `channels`, on a connection of its own; never ends by itself.

    The first notice, and one after each lost connection, has an empty channel: read the state
    anew then. A lost connection is taken up again every half second.
    """
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                dsn_of(pool), autocommit=True
            ) as connection:
                for channel in channels:
                    await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
                yield Notice("", "")
                async for note in connection.notifies():
                    yield Notice(note.channel, note.payload)
        except psycopg.OperationalError:
            await asyncio.sleep(RETRY_S)
