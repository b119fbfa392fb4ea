"""Feeds as views: what stands where, what comes and goes with a view, and what leaves with a lift."""

import random
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.blocks import People, people_of
from tests.feeds import fill, lift, publish, subscribe, view_feed, zone_rules
from zvon.access.permission import Denied
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.rpz_match import match
from zvon.model.scope import Scope
from zvon.model.verdict import Category
from zvon.model.view import TRIGGERS, BadView, DecisionFacts, View, takes
from zvon.store import block_feed, feed_view, landing, zone, zone_compact
from zvon.store.block import BlockRow
from zvon.store.block_gate import Frozen
from zvon.store.feed_view import FeedInUse, FeedTaken, NoFeed
from zvon.store.transaction import Pool, transaction
from zvon.store.zone import BadLabel


@pytest.fixture
async def people(pool: Pool, now: datetime) -> People:
    made = await people_of(pool, now)
    async with transaction(pool, now) as tx:
        await zone.ensure_feed(tx, "hr", "HR")
    return made


async def other_administrator(pool: Pool, people: People, now: datetime) -> Viewer:
    """A second administrator."""
    ada = people["ada"]
    async with transaction(pool, now) as tx:
        row = await (
            await tx.execute(
                "insert into person (uuid, party_id, login, name, created_at)"
                " values (gen_random_uuid(), %s, 'eva', 'eva', %s) returning id",
                (ada.party_id, now),
            )
        ).fetchone()
    assert row is not None
    return msgspec.structs.replace(ada, person_id=row[0], login="eva")


async def set_facts(pool: Pool, rows: list[BlockRow], **facts: Any) -> None:
    async with pool.connection() as db:
        for name, value in facts.items():
            await db.execute(
                f"update block set {name} = %s where id = any(%s)",
                (value, [row.id for row in rows]),
            )


async def edit(pool: Pool, who: Viewer, now: datetime, name: str, **wanted: Any) -> feed_view.Feed:
    async with transaction(pool, now) as tx:
        return await feed_view.edit(tx, who, name, now=now, **wanted)


async def test_a_block_stands_in_its_home_feed_and_in_every_feed_whose_view_takes_it(
    pool: Pool, people: People, now: datetime
) -> None:
    taking = await view_feed(pool, people["ada"], now, "all")
    await view_feed(pool, people["ada"], now, "croatian", countries=("HR",))
    (row,) = await publish(pool, people, now, "evil.example")
    assert await zone_rules(pool, "hot.si.zvon") == {"evil.example": "."}
    assert await zone_rules(pool, "hot.all.zvon") == {"evil.example": "."}
    assert await zone_rules(pool, "hot.croatian.zvon", "hot.hr.zvon") == {}
    async with pool.connection() as db:
        stands = await feed_view.feeds_of(db, [row])
        assert (await feed_view.get(db, "all")).blocks == 1
    assert stands == {row.id: [row.feed_id, taking.id]}
    assert row.published_serial == 3


async def test_a_feed_may_answer_otherwise_than_the_block_says(
    pool: Pool, people: People, now: datetime
) -> None:
    await view_feed(pool, people["ada"], now, "empty", action="nodata")
    await view_feed(pool, people["ada"], now, "page", action="landing")
    await publish(pool, people, now, "before.example")
    async with transaction(pool, now) as tx:
        await landing.put(tx, "Landing.Example", now)
    await publish(pool, people, now, "after.example", scope=Scope.HOST_SUB)
    assert await zone_rules(pool, "hot.empty.zvon") == {
        "before.example": "*.", "after.example": "*.", "*.after.example": "*.",
    }  # fmt: skip
    assert await zone_rules(pool, "hot.page.zvon") == {
        "before.example": ".",
        "after.example": "landing.example.",
        "*.after.example": "landing.example.",
    }


async def test_a_new_view_is_filled_with_what_lives_and_nothing_else(
    pool: Pool, people: People, now: datetime
) -> None:
    rows = await publish(pool, people, now, *(f"n{n}.example" for n in range(7)))
    await set_facts(pool, rows[:3], category="scam")
    await lift(pool, people, now, rows[6:])
    async with transaction(pool, now) as tx:
        await feed_view.create(
            tx, people["ada"], name="phishing", country="SI", now=now,
            view=View(categories=("phishing",)),
        )  # fmt: skip
    async with pool.connection() as db:
        assert (await feed_view.get(db, "phishing")).filling
    assert await fill(pool, now, limit=2) == 2
    assert set(await zone_rules(pool, "cold.phishing.zvon")) == {f"n{n}.example" for n in (3, 4, 5)}
    async with pool.connection() as db:
        made = await feed_view.get(db, "phishing")
    assert (made.filling, made.blocks, made.rules["cold"]) == (False, 3, 3)
    assert made.serials["cold"] == 3, "one serial for each batch"


