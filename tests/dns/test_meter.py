"""What is sent is counted by subscriber and day."""

from datetime import datetime, timedelta

import psycopg
import pytest

from tests.blocks import people_of
from tests.feeds import subscribe
from zvon.dns.meter import Meter
from zvon.dns.ram import RamZone
from zvon.dns.registry import Endpoint
from zvon.store import usage
from zvon.store.transaction import Pool

ZONE = RamZone("hot.si.zvon", zone_id=1, ttl=60, serial=1, marker=None)


def endpoint(id: int) -> Endpoint:
    return Endpoint(
        id=id, name="t2", brand="bind", feeds=("si",), mode="enforce", mandatory=True,
        known_by="tsig", addresses=frozenset(), notify_address="192.0.2.1:53", probe_address=None,
    )  # fmt: skip


async def test_a_day_holds_what_was_sent_on_it(pool: Pool, now: datetime) -> None:
    people = await people_of(pool, now)
    one = endpoint((await subscribe(pool, people, now, "t2", "si")).id)
    meter = Meter()
    meter.used(one, ZONE, "full", 1000)
    meter.used(one, ZONE, "difference", 30)
    meter.used(endpoint(999), ZONE, "full", 5)
    meter.notified(one)
    await meter.flush(pool, now)
    meter.used(one, ZONE, "difference", 20)
    await meter.flush(pool, now)
    await meter.flush(pool, now)
    meter.notified(one)
    await meter.flush(pool, now + timedelta(days=1))
    async with pool.connection() as db:
        days = await usage.of(db, one.id, now.date())
    assert [(d.full_transfers, d.differences, d.octets, d.notifies) for d in days] == [
        (0, 0, 0, 1), (1, 2, 1050, 1),
    ]  # fmt: skip


async def test_what_cannot_be_written_is_kept_for_later(
    pool: Pool, dsn: str, now: datetime
) -> None:
    people = await people_of(pool, now)
    one = endpoint((await subscribe(pool, people, now, "t2", "si")).id)
    meter = Meter()
    meter.used(one, ZONE, "full", 1000)
    with psycopg.connect(dsn, autocommit=True) as owner:
        owner.execute("alter table usage_day rename to usage_away")
    with pytest.raises(psycopg.errors.UndefinedTable):
        await meter.flush(pool, now)
    with psycopg.connect(dsn, autocommit=True) as owner:
        owner.execute("alter table usage_away rename to usage_day")
    await meter.flush(pool, now)
    async with pool.connection() as db:
        assert [d.octets for d in await usage.of(db, one.id, now.date())] == [1000]
