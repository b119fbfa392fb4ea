"""The pages of the fixtures' world on loopback: real HTTP and TLS, names and ports mapped to it."""

import asyncio
import ssl
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpcore
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from zvon.collect.fetch.guard import Guard

HOST = "127.0.0.1"
_PARCEL = """<html lang="sl"><head><title>Dostava paketa</title></head><body><h1>Potrdite naslov</h1>
<form action="/next" method="post"><input name="street" autocomplete="street-address">
<input name="card" autocomplete="cc-number"><input name="cvv" autocomplete="cc-csc">
<button>Naprej</button></form></body></html>"""
_OFFICE = """<html lang="en"><head><title>Sign in to your Microsoft 365 account</title></head><body>
<h1>Microsoft 365</h1><form action="/go" method="post"><input type="email" name="login">
<input type="password" name="passwd"><button>Sign in</button></form></body></html>"""
_TAX = """<html lang="sl"><head><title>eDavki – vračilo</title></head><body><h1>FURS eDavki</h1>
<form action="/oddaja" method="post"><input name="iban" placeholder="IBAN">
<input name="card" autocomplete="cc-number"><button>Oddaj</button></form></body></html>"""
_HOME = """<html><head><title>{name}</title></head><body><h1>{name}</h1>
<p>Dobrodošli. Tu je običajna vsebina te strani.</p></body></html>"""
_KITS = {"parcel-card-form": _PARCEL, "office-login": _OFFICE, "tax-refund": _TAX}


class Site:
    """`async with Site(world_text) as site:` serves the world's pages; `site.guard` leads there."""

    def __init__(self, text: str, folder: Path) -> None:
        data = tomllib.loads(text)
        self.names: dict[str, dict[str, Any]] = data["name"]
        self.redirects = {urlsplit(a).hostname: (urlsplit(a).path, b)
                          for a, b in data["redirect"].items()}  # fmt: skip
        self.folder = folder
        self.asked: list[str] = []

    async def __aenter__(self) -> Self:
        self._plain = await asyncio.start_server(self._serve, HOST, 0)
        self._tls = await asyncio.start_server(self._serve, HOST, 0, ssl=self._context())
        ports = {80: self._plain.sockets[0].getsockname()[1],
                 443: self._tls.sockets[0].getsockname()[1]}  # fmt: skip
        self.guard = _Mapped(ports)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._plain.close()
        self._tls.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        path = head.split(" ", 2)[1]
        host = next(line[5:].strip() for line in head.splitlines() if line.lower()[:5] == "host:")
        self.asked.append(host + path)
        writer.write(self._answer(host.partition(":")[0], path))
        await writer.drain()
        writer.close()

    def _answer(self, host: str, path: str) -> bytes:
        from_path, to = self.redirects.get(host, ("", ""))
        if to and path == from_path:
            return _reply("301 Moved Permanently", b"", f"Location: {to}\r\n")
        facts = self.names.get(host) or self.names.get(host.partition(".")[2])
        if facts is None or path == "/favicon.ico":
            return _reply("404 Not Found", b"")
        page = _KITS.get(facts.get("skeleton", ""), _HOME.replace("{name}", host))
        return _reply("200 OK", page.encode())

    def _context(self) -> ssl.SSLContext:
        """A certificate that nobody trusts: kits have worse."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "world.example")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
            .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
            .sign(key, hashes.SHA256())
        )  # fmt: skip
        chain = self.folder / "world.pem"
        pem = serialization.Encoding.PEM
        chain.write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            + made.public_bytes(pem)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        return context


class _Mapped(Guard):
    """Judges as the real guard does; a name of the world is then served from loopback."""

    def __init__(self, ports: dict[int, int]) -> None:
        async def resolve(host: str) -> tuple[str, ...]:
            return ("1.1.1.1",)  # never connected to

        super().__init__(resolve=resolve)
        self.ports = ports

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.AsyncNetworkStream:
        await self.judged(host, port)
        return await self._inner.connect_tcp(HOST, self.ports[port], timeout=timeout)


def _reply(status: str, body: bytes, extra: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n{extra}"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
