"""What people join and part: it sticks against the correlation, and goes back exactly."""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.assess.sensors import alert, arrive, context
from tests.store.world import other_party, own_party, reported, somebody
from zvon.access.permission import Denied
from zvon.access.viewer import Viewer
from zvon.assess.alerts import assess
from zvon.respond import regroup
from zvon.respond.regroup import BadWhy, Contradiction, NotLast
from zvon.store.incident_detail import NotFound
from zvon.store.party import Party
from zvon.store.transaction import Pool, Tx, transaction
from zvon.store.visibility import SYSTEM, read

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


async def rows(pool: Pool, query: str, *params: Any) -> list[tuple[Any, ...]]:
    async with read(pool, SYSTEM) as db:
        return await (await db.execute(query.encode(), params)).fetchall()


async def come(pool: Pool, now: datetime, *batch: Any) -> None:
    await arrive(pool, now, batch)
    await assess(context(pool, now), {})


async def lying(pool: Pool) -> list[tuple[Any, ...]]:
    """Which incident each group lies in, by rule."""
    return await rows(pool, "select signature, incident_id from alert_group order by id")


async def standing(pool: Pool) -> list[tuple[Any, ...]]:
    """Everything of the incidents that a step may change."""
    return await rows(
        pool,
        "select id, uuid, number, state, owner_id, duplicate_of, alert_count, group_count,"
        " severity, title, title_params, first_at, last_at from incident order by id",
    )


class Scene:
    """Two incidents hours apart: rules 1 and 2 in the first, rule 3 in the second."""

    def __init__(self, pool: Pool, now: datetime, own: Party, ana: Viewer) -> None:
        self.pool, self.now, self.own, self.ana = pool, now, own, ana
        self.first: UUID
        self.second: UUID

    async def groups(self, *rules: str) -> list[UUID]:
        names = [f"suricata:{rule}" for rule in rules]
        found = await rows(
            self.pool, "select uuid from alert_group where signature = any(%s)", names
        )
        return [uuid for (uuid,) in found]

    async def split(self, groups: Sequence[UUID], of: UUID | None = None) -> UUID:
        async with transaction(self.pool, self.now) as tx:
            return await regroup.split(
                tx, self.ana, of or self.first, groups=groups, reports=(), reason="another thing",
                now=self.now, random=os.urandom,
            )  # fmt: skip

    async def merge(self, *incidents: UUID, by: Viewer | None = None) -> UUID:
        async with transaction(self.pool, self.now) as tx:
            return await regroup.merge(
                tx, by or self.ana, incidents, "the same machine", self.now, os.urandom
            )

    async def undo(self, which: int = 0) -> None:
        """Take the newest step back, or an earlier one."""
        steps = await rows(self.pool, "select uuid from incident_step order by id desc")
        async with transaction(self.pool, self.now) as tx:
            await regroup.undo(tx, self.ana, steps[which][0], self.now)


@pytest.fixture
async def scene(pool: Pool, now: datetime) -> Scene:
    own = await own_party(pool, now)
    made = Scene(pool, now, own, await somebody(pool, now, own, "ana"))
    await come(pool, now, alert(own, now - 9 * HOUR, "1"), alert(own, now - 9 * HOUR + MINUTE, "2"),
               alert(own, now - 2 * HOUR, "3", "10.0.0.9", actor="198.51.100.1"))  # fmt: skip
    (made.first,), (made.second,) = await rows(pool, "select uuid from incident order by id")
    return made


async def test_a_split_holds_against_the_next_alerts_and_goes_back_exactly(
    scene: Scene, pool: Pool, now: datetime
) -> None:
    before, lay = await standing(pool), await lying(pool)
    made = await scene.split(await scene.groups("2"))
    ((new,),) = await rows(pool, "select id from incident where uuid = %s", made)
    assert dict(await lying(pool))["suricata:2"] == new
    # Both rules fire again within a minute on the same machine, as they did when they were joined.
    await come(
        pool,
        now,
        alert(scene.own, now - 30 * MINUTE, "1"),
        alert(scene.own, now - 29 * MINUTE, "2"),
    )
    apart = await rows(
        pool,
        "select count(distinct incident_id) from alert_group where signature in ('suricata:1','suricata:2')",
    )
    assert apart[0][0] >= 2
    together = await rows(
        pool,
        "select count(*) from alert_group a join alert_group b on a.incident_id = b.incident_id"
        " where a.signature = 'suricata:1' and b.signature = 'suricata:2'"
        " and (a.incident_id = 1 or b.incident_id = %s)",
        new,
    )
    assert together == [(0,)]
    await scene.undo()
    again = await standing(pool)
    assert [row[:6] for row in again if row[0] in {1, 2}] == [row[:6] for row in before]
    assert set(lay) <= set(await lying(pool))
    assert await rows(pool, "select state, duplicate_of from incident where id = %s", new) == [
        ("merged", 1)
    ]


