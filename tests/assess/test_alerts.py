"""Alerts become groups and incidents: counted once, joined with reasons, the same after a restart."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.assess.sensors import alert, arrive, context
from tests.store.world import other_party, own_party, somebody
from zvon.assess import alert_policy, alerts
from zvon.assess.alerts import assess
from zvon.ml.correlate import policy as correlation
from zvon.ml.correlate.snapshot import pack
from zvon.model.marking import Tlp
from zvon.store import alert_page, alert_realm
from zvon.store.alert_group import Counted, sampled
from zvon.store.alert_page import Sums
from zvon.store.party import Party
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


async def rows(pool: Pool, query: str, *params: Any) -> list[tuple[Any, ...]]:
    async with read(pool, SYSTEM) as db:
        return await (await db.execute(query.encode(), params)).fetchall()


async def sums(pool: Pool) -> Sums:
    async with read(pool, SYSTEM) as db:
        return await alert_page.sums(db)


async def come(pool: Pool, now: datetime, *batch: Any) -> None:
    """Alerts come in at `now` and are counted."""
    await arrive(pool, now, batch)
    await assess(context(pool, now), {})


async def state(pool: Pool, number: int, to: str) -> None:
    async with transaction(pool, datetime.now().astimezone()) as tx:
        await tx.execute(
            "update incident set state = 'open' where id = %s and state = 'new'", (number,)
        )
        await tx.execute("update incident set state = %s where id = %s", (to, number))


async def test_a_storm_is_one_group_and_every_alert_is_counted_once(
    pool: Pool, now: datetime
) -> None:
    own = await own_party(pool, now)
    storm = [alert(own, now - MINUTE + n * timedelta(milliseconds=10)) for n in range(3000)]
    await come(pool, now, *storm)
    await assess(context(pool, now), {})
    (group,) = await rows(pool, "select count, attention, cardinality(samples) from alert_group")
    assert group == (3000, 0, 16)
    found = await sums(pool)
    assert (found.accepted, found.counted, found.stored, found.equal) == (3000, 3000, 3000, True)
    ((title, params, alerts_, groups),) = await rows(
        pool, "select title, title_params, alert_count, group_count from incident"
    )
    assert (title, alerts_, groups) == ("TITLE_ALERTS", 3000, 1)
    assert params == {"rule": "Inbound connection of an unusual kind", "host": "192.168.1.7"}


async def test_groups_that_are_near_in_time_are_one_incident_and_say_why(
    pool: Pool, now: datetime
) -> None:
    own = await own_party(pool, now)
    await come(pool, now, alert(own, now - 10 * MINUTE, "1"), alert(own, now - 9 * MINUTE, "2"),
               alert(own, now - 9 * MINUTE + SECOND, "3", "192.168.1.8"))  # fmt: skip
    ((number, hosts),) = await rows(pool, "select id, title_params ->> 'n' from incident")
    assert hosts == "2"
    links = await rows(pool, "select kind, code, params ->> 'gap_s' from alert_link order by id")
    assert ("same_host", "LINK_HOST", "60.0") in links
    assert {kind for kind, _, _ in links} == {"same_host", "same_time"}
    assert await rows(pool, "select distinct incident_id from alert_group") == [(number,)]
    ((features,),) = await rows(pool, "select rank_features from incident")
    assert features["hosts"] == ["192.168.1.7", "192.168.1.8"]
    assert features["novelty"] == 3.0
    assert 0 < features["triage"] < 1


async def test_a_restart_remembers_what_a_running_node_remembers(pool: Pool, now: datetime) -> None:
    own = await own_party(pool, now)
    batch = [
        alert(own, now - 30 * HOUR + n * 7 * MINUTE, str(n % 5), f"192.168.1.{n % 4}",
              actor=f"203.0.113.{n % 9}")
        for n in range(200)
    ]  # fmt: skip
    await come(pool, now, *batch[:120])
    await come(pool, now, *batch[120:])
    (running,) = [pack(r.engine.memory.snapshot()) for r in alerts._nodes[pool].realms.values()]
    del alerts._nodes[pool]
    await come(pool, now + HOUR, alert(own, now, "9"))
    (again,) = alerts._nodes[pool].realms.values()
    del alerts._nodes[pool]
    async with transaction(pool, now) as tx:  # the last alert is forgotten, all else stands
        await tx.execute("delete from alert where record_id = (select max(record_id) from alert)")
    node = alerts.Node()
    async with transaction(pool, now) as tx:
        (realm,) = await rows(pool, "select id from alert_realm")
        held = await alert_realm.take(tx, [alert_realm.Marking(own.id, own.id, 2, "", 0)])
        made = await alerts._remember(tx, node, next(iter(held.values())), alert_policy.shipped())
    made.engine.memory.next_group = again.engine.memory.next_group - 1
    assert realm[0] in node.realms
    assert pack(made.engine.memory.snapshot()) == running


async def test_what_breaks_in_the_middle_leaves_nothing_and_is_done_again(
    pool: Pool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = await own_party(pool, now)
    await come(pool, now, alert(own, now - HOUR, "1"))
    await arrive(pool, now, [alert(own, now - 50 * MINUTE, "2"), alert(own, now, "1")])

    async def broken(*_args: object, **_kwargs: object) -> None:
        raise OSError("the machine lost its power")

    with monkeypatch.context() as patched:
        patched.setattr(alerts, "place", broken)
        with pytest.raises(OSError, match="power"):
            await assess(context(pool, now), {})
    assert (await sums(pool)).accepted == 1
    await assess(context(pool, now), {})
    found = await sums(pool)
    assert (found.accepted, found.counted, found.equal) == (3, 3, True)
    assert await rows(pool, "select signature, sum(count)::int from alert_group group by 1 order by 1") == [
        ("suricata:1", 2), ("suricata:2", 1),
    ]  # fmt: skip


async def test_alerts_after_a_resolved_incident_open_a_successor(pool: Pool, now: datetime) -> None:
    own = await own_party(pool, now)
    await come(pool, now, alert(own, now - 20 * MINUTE))
    ((first,),) = await rows(pool, "select id from incident")
    await state(pool, first, "resolved")
    later = now + 10 * MINUTE
    await come(pool, later, alert(own, later), alert(own, later + SECOND))
    ((number, after, count),) = await rows(
        pool, "select id, successor_of, alert_count from incident where id <> %s", first
    )
    assert (after, count) == (first, 2)
    assert await rows(pool, "select state, alert_count from incident where id = %s", first) == [
        ("resolved", 1)
    ]
    assert await rows(pool, "select incident_id, count from alert_group order by id") == [
        (first, 1), (number, 2),
    ]  # fmt: skip
    assert (await sums(pool)).equal


async def test_a_rejected_incident_counts_what_comes_and_stays_rejected(
    pool: Pool, now: datetime
) -> None:
    own = await own_party(pool, now)
    await come(pool, now, alert(own, now - 20 * MINUTE, "1"))
    ((number,),) = await rows(pool, "select id from incident")
    await state(pool, number, "rejected")
    await come(pool, now, alert(own, now - 19 * MINUTE, "1"), alert(own, now - 18 * MINUTE, "2"))
    assert await rows(pool, "select id, state, alert_count, group_count from incident") == [
        (number, "rejected", 3, 2)
    ]
    ((said,),) = await rows(pool, "select params from timeline where code = 'GROUPS_CAME_AFTER'")
    assert said == {"n": 1}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, ""),
        ({"severity": 1}, "ATTENTION_SEVERITY"),
        ({"revision": 2}, "ATTENTION_RULE"),
        ({"names": ["login.example"]}, "ATTENTION_TYPE"),
        ({"actor": "198.51.100.7"}, ""),
    ],
)
async def test_only_something_new_calls_for_a_new_look(
    pool: Pool, now: datetime, more: dict[str, Any], why: str
) -> None:
    own = await own_party(pool, now)
    await come(pool, now, alert(own, now - 20 * MINUTE))
    await come(pool, now, alert(own, now - 10 * MINUTE, **more))
    assert await rows(pool, "select count, attention_why from alert_group") == [(2, why)]
    told = await rows(pool, "select count(*) from timeline where code like 'ATTENTION%%'")
    assert told == [(1 if why else 0,)]


async def test_alerts_of_two_organisations_are_related_and_never_one(
    pool: Pool, now: datetime
) -> None:
    own = await own_party(pool, now)
    bank = await other_party(pool, now)
    ana = await somebody(pool, now, own, "ana")
    bea = await somebody(pool, now, bank, "bea")
    await come(pool, now, alert(own, now - 9 * MINUTE, "1", names=["kit.example"]),
               alert(own, now - 9 * MINUTE, "1", maker=bank, names=["kit.example"]))  # fmt: skip
    found = await rows(pool, "select orgc_id, count(*) from incident group by 1 order by 1")
    assert found == [(own.id, 1), (bank.id, 1)]
    seen = {}
    for viewer in (ana, bea):
        async with read(pool, viewer) as db:
            links = await (await db.execute("select count(*) from alert_link")).fetchone()
            groups = (await alert_page.groups(db, viewer)).groups
        seen[viewer.login] = (links, len(groups))
    assert seen == {"ana": ((1,), 2), "bea": ((0,), 1)}


async def test_a_wrong_clock_is_counted_and_said(pool: Pool, now: datetime) -> None:
    own = await own_party(pool, now)
    await come(pool, now, alert(own, now - MINUTE))
    await come(pool, now, alert(own, now - 40 * HOUR, arrived=now))
    ((count, skewed, first),) = await rows(pool, "select count, skewed, first_at from alert_group")
    assert (count, skewed, first) == (2, 1, now - 40 * HOUR)


async def test_a_value_of_too_many_groups_joins_nothing_and_is_named(
    pool: Pool, now: datetime
) -> None:
    own = await own_party(pool, now)
    start = now - 20 * HOUR
    await come(pool, now, *(
        alert(own, start + n * 15 * MINUTE, str(n), f"192.168.{n}.1", actor="203.0.113.77")
        for n in range(60)
    ))  # fmt: skip
    hubs = await rows(pool, "select kind, type, value, groups from alert_hub")
    assert hubs == [("value", "ipv4", "203.0.113.77", 59)]
    assert await rows(pool, "select max(group_count) < 60 from incident") == [(True,)]


async def test_a_heap_that_is_full_grows_no_more_and_asks_a_person(
    pool: Pool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = correlation.shipped()
    small = msgspec.structs.replace(
        shipped, incident=msgspec.structs.replace(shipped.incident, max_groups=5)
    )
    monkeypatch.setattr(alerts, "shipped", lambda: small)
    own = await own_party(pool, now)
    await come(pool, now, *(alert(own, now - HOUR + n * SECOND, str(n)) for n in range(12)))
    assert await rows(pool, "select max(group_count) from incident") == [(5,)]
    ((kind, groups, incident),) = await rows(
        pool, "select kind, groups, incident_id from alert_hub limit 1"
    )
    assert (kind, groups) == ("component", 5)
    told = await rows(
        pool,
        "select count(*) from timeline where code = 'INCIDENT_FULL' and incident_id = %s",
        incident,
    )
    assert told == [(1,)]


async def test_background_is_kept_and_asks_nobody(pool: Pool, now: datetime) -> None:
    own = await own_party(pool, now)
    start = now - 30 * HOUR
    await come(pool, now, *(alert(own, start + n * HOUR / 2, severity=3) for n in range(50)))
    ana = await somebody(pool, now, own, "ana")
    async with read(pool, ana) as db:
        loose = (await alert_page.groups(db, ana, loose=True)).groups
    assert loose
    assert not any(group.novel for group in loose)
    assert (await sums(pool)).equal


async def test_what_retention_takes_is_still_counted(pool: Pool, now: datetime) -> None:
    own = await own_party(pool, now)
    ids = await arrive(pool, now, [alert(own, now - MINUTE), alert(own, now)])
    await assess(context(pool, now), {})
    async with transaction(pool, now) as tx:
        await tx.execute("delete from alert where record_id = %s", (ids[0],))
    found = await sums(pool)
    assert (found.counted, found.stored, found.gone, found.equal) == (2, 1, 1, True)


async def test_red_alerts_are_for_their_people_and_joined_with_nothing_else(
    pool: Pool, now: datetime
) -> None:
    own: Party = await own_party(pool, now)
    ana = await somebody(pool, now, own, "ana")
    bor = await somebody(pool, now, own, "bor")
    red = alert(own, now - MINUTE, "2", tlp=Tlp.RED)
    (_, red_id) = await arrive(pool, now, [alert(own, now - MINUTE, "1"), red])
    async with transaction(pool, now) as tx:
        await tx.execute("insert into record_audience values (%s, %s)", (red_id, bor.person_id))
    await assess(context(pool, now), {})
    assert await rows(pool, "select count(*) from incident") == [(2,)]
    seen = {}
    for viewer in (ana, bor):
        async with read(pool, viewer) as db:
            found = (await alert_page.groups(db, viewer)).groups
        seen[viewer.login] = sorted(group.signature for group in found)
    assert seen == {"ana": ["suricata:1"], "bor": ["suricata:1", "suricata:2"]}


def test_sixteen_are_drawn_evenly_whatever_the_batches(now: datetime) -> None:
    many = [Counted(n, n, UUID(int=n), now, now, 1) for n in range(2000)]
    whole = sampled([], 0, many)
    pieces: list[int] = []
    for start in range(0, 2000, 37):
        pieces = sampled(pieces, start, many[start : start + 37])
    assert pieces == whole
    assert len(set(whole)) == 16
    assert sum(each >= 1000 for each in whole) in range(3, 14)
