"""After each publication: do the names that must resolve still do? If not, it goes back by itself.

Every resolver that may be asked is asked for all control names near what was published, and for a
turn of the others: three times within five seconds, and a few times later, because a resolver may
take a minute to put a zone into force. One blocked name, or a jump of failures, takes everything
published since the last good serial out of the zones, stops the feed and raises an alert; two
people let it go on.
"""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime

import structlog

from zvon.dns.baseline import Baseline, Look
from zvon.dns.canary import Stopped
from zvon.dns.ram import RamZone
from zvon.dns.registry import Endpoint, Registry
from zvon.model import control
from zvon.store import tripwire
from zvon.store.transaction import Pool, transaction

AFTER_S = (0.5, 1.8, 4.5, 8.0, 15.0, 30.0, 70.0)
"""When to look, in seconds after the publication; the kits let a cold zone wait for 60 s."""
TOGETHER_S = 0.3
"""Publications as close as this are looked at together."""
IDLE_S = 2.0
ASKED, IDLE_ASKED = 24, 4

log = structlog.get_logger("zvon.dns")


class _Fresh:
    """A publication that is being looked at."""

    def __init__(self, serial: int, owners: Collection[str], start: float) -> None:
        self.serial, self.owners, self.start, self.looks = serial, set(owners), start, 0


class Tripwire:
    """Fed by the canary and by every new serial; `round` does the waiting work."""

    def __init__(
        self, pool: Pool, registry: Registry, *, clock: Callable[[], datetime],
        after: Collection[float] = AFTER_S,
    ) -> None:  # fmt: skip
        self._pool = pool
        self._registry = registry
        self._clock = clock
        self._after = tuple(after)
        self._stopped: list[Stopped] = []
        self._good: dict[str, int] = {}
        self._watching: dict[str, asyncio.Task[None]] = {}
        self._fresh: dict[str, list[_Fresh]] = {}
        self._turn = 0
        self.baseline = Baseline()
        self.names: tuple[str, ...] = ()
        self.wake = asyncio.Event()

    def stop(self, what: Stopped) -> None:
        """A zone would stop a control name: turn it back as soon as possible."""
        self._stopped.append(what)
        self.wake.set()

    def changed(self, zone: RamZone, owners: Collection[str]) -> None:
        """A zone has a new serial and can be transferred: look at the resolvers that take it."""
        feed = _feed(zone.name)
        if feed is None:
            return
        # The first serial that is seen is the one that subscribers had before.
        self._good.setdefault(zone.name, zone.serial)
        if not any(self._asked(zone)):
            self._good[zone.name] = zone.serial
            return
        at = asyncio.get_running_loop().time()
        fresh = self._fresh.setdefault(zone.name, [])
        if fresh and fresh[-1].looks == 0 and at - fresh[-1].start < TOGETHER_S:
            fresh[-1].serial = zone.serial
            fresh[-1].owners.update(owners)
        else:
            fresh.append(_Fresh(zone.serial, owners, at))
        running = self._watching.get(zone.name)
        if running is None or running.done():
            self._watching[zone.name] = asyncio.create_task(self._watch(zone.name))

    def _asked(self, zone: RamZone) -> list[Endpoint]:
        return [one for one in self._registry.entitled(zone.name) if one.probe_address is not None]

    async def round(self) -> None:
        """Turn back what was stopped; meanwhile learn what is usual, a few names at a time."""
        try:
            async with asyncio.timeout(IDLE_S):
                await self.wake.wait()
        except TimeoutError:
            await self._learn()
            return
        self.wake.clear()
        while self._stopped:
            await self._back(self._stopped[0])
            self._stopped.pop(0)

    async def close(self) -> None:
        """Stop looking."""
        for task in self._watching.values():
            task.cancel()

    async def _learn(self) -> None:
        self._turn += 1
        names = control.sample(self.names, (), self._turn, IDLE_ASKED)
        for endpoint in list(self._registry.endpoints.values()):
            if endpoint.probe_address is None or not names:
                continue
            look = await self.baseline.look(endpoint, names)
            if look is not None and look.blocked:
                self._name_rule(endpoint, look.blocked)

    def _name_rule(self, endpoint: Endpoint, names: Collection[str]) -> None:
        """Blocked long after a publication: the rule that does it, if a zone of ours has one."""
        for zone in (self._registry.zones.get(each) for each in endpoint.zones):
            found = control.blocked(names, zone.get) if zone is not None else []
            if zone is not None and found and _feed(zone.name):
                self.stop(Stopped(zone.name, tuple({one.owner for one in found}),
                                  tuple(one.name for one in found), None))  # fmt: skip

    async def _watch(self, name: str) -> None:
        """Look at each publication of one zone at its times, at several together where they meet."""
        loop, fresh = asyncio.get_running_loop(), self._fresh[name]
        while fresh:
            soonest = min(one.start + self._after[one.looks] for one in fresh)
            await asyncio.sleep(max(0.0, soonest - loop.time()))
            zone = self._registry.zones.get(name)
            if zone is None:
                fresh.clear()
                return
            due = [one for one in fresh if one.start + self._after[one.looks] <= loop.time()]
            self._turn += 1
            owners = {owner for one in due for owner in one.owners}
            asked = control.sample(self.names, owners, self._turn, ASKED)
            looks = await asyncio.gather(
                *(self.baseline.look(one, asked) for one in self._asked(zone))
            )
            bad = [look for look in looks if look is not None and look.bad]
            if bad:
                fresh.clear()
                self._trip(name, bad)
                return
            for one in due:
                one.looks += 1
                if one.looks == len(self._after):
                    self._good[name] = one.serial
                    fresh.remove(one)

    def _trip(self, name: str, bad: list[Look]) -> None:
        names = sorted({one for look in bad for one in (*look.blocked, *look.lost)})
        log.error("tripwire.tripped", zone=name, names=names[:10],
                  resolvers=[look.endpoint for look in bad])  # fmt: skip
        self.stop(Stopped(name, (), tuple(names), self._good.get(name)))

    async def _back(self, what: Stopped) -> None:
        """The inverse change, the frozen feed, the alert."""
        feed, zone = _feed(what.zone), self._registry.zones.get(what.zone)
        if feed is None:
            return
        now = self._clock()
        async with transaction(self._pool, now) as tx:
            zone_id = zone.id if zone is not None else await tripwire.zone_id(tx.db, what.zone)
            blocks = await tripwire.behind(tx.db, zone_id, what.owners) if what.owners else []
            if what.serial is not None:
                blocks += await tripwire.published_since(tx.db, zone_id, what.serial)
            rows = await tripwire.roll_back(tx, feed, blocks, "control_blocked", what.names, now)
        log.error("feed.rolled_back", feed=feed, blocks=[row.number for row in rows][:20],
                  names=list(what.names)[:10])  # fmt: skip


def _feed(zone: str) -> str | None:
    """The feed of `hot.si.zvon`; `None` for a zone of one subscriber."""
    kind, _, rest = zone.partition(".")
    return rest.removesuffix(".zvon") if kind in {"hot", "cold", "ip"} else None
