"""A feed written into somebody else's primary with signed dynamic updates (RFC 2136, RFC 8945).

For those who run a primary already and want to serve the feed from it. What the zones of the feed
say together goes into one zone there. Every start, and every failure, begins with a comparison of
the whole zone, so nothing that was missed stays missed.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import aclosing

import dns.asyncquery
import dns.exception
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsigkeyring
import dns.update
import dns.xfr
import dns.zone
import structlog
from msgspec import Struct

from zvon.config import host_port
from zvon.store import zone_effective
from zvon.store.listen import listen
from zvon.store.transaction import ZONE_CHANNEL, Pool
from zvon.store.zone_effective import JournalGap

MESSAGE = 48_000
"""Octets of one update before names are compressed; RFC 2136 messages end at 65,535."""
TIMEOUT_S = 30.0
RETRY_S = (1.0, 2.0, 5.0, 15.0, 30.0)
TTL = 60
_PER_RECORD = 40

log = structlog.get_logger("zvon.dns")


class Unwilling(RuntimeError):
    """The primary did not take an update or a transfer; the message says what it answered."""


FAILURES = (Unwilling, OSError, EOFError, dns.exception.DNSException)
"""What a primary that is away or refuses leads to."""


class Target(Struct, frozen=True, kw_only=True):
    """A zone at a primary of somebody else, and the key that may change it. `secret`: base64."""

    server: str
    zone: str
    key: str
    secret: str
    algorithm: str = "hmac-sha256"


class Edit(Struct, frozen=True):
    """What stands at an owner from now on; `None`: nothing."""

    owner: str
    target: str | None


class Exporter:
    """Brings a zone elsewhere to what a feed says, and keeps it there."""

    def __init__(self, pool: Pool, feed: str, target: Target) -> None:
        self._pool, self._feed, self._target = pool, feed, target
        self._ring = dns.tsigkeyring.from_text({target.key: (target.algorithm, target.secret)})
        self._held: dict[int, int] = {}

    async def reconcile(self) -> int:
        """Compare the whole zone there with the feed and change what differs; how many owners."""
        async with self._pool.connection() as db:
            held, wanted = await zone_effective.whole(db, self._feed)
        edits = list(difference(await self._theirs(), wanted))
        await self._send(edits)
        self._held = held
        return len(edits)

    async def follow(self) -> int:
        """Send what changed since the last time; how many owners. Raises `JournalGap`."""
        async with self._pool.connection() as db:
            now, changed = await zone_effective.since(db, self._feed, self._held)
        await self._send([Edit(owner, target) for owner, target in changed.items()])
        self._held = now
        return len(changed)

    async def run(self) -> None:
        """Compare, then follow, until cancelled; a failure leads back to the comparison."""
        tries = 0
        async with aclosing(listen(self._pool, [ZONE_CHANNEL])) as notices:
            async for notice in notices:
                while True:
                    try:
                        if tries or not notice.channel:
                            count = await self.reconcile()
                            log.info("update.compared", zone=self._target.zone, changed=count)
                        else:
                            await self.follow()
                        tries = 0
                        break
                    except (*FAILURES, JournalGap) as problem:
                        wait = RETRY_S[min(tries, len(RETRY_S) - 1)]
                        tries += 1
                        log.warning("update.failed", zone=self._target.zone,
                                    problem=str(problem), again_in=wait)  # fmt: skip
                        await asyncio.sleep(wait)

    async def _theirs(self) -> dict[str, str]:
        """The rules of the zone there, by a signed full transfer."""
        zone = dns.zone.Zone(self._target.zone)
        query, _ = dns.xfr.make_query(
            zone, serial=None, keyring=self._ring, keyname=dns.name.from_text(self._target.key)
        )
        host, port = host_port(self._target.server)
        try:
            await dns.asyncquery.inbound_xfr(host, zone, query, port=port, timeout=TIMEOUT_S,
                                             udp_mode=dns.query.UDPMode.NEVER)  # fmt: skip
        except dns.xfr.TransferError as refused:
            raise Unwilling(f"transfer of {self._target.zone}: {refused}") from None
        return {
            name.to_text(): rdata.to_text()
            for name, _, rdata in zone.iterate_rdatas(dns.rdatatype.CNAME)
        }

    async def _send(self, edits: Iterable[Edit]) -> None:
        host, port = host_port(self._target.server)
        for batch in batches(edits):
            message = dns.update.UpdateMessage(
                self._target.zone, keyring=self._ring,
                keyname=dns.name.from_text(self._target.key),
            )  # fmt: skip
            for edit in batch:
                if edit.target is None:
                    message.delete(edit.owner, "CNAME")
                else:
                    message.replace(edit.owner, TTL, "CNAME", edit.target)
            answer = await dns.asyncquery.tcp(message, host, TIMEOUT_S, port)
            if answer.rcode() != dns.rcode.NOERROR:
                said = dns.rcode.to_text(answer.rcode())
                raise Unwilling(f"update of {self._target.zone}: {said}")


def difference(theirs: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[Edit]:
    """What makes `theirs` equal to `wanted`.

    What has to go comes last: between two messages a name may be blocked twice, and never open.
    """
    for owner in sorted(wanted):
        if theirs.get(owner) != wanted[owner]:
            yield Edit(owner, wanted[owner])
    for owner in sorted(theirs.keys() - wanted.keys()):
        yield Edit(owner, None)


def batches(edits: Iterable[Edit]) -> Iterator[list[Edit]]:
    """Cut into messages that fit."""
    batch: list[Edit] = []
    size = 0
    for edit in edits:
        octets = 2 * len(edit.owner) + len(edit.target or "") + _PER_RECORD
        if batch and size + octets > MESSAGE:
            yield batch
            batch, size = [], 0
        batch.append(edit)
        size += octets
    if batch:
        yield batch