async def test_what_is_decided_while_a_view_is_filled_is_neither_missed_nor_left_behind(
    pool: Pool, people: People, now: datetime
) -> None:
    rows = await publish(pool, people, now, *(f"n{n}.example" for n in range(4)))
    async with transaction(pool, now) as tx:
        await feed_view.create(tx, people["ada"], name="all", country="SI", view=View(), now=now)
    from zvon.store import feed_fill

    async with transaction(pool, now) as tx:
        await feed_fill.step(tx, now, limit=2)
    await publish(pool, people, now, "new.example")
    await lift(pool, people, now, [rows[0], rows[3]])
    await fill(pool, now, limit=2)
    hot, cold = await zone_rules(pool, "hot.all.zvon"), await zone_rules(pool, "cold.all.zvon")
    assert hot == {"new.example": ".", "n0.example": "rpz-passthru."}
    assert cold == {"n1.example": ".", "n2.example": "."}


async def test_an_edited_view_takes_in_what_comes_and_drops_what_goes_without_letting_it_pass(
    pool: Pool, people: People, now: datetime
) -> None:
    scam = await publish(pool, people, now, "scam.example")
    await set_facts(pool, scam, category="scam")
    await publish(pool, people, now, "phish.example")
    await view_feed(pool, people["ada"], now, "one", categories=("scam",))
    await publish(pool, people, now, "hot.example")
    await edit(pool, people["ada"], now, "one", view=View(categories=("phishing",)))
    await fill(pool, now)
    assert await zone_rules(pool, "cold.one.zvon") == {"phish.example": ".", "hot.example": "."}
    assert await zone_rules(pool, "hot.one.zvon") == {}, "a name that goes is not let pass"
    assert "scam.example" in await zone_rules(pool, "hot.si.zvon")


async def test_a_new_action_replaces_every_rule_in_its_place(
    pool: Pool, people: People, now: datetime
) -> None:
    await publish(pool, people, now, "cold.example")
    await view_feed(pool, people["ada"], now, "one")
    await publish(pool, people, now, "hot.example")
    await edit(pool, people["ada"], now, "one", action="nodata")
    await fill(pool, now)
    assert await zone_rules(pool, "cold.one.zvon") == {"cold.example": "*."}
    assert await zone_rules(pool, "hot.one.zvon") == {"hot.example": "*."}
    assert await zone_rules(pool, "hot.si.zvon") == {"cold.example": ".", "hot.example": "."}


async def test_of_two_decisions_for_one_name_the_other_stays_when_one_is_lifted(
    pool: Pool, people: People, now: datetime
) -> None:
    await view_feed(pool, people["ada"], now, "both")
    slovene = await publish(pool, people, now, "evil.example", scope=Scope.HOST_SUB)
    await publish(pool, people, now, "evil.example", feed="hr")
    for feed in ("si", "hr", "both"):
        await compact(pool, feed, now)
    await lift(pool, people, now, slovene)
    zones = await Zones.read(pool)
    assert zones.answer("evil.example", "both") == "."
    assert zones.answer("www.evil.example", "both") in {None, "rpz-passthru."}
    assert zones.answer("evil.example", "si") is None
    assert zones.answer("evil.example", "si", "hr") == "."


async def compact(pool: Pool, feed: str, now: datetime) -> None:
    """A round without subscribers to wait for."""
    async with transaction(pool, now) as tx:
        found = await zone.feed_id(tx.db, feed)
        await zone_compact.compact(tx, found, now, settle=timedelta(0))


