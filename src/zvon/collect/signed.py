"""Signed requests to the node from a machine with a key of its own: outposts and collectors."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from zvon.formats import request

TIMEOUT_S = 20.0
SEED_BYTES = 32

Clock = Callable[[], datetime]
Random = Callable[[int], bytes]


class NotTaken(ValueError):
    """The node refused it; `status` is its HTTP status, `said` the rest of what it answered."""

    def __init__(self, detail: str, status: int, said: dict[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.said = said or {}


class Caller:
    """Speaks to the node `node` at `url` as the machine `me`; `clock` is the node's time."""

    def __init__(
        self, url: str, *, node: UUID, me: UUID, key: Ed25519PrivateKey, clock: Clock,
        random: Random, transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:  # fmt: skip
        self._node, self._me, self.key = node, me, key
        self._clock, self._random = clock, random
        self.http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, transport=transport)

    async def call(
        self, method: str, target: str, content: bytes = b"", media_type: str = "application/json"
    ) -> httpx.Response:
        """One request to a path of the node. Raises `NotTaken`, `httpx.HTTPError`."""
        headers = request.sign(
            method, target, content, node=self._me, key=self.key, asked=self._node,
            now=self._clock(), nonce=self._random(request.NONCE_BYTES),
        )  # fmt: skip
        if content:
            headers["content-type"] = media_type
        return taken(await self.http.request(method, target, content=content, headers=headers))

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()


def taken(answer: httpx.Response) -> httpx.Response:
    """The answer, when it is no refusal. Raises `NotTaken`."""
    if answer.is_success:
        return answer
    try:
        said = msgspec.json.decode(answer.content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = {}
    detail = said.get("detail") or answer.reason_phrase
    status = answer.status_code
    raise NotTaken(f"the node refused it ({status}): {detail}", status, said)


def keep_key(path: Path, seed: bytes) -> None:
    """Write the private key of this machine: for this user alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_bytes(seed)


def proof_of_key(token: str) -> bytes:
    """What a machine signs when it enrols, to show that the key is its own."""
    return b"zvon outpost 1\n" + token.encode()
