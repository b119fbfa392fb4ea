"""Keeping the zones in memory equal to the database, and starting without it.

Everything the primary knows comes through here: from the shelf at start, from the database as soon
as it answers, and from its notifications afterwards.
"""

import asyncio
from collections.abc import Callable, Sequence
from itertools import groupby

import msgspec
import structlog

from zvon.access.seal import unseal
from zvon.dns.ram import Gap, Op, RamZone, Step
from zvon.dns.registry import Endpoint, Registry, zones_of
from zvon.dns.snapshot import Shelf
from zvon.dns.tsig import Key
from zvon.model.zone import marker_name, serial_back, serial_newer
from zvon.store import subscriber as subscribers
from zvon.store import zone as rows
from zvon.store.listen import listen
from zvon.store.subscriber import KEY_PURPOSE
from zvon.store.transaction import ZONE_CHANNEL, Pool

# As much of the past as a resolver may have slept through and still get a difference.
PAST_SERIALS = 500

log = structlog.get_logger("zvon.dns")

Holds = Callable[[RamZone, Sequence[Op]], bool]
"""Asked before new content is served, with the zone as it is and the changes that would come, or
with a zone read anew and none: true keeps what is served now."""


class _Kept(msgspec.Struct, frozen=True):
    """The subscribers on the shelf; secrets stay sealed."""

    endpoints: list[Endpoint]
    keys: list[subscribers.Key]


