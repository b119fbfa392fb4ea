"""Hot to cold and back out, looked at a thousand times a second: a live rule is never in neither.

Time of the story is simulated, so that a subscriber can lag, and another one be dead for a week;
the looking is in real time, beside the database, the loader and the transfers.
"""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.blocks import People, people_of
from tests.dns.conftest import Lab, clock
from tests.dns.test_serve import until
from tests.feeds import lift, publish, subscribe, view_feed
from zvon.dns import compact as compaction
from zvon.dns.ask import Asker
from zvon.dns.load import Loader
from zvon.dns.ram import RamZone
from zvon.dns.registry import Registry, zones_of
from zvon.dns.snapshot import Shelf
from zvon.model.rpz_match import match
from zvon.model.scope import Scope
from zvon.store import zone, zone_compact
from zvon.store.block import BlockRow
from zvon.store.transaction import Pool, transaction

STEP = timedelta(seconds=20)
OBEYS_LATE = timedelta(seconds=60)
"""BIND puts a change of its cold zone into force once a minute."""


class Resolver:
    """What a subscriber holds and obeys; each zone is transferred by itself."""

    def __init__(self, id: int, name: str, feeds: tuple[str, ...]) -> None:
        self.id, self.zones = id, zones_of(name, feeds)
        self.held: dict[str, list[tuple[datetime, int, dict[str, str]]]] = {}
        self.blocked: set[str] = set()
        self.opened: set[str] = set()

    def take(self, ram: RamZone, now: datetime) -> int | None:
        """Transfer one zone; returns the serial that it asked with."""
        had = self.held.setdefault(ram.name, [])
        asked = had[-1][1] if had else None
        at = now + OBEYS_LATE if ram.name.startswith("cold.") and had else now
        had.append((at, ram.serial, dict(ram.snapshot().rules())))
        return asked

    def blocks(self, name: str, now: datetime) -> bool:
        """What it answers at this instant."""
        for each in self.zones:
            obeyed = next((r for at, _, r in reversed(self.held.get(each, [])) if at <= now), {})
            found = match(name, obeyed.get)
            if found is not None:
                return not found.passes
        return False


class Story:
    """The node, its subscribers, and everything that is looked at."""

    def __init__(self, pool: Pool, people: People, folder: Path, now: datetime) -> None:
        self.pool, self.people, self.now = pool, people, now
        self.registry = Registry()
        self.loader = Loader(
            pool, self.registry, Shelf(folder), key=bytes(32), changed=lambda _: None,
            behind=lambda zone, _: self.gaps.append(f"{zone} is behind"),
        )  # fmt: skip
        self.resolvers: dict[str, Resolver] = {}
        self.live: dict[str, BlockRow] = {}
        self.looks = 0
        self.gaps: list[str] = []

    async def join(self, name: str, *feeds: str) -> None:
        made = await subscribe(self.pool, self.people, self.now, name, *feeds)
        self.resolvers[name] = Resolver(made.id, name, feeds)

    async def transfer(self, name: str, *kinds: str) -> None:
        """Let a subscriber fetch its zones of these kinds, as far as they changed."""
        one = self.resolvers[name]
        for each in one.zones:
            ram = self.registry.zones[each]
            held = one.held.get(each)
            if each.split(".")[0] in kinds and (not held or held[-1][1] != ram.serial):
                asked = one.take(ram, self.now)
                async with transaction(self.pool, self.now) as tx:
                    await zone.note_held(tx, one.id, ram.id, self.now, asked=asked, sent=ram.serial)

    async def settled(self) -> None:
        """Wait until the zones in memory are those of the database."""
        async with self.pool.connection() as db:
            wanted = {z.name: z.serial for z in await zone.zones(db)}
        async with asyncio.timeout(10):
            while wanted != {n: z.serial for n, z in self.registry.zones.items()}:
                await asyncio.sleep(0.002)

    async def compact(self) -> int:
        """One round over all feeds; returns how many records left the hot zones."""
        left = 0
        async with self.pool.connection() as db:
            feeds = await zone_compact.feeds(db)
        for feed in feeds:
            async with transaction(self.pool, self.now) as tx:
                done = await zone_compact.compact(
                    tx, feed, self.now, settle=zone.SETTLE, touch=True
                )
            left += done.from_hot
        await self.settled()
        return left

    def look(self) -> None:
        """One look at the primary's zones and at every resolver."""
        self.looks += 1
        for name in self.live:
            for feed in ("si", "all"):
                hot, cold = (self.registry.zones[f"{kind}.{feed}.zvon"] for kind in ("hot", "cold"))
                found = match(name, hot.get) or match(name, cold.get)
                if found is None or found.passes:
                    self.gaps.append(f"{self.now}: {name} in no zone of {feed}")
        for label, one in self.resolvers.items():
            for name in NAMES:
                now = one.blocks(name, self.now)
                if name in self.live:
                    if now:
                        one.blocked.add(name)
                    elif name in one.blocked:
                        self.gaps.append(f"{self.now}: {label} lets {name} pass")
                elif not now:
                    one.opened.add(name)
                    one.blocked.discard(name)
                elif name in one.opened:
                    self.gaps.append(f"{self.now}: {label} blocks {name}, which was lifted")

    async def watch(self) -> None:
        """Look a thousand times a second, for ever."""
        while True:
            self.look()
            await asyncio.sleep(0.001)

    async def decide(self, name: str) -> None:
        (row,) = await publish(self.pool, self.people, self.now, name, scope=Scope.HOST_SUB)
        await self.settled()
        for one in self.resolvers.values():
            one.opened.discard(name)
        self.live[name] = row

    async def take_back(self, name: str) -> None:
        row = self.live.pop(name)
        await lift(self.pool, self.people, self.now, [row])
        await self.settled()


