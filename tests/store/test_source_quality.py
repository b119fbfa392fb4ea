"""A week of a source beside the others, and what people decided about its values."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.blocks import people_of, propose, publish
from tests.store.world import new_uuid, other_party, own_party, somebody
from zvon.access.permission import Denied
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import Observable, ObservableType
from zvon.store import block, party, source_quality
from zvon.store.ingest import NAMED, SAID, RecordIn, Sighted, ingest
from zvon.store.party import Party
from zvon.store.source_quality import Quality
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
UNTIL = date(2026, 11, 23)
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


async def say(
    pool: Pool, home: Party, name: str, at: datetime, values: Sequence[str], *,
    role: int = SAID, age: timedelta = timedelta(hours=1),
) -> int:  # fmt: skip
    """A source says values at a time; the number of the source."""
    async with transaction(pool, at) as tx:
        source = await party.source(tx, name, "http", at)
        record = RecordIn(
            uuid=new_uuid(at), kind="indicator", created_at=at - age, modified_at=at,
            tlp=Tlp.GREEN, pap=Pap.GREEN, payload={}, org_id=home.id, orgc_id=home.id,
            source_id=source,
            observables=[Sighted(Observable(ObservableType.DOMAIN, v), role, at) for v in values],
        )  # fmt: skip
        await ingest(tx, [record], at)
    return source


async def week(pool: Pool, source: int) -> Quality:
    async with read(pool, SYSTEM) as db:
        found = await source_quality.newest(db, source)
    assert found is not None
    return found


async def test_what_a_source_adds_is_counted_against_what_others_had(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    await say(pool, home, "old", MONDAY - timedelta(days=30), ["known.example"])
    fast = await say(pool, home, "fast", MONDAY, ["a.example", "b.example", "known.example"])
    slow = await say(pool, home, "slow", MONDAY + timedelta(days=1), ["a.example", "c.example"],
                     age=timedelta(days=2))  # fmt: skip
    await say(pool, home, "slow", MONDAY + timedelta(days=2), ["seen.example"], role=NAMED)
    late = await say(pool, home, "late", MONDAY + timedelta(days=8), ["a.example"])
    assert await source_quality.compute(pool, UNTIL, NOW) == 2
    quick, behind = await week(pool, fast), await week(pool, slow)
    assert (quick.volume, behind.volume) == (3, 2)
    assert [quick.exclusive, behind.exclusive] == pytest.approx([1 / 3, 0.5])
    assert [quick.first, behind.first] == pytest.approx([2 / 3, 0.5])
    assert (quick.delay_s, behind.delay_s) == (3600, 2 * 86_400)
    assert sorted(quick.overlap.values()) == [0.3333, 0.3333]
    assert list(behind.overlap.values()) == [0.5]
    assert (quick.sample, quick.week, quick.accuracy) == (1.0, MONDAY.date(), None)
    async with read(pool, SYSTEM) as db:
        assert await source_quality.newest(db, late) is None


async def test_a_second_run_replaces_the_first(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    source = await say(pool, home, "s", MONDAY, ["a.example"])
    for _ in range(2):
        await source_quality.compute(pool, UNTIL, NOW)
    async with read(pool, SYSTEM) as db:
        [row] = await source_quality.weeks(db, source)
    assert row.volume == 1


async def test_a_large_node_looks_at_a_sample_and_says_so(
    pool: Pool, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_quality, "WHOLE", 100)
    monkeypatch.setattr(source_quality, "SLICE", 30)
    home = await own_party(pool, now)
    source = await say(pool, home, "s", MONDAY, [f"d{n}.example" for n in range(400)])
    await say(pool, home, "t", MONDAY, [f"d{n}.example" for n in range(200)])
    await source_quality.compute(pool, UNTIL, NOW)
    found = await week(pool, source)
    assert found.sample == pytest.approx(1 / 4)
    assert found.volume == 400
    assert found.exclusive == pytest.approx(0.5, abs=0.05)


async def test_blocks_of_its_values_and_reports_that_people_judged_speak_for_and_against_it(
    pool: Pool, now: datetime
) -> None:
    people = await people_of(pool, NOW)
    async with read(pool, SYSTEM) as db:
        home = await party.own(db)
    values = ["bad.test", "shop.test", "wrong.test", "said.test", "fine.test"]
    source = await say(pool, home, "s", MONDAY, values)
    await publish(pool, people, NOW, "bad.test")
    [blocked] = await publish(pool, people, NOW, "shop.test")
    proposed = await propose(pool, people["ana"], NOW, "wrong.test")
    async with transaction(pool, NOW) as tx:
        await block.reject(tx, people["bor"], [each.uuid for each in proposed], "a shop", NOW)
        await tx.execute(
            "insert into appeal (uuid, number, token_sha256, name, block_id, text, filed_at,"
            " due_at, state) values (%s, 'P-1', %s, 'shop.test', %s, 'ours', %s, %s, 'granted')",
            (new_uuid(NOW), b"t" * 32, blocked.id, NOW, NOW),
        )
        for name, word in (("said.test", "malicious"), ("fine.test", "benign")):
            record = RecordIn(
                uuid=new_uuid(NOW), kind="report", created_at=NOW, modified_at=NOW, tlp=Tlp.AMBER,
                pap=Pap.GREEN, payload={}, org_id=home.id, orgc_id=home.id,
                observables=[Sighted(Observable(ObservableType.DOMAIN, name), SAID, NOW)],
            )  # fmt: skip
            [record_id] = await ingest(tx, [record], NOW)
            await tx.execute(
                "insert into verdict (record_id, word, category, reasons, by_person, at)"
                " values (%s, %s, 'phishing', '[]', %s, %s)",
                (record_id, word, people["ana"].person_id, NOW),
            )
    await source_quality.compute(pool, UNTIL, NOW)
    found = await week(pool, source)
    assert (round(found.good, 2), round(found.bad, 2)) == (2, 3)
    assert found.accuracy == pytest.approx(3 / 7, abs=0.01)


async def test_only_the_operator_reads_what_sources_are_worth(pool: Pool, now: datetime) -> None:
    await own_party(pool, now)
    guest = await somebody(pool, now, await other_party(pool, now), "guest")
    async with read(pool, guest) as db:
        with pytest.raises(Denied):
            await source_quality.list_newest(db, guest)
