"""A file on a resolver follows the list of a node, and stays as it was when anything is wrong."""

import base64
import gzip
import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from zvon.cli.api import NodeRefused
from zvon.cli.dns_pull import BadList, fetch, public_key
from zvon.formats import list_manifest
from zvon.formats.list_manifest import ListHash, Manifest
from zvon.formats.note import PeerError

NODE = UUID(int=7)
BASE = "https://node.example/api/v1/feeds/si"


class Server:
    """A node that serves one list; each field is a lie that it can be told to tell."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.seq = 5
        self.body = b"$ORIGIN si.zvon.\nevil.example CNAME .\n"
        self.signed_body: bytes | None = None
        self.feed = "si"
        self.status = 200
        self.fetched = 0
        self.after: Callable[[], None] = lambda: None

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.status != 200:
            return httpx.Response(self.status, json={"detail": "no"})
        if request.url.path.endswith("/manifest"):
            body = self.body if self.signed_body is None else self.signed_body
            note = list_manifest.write(
                Manifest(feed=self.feed, node=NODE, seq=self.seq, at=datetime.now(UTC),
                         lists=(ListHash("kresd", hashlib.sha256(body).hexdigest(), len(body)),)),
                self.key,
            )  # fmt: skip
            self.after()
            return httpx.Response(200, content=note)
        self.fetched += 1
        return httpx.Response(200, content=gzip.compress(self.body),
                              headers={"Content-Encoding": "gzip"})  # fmt: skip

    def pull(self, out: Path, key: bytes | None = None) -> int | None:
        with httpx.Client(transport=httpx.MockTransport(self.answer)) as http:
            return fetch(http, BASE, "si", "kresd", out, key or self.public)[1]


@pytest.fixture
def server() -> Server:
    return Server()


def test_a_list_is_fetched_once_and_again_when_it_changed(server: Server, tmp_path: Path) -> None:
    out = tmp_path / "si.zone"
    assert server.pull(out) == len(server.body)
    assert out.read_bytes() == server.body
    assert server.pull(out) is None
    assert server.fetched == 1
    server.body, server.seq = b"$ORIGIN si.zvon.\n", 6
    assert server.pull(out) == len(server.body)
    assert out.read_bytes() == server.body
    assert {p.name for p in tmp_path.iterdir()} == {"si.zone", "si.zone.change"}
    assert out.stat().st_mode & 0o777 == 0o644


def test_the_old_file_stays_until_the_new_one_is_whole(server: Server, tmp_path: Path) -> None:
    out = tmp_path / "si.zone"
    server.pull(out)
    held = os.open(out, os.O_RDONLY)
    before = os.fstat(held).st_ino
    server.body, server.seq = b"new", 6
    server.pull(out)
    assert out.stat().st_ino != before  # renamed over it, never written into
    assert os.read(held, 100).startswith(b"$ORIGIN")
    os.close(held)


@pytest.mark.parametrize("wrong", ["key", "feed", "body", "older", "status", "note"])
def test_whatever_is_wrong_leaves_the_file_as_it_was(
    server: Server, tmp_path: Path, wrong: str
) -> None:
    out = tmp_path / "si.zone"
    server.pull(out)
    good, key = server.body, server.public
    server.seq = 6
    if wrong == "key":
        server.key = Ed25519PrivateKey.generate()
    elif wrong == "feed":
        server.feed = "hr"
    elif wrong == "body":
        server.signed_body, server.body = b"signed", b"served by somebody in between"
    elif wrong == "older":
        server.seq, server.body = 4, b"the list of yesterday"
    elif wrong == "status":
        server.status = 403
    else:
        server.body, key = b"x", bytes(32)
    with pytest.raises((BadList, PeerError, NodeRefused)):
        server.pull(out, key)
    assert out.read_bytes() == good
    assert {p.name for p in tmp_path.iterdir()} == {"si.zone", "si.zone.change"}


def test_a_list_that_changed_meanwhile_is_fetched_with_its_new_manifest(
    server: Server, tmp_path: Path
) -> None:
    """The manifest may be of one edition and the list already of the next."""

    def change() -> None:
        server.body, server.seq = b"next edition", 6
        server.after = lambda: None

    server.after = change
    out = tmp_path / "si.zone"
    assert server.pull(out) == len(b"next edition")
    assert server.fetched == 2


def test_a_damaged_file_is_fetched_again(server: Server, tmp_path: Path) -> None:
    out = tmp_path / "si.zone"
    server.pull(out)
    out.write_bytes(b"half")
    assert server.pull(out) == len(server.body)


@pytest.mark.parametrize("text", ["", "AAAA", "not base64!", base64.b64encode(bytes(31)).decode()])
def test_a_public_key_is_32_octets(text: str) -> None:
    with pytest.raises(ValueError, match="32 octets"):
        public_key(text)
