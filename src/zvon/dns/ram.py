"""A policy zone in memory: what a transfer needs, without a database and without waiting.

Rules live in buckets by the hash of their name; a change replaces the bucket, so a transfer that
holds the old ones goes on undisturbed. Each bucket is one message of a full transfer, written
once. The journal answers incremental transfers, condensed to their net effect.
"""

import struct
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from zlib import crc32

from msgspec import Struct

from zvon.formats import rpz
from zvon.formats.rpz import Packer
from zvon.model.zone import next_serial

RULES_PER_BUCKET = 250
JOURNAL_OPS = 200_000
MESSAGE = 60_000

Op = tuple[str, str, str]
"""(`add` or `del`, owner relative to the zone, target)."""
Part = tuple[bytes, int]
"""The answer section of one message, and how many records stand in it."""


class Gap(ValueError):
    """The change does not follow on the serial that the zone has."""


class Bucket:
    """Rules that are transferred together; never changed once others can see it."""

    __slots__ = ("_parts", "rules")

    def __init__(self, rules: dict[str, str]) -> None:
        self.rules = rules
        self._parts: tuple[Part, ...] | None = None

    def parts(self, start: int, ttl: int) -> tuple[Part, ...]:
        """The rules as answer sections that begin at octet `start`."""
        if self._parts is None:
            made: list[Part] = []
            packer = Packer(start)
            for owner, rdata in self.rules.items():
                if len(packer) > MESSAGE:
                    made.append((bytes(packer.body), packer.count))
                    packer = Packer(start)
                packer.add(owner, rpz.tail(rdata, ttl))
            if packer.count:
                made.append((bytes(packer.body), packer.count))
            self._parts = tuple(made)
        return self._parts


class Step(Struct, frozen=True):
    """One serial of the journal."""

    before: int
    serial: int
    ops: tuple[Op, ...]


class Snapshot(Struct, frozen=True):
    """One state of a zone, for as long as a transfer of it takes."""

    zone: "RamZone"
    serial: int
    buckets: tuple[Bucket, ...]

    def rules(self) -> Iterator[tuple[str, str]]:
        """Every rule."""
        for bucket in self.buckets:
            yield from bucket.rules.items()

    def full(self) -> Iterator[Part]:
        """The parts of a full transfer (RFC 5936), one message each; begins and ends with SOA."""
        zone = self.zone
        packer = Packer(zone.start)
        packer.add("", zone.soa(self.serial))
        packer.add("", zone.ns)
        if zone.marker:
            packer.add(zone.marker, zone.mark(self.serial))
        yield bytes(packer.body), packer.count
        for bucket in self.buckets:
            yield from bucket.parts(zone.start, zone.ttl)
        yield self.only_soa()

    def only_soa(self) -> Part:
        """The answer to somebody who has it all."""
        return b"\xc0\x0c" + self.zone.soa(self.serial), 1


