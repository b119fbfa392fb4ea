"""The `dns` role: primary, notifier, prober, expirer and compaction in one event loop."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from zvon.access.node import Node, node_key
from zvon.access.node import node as read_node
from zvon.config import Settings, host_port
from zvon.dns import compact as compaction
from zvon.dns import xot
from zvon.dns.alarm import Alarm
from zvon.dns.answering import Asked
from zvon.dns.canary import Canary
from zvon.dns.expire import expire
from zvon.dns.lists import Lists
from zvon.dns.load import Loader
from zvon.dns.meter import Meter
from zvon.dns.notify import Notifier
from zvon.dns.primary import Primary
from zvon.dns.probe import Prober
from zvon.dns.ram import RamZone
from zvon.dns.registry import Endpoint, Registry
from zvon.dns.snapshot import Shelf
from zvon.dns.tripwire import Tripwire
from zvon.dns.watch import Watch
from zvon.model.zone import next_serial, serial_newer
from zvon.store import feed_fill, landing, neverblock
from zvon.store import zone as rows
from zvon.store.pool import dsn_of, open_pool
from zvon.store.transaction import Pool, transaction

FLUSH_S, PROBE_S, EXPIRE_S, COMPACT_S, FILL_S, METER_S = 0.3, 2.0, 1.0, 15.0, 1.0, 30.0
LISTS_S, ALARM_S = 60.0, 5.0
JUMP_EVERY = timedelta(hours=1)
_DOWN = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, OSError)

log = structlog.get_logger("zvon.dns")


class Service:
    """The parts, wired together. `clock` gives aware time in UTC."""

    def __init__(
        self, pool: Pool, settings: Settings, *, clock: Callable[[], datetime],
        node: Node | None = None, random: Callable[[int], bytes] = os.urandom,
    ) -> None:  # fmt: skip
        self.pool, self.settings, self.clock = pool, settings, clock
        self.node = node
        self.registry = Registry()
        self.meter = Meter()
        self.shelf = Shelf(settings.root / "zones")
        key = node.key if node is not None else node_key(settings.key_file, random)
        self._key = key
        self.watch = Watch(clock)
        self.notifier = Notifier(self.registry, clock=self._seconds, answered=self._answered,
                                 event=self._notify)  # fmt: skip
        self.primary = Primary(self.registry, clock=self._seconds, told=self._told,
                               reply=self.notifier.reply, used=self.meter.used,
                               failed=self.watch.failed)  # fmt: skip
        self.tripwire = Tripwire(pool, self.registry, clock=clock)
        self.canary = Canary(self.registry, self.notifier, self.tripwire.baseline,
                             stop=self.tripwire.stop, told=self.tripwire.changed)  # fmt: skip
        self.alarm = Alarm(pool, self.registry, self.watch, clock=clock)
        self.lists = Lists(pool, settings, clock=clock)
        self.loader = Loader(pool, self.registry, self.shelf, key=key, changed=self._changed,
                             behind=self._behind, holds=self.canary.holds)  # fmt: skip
        self.prober: Prober | None = None
        self._seen: dict[tuple[int, int], rows.Showed] = {}
        self._ahead: dict[str, int] = {}
        self._jumped: dict[str, datetime] = {}
        self._compacted = clock()
        self.ready = asyncio.Event()
        self.bound: list[tuple[str, int]] = []
        self.bound_tls: list[tuple[str, int]] = []

    def _seconds(self) -> float:
        return self.clock().timestamp()

    def _changed(self, zone: RamZone) -> None:
        self.canary.changed(zone)
        if self.prober is not None:
            self.prober.wake.set()

    def _behind(self, zone: str, served: int) -> None:
        """The database is older than what we served: go above it, however often that happens."""
        self._jumped.pop(zone, None)
        highest = self._ahead.get(zone, served)
        self._ahead[zone] = served if serial_newer(served, highest) else highest

    def _answered(self, endpoint: Endpoint, zone: RamZone, serial: int) -> None:
        self.watch.notify(endpoint, zone, "answered", 0)
        self._seen.setdefault((endpoint.id, zone.id), {})["notified"] = serial

    def _notify(self, endpoint: Endpoint, zone: RamZone, what: str, rcode: int) -> None:
        self.watch.notify(endpoint, zone, what, rcode)
        if what == "sent":
            self.meter.notified(endpoint)

    def _told(self, asked: Asked, done: bool) -> None:
        if asked.key is not None:
            self.notifier.uses(asked.endpoint, asked.key)
        self.watch.hears(asked.endpoint)
        seen = self._seen.setdefault((asked.endpoint.id, asked.zone.id), {})
        if asked.ahead and asked.held is not None:
            log.error("zone.client_ahead", zone=asked.zone.name, subscriber=asked.endpoint.name,
                      ours=asked.sending, theirs=asked.held)  # fmt: skip
            self._ahead[asked.zone.name] = asked.held
            return
        if asked.held is not None:
            seen["asked"] = asked.held
            self.watch.shows(asked.endpoint, asked.zone, asked.held)
            self.notifier.shows(asked.endpoint, asked.zone, asked.held)
        if done and asked.transfer:
            seen["sent"] = asked.sending
            self.watch.transferred(asked.endpoint, asked.zone, asked.sending)
            self.notifier.shows(asked.endpoint, asked.zone, asked.sending)

    async def run(self) -> None:
        """Serve until cancelled: first from the shelf, then from the database."""
        zones = await asyncio.to_thread(self.loader.from_shelf)
        addresses = [host_port(each.strip()) for each in self.settings.dns.split(",")]
        self.bound = await self.primary.listen(addresses)
        self.notifier.transports = self.primary.transports
        self.bound_tls = await self._listen_tls()
        log.info("dns.listening", addresses=self.bound, tls=self.bound_tls, zones=zones)
        try:
            # A connection of its own for reading zones: no block waits for the proof of another.
            async with open_pool(dsn_of(self.pool), size=1) as own, asyncio.TaskGroup() as group:
                self.loader.pool = own
                for name, step, every in (
                    ("prepare", self._prepare, None),
                    ("follow", self.loader.follow, None),
                    ("flush", self._flush, FLUSH_S),
                    ("probe", self._probe, 0.0),
                    ("expire", self._expire, EXPIRE_S),
                    ("fill", self._fill, FILL_S),
                    ("meter", self._meter, METER_S),
                    ("lists", self._lists, LISTS_S),
                    ("tripwire", self._tripwire, 0.0),
                    ("alarm", self._alarm, ALARM_S),
                    ("compact", self._compact, COMPACT_S),
                ):
                    group.create_task(self._forever(name, step, every), name=name)
        finally:
            await self.canary.close()
            await self.tripwire.close()
            await self.primary.close()

    async def _listen_tls(self) -> list[tuple[str, int]]:
        """Zone transfer over TLS, where wanted; plain transfers go on when that cannot be."""
        wanted = self.settings
        if wanted.dns_tls is None:
            return []
        try:
            shown = xot.context(wanted.dns_tls_cert, wanted.dns_tls_key, wanted.dns_tls_ca)
            addresses = [host_port(each.strip()) for each in wanted.dns_tls.split(",")]
            return await self.primary.listen_tls(addresses, shown)
        except (OSError, ValueError) as problem:
            log.error("dns.tls_off", problem=str(problem))  # noqa: TRY400
            return []

    async def _forever(
        self, name: str, step: Callable[[], Awaitable[None]], every: float | None
    ) -> None:
        """Repeat `step`; with the database away it is tried again, and the zones are served on."""
        while True:
            try:
                await step()
                if every is None:
                    return
            except _DOWN as problem:
                log.warning("database.away", part=name, problem=str(problem).split("\n")[0])
                await asyncio.sleep(1.0)
            await asyncio.sleep(every or 0.0)

    async def _prepare(self) -> None:
        """What needs the database once: lists, feed, serials that fell behind, all zones."""
        now = self.clock()
        async with transaction(self.pool, now) as tx:
            await neverblock.load(tx, now, own=self.settings.own_hosts)
            await landing.put(tx, self.settings.landing_name, now)
            await rows.ensure_feed(tx, self.settings.country.lower(), self.settings.country)
        async with self.pool.connection() as db:
            if self.node is None:
                self.node = await read_node(db, self._key)
            found = await rows.zones(db)
            held = await rows.holdings(db)
        for zone in found:
            asked = [zone.max_serial_asked] if zone.max_serial_asked else []
            asked += [h.asked for h in held if h.zone_id == zone.id and h.asked is not None]
            ahead = [serial for serial in asked if serial_newer(serial, zone.serial)]
            # A database from an old backup knows less than what we served ourselves.
            served = self.registry.zones.get(zone.name)
            if served is not None and serial_newer(served.serial, zone.serial):
                ahead.append(served.serial)
            for serial in ahead:
                highest = self._ahead.get(zone.name, serial)
                self._ahead[zone.name] = serial if serial_newer(serial, highest) else highest
        await self._jump()
        await self.loader.everything()
        self.prober = Prober(self.pool, self.registry, signing=self.node.signing, clock=self.clock,
                             watch=self.watch)  # fmt: skip
        self.ready.set()
        log.info("dns.ready", zones=len(self.registry.zones))

    async def _jump(self) -> None:
        """Go above what a subscriber holds, or it would keep its zone for ever."""
        while self._ahead:
            name, held = self._ahead.popitem()
            now = self.clock()
            async with self.pool.connection() as db:
                zone = next((one for one in await rows.zones(db) if one.name == name), None)
            if zone is None or now - self._jumped.get(name, now - 2 * JUMP_EVERY) < JUMP_EVERY:
                continue
            to = next_serial(held)
            async with transaction(self.pool, now) as tx:
                await rows.note_asked(tx, zone.id, held)
                if serial_newer(to, zone.serial):
                    await rows.jump(tx, zone, to)
            self._jumped[name] = now
            log.error("zone.serial_jump", zone=name, was=zone.serial, now=to)
            await self.loader.anew(name)

    async def _flush(self) -> None:
        """Write what subscribers showed since the last time."""
        if self._ahead:
            await self._jump()
        if not self._seen:
            return
        seen, self._seen = self._seen, {}
        now = self.clock()
        async with transaction(self.pool, now) as tx:
            for (endpoint, zone), what in sorted(seen.items()):
                if endpoint in self.registry.endpoints:
                    await rows.note_held(tx, endpoint, zone, now, **what)

    async def _probe(self) -> None:
        await self.ready.wait()
        assert self.prober is not None
        try:
            async with asyncio.timeout(PROBE_S):
                await self.prober.wake.wait()
        except TimeoutError:
            pass
        self.prober.wake.clear()
        await self.prober.round()

    async def _expire(self) -> None:
        await self.ready.wait()
        await expire(self.pool, self.clock())

    async def _fill(self) -> None:
        """Carry out new and changed views, batch by batch."""
        await self.ready.wait()
        while True:
            now = self.clock()
            async with transaction(self.pool, now) as tx:
                done = await feed_fill.step(tx, now)
            if done is None:
                return
            log.info("feed.filled", feed=done.feed, came=done.came, went=done.went, done=done.done)

    async def _lists(self) -> None:
        await self.ready.wait()
        names = await self.lists.round()
        self.canary.expect(names)
        self.tripwire.names = names

    async def _tripwire(self) -> None:
        await self.ready.wait()
        await self.tripwire.round()

    async def _alarm(self) -> None:
        await self.ready.wait()
        await self.alarm.round()

    async def _meter(self) -> None:
        await self.ready.wait()
        await self.meter.flush(self.pool, self.clock())

    async def _compact(self) -> None:
        await self.ready.wait()
        now = self.clock()
        regular = now - self._compacted >= compaction.EVERY
        if regular:
            self._compacted = now
        if regular or compaction.crowded(self.registry):
            await compaction.compact(self.pool, self.registry, now, touch=regular)


async def run(
    pool: Pool, settings: Settings, node: Node | None = None, *,
    clock: Callable[[], datetime], random: Callable[[int], bytes] = os.urandom,
) -> None:  # fmt: skip
    """Serve policy zones until cancelled. Starts and serves with the database down."""
    await Service(pool, settings, clock=clock, node=node, random=random).run()