async def test_a_merge_keeps_the_oldest_and_goes_back_with_state_and_owner(
    scene: Scene, pool: Pool
) -> None:
    async with transaction(pool, scene.now) as tx:
        await tx.execute(
            "update incident set state = 'open', owner_id = %s where uuid = %s",
            (scene.ana.person_id, scene.second),
        )
        await tx.execute("update incident set state = 'contained' where uuid = %s", (scene.second,))
    before, lay = await standing(pool), await lying(pool)
    assert await scene.merge(scene.second, scene.first) == scene.first
    merged = await rows(pool, "select state, duplicate_of from incident order by id")
    assert merged == [("new", None), ("merged", 1)]
    assert {incident for _, incident in await lying(pool)} == {1}
    assert await rows(pool, "select alert_count, group_count from incident where id = 1") == [
        (3, 3)
    ]
    # New alerts of either go to the one that stayed.
    await come(pool, scene.now, alert(scene.own, scene.now - 90 * MINUTE, "4", "10.0.0.9"))
    assert dict(await lying(pool))["suricata:4"] == 1
    await scene.undo()
    assert [row[:6] for row in await standing(pool)] == [row[:6] for row in before]
    assert set(lay) <= set(await lying(pool))
    assert dict(await lying(pool))["suricata:4"] == 2  # it hangs on the second one's group alone
    ((told,),) = await rows(pool, "select detail from audit where action = 'incident:merge'")
    assert (told["was"], told["reason"]) == ("contained", "the same machine")


async def test_merging_what_was_parted_is_refused_until_that_is_taken_back(
    scene: Scene, pool: Pool
) -> None:
    made = await scene.split(await scene.groups("2"))
    with pytest.raises(Contradiction, match="parted by ana on 2026-11-22"):
        await scene.merge(scene.first, made)
    await scene.undo()
    with pytest.raises(Contradiction, match="merged already"):
        await scene.merge(scene.first, made)


async def test_steps_are_taken_back_the_last_first(scene: Scene, pool: Pool) -> None:
    made = await scene.split(await scene.groups("2"))
    await scene.merge(made, scene.second)
    with pytest.raises(NotLast):
        await scene.undo(1)
    await scene.undo(0)
    await scene.undo(1)
    assert {incident for _, incident in (await lying(pool))[:2]} == {1}
    with pytest.raises(Contradiction, match="taken back already"):
        await scene.undo(1)


async def test_a_link_that_is_cut_parts_what_nothing_else_holds(scene: Scene, pool: Pool) -> None:
    links = await rows(pool, "select uuid from alert_link order by id")
    outcomes = []
    for (link,) in links:
        async with transaction(pool, scene.now) as tx:
            outcomes.append(
                await regroup.cut(tx, scene.ana, link, "no cause", scene.now, os.urandom)
            )
        if outcomes[-1][1] is not None:
            break
    assert outcomes[-1][1] is not None
    assert all(made is None for _, made in outcomes[:-1])
    assert len({incident for _, incident in (await lying(pool))[:2]}) == 2
    await scene.undo()
    assert {incident for _, incident in (await lying(pool))[:2]} == {1}


async def test_what_the_machine_joined_and_a_person_parted_stays_apart(
    pool: Pool, now: datetime
) -> None:
    own = await own_party(pool, now)
    scene = Scene(pool, now, own, await somebody(pool, now, own, "ana"))
    await come(pool, now, alert(own, now - 60 * MINUTE, "1", "10.0.0.1", actor="198.51.100.1"),
               alert(own, now - 30 * MINUTE, "2", "10.0.0.2", actor="198.51.100.2"))  # fmt: skip
    assert dict(await lying(pool)) == {"suricata:1": 1, "suricata:2": 2}
    # On the first machine, within the hour; and two minutes after the second: it ties both.
    await come(pool, now, alert(own, now - 28 * MINUTE, "3", "10.0.0.1", actor="198.51.100.3"))
    assert set(dict(await lying(pool)).values()) == {1}
    await scene.undo()
    assert dict(await lying(pool)) == {"suricata:1": 1, "suricata:2": 2, "suricata:3": 1}
    await come(pool, now, alert(own, now - 27 * MINUTE, "4", "10.0.0.1", actor="198.51.100.4"),
               alert(own, now - 26 * MINUTE, "5", "10.0.0.2", actor="198.51.100.5"))  # fmt: skip
    after = dict(await lying(pool))
    assert (after["suricata:1"], after["suricata:2"]) == (1, 2)
    assert await rows(pool, "select state from incident where id in (1, 2)") == [("new",), ("new",)]