NAMES = tuple(f"n{n}.example" for n in range(4))
# What happens at which step: a decision, or (with a minus) its end.
PLOT = {1: "n0", 3: "n1", 8: "n2", 25: "-n0", 33: "n3", 40: "n0", 48: "-n1", 60: "-n0"}


async def test_no_look_finds_a_live_rule_in_neither_zone_while_one_lags_and_one_is_dead(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    people = await people_of(pool, now)
    await view_feed(pool, people["ada"], now, "all")
    story = Story(pool, people, tmp_path, now)
    for name, feeds in (("fast", ("si",)), ("lags", ("all",)), ("dead", ("si", "all"))):
        await story.join(name, *feeds)
    await story.loader.everything()
    follow = asyncio.create_task(story.loader.follow())
    watch = asyncio.create_task(story.watch())
    left = 0
    try:
        for step in range(90):
            act = PLOT.get(step)
            if act is not None and act.startswith("-"):
                await story.take_back(f"{act[1:]}.example")
            elif act is not None:
                await story.decide(f"{act}.example")
            await story.transfer("fast", "hot", "cold")
            if step < 30:
                await story.transfer("dead", "hot", "cold")
            # It takes one zone or the other, never both at once, and seldom.
            if step % 7 in {0, 4}:
                await story.transfer("lags", "cold" if step % 7 else "hot")
            if step % 6 == 5:
                left += await story.compact()
            story.now += STEP
            await asyncio.sleep(0.003)
        assert left > 0, "something went through while all three were there"
        assert story.registry.zones["hot.si.zvon"].get("n3.example") == ".", "the dead one holds it"
        assert story.registry.zones["hot.si.zvon"].get("n0.example") == "rpz-passthru."
        # A week later the dead one has dropped its zones by itself.
        story.now += zone_compact.SILENT
        del story.resolvers["dead"]
        for _ in range(12):
            for one in ("fast", "lags"):
                await story.transfer(one, "hot", "cold")
            await story.compact()
            story.now += 7 * STEP
        for name in ("hot.si.zvon", "hot.all.zvon"):
            kept = {o for o, _ in story.registry.zones[name].snapshot().rules()}
            assert not [o for o in kept if o.endswith(NAMES)], "nobody holds it up any more"
        for name in NAMES:
            cold = story.registry.zones["cold.si.zvon"].get(name)
            assert cold == ("." if name in story.live else None)
    finally:
        for task in (watch, follow):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    assert story.gaps == []
    assert story.looks > 500


@pytest.mark.server("unbound")
async def test_unbound_blocks_at_every_look_through_compaction_and_opens_for_good_after_a_lift(
    lab: Lab, tmp_path: Path
) -> None:
    _, running = await lab.resolver("unbound", tmp_path, relay=False)
    asker = await Asker.to("127.0.0.1", running.port)
    (row,) = await publish(lab.pool, lab.people, clock(), "evil.example")
    await until(asker, "evil.example", blocked=True)
    settle = timedelta(seconds=0.5)
    said: list[bool] = []

    async def look() -> None:
        while True:
            answer = await asker.ask("evil.example")
            if answer is not None:
                said.append(answer.blocks("nxdomain"))
            await asyncio.sleep(0.001)

    async def rounds(zone_name: str, wanted: str | None) -> None:
        """Compact until the rule in the zone is as wanted."""
        async with asyncio.timeout(20):
            while lab.service.registry.zones[zone_name].get("evil.example") != wanted:
                await compaction.compact(lab.pool, lab.service.registry, clock(), settle=settle)
                await asyncio.sleep(0.2)

    looking = asyncio.create_task(look())
    try:
        await rounds("hot.si.zvon", None)
        assert lab.service.registry.zones["cold.si.zvon"].get("evil.example") == "."
        await asyncio.sleep(0.5)
        assert all(said)
        assert len(said) > 200
        await lift(lab.pool, lab.people, clock(), [row])
        await until(asker, "evil.example", blocked=False)
        said.clear()
        await rounds("hot.si.zvon", None)
        await asyncio.sleep(0.5)
        assert not any(said)
        assert lab.service.registry.zones["cold.si.zvon"].get("evil.example") is None
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        asker.close()