class Loader:
    """Fills the registry; `changed` is called with every zone that has a new serial.

    A database that came back from an old copy never makes the zones older: `behind` is called with
    the zone's name and the serial that it has to be brought above.
    """

    def __init__(
        self, pool: Pool, registry: Registry, shelf: Shelf, *, key: bytes,
        changed: Callable[[RamZone], None], behind: Callable[[str, int], None],
        holds: Holds | None = None,
    ) -> None:  # fmt: skip
        self.pool = pool
        self._registry = registry
        self._shelf = shelf
        self._key = key
        self._changed = changed
        self._behind = behind
        self._holds = holds
        self._writing: set[asyncio.Task[None]] = set()
        self._busy: set[str] = set()
        self._one = asyncio.Lock()

    def from_shelf(self) -> int:
        """Serve what was there when we last ran; returns the number of zones."""
        body = self._shelf.subscribers()
        if body is not None:
            self._subscribe(msgspec.json.decode(body, type=_Kept))
        for zone in self._shelf.zones():
            self._registry.zones[zone.name] = zone
        return len(self._registry.zones)

    async def follow(self) -> None:
        """Listen for ever; the state is read anew after every lost connection."""
        async for notice in listen(self.pool, [ZONE_CHANNEL]):
            name, _, serial = notice.payload.partition(" ")
            zone = self._registry.zones.get(name)
            if zone is None or not serial.isdigit():
                await self.everything()
            elif serial_newer(int(serial), zone.serial):  # else it was read meanwhile
                async with self._one:
                    await self._catch_up(zone, int(serial))

    async def everything(self) -> None:
        """Bring subscribers and all zones up to date."""
        async with self._one:
            await self._everything()

    async def anew(self, name: str) -> None:
        """Read one zone whole, because its serial made a jump."""
        async with self._one:
            await self._read(name)

    async def _everything(self) -> None:
        async with self.pool.connection() as db:
            kept = _Kept([_endpoint(one) for one in await subscribers.list_all(db)],
                         await subscribers.keys(db))  # fmt: skip
            found = await rows.zones(db)
        self._subscribe(kept)
        await asyncio.to_thread(self._shelf.put_subscribers, msgspec.json.encode(kept))
        for row in found:
            zone = self._registry.zones.get(row.name)
            if zone is None:
                await self._read(row.name)
            elif serial_newer(zone.serial, row.serial):
                self._behind(zone.name, zone.serial)
            elif zone.serial != row.serial:
                await self._catch_up(zone, row.serial)
        for gone in set(self._registry.zones) - {row.name for row in found}:
            del self._registry.zones[gone]
            self._shelf.drop(gone)

    def _subscribe(self, kept: _Kept) -> None:
        self._registry.subscribe(
            kept.endpoints,
            [Key(k.name, k.algorithm, unseal(self._key, KEY_PURPOSE, k.secret_sealed),
                 k.subscriber_id) for k in kept.keys],
        )  # fmt: skip

    async def _catch_up(self, zone: RamZone, serial: int) -> None:
        """Apply the journal up to `serial`; read the zone anew when that does not lead there."""
        async with self.pool.connection() as db:
            edits = await rows.edits(db, zone.id, after=zone.serial, upto=serial)
        steps = [
            (each, tuple((edit.op, edit.owner, edit.rdata) for edit in group))
            for each, group in groupby(edits, key=lambda edit: edit.serial)
        ]
        coming = [op for _, ops in steps for op in ops]
        if self._holds is not None and coming and self._holds(zone, coming):
            return
        try:
            for each, ops in steps:
                zone.apply(each, ops)
                if self._shelf.extend(zone, each, ops):
                    self._put(zone)
        except Gap:
            await self._read(zone.name)
            return
        if not steps:
            await self._read(zone.name)
        else:
            self._changed(zone)

    async def _read(self, name: str) -> None:
        """Read a zone whole, with its recent past."""
        async with self.pool.connection() as db:
            found = await rows.whole(db, name, PAST_SERIALS)
        if found is None:
            return
        row, rules, past = found
        served = self._registry.zones.get(name)
        if served is not None and serial_newer(served.serial, row.serial):
            self._behind(name, served.serial)
            return
        marker = marker_name(row.kind, row.feed or name.split(".")[1])
        zone = await asyncio.to_thread(
            lambda: RamZone(name, zone_id=row.id, ttl=row.ttl, serial=row.serial, marker=marker,
                            rules=rules)
        )  # fmt: skip
        zone.remember(_contiguous(past, row.serial))
        if self._holds is not None and self._holds(zone, ()):
            return
        self._registry.zones[name] = zone
        self._put(zone)
        self._changed(zone)
        log.info("zone.read", zone=name, serial=zone.serial, rules=zone.size)

    def _put(self, zone: RamZone) -> None:
        """Write the zone to the shelf beside the work; one write of a zone at a time."""
        if zone.name in self._busy:
            return
        self._busy.add(zone.name)
        snapshot = zone.snapshot()

        async def write() -> None:
            try:
                await asyncio.to_thread(self._shelf.put, snapshot)
                self._shelf.cut(zone, snapshot.serial)
            finally:
                self._busy.discard(zone.name)

        task = asyncio.create_task(write())
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)


def _endpoint(one: subscribers.Subscriber) -> Endpoint:
    return Endpoint(
        id=one.id, name=one.name, brand=one.brand, feeds=one.feeds, mode=one.mode,
        mandatory=one.mandatory, known_by=one.known_by,
        addresses=frozenset(part.strip() for part in one.address.split(",")),
        notify_address=one.notify_address, probe_address=one.probe_address,
        probe_via=one.probe_via, canary=one.canary,
        # Who fetches lists is told nothing and may transfer nothing.
        zones=() if one.known_by == "export" else zones_of(one.name, one.feeds),
    )  # fmt: skip


def _contiguous(edits: list[rows.Edit], serial: int) -> list[Step]:
    """The steps that lead, without a gap, to `serial`; the oldest may be cut and is left out."""
    steps = [
        Step(serial_back(each), each, tuple((e.op, e.owner, e.rdata) for e in group))
        for each, group in groupby(edits, key=lambda edit: edit.serial)
    ][1:] if len(edits) > 1 else []  # fmt: skip
    kept: list[Step] = []
    for step in reversed(steps):
        if step.serial != serial:
            break
        kept.append(step)
        serial = step.before
    return kept[::-1]
