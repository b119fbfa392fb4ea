"""From the hot zone to the cold one: at no instant is a live rule in neither."""

import asyncio
from datetime import datetime, timedelta

import pytest

from tests.blocks import People, people_of, publish, rules
from zvon.model.scope import Scope
from zvon.store import block, subscriber, zone, zone_compact
from zvon.store.transaction import Pool, transaction

HOT, COLD = "hot.si.zvon", "cold.si.zvon"
SETTLE = timedelta(seconds=130)
KEY = bytes(32)


@pytest.fixture
async def people(pool: Pool, now: datetime) -> People:
    return await people_of(pool, now)


class Site:
    """One feed and its subscribers, as the store sees them."""

    def __init__(self, pool: Pool, people: People) -> None:
        self.pool, self.people = pool, people
        self.ids: dict[str, int] = {}

    async def add(self, name: str, now: datetime) -> None:
        async with transaction(self.pool, now) as tx:
            made, _ = await subscriber.add(
                tx, self.people["ada"], name=name, brand="bind", address="192.0.2.1", feeds=("si",),
                notify_address="192.0.2.1:53", now=now, random=lambda n: name.encode()[:1] * n,
                key=KEY,
            )  # fmt: skip
        self.ids[name] = made.id
        await self.shows(name, HOT, 1, now)
        await self.shows(name, COLD, 1, now)

    async def shows(self, name: str, of: str, serial: int, now: datetime) -> None:
        async with transaction(self.pool, now) as tx:
            (row,) = [z for z in await zone.zones(tx.db) if z.name == of]
            await zone.note_held(tx, self.ids[name], row.id, now, asked=serial)

    async def sent(self, name: str, of: str, serial: int, now: datetime) -> None:
        async with transaction(self.pool, now) as tx:
            (row,) = [z for z in await zone.zones(tx.db) if z.name == of]
            await zone.note_held(tx, self.ids[name], row.id, now, sent=serial)

    async def round(self, now: datetime, *, touch: bool = False) -> zone_compact.Compacted:
        async with transaction(self.pool, now) as tx:
            (feed,) = await zone_compact.feeds(tx.db)
            return await zone_compact.compact(tx, feed, now, settle=SETTLE, touch=touch)

    async def serial(self, of: str) -> int:
        async with self.pool.connection() as db:
            (row,) = [z for z in await zone.zones(db) if z.name == of]
        return row.serial


@pytest.fixture
async def site(pool: Pool, people: People, now: datetime) -> Site:
    made = Site(pool, people)
    await made.add("fast", now)
    await made.add("slow", now)
    return made


async def test_a_rule_leaves_the_hot_zone_only_when_every_subscriber_holds_the_cold_one(
    site: Site, now: datetime
) -> None:
    await publish(site.pool, site.people, now, "evil.example")
    assert (await site.round(now)).to_cold == 1
    assert await rules(site.pool, HOT) == await rules(site.pool, COLD) == {"evil.example": "."}
    serial = await site.serial(COLD)
    await site.shows("fast", COLD, serial, now)
    late = now + SETTLE
    assert (await site.round(late)).waiting == 1
    assert await rules(site.pool, HOT) == {"evil.example": "."}
    await site.shows("slow", COLD, serial, late)
    assert (await site.round(late)).waiting == 1, "it holds the zone but may not obey it yet"
    assert (await site.round(late + SETTLE)).from_hot == 1
    assert await rules(site.pool, HOT) == {}
    assert await rules(site.pool, COLD) == {"evil.example": "."}


async def test_a_subscriber_silent_for_longer_than_the_expiry_holds_nothing_up(
    site: Site, now: datetime
) -> None:
    await publish(site.pool, site.people, now, "evil.example")
    await site.round(now)
    serial = await site.serial(COLD)
    later = now + timedelta(days=7, minutes=1)
    await site.shows("fast", COLD, serial, later)
    assert (await site.round(later + SETTLE)).from_hot == 1


async def test_who_was_sent_what_is_waited_for_is_made_to_show_it(
    site: Site, now: datetime
) -> None:
    await publish(site.pool, site.people, now, "evil.example")
    await site.round(now)
    serial = await site.serial(COLD)
    await site.round(now, touch=True)
    assert await site.serial(COLD) == serial, "nobody was sent it: a touch would only cost"
    await site.shows("fast", COLD, serial, now)
    await site.sent("slow", COLD, serial, now)
    await site.round(now, touch=True)
    assert await site.serial(COLD) == serial + 1
    assert await rules(site.pool, COLD) == {"evil.example": "."}
    await site.shows("slow", COLD, serial, now)
    assert (await site.round(now + SETTLE)).from_hot == 1, "the touch made the rule no younger"


