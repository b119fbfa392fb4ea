"""Asking another node: HTTPS to the one key that the invitation named, and signed requests.

The partner's certificate is checked by its public key (SPKI pin) at the end of the handshake,
before a byte of the request is sent; names and authorities are not asked. Redirects are not
followed, answers are cut at a limit, and no proxy or certificate of the environment is used.
"""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from zvon.access.node import Node
from zvon.formats import request
from zvon.formats.note import PeerError

TIMEOUT = httpx.Timeout(15.0, connect=5.0)
MAX_ANSWER = 512 * 1024
PREFIX = "/peer/v1"


class Unreachable(ConnectionError):
    """The partner did not answer in time, or not at all; trying again later is right."""


class WrongPin(PeerError):
    """The server at the partner's address does not hold the partner's key."""

    code = "WRONG_PIN"

    def __init__(self) -> None:
        super().__init__("the server's TLS key is not the one that was promised (pin)")


class Rejected(PeerError):
    """The partner answered with a status that says no."""

    code = "REJECTED"

    def __init__(self, status: int, target: str) -> None:
        super().__init__(f"the peer answered {status} to {target}")
        self.status = status


class _PinMismatch(ssl.SSLError):
    """Ends the handshake; becomes `WrongPin`."""


def pinned_context(pin: bytes) -> ssl.SSLContext:
    """A TLS 1.3 context that accepts exactly the certificate with this public key."""

    class Pinned(ssl.SSLObject):
        """Checks the pin as the last step of the handshake."""

        def do_handshake(self) -> None:
            super().do_handshake()
            certificate = self.getpeercert(binary_form=True)
            if certificate is None or spki_pin(certificate) != pin:
                raise _PinMismatch("pin")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # the pin is stricter than any authority
    context.sslobject_class = Pinned
    return context


def spki_pin(certificate: bytes) -> bytes:
    """SHA-256 of the public key of a DER certificate (RFC 7469 section 2.4)."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    return sha256(
        key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    ).digest()


class PeerClient:
    """One conversation with one node; made by `connect`."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        node: Node,
        asked: UUID,
        clock: Callable[[], datetime],
        random: Callable[[int], bytes],
    ) -> None:
        self._http = http
        self._node = node
        self._asked = asked
        self._clock = clock
        self._random = random

    async def get(self, target: str, *, limit: int = MAX_ANSWER) -> bytes:
        """The body of a 200 answer. Raises `Unreachable`, `WrongPin`, `Rejected`, `PeerError`."""
        return await self._send("GET", target, b"", limit)

    async def post(self, target: str, body: bytes, *, limit: int = MAX_ANSWER) -> bytes:
        """Like `get`; the answer may be 200, 202 or 204."""
        return await self._send("POST", target, body, limit)

    async def _send(self, method: str, target: str, body: bytes, limit: int) -> bytes:
        target = PREFIX + target
        headers = request.sign(
            method,
            target,
            body,
            node=self._node.uuid,
            key=self._node.signing,
            asked=self._asked,
            now=self._clock(),
            nonce=self._random(request.NONCE_BYTES),
        )
        headers["Content-Type"] = "application/octet-stream"
        try:
            async with self._http.stream(method, target, content=body, headers=headers) as answer:
                if answer.status_code not in {200, 201, 202, 204}:
                    raise Rejected(answer.status_code, target)
                return await _read(answer, limit)
        except httpx.ConnectError as problem:
            if _caused_by_pin(problem):
                raise WrongPin from None
            raise Unreachable(f"cannot connect to {self._http.base_url}") from None
        except httpx.HTTPError as problem:
            raise Unreachable(
                f"{self._http.base_url} did not answer ({type(problem).__name__})"
            ) from None


async def _read(answer: httpx.Response, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in answer.aiter_raw():
        size += len(part)
        if size > limit:
            raise PeerError(f"the peer's answer is longer than {limit} bytes")
        parts.append(part)
    return b"".join(parts)


def _caused_by_pin(problem: BaseException | None) -> bool:
    while problem is not None:
        if isinstance(problem, _PinMismatch):
            return True
        problem = problem.__cause__ or problem.__context__
    return False


@asynccontextmanager
async def connect(
    url: str,
    pin: bytes,
    *,
    node: Node,
    asked: UUID,
    clock: Callable[[], datetime],
    random: Callable[[int], bytes],
) -> AsyncIterator[PeerClient]:
    """Open a conversation with the node `asked` at `url`, whose TLS key has `pin`."""
    options: dict[str, Any] = {"trust_env": False, "follow_redirects": False, "timeout": TIMEOUT}
    async with httpx.AsyncClient(
        base_url=url,
        verify=pinned_context(pin),
        headers={"Accept-Encoding": "identity", "User-Agent": "zvon"},
        **options,
    ) as http:
        yield PeerClient(http, node, asked, clock, random)
