"""Batches over NATS JetStream, from the collector: safe once the stream has them on disk."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError

from zvon.formats.batch import head_of, message_id

PREFIX = "zvon.intake"
CONNECT_S, TIMEOUT_S = 5.0, 10.0


class Subject:
    """Publishes to `zvon.intake.<collector>`. A batch that is too large for the server goes to
    the node itself, by `direct`.
    """

    def __init__(
        self, server: str, collector: UUID, direct: Callable[[bytes], Awaitable[int]],
        creds: Path | None = None,
    ) -> None:  # fmt: skip
        self._server, self._creds, self._direct = server, creds, direct
        self._subject = f"{PREFIX}.{collector}"
        self._client: Client | None = None

    async def deliver(self, octets: bytes) -> int:
        """Bring a batch to the stream; its number. Raises `ConnectionError`."""
        try:
            client = await self._connected()
            if len(octets) > client.max_payload - 1024:
                return await self._direct(octets)
            await client.jetstream(timeout=TIMEOUT_S).publish(
                self._subject, octets, headers={"Nats-Msg-Id": message_id(octets)}
            )
        except (NatsError, OSError, TimeoutError) as problem:
            raise ConnectionError(f"NATS: {str(problem) or type(problem).__name__}") from None
        return head_of(octets).n

    async def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            await self._client.close()

    async def _connected(self) -> Client:
        if self._client is None or not self._client.is_connected:
            await self.close()
            connecting = nats.connect(
                self._server, name="zvon collector", allow_reconnect=False, error_cb=_quiet,
                user_credentials=None if self._creds is None else str(self._creds),
            )  # fmt: skip
            # By itself it would try for ever, and nobody would be told.
            self._client = await asyncio.wait_for(connecting, CONNECT_S)
        return self._client


async def _quiet(_problem: Any) -> None:
    """What goes wrong is raised where it matters."""