class Zones:
    """All zones as they stand, as a resolver sees them that holds the newest of each."""

    def __init__(self, rules: dict[str, dict[str, str]]) -> None:
        self._rules = rules

    @classmethod
    async def read(cls, pool: Pool) -> "Zones":
        async with pool.connection() as db:
            rows = await (
                await db.execute("select z.name, r.owner, r.rdata from zone_rule r"
                                 " join zone z on z.id = r.zone_id")
            ).fetchall()  # fmt: skip
        found: dict[str, dict[str, str]] = {}
        for name, owner, rdata in rows:
            found.setdefault(name, {})[owner] = rdata
        return cls(found)

    def answer(self, name: str, *feeds: str) -> str | None:
        """The rule that speaks for a name at somebody who takes these feeds; `None` is the truth."""
        for feed in feeds:
            for kind in ("hot", "cold"):
                found = match(name, self._rules.get(f"{kind}.{feed}.zvon", {}).get)
                if found is not None:
                    return found.rdata
        return None


async def test_rules_of_name_servers_go_straight_into_the_last_zone_and_out_of_it(
    pool: Pool, people: People, now: datetime
) -> None:
    await view_feed(pool, people["ada"], now, "ns", triggers=("nsdname",))
    await view_feed(pool, people["ada"], now, "names", triggers=("qname",))
    rows = await publish(pool, people, now, "ns.evilhost.example", trigger="nsdname")
    owner = "ns.evilhost.example.rpz-nsdname"
    assert await zone_rules(pool, "ip.si.zvon") == {owner: "."}
    assert await zone_rules(pool, "ip.ns.zvon") == {owner: "."}
    assert await zone_rules(pool, "ip.names.zvon", "hot.names.zvon", "hot.si.zvon") == {}
    await lift(pool, people, now, rows)
    assert await zone_rules(pool, "ip.si.zvon", "ip.ns.zvon", "hot.si.zvon", "hot.ns.zvon") == {}


async def test_a_frozen_view_is_left_out_and_filled_when_it_goes_on(
    pool: Pool, people: People, now: datetime
) -> None:
    await view_feed(pool, people["ada"], now, "all")
    async with pool.connection() as db:
        await db.execute("update feed set frozen_at = %s where name = 'all'", (now,))
    await publish(pool, people, now, "evil.example")
    assert await fill(pool, now) == 0
    assert await zone_rules(pool, "hot.all.zvon", "cold.all.zvon") == {}
    async with pool.connection() as db:
        await db.execute("update feed set frozen_at = null, filled_to = 0 where name = 'all'")
    await fill(pool, now)
    assert await zone_rules(pool, "cold.all.zvon") == {"evil.example": "."}
    async with pool.connection() as db:
        await db.execute("update feed set frozen_at = %s where name = 'si'", (now,))
    with pytest.raises(Frozen, match="si"):
        await publish(pool, people, now, "other.example")


async def test_a_large_change_of_a_feed_in_use_waits_for_a_second_person(
    pool: Pool, people: People, now: datetime
) -> None:
    await view_feed(pool, people["ada"], now, "all")
    await publish(pool, people, now, *(f"n{n}.example" for n in range(4)))
    async with pool.connection() as db:
        await db.execute(
            "insert into policy values ('block-brakes', 1, %s, %s)", ('{"batch": 3}', now)
        )
    none = View(categories=("malware",))
    await subscribe(pool, people, now, "t2", "all")
    held = await edit(pool, people["ada"], now, "all", view=none)
    assert (held.view, held.held_by) == (View(), "ada")
    await fill(pool, now)
    assert len(await zone_rules(pool, "hot.all.zvon")) == 4
    with pytest.raises(Refused, match="another person"):
        async with transaction(pool, now) as tx:
            await feed_view.confirm(tx, people["ada"], "all", now)
    eva = await other_administrator(pool, people, now)
    async with transaction(pool, now) as tx:
        assert (await feed_view.confirm(tx, eva, "all", now)).view == none
        with pytest.raises(NoFeed):
            await feed_view.confirm(tx, eva, "all", now)
    await fill(pool, now)
    assert await zone_rules(pool, "hot.all.zvon", "cold.all.zvon") == {}


async def test_a_small_change_or_one_that_nobody_sees_waits_for_nobody(
    pool: Pool, people: People, now: datetime
) -> None:
    await view_feed(pool, people["ada"], now, "all")
    await publish(pool, people, now, *(f"n{n}.example" for n in range(5)))
    await subscribe(pool, people, now, "t2", "all")
    changed = await edit(pool, people["ada"], now, "all", action="nodata")
    assert (changed.action, changed.held) == ("nodata", None)


