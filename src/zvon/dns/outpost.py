"""The small program that runs at a subscriber's: its key, its node, and what it asks for there.

It only ever calls out: what to prove comes from the node, answers from the local resolver, signed
statements go back. Its folder holds the key (0600) and where its node is.
"""

import asyncio
import base64
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
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
from zvon.dns.ask import Asker
from zvon.dns.prove import Ordered, Seen, Tried, evidence, prove
from zvon.formats.receipt import Statement, chained, digest
from zvon.model.zone import Grade

KEY_FILE, IDENTITY_FILE = "outpost.key", "outpost.json"
POLL_S, DEADLINE_S, AT_ONCE = 1.0, 120.0, 64
_AGAIN_MOST_S = 60.0

log = structlog.get_logger("zvon.outpost")


class Identity(Struct, frozen=True, kw_only=True):
    """Which outpost this is, and of which node."""

    url: str
    node: UUID
    outpost: UUID
    subscriber: str


class ToProve(Struct, frozen=True, kw_only=True):
    """One block or lift that the local resolver has to obey."""

    block: UUID
    name: str
    kind: str
    action: str
    target: str | None
    zone: str
    serial: int
    approved_at: datetime | None
    ordered_at: datetime
    existed: bool | None


class Orders(Struct, frozen=True, kw_only=True):
    """What the node wants proved, its time, and where its record of our statements ends."""

    now: datetime
    n: int
    hash: str
    zones: tuple[str, ...]
    controls: tuple[str, ...]
    work: tuple[ToProve, ...]


class Enrolled(Struct, frozen=True, kw_only=True):
    """The node's answer to an enrolment."""

    outpost: UUID
    node: UUID
    subscriber: str


def enrol(url: str, token: str, folder: Path, random: Random) -> Identity:
    """Make a key, hand its public half in with the one-time token, and keep both in `folder`.

    Raises `FileExistsError` when the folder holds an outpost, `NotTaken`, `httpx.HTTPError`.
    """
    if (folder / IDENTITY_FILE).exists():
        raise FileExistsError(f"{folder} holds an outpost already")
    seed = random(SEED_BYTES)
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    body = {"token": token, "public_key": base64.b64encode(public).decode(),
            "signature": base64.b64encode(key.sign(proof_of_key(token))).decode()}  # fmt: skip
    answer = httpx.post(f"{url.rstrip('/')}/api/v1/outposts/enrolment", json=body,
                        timeout=TIMEOUT_S)  # fmt: skip
    said = msgspec.json.decode(taken(answer).content, type=Enrolled)
    identity = Identity(url=url.rstrip("/"), node=said.node, outpost=said.outpost,
                        subscriber=said.subscriber)  # fmt: skip
    keep(folder, seed, identity)
    return identity


def keep(folder: Path, seed: bytes, identity: Identity) -> None:
    """Write down the key of an outpost, and where its node is."""
    keep_key(folder / KEY_FILE, seed)
    (folder / IDENTITY_FILE).write_bytes(msgspec.json.encode(identity))


