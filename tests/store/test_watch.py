"""A watched name stays what people made of it, and a desk sees its own brand only."""

import os
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.blocks import People, people_of
from tests.store.world import new_uuid, somebody
from zvon.access.permission import SHIPPED_ROLES, Denied
from zvon.access.viewer import Viewer
from zvon.ml.brand import shipped
from zvon.ml.lookalike import Lookalike, find
from zvon.model.verdict import Reason
from zvon.store import brand, party, person, watch, watch_look
from zvon.store.desk import NoSuchBrand
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read
from zvon.store.watch import Filter, Item, NotInState, NoWatch
from zvon.store.watch_look import Looked

NLB, POST, PACK = "nlb-klik.top", "posta-si.top", "posta-si-pack.lat"


@pytest.fixture
async def people(pool: Pool, now: datetime) -> People:
    found = await people_of(pool, now)
    async with transaction(pool, now) as tx:
        await person.put_roles(tx, SHIPPED_ROLES)
    return found


@pytest.fixture
async def desk(pool: Pool, now: datetime, people: People) -> Viewer:
    """A person at the desk of NLB."""
    async with transaction(pool, now) as tx:
        bank = await party.put(tx, uuid=new_uuid(now), name="NLB", kind="bank", country="SI")
        await tx.execute("update party set brands = %s where id = %s", (["si.nlb"], bank.id))
    return await somebody(pool, now, bank, "desk@nlb", roles=("desk",))


async def put(pool: Pool, now: datetime, *names: str, **given: Any) -> int:
    source = given.pop("source", "list:x")
    async with transaction(pool, now) as tx:
        return await watch.put_all(
            tx, list(find(shipped(), names)), source, now, os.urandom, **given
        )


async def listed(pool: Pool, who: Viewer, **given: Any) -> list[Item]:
    async with read(pool, who) as db:
        return await watch.page(db, who, Filter(**given), 100)


async def one(pool: Pool, who: Viewer, name: str) -> Item:
    [item] = [i for i in await listed(pool, who) if i.name == name]
    return item


async def judged(
    pool: Pool, item: Item, now: datetime, state: str, next_at: datetime | None = None
) -> None:
    looked = Looked(id=item.id, score=item.score, reasons=item.reasons,
                    state=state, next_at=next_at)  # fmt: skip
    async with transaction(pool, now) as tx:
        await watch_look.judged(tx, [looked], now)


async def test_the_likeliest_come_first_and_pages_follow_each_other(
    pool: Pool, people: People, now: datetime
) -> None:
    assert await put(pool, now, NLB, POST, PACK) == 3
    ana = people["ana"]
    whole = await listed(pool, ana)
    assert [i.score for i in whole] == sorted((i.score for i in whole), reverse=True)
    async with read(pool, ana) as db:
        first = await watch.page(db, ana, Filter(), 2)
        rest = await watch.page(db, ana, Filter(after=first[-1].uuid), 2)
    assert [i.name for i in [*first, *rest]] == [i.name for i in whole]
    assert [i.id for i in await listed(pool, ana, newest=True)] == sorted(
        (i.id for i in whole), reverse=True
    )


async def test_a_list_can_be_narrowed(pool: Pool, people: People, now: datetime) -> None:
    await put(pool, now, NLB, source="ct:a")
    await put(pool, now, PACK, source="list:b")
    ana = people["ana"]
    assert [i.name for i in await listed(pool, ana, brand="si.nlb")] == [NLB]
    assert [i.name for i in await listed(pool, ana, source="list:")] == [PACK]
    assert [i.name for i in await listed(pool, ana, technique="token", least=0.8)] == [PACK]
    assert await listed(pool, ana, states=["dismissed"]) == []


async def test_the_same_name_again_is_no_new_item_and_keeps_the_better_score(
    pool: Pool, people: People, now: datetime
) -> None:
    await put(pool, now, PACK)
    before = await one(pool, people["ana"], PACK)
    better = Lookalike(name=PACK, registered=PACK, brand="si.posta", technique="token", score=0.99,
                       reasons=(Reason(code="WATCH_FEED"),))  # fmt: skip
    async with transaction(pool, now) as tx:
        assert await watch.put_all(tx, [better, better], "feed:x", now, os.urandom) == 0
    after = await one(pool, people["ana"], PACK)
    assert (after.uuid, after.score, after.source) == (before.uuid, 0.99, "list:x")
    assert [r.code for r in after.reasons] == ["WATCH_FEED"]