async def test_a_feed_that_somebody_takes_stays_and_a_removed_name_is_not_given_again(
    pool: Pool, people: People, now: datetime
) -> None:
    await publish(pool, people, now, "evil.example")
    await view_feed(pool, people["ada"], now, "all")
    made = await subscribe(pool, people, now, "t2", "si", "all")
    with pytest.raises(FeedInUse, match="t2"):
        async with transaction(pool, now) as tx:
            await feed_view.remove(tx, people["ada"], "all", now)
    async with transaction(pool, now) as tx:
        from zvon.store import subscriber

        await subscriber.set_feeds(tx, people["ada"], made.uuid, ["si"], now)
        await feed_view.remove(tx, people["ada"], "all", now)
    async with pool.connection() as db:
        assert {z.name for z in await zone.zones(db)} == {
            "hot.si.zvon", "cold.si.zvon", "ip.si.zvon", "hot.hr.zvon", "cold.hr.zvon",
            "ip.hr.zvon", "allow.t2.zvon",
        }  # fmt: skip
    with pytest.raises(FeedTaken):
        await view_feed(pool, people["ada"], now, "all")
    await publish(pool, people, now, "more.example")
    with pytest.raises(BadView, match="home feed"):
        async with transaction(pool, now) as tx:
            await feed_view.remove(tx, people["ada"], "si", now)


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"name": "a" * 20}, BadLabel),
        ({"name": "Über"}, BadLabel),
        ({"name": "a.b"}, BadLabel),
        ({"name": "si"}, FeedTaken),
        ({"country": "si"}, BadView),
        ({"action": "drop"}, BadView),
        ({"view": View(feeds=("nowhere",))}, BadView),
    ],
)
async def test_a_feed_that_cannot_be_is_refused(
    pool: Pool, people: People, now: datetime, wanted: dict[str, Any], error: type[Exception]
) -> None:
    given: dict[str, Any] = {"name": "new", "country": "SI", "view": View(), **wanted}
    with pytest.raises(error):
        async with transaction(pool, now) as tx:
            await feed_view.create(tx, people["ada"], now=now, **given)


async def test_only_who_manages_feeds_changes_them(
    pool: Pool, people: People, now: datetime
) -> None:
    for act in (
        lambda tx: feed_view.create(
            tx, people["bor"], name="x", country="SI", view=View(), now=now
        ),
        lambda tx: feed_view.edit(tx, people["bor"], "si", action="nodata", now=now),
        lambda tx: feed_view.confirm(tx, people["bor"], "si", now),
        lambda tx: feed_view.remove(tx, people["bor"], "si", now),
    ):
        with pytest.raises(Denied):
            async with transaction(pool, now) as tx:
                await act(tx)
    with pytest.raises(BadView, match="home feed"):
        await edit(pool, people["ada"], now, "si", view=View(categories=("scam",)))


VIEWS = st.builds(
    View,
    countries=st.lists(st.sampled_from(("SI", "HR")), max_size=2).map(tuple),
    categories=st.lists(st.sampled_from([c.value for c in Category]), max_size=2).map(tuple),
    sources=st.lists(st.sampled_from(("a", "b")), max_size=2).map(tuple),
    min_confidence=st.integers(0, 100).map(lambda n: n / 100),
    triggers=st.lists(st.sampled_from(TRIGGERS), max_size=2).map(tuple),
    feeds=st.lists(st.sampled_from(("si", "hr")), max_size=2).map(tuple),
)
FACTS = st.builds(
    DecisionFacts,
    country=st.sampled_from(("SI", "HR")),
    category=st.sampled_from([c.value for c in Category]),
    source=st.sampled_from(("a", "b")),
    confidence=st.integers(0, 100).map(lambda n: n / 100),
    trigger=st.sampled_from(TRIGGERS),
    feed=st.sampled_from(("si", "hr")),
)


async def test_the_database_takes_what_the_view_takes(pool: Pool) -> None:
    cases: list[tuple[View, DecisionFacts]] = []

    @settings(max_examples=300, database=None, suppress_health_check=list(HealthCheck))
    @given(VIEWS, FACTS)
    def collect(view: View, facts: DecisionFacts) -> None:
        cases.append((view, facts))

    collect()
    async with pool.connection() as db:
        for view, facts in cases:
            row = await (
                await db.execute(
                    "select feed_takes(%s::jsonb, %s, %s, %s, %s::real, %s, %s)",
                    (msgspec.json.encode(view).decode(), *msgspec.structs.astuple(facts)[:3],
                     facts.confidence, facts.trigger, facts.feed),
                )
            ).fetchone()  # fmt: skip
            assert row == (takes(view, facts),), (view, facts)