class RamZone:
    """The current state and the journal of one zone."""

    def __init__(
        self, name: str, *, zone_id: int, ttl: int, serial: int, marker: str | None,
        rules: Iterable[tuple[str, str]] = (), size: int = 0,
    ) -> None:  # fmt: skip
        self.name, self.id, self.ttl, self.serial, self.marker = name, zone_id, ttl, serial, marker
        self.wire = rpz.name_wire(name)
        self.start = 12 + len(self.wire) + 4
        self.ns = rpz.record(rpz.NS, ttl, rpz.name_wire("localhost"))
        self._fill(rules, size)
        self._journal: deque[Step] = deque()
        self._dropped = 0
        self._place: dict[int, int] = {}
        self._ops = 0

    def _fill(self, rules: Iterable[tuple[str, str]], size: int) -> None:
        count = 1
        while count * RULES_PER_BUCKET < size:
            count *= 2
        self._mask = count - 1
        filled: list[dict[str, str]] = [{} for _ in range(count)]
        mask = self._mask
        for owner, rdata in rules:
            base = owner[2:] if owner[:2] == "*." else owner
            filled[crc32(base.encode()) & mask][owner] = rpz.check_target(rdata)
        self.buckets = [Bucket(each) for each in filled]
        self.size = sum(len(each) for each in filled)

    def soa(self, serial: int) -> bytes:
        """The zone's SOA record behind its owner name."""
        return rpz.record(rpz.SOA, self.ttl, rpz.soa_rdata(serial))

    def mark(self, serial: int) -> bytes:
        """The TXT record that shows the serial, behind its owner name."""
        return rpz.record(rpz.TXT, self.ttl, rpz.txt_rdata(f"serial={serial}"))

    def get(self, owner: str) -> str | None:
        """The target of the rule at `owner`."""
        return self.buckets[self._slot(owner)].rules.get(owner)

    def _slot(self, owner: str) -> int:
        base = owner[2:] if owner[:2] == "*." else owner
        return crc32(base.encode()) & self._mask

    def apply(self, serial: int, ops: Sequence[Op]) -> None:
        """Take the zone from its serial to the next. Raises `Gap` when `serial` is not the next."""
        if serial != next_serial(self.serial):
            raise Gap(f"{self.name}: {serial} does not follow {self.serial}")
        touched: dict[int, dict[str, str]] = {}
        for op, owner, rdata in ops:
            slot = self._slot(owner)
            rules = touched.get(slot)
            if rules is None:
                rules = touched[slot] = dict(self.buckets[slot].rules)
            if op == "add":
                rules[owner] = rdata
            else:
                rules.pop(owner, None)
        for slot, rules in touched.items():
            self.size += len(rules) - len(self.buckets[slot].rules)
            self.buckets[slot] = Bucket(rules)
        self._remember(Step(self.serial, serial, tuple(ops)))
        self.serial = serial
        if self.size > 4 * RULES_PER_BUCKET * len(self.buckets):
            self._fill(list(self.snapshot().rules()), self.size)

    def remember(self, steps: Iterable[Step]) -> None:
        """Put the past into the journal: `steps` lead, without a gap, to the current serial."""
        for step in steps:
            self._remember(step)

    def _remember(self, step: Step) -> None:
        self._place[step.before] = self._dropped + len(self._journal)
        self._journal.append(step)
        self._ops += len(step.ops)
        while self._ops > JOURNAL_OPS and len(self._journal) > 1:
            gone = self._journal.popleft()
            self._dropped += 1
            self._ops -= len(gone.ops)
            if self._place.get(gone.before, self._dropped) < self._dropped:
                del self._place[gone.before]

    def snapshot(self) -> Snapshot:
        """The state now."""
        return Snapshot(self, self.serial, tuple(self.buckets))

    def difference(self, since: int) -> tuple[Part, ...] | None:
        """The parts of an incremental transfer (RFC 1995), condensed to one step.

        `None` when the journal does not reach back to `since`, or when a full transfer is shorter.
        """
        place = self._place.get(since)
        if place is None:
            return None
        old: dict[str, str | None] = {}
        for index in range(place - self._dropped, len(self._journal)):
            for op, owner, rdata in self._journal[index].ops:
                if owner not in old:
                    old[owner] = rdata if op == "del" else None
        if len(old) > self.size // 2 + RULES_PER_BUCKET:
            return None
        return tuple(self._packed(since, old))

    def _packed(self, since: int, old: dict[str, str | None]) -> Iterator[Part]:
        def records() -> Iterator[tuple[str, bytes]]:
            yield "", self.soa(self.serial)
            yield "", self.soa(since)
            if self.marker:
                yield self.marker, self.mark(since)
            new = {owner: self.get(owner) for owner in old}
            for owner, rdata in old.items():
                if rdata is not None and rdata != new[owner]:
                    yield owner, rpz.tail(rdata, self.ttl)
            yield "", self.soa(self.serial)
            if self.marker:
                yield self.marker, self.mark(self.serial)
            for owner, now in new.items():
                if now is not None and now != old[owner]:
                    yield owner, rpz.tail(now, self.ttl)
            yield "", self.soa(self.serial)

        packer = Packer(self.start)
        for owner, tail in records():
            if len(packer) > MESSAGE:
                yield bytes(packer.body), packer.count
                packer = Packer(self.start)
            packer.add(owner, tail)
        yield bytes(packer.body), packer.count


def frame(message: bytes) -> bytes:
    """A message as it goes over TCP (RFC 1035, 4.2.2)."""
    return struct.pack("!H", len(message)) + message
