"""How many sources call a value bad: each once, only what all analysts may know."""

from datetime import datetime, timedelta

from tests.store.world import new_uuid, own_party
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import Observable, ObservableType
from zvon.store import party
from zvon.store.accusation import sources_of
from zvon.store.ingest import NAMED, SAID, RecordIn, Sighted, ingest
from zvon.store.party import Party
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

NAME = Observable(ObservableType.DOMAIN, "obvestilo.example")


async def said(
    pool: Pool, now: datetime, home: Party, source: str, *, role: int = SAID,
    tlp: Tlp = Tlp.GREEN, kind: str = "indicator", configured: bool = True,
) -> int:  # fmt: skip
    """A record of `source` that names the value; the source's number."""
    async with transaction(pool, now) as tx:
        number = await party.source(tx, source, "http", now)
        if configured:
            await tx.execute(
                "insert into source_setup (source_id, made_at) values (%s, %s)"
                " on conflict do nothing", (number, now),
            )  # fmt: skip
        await ingest(
            tx,
            [RecordIn(uuid=new_uuid(now), kind=kind, created_at=now, modified_at=now, tlp=tlp,
                      pap=Pap.GREEN, payload={}, org_id=home.id, orgc_id=home.id,
                      source_id=number, observables=[Sighted(NAME, role, now)])],
            now,
        )  # fmt: skip
    return number


async def count(pool: Pool) -> int:
    async with read(pool, SYSTEM) as db:
        return (await sources_of(db, [NAME])).get(NAME, 0)


async def test_a_source_counts_once_however_often_it_says_it(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    await said(pool, now, home, "A")
    await said(pool, now + timedelta(hours=1), home, "A")
    assert await count(pool) == 1
    await said(pool, now, home, "B")
    assert await count(pool) == 2


async def test_what_is_only_named_secret_a_log_or_of_no_set_up_source_does_not_count(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    await said(pool, now, home, "A", role=NAMED)
    await said(pool, now, home, "B", tlp=Tlp.RED)
    await said(pool, now, home, "C", kind="log")
    await said(pool, now, home, "D", configured=False)
    assert await count(pool) == 0


async def test_a_source_that_was_wrong_more_often_than_right_does_not_count(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    number = await said(pool, now, home, "A")
    async with transaction(pool, now) as tx:
        await tx.execute(
            "insert into source_quality (source_id, week, volume, good, bad, made_at)"
            " values (%s, %s, 10, 1, 4, %s)", (number, now.date(), now),
        )  # fmt: skip
    assert await count(pool) == 0