class World:
    """Random decisions over a handful of names, and what each feed has to answer."""

    NAMES = ("evil.example", "www.evil.example", "a.www.evil.example", "bad.example")
    FEEDS = ("si", "hr", "both", "scam")

    def __init__(self, pool: Pool, people: People, now: datetime, seed: int) -> None:
        self.pool, self.people, self.now = pool, people, now
        self.random = random.Random(seed)
        self.live: list[tuple[BlockRow, str, str]] = []
        self.scam = True
        self.lagging = 0

    async def act(self) -> None:
        """One step of somebody."""
        what = self.random.choice(
            ("publish", "publish", "lift", "compact", "compact", "edit", "transfer")
        )
        if what == "publish":
            feed = self.random.choice(("si", "hr"))
            name = self.random.choice(self.NAMES)
            if any(row.name == name and home == feed for row, home, _ in self.live):
                return
            category = self.random.choice(("phishing", "scam"))
            scope = self.random.choice((Scope.HOST, Scope.HOST_SUB))
            rows = await publish(
                self.pool, self.people, self.now, name, scope=scope, feed=feed, category=category
            )
            self.live.append((rows[0], feed, category))
        elif what == "lift" and self.live:
            row, *_ = self.live.pop(self.random.randrange(len(self.live)))
            await lift(self.pool, self.people, self.now, [row])
        elif what == "compact":
            await compact(self.pool, self.random.choice(self.FEEDS), self.now)
        elif what == "transfer":
            await self.transfer()
        elif what == "edit":
            self.scam = not self.scam
            view = View(categories=("scam",) if self.scam else ("phishing",))
            await edit(self.pool, self.people["ada"], self.now, "scam", view=view)
            await fill(self.pool, self.now, limit=1)

    async def transfer(self) -> None:
        """The subscriber that lags behind catches up."""
        async with transaction(self.pool, self.now) as tx:
            for one in await zone.zones(tx.db):
                await zone.note_held(tx, self.lagging, one.id, self.now, asked=one.serial)

    def blocked(self, feed: str, name: str) -> bool:
        """True when the feed has to block the name."""
        wanted = "scam" if self.scam else "phishing"
        return any(
            (feed in {"both", home} or (feed == "scam" and category == wanted))
            and (name == row.name or (row.scope.covers_below and name.endswith(f".{row.name}")))
            for row, home, category in self.live
        )


@pytest.mark.parametrize("seed", range(3))
async def test_after_any_course_of_events_each_feed_blocks_what_lives_and_opens_what_is_lifted(
    pool: Pool, people: People, now: datetime, seed: int
) -> None:
    await view_feed(pool, people["ada"], now, "both")
    await view_feed(pool, people["ada"], now, "scam", categories=("scam",))
    world = World(pool, people, now, seed)
    made = await subscribe(pool, people, now, "lagging", *World.FEEDS)
    world.lagging = made.id
    await world.transfer()
    for _ in range(25):
        await world.act()
        zones = await Zones.read(pool)
        for name in (*World.NAMES, "x.bad.example", "b.evil.example"):
            for feed in World.FEEDS:
                found = zones.answer(name, feed)
                blocks = found not in {None, "rpz-passthru."}
                assert blocks is world.blocked(feed, name), (feed, name, found)
            for two in (("si", "hr"), ("hr", "si"), ("scam", "si")):
                found = zones.answer(name, *two)
                blocks = found not in {None, "rpz-passthru."}
                wanted = any(world.blocked(feed, name) for feed in two)
                assert blocks is wanted, (two, name, found)


async def test_a_neighbour_is_found_above_and_below_but_not_beside(
    pool: Pool, people: People, now: datetime
) -> None:
    await publish(pool, people, now, "evil.example", "a.b.evil.example", "xevil.example")
    (row,) = await publish(pool, people, now, "b.evil.example")
    async with pool.connection() as db:
        one = (await block_feed.decisions(db, [row.id]))[row.id]
        found = await block_feed.neighbours(db, [one])
    assert [n.name for n in found] == ["evil.example", "a.b.evil.example"]
