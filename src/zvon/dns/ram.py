"""A policy zone in memory: what a transfer needs, without a database and without waiting.

A change replaces the pages that it touches, so a transfer that holds the old ones goes on
undisturbed. The journal answers incremental transfers, condensed to their net effect.
"""

import struct
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from zvon.dns.page import (
    AT_A_TIME,
    LONGEST,
    SHORTEST,
    Edit,
    Page,
    Part,
    edited,
    line,
    pages_of,
    sorted_text,
)
from zvon.formats import rpz
from zvon.formats.rpz_pack import MESSAGE, Packer, key_of
from zvon.model.zone import next_serial, order_marks

JOURNAL_OPS = 100_000
# Below that a difference is sent even when the zone is smaller than its changes.
ALWAYS_DIFFERENCE = 250

Op = tuple[str, str, str]
"""(`add` or `del`, owner relative to the zone, target)."""


class Gap(ValueError):
    """The change does not follow on the serial that the zone has."""


class Step(Struct, frozen=True):
    """One serial of the journal."""

    before: int
    serial: int
    ops: tuple[Op, ...]


class Snapshot(Struct, frozen=True):
    """One state of a zone, for as long as a transfer of it takes."""

    zone: "RamZone"
    serial: int
    pages: tuple[Page, ...]

    @property
    def size(self) -> int:
        """How many rules it has."""
        return sum(page.count for page in self.pages)

    def rules(self) -> Iterator[tuple[str, str]]:
        """Every rule."""
        for page in self.pages:
            yield from page.rules()

    def full(self) -> Iterator[Part]:
        """The parts of a full transfer (RFC 5936), one message each; begins and ends with SOA."""
        zone = self.zone
        packer = Packer(zone.start)
        packer.soa(self.serial, zone.ttl)
        packer.ns(zone.ttl)
        zone.mark(packer, self.serial)
        zone.mark_order(packer)
        yield bytes(packer.body), packer.count
        for page in self.pages:
            yield from page.parts(zone.start, zone.ttl)
        yield self.only_soa()

    def only_soa(self) -> Part:
        """The answer to somebody who has it all."""
        packer = Packer(self.zone.start)
        packer.soa(self.serial, self.zone.ttl)
        return bytes(packer.body), packer.count


