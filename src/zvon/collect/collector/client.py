"""A collector's side of the talk with its node, whose every answer has to be signed."""

import base64
import os
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from zvon.collect.signed import (
    SEED_BYTES,
    TIMEOUT_S,
    Caller,
    Clock,
    NotTaken,
    Random,
    keep_key,
    proof_of_key,
    taken,
)
from zvon.formats import reply
from zvon.model.collector import Enrolled, Orders, Sharing, Status, Taken

KEY_FILE, IDENTITY_FILE, STATE_FILE = "collector.key", "collector.json", "node.json"
BATCH = "application/octet-stream"
T = TypeVar("T", bound=Struct)


class WrongNode(ValueError):
    """Who answered is not the node that this collector belongs to."""


class Identity(Struct, frozen=True, kw_only=True):
    """Which collector this is, and of which node; `node_key` is hexadecimal."""

    url: str
    node: UUID
    node_key: str
    collector: UUID
    name: str


class Told(Struct, frozen=True, kw_only=True):
    """What the node said last, for starts without it: the policy, and how wrong our clock is."""

    policy: Sharing | None = None
    ahead_s: float = 0.0


class _Now(Struct, frozen=True):
    now: datetime


def enrol(url: str, token: str, random: Random, http: httpx.Client | None = None) -> tuple[Enrolled, bytes]:  # fmt: skip
    """Hand in a new key with the one-time token; what the node says it is for, and the key's seed.

    The token ends with a fingerprint of the node's key, which has to sign the answer. Raises
    `FileExistsError`, `WrongNode`, `NotTaken`, `httpx.HTTPError`.
    """
    seed = random(SEED_BYTES)
    key = Ed25519PrivateKey.from_private_bytes(seed)
    asked = msgspec.json.encode({
        "token": token,
        "public_key": base64.b64encode(key.public_key().public_bytes_raw()).decode(),
        "signature": base64.b64encode(key.sign(proof_of_key(token))).decode(),
    })  # fmt: skip
    post = httpx.post if http is None else http.post
    answer = taken(
        post(f"{url.rstrip('/')}/api/v1/collectors/enrolment", content=asked,
             headers={"content-type": "application/json"}, timeout=TIMEOUT_S)
    )  # fmt: skip
    said = msgspec.json.decode(answer.content, type=Enrolled)
    public = bytes.fromhex(said.node_key)
    _, dot, fingerprint = token.rpartition(".")
    if dot and not sha256(public).hexdigest().startswith(fingerprint.lower() or "-"):
        raise WrongNode(f"{url} is not the node that made this token")
    _check(asked, answer, public)
    return said, seed


def keep(folder: Path, url: str, said: Enrolled, seed: bytes) -> Identity:
    """Write down the key of this collector and who its node is. Raises `FileExistsError`."""
    if (folder / IDENTITY_FILE).exists():
        raise FileExistsError(f"{folder} holds a collector already")
    identity = Identity(url=url.rstrip("/"), node=said.node, node_key=said.node_key,
                        collector=said.id, name=said.name)  # fmt: skip
    keep_key(folder / KEY_FILE, seed)
    _write(folder / STATE_FILE, msgspec.json.encode(Told(policy=said.policy)))
    _write(folder / IDENTITY_FILE, msgspec.json.encode(identity))
    return identity


class Node:
    """Speaks to the node. `read` it from the folder that `keep` filled."""

    def __init__(
        self, identity: Identity, key: Ed25519PrivateKey, folder: Path, clock: Clock,
        random: Random, transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:  # fmt: skip
        self.identity, self.key = identity, key
        self._clock, self._random, self._state = clock, random, folder / STATE_FILE
        self._public = bytes.fromhex(identity.node_key)
        self._base = f"/api/v1/collectors/{identity.collector}"
        self.told = _told(self._state)
        self._caller = Caller(
            identity.url, node=identity.node, me=identity.collector, key=key, clock=self.now,
            random=random, transport=transport,
        )  # fmt: skip

    @classmethod
    def read(
        cls, folder: Path, clock: Clock, random: Random,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> "Node":  # fmt: skip
        """The collector of this folder. Raises `FileNotFoundError` when nobody enrolled here."""
        if not (folder / IDENTITY_FILE).exists():
            raise FileNotFoundError(
                f"{folder} holds no collector; run `zvon collector enrol URL TOKEN` first"
            )
        identity = msgspec.json.decode((folder / IDENTITY_FILE).read_bytes(), type=Identity)
        key = Ed25519PrivateKey.from_private_bytes((folder / KEY_FILE).read_bytes())
        return cls(identity, key, folder, clock, random, transport)

    def now(self) -> datetime:
        """The node's time, as far as we know it: our own clock may be wrong."""
        return self._clock() - timedelta(seconds=self.told.ahead_s)

    async def set_clock(self) -> None:
        """Ask the node what time it is; needs no time of our own."""
        asked = self._random(32)
        answer = await self._caller.call("POST", "/api/v1/collectors/clock", asked, BATCH)
        self._learn(self._checked(asked, answer, _Now).now, self.told.policy)

    async def tell(self, status: Status) -> Orders:
        """Say how we are; learn the policy and what the node has.

        Raises `NotTaken`, `WrongNode`, `httpx.HTTPError`.
        """
        asked = msgspec.json.encode(status)
        try:
            answer = await self._caller.call("POST", f"{self._base}/status", asked)
        except NotTaken as problem:
            if problem.status != 403:
                raise
            await self.set_clock()  # the usual reason is that ours is wrong
            answer = await self._caller.call("POST", f"{self._base}/status", asked)
        orders = self._checked(asked, answer, Orders)
        self._learn(orders.now, orders.policy)
        return orders

    async def hand_in(self, octets: bytes) -> int:
        """Hand a batch in; the newest number of its spool that the node has.

        Raises `NotTaken`, `WrongNode`, `httpx.HTTPError`.
        """
        answer = await self._caller.call("POST", f"{self._base}/batches", octets, BATCH)
        return self._checked(octets, answer, Taken).n

    async def close(self) -> None:
        """Close the connections."""
        await self._caller.close()

    def _checked(self, asked: bytes, answer: httpx.Response, kind: type[T]) -> T:
        _check(asked, answer, self._public)
        return msgspec.json.decode(answer.content, type=kind)

    def _learn(self, now: datetime, policy: Sharing | None) -> None:
        """Keep it when it says something else: the next start may be without the node."""
        ahead = round((self._clock() - now).total_seconds(), 1)
        known = self.told
        if policy == known.policy and abs(ahead - known.ahead_s) < 2:
            return
        self.told = Told(policy=policy, ahead_s=ahead)
        _write(self._state, msgspec.json.encode(self.told))


def _check(asked: bytes, answer: httpx.Response, key: bytes) -> None:
    if not reply.check(asked, answer.content, answer.headers.get(reply.HEADER, ""), key):
        raise WrongNode("the answer is not signed by our node")


def _told(path: Path) -> Told:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Told)
    except FileNotFoundError:
        return Told()


def _write(path: Path, octets: bytes) -> None:
    """Replace a file whole: after a crash it is the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(path.name + ".new")
    with new.open("wb") as opened:
        opened.write(octets)
        opened.flush()
        os.fsync(opened.fileno())
    new.replace(path)
