"""A certificate transparency log of our own: both interfaces, signed heads, and bad manners."""

import asyncio
import base64
import gzip
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from zvon.formats.ct_tile import WIDTH, Head, tile_path, tree_head

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
ROOT = bytes(32)
HANGS = 0  # instead of a status: the answer begins, and does not end
Reply = tuple[int, dict[str, str], bytes]


@cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def certificate(names: tuple[str, ...], common: str | None = None) -> x509.Certificate:
    """A certificate for `names`, signed by itself; without names it has no such extension."""
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, common)] if common is not None else []
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Primer")]))
        .public_key(_key().public_key())
        .serial_number(7)
        .not_valid_before(BEGIN)
        .not_valid_after(BEGIN + timedelta(days=90))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
    return builder.sign(_key(), SHA256())


def sized(data: bytes, width: int) -> bytes:
    """`data` behind its length."""
    return len(data).to_bytes(width) + data


def tile_leaf(names: tuple[str, ...], *, precert: bool = False, at_ms: int = 1) -> bytes:
    """One entry of a data tile."""
    made = certificate(names)
    whole = made.public_bytes(Encoding.DER)
    head = at_ms.to_bytes(8) + (b"\0\1" if precert else b"\0\0")
    if precert:
        signed = bytes(32) + sized(made.tbs_certificate_bytes, 3)
        return head + signed + sized(b"", 2) + sized(whole, 3) + sized(bytes(64), 2)
    return head + sized(whole, 3) + sized(b"", 2) + sized(bytes(32), 2)


def merkle_leaf(names: tuple[str, ...], *, precert: bool = False, at_ms: int = 1) -> bytes:
    """One `leaf_input` of `get-entries`."""
    made = certificate(names)
    head = b"\0\0" + at_ms.to_bytes(8) + (b"\0\1" if precert else b"\0\0")
    if precert:
        return head + bytes(32) + sized(made.tbs_certificate_bytes, 3) + sized(b"", 2)
    return head + sized(made.public_bytes(Encoding.DER), 3) + sized(b"", 2)


class Log:
    """Entries (sets of names) behind both interfaces. Change the fields to change its manners."""

    def __init__(self, entries: Sequence[tuple[str, ...]]) -> None:
        self.entries = list(entries)
        self.names_tiles = False
        self.partial_tiles = True
        self.zip = False
        self.most_entries = 100
        self.answer: Callable[[str], Reply | None] = lambda _path: None
        self.asked: list[str] = []
        self.url = ""
        self.key = _key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def head(self) -> Head:
        return Head(size=len(self.entries), root=ROOT)

    def signature(self, at_ms: int) -> bytes:
        """The head, signed as RFC 6962 says."""
        return b"\4\3" + sized(_key().sign(tree_head(self.head, at_ms), ec.ECDSA(SHA256())), 2)

    def checkpoint(self, origin: str = "log.example/2026h2") -> bytes:
        text = f"{origin}\n{len(self.entries)}\n{base64.b64encode(ROOT).decode()}\n"
        name = hashlib.sha256(
            origin.encode() + b"\n\x05" + hashlib.sha256(self.key).digest()
        ).digest()[:4]
        raw = name + (5).to_bytes(8) + self.signature(5)
        return f"{text}\n\N{EM DASH} {origin} {base64.b64encode(raw).decode()}\n".encode()

    def reply(self, path: str) -> Reply:
        if (other := self.answer(path)) is not None:
            return other
        if path == "/checkpoint":
            return 200, {}, self.checkpoint()
        if path == "/ct/v1/get-sth":
            return 200, {}, json.dumps({
                "tree_size": len(self.entries), "timestamp": 5,
                "sha256_root_hash": base64.b64encode(ROOT).decode(),
                "tree_head_signature": base64.b64encode(self.signature(5)).decode(),
            }).encode()  # fmt: skip
        if path.startswith("/ct/v1/get-entries?start="):
            first, _, last = path.partition("start=")[2].partition("&end=")
            chosen = self.entries[int(first) : int(last) + 1][: self.most_entries]
            return 200, {}, json.dumps({"entries": [
                {"leaf_input": base64.b64encode(merkle_leaf(e)).decode(), "extra_data": ""}
                for e in chosen
            ]}).encode()  # fmt: skip
        return self._tile(path)

    def _tile(self, path: str) -> Reply:
        for tile in range(len(self.entries) // WIDTH + 1):
            part = self.entries[tile * WIDTH : (tile + 1) * WIDTH]
            for width in {len(part), *range(1, len(part) + 1)} if self.partial_tiles else {WIDTH}:
                if width == WIDTH and len(part) < WIDTH:
                    continue
                if path == "/" + tile_path("data", tile, width):
                    data = b"".join(map(tile_leaf, part[:width]))
                    headers = {"Content-Encoding": "gzip"} if self.zip else {}
                    return 200, headers, gzip.compress(data) if self.zip else data
                if self.names_tiles and path == "/" + tile_path("names", tile, width):
                    rows = [json.dumps({"Index": n, "Timestamp": 1, "DNS": list(names)})
                            for n, names in enumerate(part[:width])]  # fmt: skip
                    return 200, {}, gzip.compress("\n".join(rows).encode())
        return 404, {}, b""


@asynccontextmanager
async def serve(log: Log) -> AsyncIterator[Log]:
    """The log on a free port of loopback; `log.url` says where."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                path = line.split()[1].decode()
                while (await reader.readline()).strip():
                    pass
                log.asked.append(path)
                status, headers, body = log.reply(path)
                if status == HANGS:
                    writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 9999\r\n\r\nhalf of it")
                    await writer.drain()
                    await reader.read()  # until the other side is gone
                    return
                lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}",
                         *(f"{k}: {v}" for k, v in headers.items())]  # fmt: skip
                writer.write("\r\n".join([*lines, "", ""]).encode() + body)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    log.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield log
    finally:
        server.close()