async def test_background_is_raised_by_a_person_once(
    scene: Scene, pool: Pool, now: datetime
) -> None:
    later = now + 30 * HOUR
    await come(pool, later, *(
        alert(scene.own, now + n * HOUR / 2, "8", "10.9.9.9", severity=3) for n in range(50)
    ))  # fmt: skip
    loose = await rows(
        pool, "select uuid from alert_group where incident_id is null order by id desc limit 1"
    )
    async with transaction(pool, now) as tx:
        made = await regroup.raise_up(tx, scene.ana, [loose[0][0]], "weekly", now, os.urandom)
    assert await rows(pool, "select group_count, state from incident where uuid = %s", made) == [
        (1, "new")
    ]
    async with transaction(pool, now) as tx:
        with pytest.raises(Contradiction, match="in an incident already"):
            await regroup.raise_up(tx, scene.ana, [loose[0][0]], "weekly", now, os.urandom)


async def test_incidents_of_two_organisations_are_not_merged(
    scene: Scene, pool: Pool, now: datetime
) -> None:
    bank = await other_party(pool, now)
    await come(pool, now, alert(scene.own, now - 5 * MINUTE, "7", maker=bank))
    ((theirs,),) = await rows(pool, "select uuid from incident where orgc_id = %s", bank.id)
    with pytest.raises(Contradiction, match="different organisations"):
        await scene.merge(scene.first, theirs)
    bea = await somebody(pool, now, bank, "bea")
    with pytest.raises(NotFound):
        await scene.merge(scene.first, theirs, by=bea)


async def test_incidents_of_reports_come_together_with_their_campaigns(
    scene: Scene, pool: Pool, now: datetime
) -> None:
    one, two = await reported(pool, now, scene.own), await reported(pool, now, scene.own)
    assert await scene.merge(two.incident_uuid, one.incident_uuid) == one.incident_uuid
    assert await rows(
        pool, "select report_count from incident where uuid = %s", one.incident_uuid
    ) == [(2,)]
    assert await rows(pool, "select kind from campaign_step") == [("merge",)]
    async with transaction(pool, now) as tx:
        made = await regroup.split(
            tx, scene.ana, one.incident_uuid, groups=(), reports=[two.uuid], reason="no", now=now,
            random=os.urandom,
        )  # fmt: skip
    assert made not in {one.incident_uuid, two.incident_uuid}


async def test_alerts_join_an_incident_of_reports_and_leave_it_as_it_was(
    pool: Pool, now: datetime
) -> None:
    own = await own_party(pool, now)
    scene = Scene(pool, now, own, await somebody(pool, now, own, "ana"))
    one = await reported(pool, now - HOUR, own)
    await come(pool, now, alert(own, now - 9 * HOUR, "1"))
    ((alerts,),) = await rows(pool, "select uuid from incident where alert_count > 0")
    before = await standing(pool)
    assert await scene.merge(alerts, one.incident_uuid) == one.incident_uuid
    ((title, count, first),) = await rows(
        pool, "select title, alert_count, first_at from incident where uuid = %s", one.incident_uuid
    )
    assert (title, count, first) == ("TITLE_PHISHING_BRAND", 1, now - 9 * HOUR)
    await scene.undo()
    assert await standing(pool) == before


async def refused(tx: Tx, scene: Scene, viewer: Viewer, reason: str) -> None:
    await regroup.merge(tx, viewer, [scene.first, scene.second], reason, scene.now, os.urandom)


async def test_who_may_not_or_says_nothing_is_refused(
    scene: Scene, pool: Pool, now: datetime
) -> None:
    aud = await somebody(pool, now, scene.own, "aud", roles=("auditor",))
    with pytest.raises(Denied):
        async with transaction(pool, now) as tx:
            await refused(tx, scene, aud, "why")
    assert await rows(pool, "select outcome from audit where action = 'incident:merge'") == [
        ("refused",)
    ]
    for reason in ("", "  ", "x" * 501, "a\x00b", "\ud800"):
        async with transaction(pool, now) as tx:
            with pytest.raises(BadWhy):
                await refused(tx, scene, scene.ana, reason)
    with pytest.raises(Contradiction, match="2 to 50"):
        await scene.merge(scene.first, scene.first)
    with pytest.raises(Contradiction, match="some groups"):
        await scene.split(await scene.groups("1", "2"))
    with pytest.raises(LookupError):
        await scene.split(await scene.groups("3"))