async def test_changes_without_end_do_not_keep_a_rule_in_the_hot_zone(
    site: Site, now: datetime
) -> None:
    await publish(site.pool, site.people, now, "evil.example")
    await site.round(now)
    serial = await site.serial(COLD)
    for seconds in range(0, 300, 20):
        for name in site.ids:
            await site.shows(name, COLD, serial + seconds // 20, now + timedelta(seconds=seconds))
    assert (await site.round(now + timedelta(seconds=300))).from_hot == 1


async def test_a_subscriber_that_falls_back_to_an_older_zone_begins_anew(
    site: Site, now: datetime
) -> None:
    await publish(site.pool, site.people, now, "evil.example")
    await site.round(now)
    serial = await site.serial(COLD)
    for name in site.ids:
        await site.shows(name, COLD, serial, now)
    await site.shows("slow", COLD, serial - 1, now + SETTLE)
    assert (await site.round(now + SETTLE)).waiting == 1
    await site.shows("slow", COLD, serial, now + SETTLE)
    assert (await site.round(now + SETTLE)).waiting == 1
    await site.shows("slow", COLD, serial, now + 2 * SETTLE)
    assert (await site.round(now + 2 * SETTLE)).from_hot == 1


async def test_a_lift_passes_in_the_hot_zone_until_every_subscriber_dropped_it_from_the_cold(
    site: Site, now: datetime
) -> None:
    (row,) = await publish(site.pool, site.people, now, "evil.example")
    await site.round(now)
    for name in site.ids:
        await site.shows(name, COLD, await site.serial(COLD), now)
    await site.round(now + SETTLE)
    async with transaction(site.pool, now) as tx:
        await block.lift(tx, site.people["bor"], [row.uuid], "a mistake", now)
    assert await rules(site.pool, HOT) == {"evil.example": "rpz-passthru."}
    assert await rules(site.pool, COLD) == {}
    await site.round(now + SETTLE)
    assert await rules(site.pool, HOT) == {"evil.example": "rpz-passthru."}
    for name in site.ids:
        await site.shows(name, COLD, await site.serial(COLD), now)
    await site.round(now + SETTLE)
    assert await rules(site.pool, HOT) == {}


async def test_lifting_a_whole_domain_does_not_open_a_host_below_that_is_blocked_by_itself(
    site: Site, now: datetime
) -> None:
    (whole,) = await publish(
        site.pool, site.people, now, "evil.example", scope=Scope.REGISTRABLE_SUB
    )
    await publish(site.pool, site.people, now, "host.evil.example")
    await site.round(now)
    for name in site.ids:
        await site.shows(name, COLD, await site.serial(COLD), now)
    await site.round(now + SETTLE)
    assert await rules(site.pool, HOT) == {}
    async with transaction(site.pool, now) as tx:
        await block.lift(tx, site.people["bor"], [whole.uuid], "too wide", now)
    assert await rules(site.pool, HOT) == {
        "evil.example": "rpz-passthru.",
        "*.evil.example": "rpz-passthru.",
        "host.evil.example": ".",
    }


async def test_lifting_a_host_leaves_it_blocked_by_the_domain_above(
    site: Site, now: datetime
) -> None:
    await publish(site.pool, site.people, now, "evil.example", scope=Scope.REGISTRABLE_SUB)
    (host,) = await publish(site.pool, site.people, now, "host.evil.example")
    await site.round(now)
    async with transaction(site.pool, now) as tx:
        await block.lift(tx, site.people["bor"], [host.uuid], "double", now)
    assert set(await rules(site.pool, HOT)) == {"evil.example", "*.evil.example"}


async def test_a_name_blocked_again_during_its_lift_is_blocked_at_once(
    site: Site, now: datetime
) -> None:
    (row,) = await publish(site.pool, site.people, now, "evil.example")
    await site.round(now)
    async with transaction(site.pool, now) as tx:
        await block.lift(tx, site.people["bor"], [row.uuid], "a mistake", now)
    await publish(site.pool, site.people, now, "evil.example")
    assert await rules(site.pool, HOT) == {"evil.example": "."}


async def test_rounds_and_publishing_at_once_lose_nothing(site: Site, now: datetime) -> None:
    async def rounds() -> None:
        for _ in range(5):
            await site.round(now)

    await asyncio.gather(
        rounds(),
        publish(site.pool, site.people, now, *(f"a{n}.example" for n in range(10))),
        publish(site.pool, site.people, now, *(f"b{n}.example" for n in range(10))),
    )
    both = await rules(site.pool, HOT)
    assert len(both) == 20
    await site.round(now)
    assert set(await rules(site.pool, COLD)) == set(both)
