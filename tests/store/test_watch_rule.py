"""A rule is looked for until it expires, and is made and ended by the operator's people only."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.store.world import new_uuid, other_party, own_party, somebody
from zvon.access.permission import Denied
from zvon.access.viewer import Viewer
from zvon.store import watch_rule
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read
from zvon.store.watch_rule import BadRule, NewRule, NoRule, Rule


@pytest.fixture
async def ana(pool: Pool, now: datetime) -> Viewer:
    return await somebody(pool, now, await own_party(pool, now), "ana")


def rule(now: datetime, **given: Any) -> NewRule:
    plain = NewRule(brand="si.posta", pattern="posta-{#}", tlds=["top", "cfd", "top"],
                    reason="seen", expires_at=now + timedelta(days=9))  # fmt: skip
    return replace(plain, **given)


async def add(pool: Pool, who: Viewer, now: datetime, **given: Any) -> Rule:
    async with transaction(pool, now) as tx:
        return await watch_rule.add(tx, who, rule(now, **given), now, new_uuid(now).bytes[:10])


async def live(pool: Pool, now: datetime) -> list[str]:
    async with read(pool, SYSTEM) as db:
        return [each.pattern for each in await watch_rule.live(db, now)]


async def test_a_rule_works_until_it_expires_or_is_ended(
    pool: Pool, ana: Viewer, now: datetime
) -> None:
    made = await add(pool, ana, now)
    await add(pool, ana, now, pattern="other-{#}", expires_at=now + timedelta(days=2))
    assert (made.tlds, made.by) == (["cfd", "top"], "ana")
    assert await live(pool, now + timedelta(days=1)) == ["other-{#}", "posta-{#}"]
    assert await live(pool, now + timedelta(days=3)) == ["posta-{#}"]
    async with transaction(pool, now) as tx:
        await watch_rule.end(tx, ana, made.uuid, now)
        with pytest.raises(NoRule):
            await watch_rule.end(tx, ana, made.uuid, now)
    assert await live(pool, now + timedelta(days=3)) == []


@pytest.mark.parametrize("days", [-1, 0, 200])
async def test_a_rule_for_no_time_or_for_ever_is_refused(
    pool: Pool, ana: Viewer, now: datetime, days: int
) -> None:
    with pytest.raises(BadRule):
        await add(pool, ana, now, expires_at=now + timedelta(days=days))


async def test_a_derived_rule_is_made_once_and_lasts_longer_when_derived_again(
    pool: Pool, ana: Viewer, now: datetime
) -> None:
    async with transaction(pool, now) as tx:
        row = await (
            await tx.execute(
                "insert into campaign (uuid, number, first_at, last_at) values (%s, 'C-1', %s, %s)"
                " returning id", (new_uuid(now), now, now),
            )
        ).fetchone()  # fmt: skip
        assert row is not None
        for days in (3, 6):
            new = rule(now, campaign_id=row[0], expires_at=now + timedelta(days=days))
            made = await watch_rule.derive(tx, new, now, new_uuid(now).bytes[:10])
            assert (made is None) == (days == 6)
    assert await live(pool, now + timedelta(days=5)) == ["posta-{#}"]


async def test_other_organisations_make_and_end_no_rules(
    pool: Pool, ana: Viewer, now: datetime
) -> None:
    bank = await other_party(pool, now)
    stranger = await somebody(pool, now, bank, "stranger")
    made = await add(pool, ana, now)
    with pytest.raises(Denied):
        await add(pool, stranger, now)
    async with transaction(pool, now) as tx:
        with pytest.raises(Denied):
            await watch_rule.end(tx, stranger, made.uuid, now)
    async with read(pool, stranger) as db:
        assert await watch_rule.list_all(db, stranger, now) == []