class Client:
    """Signed requests to the node. `read` it from the folder that `enrol` filled."""

    def __init__(
        self, identity: Identity, key: Ed25519PrivateKey, clock: Clock, random: Random,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:  # fmt: skip
        self.identity, self.key, self.clock = identity, key, clock
        self.caller = Caller(
            identity.url, node=identity.node, me=identity.outpost, key=key, clock=clock,
            random=random, transport=transport,
        )  # fmt: skip

    @classmethod
    def read(cls, folder: Path, clock: Clock, random: Random) -> "Client":
        """The outpost of this folder. Raises `FileNotFoundError` when nobody enrolled here."""
        if not (folder / IDENTITY_FILE).exists():
            raise FileNotFoundError(f"{folder} holds no outpost; run `zvon probe enrol` first")
        identity = msgspec.json.decode((folder / IDENTITY_FILE).read_bytes(), type=Identity)
        key = Ed25519PrivateKey.from_private_bytes((folder / KEY_FILE).read_bytes())
        return cls(identity, key, clock, random)

    async def call(self, method: str, what: str, body: Any = None) -> bytes:
        """One request to `/outposts/<own id>/<what>`. Raises `NotTaken`, `httpx.HTTPError`."""
        target = f"/api/v1/outposts/{self.identity.outpost}/{what}"
        content = b"" if body is None else msgspec.json.encode(body)
        return (await self.caller.call(method, target, content)).content

    async def close(self) -> None:
        """Close the connections."""
        await self.caller.close()


class Probe:
    """Proves at one local resolver what the node orders."""

    def __init__(self, client: Client, asker: Callable[[], Awaitable[Asker]]) -> None:
        self.client = client
        self._asker = asker
        self._offset = timedelta()
        self._end: tuple[int, bytes] = (0, b"")
        self._running: dict[tuple[UUID, str], asyncio.Task[None]] = {}
        self._seen: dict[tuple[UUID, str], tuple[ToProve, Seen]] = {}
        self._orders: Orders | None = None
        self.sent = 0

    def _now(self) -> datetime:
        """The node's time: an outpost's own clock may be wrong."""
        return self.client.clock() + self._offset

    async def round(self) -> None:
        """Hand in what was seen, fetch what is wanted, and begin to ask for what is new."""
        await self._hand_in()
        orders = msgspec.json.decode(await self.client.call("GET", "work"), type=Orders)
        self._orders = orders
        self._offset = orders.now - self.client.clock()
        self._end = (orders.n, bytes.fromhex(orders.hash))
        wanted = {(one.block, one.kind): one for one in orders.work}
        for place in set(self._running) - set(wanted):
            self._running[place].cancel()
        for place, one in wanted.items():
            if place in self._running or place in self._seen or len(self._running) >= AT_ONCE:
                continue
            task = asyncio.create_task(self._prove(one, orders))
            self._running[place] = task
            task.add_done_callback(partial(self._over, place))

    def _over(self, place: tuple[UUID, str], task: asyncio.Task[None]) -> None:
        self._running.pop(place, None)
        if not task.cancelled() and task.exception() is not None:
            log.warning("probe.stopped", problem=repr(task.exception()))

    async def _prove(self, one: ToProve, orders: Orders) -> None:
        asker = await self._asker()
        try:
            ordered = Ordered(name=one.name, action=one.action, kind=one.kind, landing=one.target)
            seen = await prove(asker, ordered, orders.controls, clock=self._now,
                               deadline_s=DEADLINE_S, tried=Tried(existed=one.existed))  # fmt: skip
        finally:
            asker.close()
        if seen is not None:
            self._seen[one.block, one.kind] = (one, seen)

    async def _hand_in(self) -> None:
        """Sign and send what was seen. What the node refuses is dropped, and asked for again."""
        if not self._seen or self._orders is None:
            return
        batch, self._seen = self._seen, {}
        n, prev = self._end
        body = []
        for one, seen in batch.values():
            n += 1
            statement = self._statement(one, seen, self._orders.zones)
            octets, signature, prev = chained(statement, n, prev, self.client.key.sign)
            body.append({"statement": _text(octets), "signature": _text(signature),
                         "answer": _text(seen.answer.raw)})  # fmt: skip
        try:
            await self.client.call("POST", "receipts", {"receipts": body})
        except httpx.HTTPError:
            self._seen = batch | self._seen
            raise
        except NotTaken as problem:
            log.warning("receipts.refused", problem=str(problem))
            return
        self.sent += len(body)

    def _statement(self, one: ToProve, seen: Seen, zones: tuple[str, ...]) -> Statement:
        return Statement(
            block=str(one.block), name=one.name, kind=one.kind,
            subscriber=self.client.identity.subscriber, prober=str(self.client.identity.outpost),
            zone=one.zone, serial=one.serial, approved_at=one.approved_at,
            ordered_at=one.ordered_at, seen_at=seen.at, grade=Grade.PROBED,
            answer=digest(seen.answer.raw), evidence=evidence(seen, zones),
            existed_before=seen.existed, control=seen.control,
        )  # fmt: skip

    async def run(self, every_s: float = POLL_S) -> None:
        """Go on until cancelled; a node that is away is asked again, less and less often."""
        wait = every_s
        while True:
            try:
                await self.round()
                wait = every_s
            except (httpx.HTTPError, NotTaken, msgspec.MsgspecError) as problem:
                log.warning("node.away", problem=str(problem))
                wait = min(wait * 2, _AGAIN_MOST_S)
            await asyncio.sleep(wait)

    async def close(self) -> None:
        """Stop asking."""
        for task in list(self._running.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.client.close()


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