async def test_a_certificate_is_news_and_brings_the_next_look_forward(
    pool: Pool, people: People, now: datetime
) -> None:
    await put(pool, now, PACK)
    item = await one(pool, people["ana"], PACK)
    await judged(pool, item, now, "watching", next_at=now + timedelta(days=9))
    later = now + timedelta(hours=1)
    await put(pool, later, PACK, certificate=True)
    news = await one(pool, people["ana"], PACK)
    assert (news.next_at, news.seen) == (later, {"certificate": later.isoformat()})
    await judged(pool, news, now, "watching", next_at=now + timedelta(days=9))
    await put(pool, later, PACK, certificate=True)
    assert (await one(pool, people["ana"], PACK)).next_at == now + timedelta(days=9)


async def test_what_was_dismissed_is_never_watched_again(
    pool: Pool, people: People, now: datetime
) -> None:
    await put(pool, now, PACK)
    item = await one(pool, people["ana"], PACK)
    async with transaction(pool, now) as tx:
        await watch.dismiss(tx, people["ana"], item.uuid, "a shop of stamps", now)
    await put(pool, now, PACK, certificate=True)
    assert (await one(pool, people["ana"], PACK)).state == "dismissed"
    async with read(pool, SYSTEM) as db:
        assert await watch_look.due(db, now + timedelta(days=99), 10) == []
    async with transaction(pool, now) as tx:
        with pytest.raises(NotInState):
            await watch.escalate(tx, people["ana"], item.uuid, "after all", now)


async def test_what_had_expired_is_watched_again_when_a_certificate_comes(
    pool: Pool, people: People, now: datetime
) -> None:
    await put(pool, now, PACK)
    await judged(pool, await one(pool, people["ana"], PACK), now, "expired")
    await put(pool, now, PACK)
    assert (await one(pool, people["ana"], PACK)).state == "expired"
    await put(pool, now, PACK, certificate=True)
    item = await one(pool, people["ana"], PACK)
    assert (item.state, item.checks, item.ended_at) == ("watching", 0, None)


async def test_a_desk_sees_and_names_its_own_brand_only(
    pool: Pool, people: People, desk: Viewer, now: datetime
) -> None:
    await put(pool, now, NLB, PACK)
    assert [(i.name, i.source) for i in await listed(pool, desk)] == [(NLB, "list")]
    assert await listed(pool, desk, brand="si.posta") == []
    theirs = await one(pool, people["ana"], PACK)
    async with read(pool, desk) as db:
        with pytest.raises(NoWatch):
            await watch.get(db, desk, theirs.uuid)
    async with transaction(pool, now) as tx:
        with pytest.raises((NoWatch, NoSuchBrand)):
            await watch.say(tx, desk, theirs.uuid, ours=True, reason="mine", now=now)


async def test_a_name_that_its_desk_calls_theirs_is_official_and_never_found_again(
    pool: Pool, people: People, desk: Viewer, now: datetime
) -> None:
    await put(pool, now, NLB)
    item = await one(pool, desk, NLB)
    async with transaction(pool, now) as tx:
        said = await watch.say(tx, desk, item.uuid, ours=True, reason="our campaign page", now=now)
    assert said.state == "dismissed"
    async with read(pool, SYSTEM) as db:
        registry = await brand.current(db)
    assert registry.official(NLB) is not None


async def test_not_ours_brings_the_look_forward(
    pool: Pool, people: People, desk: Viewer, now: datetime
) -> None:
    await put(pool, now, NLB)
    item = await one(pool, desk, NLB)
    await judged(pool, item, now, "watching", next_at=now + timedelta(days=9))
    async with transaction(pool, now) as tx:
        said = await watch.say(tx, desk, item.uuid, ours=False, reason="never seen", now=now)
    assert (said.state, said.next_at) == ("watching", now)


async def test_a_desk_may_neither_dismiss_nor_escalate_nor_hand_in(
    pool: Pool, people: People, desk: Viewer, now: datetime
) -> None:
    await put(pool, now, NLB)
    item = await one(pool, desk, NLB)
    async with transaction(pool, now) as tx:
        with pytest.raises(Denied):
            await watch.dismiss(tx, desk, item.uuid, "why not", now)
        with pytest.raises(Denied):
            await watch.escalate(tx, desk, item.uuid, "why not", now)
        with pytest.raises(Denied):
            await watch.hand_in(tx, desk, [], now, os.urandom)


async def test_acts_of_people_are_in_the_audit(pool: Pool, people: People, now: datetime) -> None:
    await put(pool, now, PACK, NLB)
    async with transaction(pool, now) as tx:
        for name, act in ((PACK, watch.dismiss), (NLB, watch.escalate)):
            await act(tx, people["ana"], (await one(pool, people["ana"], name)).uuid, "why", now)
    async with pool.connection() as db:
        rows = await (
            await db.execute(
                "select actor, action, object from audit where action like 'watch:%' order by seq"
            )
        ).fetchall()
    assert rows == [(people["ana"].login, "watch:dismiss", PACK),
                    (people["ana"].login, "watch:escalate", NLB)]  # fmt: skip
