"""A web server on loopback that says what a test tells it to, byte for byte."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from msgspec import Struct

Answer = bytes | Callable[[str, asyncio.StreamWriter], Awaitable[None]]


class Site(Struct):
    """Where it listens; `asked` are the heads of the requests, `busiest` how many ran at once."""

    port: int
    asked: list[str]
    busiest: int = 0

    def url(self, path: str = "/", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    @property
    def allow(self) -> set[tuple[str, int]]:
        return {("127.0.0.1", self.port)}

    def paths(self) -> list[str]:
        return [head.split(" ")[1] for head in self.asked]


def page(body: bytes | str, *headers: str, status: str = "200 OK") -> bytes:
    """An answer with this body."""
    raw = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(raw)}", "Connection: close"]
    if not any(each.lower().startswith("content-type") for each in headers):
        lines.append("Content-Type: text/html; charset=utf-8")
    return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1") + raw


def moved(to: str, status: str = "302 Found", *headers: str) -> bytes:
    return page("", f"Location: {to}", *headers, status=status)


@asynccontextmanager
async def site(
    answers: Mapping[str, Answer], tls: ssl.SSLContext | None = None
) -> AsyncIterator[Site]:
    """Serve `answers` by path; any other path is not found."""
    here = Site(0, [])
    running = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal running
        running += 1
        here.busiest = max(here.busiest, running)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            here.asked.append(head)
            path = head.split(" ")[1].partition("?")[0]
            answer = answers.get(path, page("nothing", status="404 Not Found"))
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(head, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            running -= 1
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    here.port = server.sockets[0].getsockname()[1]
    try:
        yield here
    finally:
        server.close()


def server_tls(
    folder: Path, *names: str, start: datetime = datetime(2026, 1, 1, tzinfo=UTC), days: int = 36500
) -> ssl.SSLContext:
    """What a server with a certificate of its own for `names` serves with."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Preizkus d.o.o."),
                     x509.NameAttribute(NameOID.COMMON_NAME, names[0])])  # fmt: skip
    built = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who)
        .public_key(key.public_key()).serial_number(7)
        .not_valid_before(start).not_valid_after(start + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]),
                       critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                          serialization.NoEncryption())
        + built.public_bytes(serialization.Encoding.PEM)
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