class RamZone:
    """The current state and the journal of one zone."""

    def __init__(
        self, name: str, *, zone_id: int, ttl: int, serial: int, marker: str | None,
        rules: Iterable[tuple[str, str]] = (), text: str | None = None,
    ) -> None:  # fmt: skip
        """Made of `rules` in any order, or of `text`: the sorted lines of pages."""
        self.name, self.id, self.ttl, self.serial, self.marker = name, zone_id, ttl, serial, marker
        self.wire = rpz.name_wire(name)
        self.start = 12 + len(self.wire) + 4
        self._pages = pages_of(sorted_text(rules) if text is None else text)
        # The first key of each page; the first page has no lower bound.
        self._starts = ["", *(_first_key(page) for page in self._pages[1:])]
        self.size = sum(page.count for page in self._pages)
        self._journal: deque[Step] = deque()
        self._dropped = 0
        self._place: dict[int, int] = {}
        self._ops = 0
        self._differences: dict[int, tuple[Part, ...] | None] = {}

    def mark(self, packer: Packer, serial: int) -> None:
        """Append the TXT record that shows the serial, when the zone has one."""
        if self.marker:
            data = rpz.txt_rdata(f"serial={serial}")
            packer.record(key_of(self.marker), rpz.TXT, self.ttl, data)

    def mark_order(self, packer: Packer) -> None:
        """Append the TXT records that show in which order a resolver looks at its zones."""
        for owner, text in order_marks(self.name) if self.marker else ():
            packer.record(key_of(owner), rpz.TXT, self.ttl, rpz.txt_rdata(text))

    def get(self, owner: str) -> str | None:
        """The target of the rule at `owner`."""
        key = key_of(owner)
        return self._pages[self._at(key)].get(key)

    def _at(self, key: str) -> int:
        """The place of the page where `key` belongs."""
        return bisect_right(self._starts, key) - 1

    def apply(self, serial: int, ops: Sequence[Op]) -> None:
        """Take the zone from its serial to the next. Raises `Gap` when `serial` is not the next.

        The journal keeps the effect: an addition over a rule that stands there removes it first.
        """
        if serial != next_serial(self.serial):
            raise Gap(f"{self.name}: {serial} does not follow {self.serial}")
        was: dict[str, str | None] = {}
        now: dict[str, str | None] = {}
        for op, owner, rdata in ops:
            if owner not in was:
                was[owner] = self.get(owner)
            now[owner] = rpz.check_target(rdata) if op == "add" else None
        touched: dict[int, list[Edit]] = {}
        effect: list[Op] = []
        for owner, old in was.items():
            new = now[owner]
            if old == new:
                continue
            if old is not None:
                effect.append(("del", owner, old))
            if new is not None:
                effect.append(("add", owner, new))
            key = key_of(owner)
            touched.setdefault(self._at(key), []).append((key, new))
        # From behind, so that a page that is cut or joined moves none that comes later.
        for at in sorted(touched, reverse=True):
            self._replace(at, edited(self._pages[at], touched[at]))
        self._remember(Step(self.serial, serial, tuple(effect)))
        self.serial = serial
        self._differences.clear()

    def _replace(self, at: int, page: Page) -> None:
        """Put `page` where another was; cut it when too long, join it to the next when short."""
        self.size += page.count - self._pages[at].count
        self._pages[at] = page
        end = min(at + 1 + (len(page.text) < SHORTEST), len(self._pages))
        if end == at + 1 and len(page.text) <= LONGEST:
            return
        made = pages_of("".join(each.text[1:] for each in self._pages[at:end]))
        self._pages[at:end] = made
        self._starts[at:end] = [self._starts[at], *(_first_key(each) for each in made[1:])]

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
        return Snapshot(self, self.serial, tuple(self._pages))

    def difference(self, since: int) -> tuple[Part, ...] | None:
        """The parts of an incremental transfer (RFC 1995), condensed to one step.

        `None` when the journal does not reach back to `since`, or when a full transfer is shorter.
        Many subscribers ask for the same difference, so it is kept until the next change.
        """
        if since not in self._differences:
            self._differences[since] = self._difference(since)
        return self._differences[since]

    def _difference(self, since: int) -> tuple[Part, ...] | None:
        place = self._place.get(since)
        if place is None:
            return None
        old: dict[str, str | None] = {}
        new: dict[str, str | None] = {}
        for index in range(place - self._dropped, len(self._journal)):
            for op, owner, rdata in self._journal[index].ops:
                adds = op == "add"
                old.setdefault(owner, None if adds else rdata)
                new[owner] = rdata if adds else None
        if len(old) > self.size // 2 + ALWAYS_DIFFERENCE:
            return None
        changed = [owner for owner in old if old[owner] != new[owner]]
        return tuple(self._packed(since, _lines(old, changed), _lines(new, changed)))

    def _packed(self, since: int, gone: list[str], added: list[str]) -> Iterator[Part]:
        packer = Packer(self.start)
        packer.soa(self.serial, self.ttl)
        for serial, lines in ((since, gone), (self.serial, added)):
            packer.soa(serial, self.ttl)
            self.mark(packer, serial)
            for at in range(0, len(lines), AT_A_TIME):
                if len(packer) > MESSAGE:
                    yield bytes(packer.body), packer.count
                    packer = Packer(self.start)
                packer.rules(lines[at : at + AT_A_TIME], self.ttl)
        packer.soa(self.serial, self.ttl)
        yield bytes(packer.body), packer.count


def _first_key(page: Page) -> str:
    return page.text[1 : page.text.index("\t")]


def _lines(rules: dict[str, str | None], owners: Iterable[str]) -> list[str]:
    """The sorted lines of those `owners` that have a rule."""
    found = ((key_of(owner), rules[owner]) for owner in owners)
    return sorted(line(key, target) for key, target in found if target is not None)


def frame(message: bytes) -> bytes:
    """A message as it goes over TCP (RFC 1035, 4.2.2)."""
    return struct.pack("!H", len(message)) + message
