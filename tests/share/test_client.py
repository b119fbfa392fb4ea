"""The client's side of the handshake: the pin decides, before a byte is sent."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.share.two import Two, free_port
from zvon.formats.note import PeerError
from zvon.share.client import Unreachable, WrongPin, connect


@asynccontextmanager
async def serve(si: Two, folder: Path, answer: bytes, seen: list[bytes]) -> AsyncIterator[int]:
    """A TLS server with SI's certificate that answers everything with `answer`."""
    (folder / "c.pem").write_text(si.context.node.tls_certificate)
    (folder / "c.key").write_text(si.context.node.tls_key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "c.pem", folder / "c.key")
    port = free_port()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read(65536))
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", port, ssl=context)
    async with server:
        yield port


async def get(si: Two, port: int, pin: bytes, *, limit: int = 1000, url: str = "") -> bytes:
    node = si.context.node
    async with connect(
        url or f"https://127.0.0.1:{port}", pin, node=node, asked=node.uuid,
        clock=si.context.clock, random=si.context.random,
    ) as client:  # fmt: skip
        return await client.get("/node", limit=limit)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_the_pinned_server_is_asked_and_another_is_not(si: Two, tmp_path: Path) -> None:
    seen: list[bytes] = []
    async with serve(si, tmp_path, OK, seen) as port:
        assert await get(si, port, si.context.node.tls_pin) == b"ok"
        assert seen[0].startswith(b"GET /peer/v1/node HTTP/1.1")
        with pytest.raises(WrongPin):
            await get(si, port, bytes(32))
        await asyncio.sleep(0.05)
    assert b"".join(seen[1:]) == b""


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + bytes(5000),
    ],
)
async def test_redirects_errors_and_long_answers_are_refused(
    si: Two, tmp_path: Path, answer: bytes
) -> None:
    async with serve(si, tmp_path, answer, []) as port:
        with pytest.raises(PeerError):
            await get(si, port, si.context.node.tls_pin)


@pytest.mark.parametrize(
    "answer", [b"", b"nonsense", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1"]
)
async def test_a_server_that_breaks_off_is_tried_again_later(
    si: Two, tmp_path: Path, answer: bytes
) -> None:
    async with serve(si, tmp_path, answer, []) as port:
        with pytest.raises(Unreachable):
            await get(si, port, si.context.node.tls_pin)


async def test_nobody_there(si: Two) -> None:
    with pytest.raises(Unreachable):
        await get(si, free_port(), si.context.node.tls_pin)
