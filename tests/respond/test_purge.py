"""What had its time goes, what is younger or held stays, counters live on, and a row proves it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec import structs
from psycopg.types.json import Jsonb

from tests.respond.test_person_data import MAIL, OTHER, ready, send
from zvon.jobs import Context
from zvon.model.data_class import CLASSES
from zvon.model.dns_alert import Cause
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import Observable, ObservableType
from zvon.respond import purge
from zvon.respond.old_files import old_files
from zvon.store import data_key, data_policy, dns_alert, legal_hold, party, raw
from zvon.store import purge as purges
from zvon.store.ingest import SAID, RecordIn, Sighted, ingest
from zvon.store.retention_other import AGED, EMPTIED, KEPT
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

DAYS = timedelta(days=1)


def later(context: Context, by: timedelta) -> Context:
    """The same node when that much time has gone by."""
    then = context.clock() + by
    return structs.replace(context, clock=lambda: then)


async def one(pool: Pool, query: str, *params: Any) -> Any:
    async with read(pool, SYSTEM) as db:
        row = await (await db.execute(query.encode(), params)).fetchone()
    return None if row is None else row[0]


async def rule_of(pool: Pool, now: datetime, change: Callable[[str], str]) -> None:
    """Load the shipped policy with a change, as an officer would."""
    async with transaction(pool, now) as tx:
        policy = await data_policy.of_country(tx.db, "SI")
        await data_policy.put(tx, {"SI.toml": change(policy.body)}, now)


async def test_raw_reports_go_after_their_month_and_their_text_stays(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, _ = await ready(pool, now, tmp_path)
    record = await send(context, MAIL, now)
    sha = await one(pool, "select raw_sha256 from record where id = %s", record)
    await purge.run(later(context, 29 * DAYS))
    async with read(pool, SYSTEM) as db:
        assert MAIL.encode() == await raw.get(db, bytes(sha))
    done = await purge.run(later(context, 32 * DAYS), of_class="report.raw")
    assert [(each.rows, each.keys) for each in done] == [({"raw_input": 1}, 1)]
    assert await one(pool, "select count(*) from raw_input") == 0
    assert await one(pool, "select key_sealed from data_key where class = 'report.raw'") is None
    assert "Zupančič" in str(await one(pool, "select payload from record where id = %s", record))


async def test_a_copy_of_a_row_from_before_the_purge_cannot_be_read(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, _ = await ready(pool, now, tmp_path)
    await send(context, MAIL, now)
    async with transaction(pool, now) as tx:
        await tx.execute("create temporary table copied as select * from raw_input")
        body = await (await tx.execute("select sha256, body from copied")).fetchone()
    assert body is not None
    assert b"Zupan" not in bytes(body[1])
    await purge.run(later(context, 32 * DAYS), of_class="report.raw")
    key = await one(pool, "select id from data_key where class = 'report.raw'")
    async with transaction(pool, now) as tx:
        await tx.execute(
            "insert into raw_input (sha256, body, size, media_type, received_at, key_id)"
            " values (%s, %s, 9, 'x', %s, %s)", (body[0], body[1], now, key),
        )  # fmt: skip
        with pytest.raises(data_key.KeyDestroyed):
            await raw.get(tx.db, bytes(body[0]))


async def test_bytes_that_came_again_live_as_long_as_the_last_time(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, _ = await ready(pool, now, tmp_path)
    await send(context, MAIL, now)
    again = now + 20 * DAYS
    async with transaction(pool, again) as tx:
        sha = await raw.put(tx, MAIL.encode(), "message/rfc822", again)
    await purge.run(later(context, 32 * DAYS), of_class="report.raw")
    async with read(pool, SYSTEM) as db:
        assert await raw.get(db, sha) == MAIL.encode()
    await purge.run(later(context, 52 * DAYS), of_class="report.raw")
    assert await one(pool, "select count(*) from raw_input") == 0


async def test_an_emptied_report_counts_and_says_nothing(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, _ = await ready(pool, now, tmp_path)
    record = await send(context, MAIL, now)
    young = await send(context, OTHER, now + 300 * DAYS)
    await purge.run(later(context, 367 * DAYS))
    assert await one(pool, "select payload from record where id = %s", record) == {}
    assert await one(pool, "select count(*) from report") == 2
    assert await one(pool, "select payload from record where id = %s", young) != {}
    left = await one(
        pool, "select string_agg(o.value, ' ') from observable o"
        " join occurrence c on c.observable_id = o.id where c.record_id = %s", record,
    )  # fmt: skip
    assert "maja" not in str(left)
    assert await one(pool, "select count(*) from observable where value like '%%zupancic%%'") == 0
    again = await purge.run(later(context, 367 * DAYS), of_class="report.text")
    assert again[0].rows == {}


async def test_what_is_aggregated_leaves_its_counts_by_day(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, _ = await ready(pool, now, tmp_path)
    home = await one(pool, "select id from party where own")
    value = Observable(ObservableType.DOMAIN, "stara-prevara.example")
    async with transaction(pool, now) as tx:
        await ingest(tx, [RecordIn(uuid=uuid4(), kind="event", created_at=now, modified_at=now,
                                   tlp=Tlp.GREEN, pap=Pap.GREEN, payload={"title": "staro"},
                                   org_id=home, orgc_id=home,
                                   observables=[Sighted(value, SAID, now)])], now)  # fmt: skip
    done = await purge.run(later(context, 732 * DAYS), of_class="event")
    assert done[0].rows["record"] == 1
    assert await one(pool, "select count(*) from record where kind = 'event'") == 0
    assert await one(pool, "select rows from class_day where class = 'event'") == 1
    assert await one(pool, "select count(*) from observable") == 0


async def test_a_value_that_a_younger_record_names_stays(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, _ = await ready(pool, now, tmp_path)
    home = await one(pool, "select id from party where own")
    value = Observable(ObservableType.DOMAIN, "stara-prevara.example")
    for at in (now, now + 700 * DAYS):
        async with transaction(pool, at) as tx:
            await ingest(tx, [RecordIn(uuid=uuid4(), kind="event", created_at=at, modified_at=at,
                                       tlp=Tlp.GREEN, pap=Pap.GREEN, payload={"title": "x"},
                                       org_id=home, orgc_id=home,
                                       observables=[Sighted(value, SAID, at)])], at)  # fmt: skip
    await purge.run(later(context, 732 * DAYS), of_class="event")
    assert await one(pool, "select count(*) from record where kind = 'event'") == 1
    assert await one(pool, "select count(*) from occurrence") == 1
    assert await one(pool, "select value from observable") == "stara-prevara.example"


async def test_a_hold_keeps_a_record_under_a_newer_key_until_it_ends(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, pia = await ready(pool, now, tmp_path)
    held, free = await send(context, MAIL, now), await send(context, OTHER, now)
    async with transaction(pool, now) as tx:
        from tests.store.world import somebody

        bor = await somebody(pool, now, await party.own(tx.db), "bor", roles=["approver"])
    uuid = await one(pool, "select uuid from record where id = %s", held)
    async with transaction(pool, now) as tx:
        hold = await legal_hold.propose(
            tx, pia, country="SI", of_class="report.raw", record=uuid, reason="sodišče",
            until=now + 200 * DAYS, now=now, random=bytes(10),
        )  # fmt: skip
    await _approve(pool, now, hold.uuid, pia, bor)
    done = await purge.run(later(context, 32 * DAYS), of_class="report.raw")
    assert done[0].keys == 1
    sha = await one(pool, "select raw_sha256 from record where id = %s", held)
    async with read(pool, SYSTEM) as db:
        assert await raw.get(db, bytes(sha)) == MAIL.encode()
    assert await one(pool, "select raw_sha256 from record where id = %s", free) is None
    async with transaction(pool, now + 33 * DAYS) as tx:
        await legal_hold.end(tx, bor, hold.uuid, now + 33 * DAYS)
    await purge.run(later(context, 33 * DAYS), of_class="report.raw")
    assert await one(pool, "select count(*) from raw_input") == 0


async def _approve(pool: Pool, now: datetime, hold: UUID, pia: Any, bor: Any) -> None:
    with pytest.raises(legal_hold.OwnHold):
        async with transaction(pool, now) as tx:
            await legal_hold.approve(tx, pia, hold, now)
    assert (
        await one(pool, "select outcome from audit where action = 'legal_hold:approve'")
        == "refused"
    )
    async with transaction(pool, now) as tx:
        done = await legal_hold.approve(tx, bor, hold, now)
    assert done.holds(now)


async def test_a_hold_has_the_limit_of_the_policy(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    _, pia = await ready(pool, now, tmp_path)
    for of_class, until in (
        ("report.raw", now + 400 * DAYS),
        ("job", now + DAYS),
        ("report.raw", now),
    ):
        async with transaction(pool, now) as tx:
            with pytest.raises(legal_hold.BadHold):
                await legal_hold.propose(
                    tx, pia, country="SI", of_class=of_class, record=None, reason="preiskava",
                    until=until, now=now, random=bytes(10),
                )  # fmt: skip


async def test_a_shorter_retention_takes_effect_at_the_next_purge(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, _ = await ready(pool, now, tmp_path)
    await send(context, MAIL, now)
    await rule_of(
        pool, now, lambda body: body.replace('retention = "P30D"', 'retention = "P20D"', 1)
    )
    await purge.run(later(context, 22 * DAYS), of_class="report.raw")
    assert await one(pool, "select count(*) from raw_input") == 0


async def test_the_row_of_a_purge_has_counts_and_a_proof_and_the_audit_says_so(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, pia = await ready(pool, now, tmp_path)
    await send(context, MAIL, now)
    then = later(context, 32 * DAYS)
    await purge.run(then, of_class="report.raw")
    async with read(pool, SYSTEM) as db:
        (row,) = await purges.list_all(db, pia)
        assert await purges.get(db, pia, row.uuid) == row
    assert (row.rows, row.keys, row.done_at) == ({"raw_input": 1}, 1, then.clock())
    assert len(row.proof) == 32
    detail = await one(pool, "select detail from audit where action = 'purge:run'")
    assert detail["proof"] == row.proof.hex()
    assert "zupan" not in str(detail).lower()
    # The next hour finds nothing, and leaves no second row.
    await purge.run(later(context, 32 * DAYS + timedelta(hours=1)), of_class="report.raw")
    async with read(pool, SYSTEM) as db:
        assert len(await purges.list_all(db, pia)) == 1


async def test_a_purge_that_is_late_is_an_alert_until_it_ran(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, _ = await ready(pool, now, tmp_path)
    assert await purge.watch(context) == []
    then = later(context, 2 * DAYS)
    assert ("SI", "report.raw") in await purge.watch(then)
    async with read(pool, SYSTEM) as db:
        assert [each.cause for each in await dns_alert.open_list(db)] == [Cause.PURGE_LATE]
    await purge.hourly(then, {})
    async with read(pool, SYSTEM) as db:
        assert await dns_alert.open_list(db) == []


async def test_what_was_shared_of_a_record_that_went_is_to_be_withdrawn(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, _ = await ready(pool, now, tmp_path)
    home = await one(pool, "select id from party where own")
    async with transaction(pool, now) as tx:
        (record,) = await ingest(
            tx, [RecordIn(uuid=uuid4(), kind="event", created_at=now, modified_at=now,
                          tlp=Tlp.GREEN, pap=Pap.GREEN, payload={"title": "x"}, org_id=home,
                          orgc_id=home)], now)  # fmt: skip
        group, share = uuid4(), uuid4()
        await tx.execute("insert into share_group (uuid, name, max_tlp, policy, membership, version)"
                         " values (%s, 'g', 3, '{}', '', 1)", (group,))  # fmt: skip
        await tx.execute(
            "insert into share (uuid, record_id, group_uuid, state, policy, before, decisions,"
            " prepared_at) values (%s, %s, %s, 'released', '{}', %s, '[]', %s)",
            (share, record, group, Jsonb({}), now),
        )
    await purge.run(later(context, 732 * DAYS), of_class="event")
    payload = await one(pool, "select payload from pgqueuer where entrypoint = 'share.withdraw'")
    assert str(share) in bytes(payload).decode()


async def test_rows_of_another_country_live_by_the_policy_of_that_country(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, _ = await ready(pool, now, tmp_path)
    from zvon.privacy.policies import shipped

    async with transaction(pool, now) as tx:
        files = shipped()
        hr = next(text for text in files.values() if 'country = "HR"' in text)
        await data_policy.put(tx, {"HR.toml": hr.replace('"P18M"', '"P5Y"')}, now)
        zagreb = await party.put(tx, uuid=uuid4(), name="CERT", kind="csirt", country="HR")
        home = (await party.own(tx.db)).id
        for maker in (home, zagreb.id):
            await ingest(tx, [RecordIn(uuid=uuid4(), kind="event", created_at=now, modified_at=now,
                                       tlp=Tlp.GREEN, pap=Pap.GREEN, payload={"title": "x"},
                                       org_id=home, orgc_id=maker)], now)  # fmt: skip
    await purge.run(later(context, 732 * DAYS), of_class="event")
    assert await one(pool, "select orgc_id from record where kind = 'event'") == zagreb.id


async def test_a_country_without_a_policy_or_a_class_that_is_none_is_said(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, _ = await ready(pool, now, tmp_path)
    with pytest.raises(data_policy.NoDataPolicy):
        await purge.run(context, country="QQ")
    with pytest.raises(LookupError):
        await purge.run(context, of_class="nothing")


async def test_every_class_and_every_step_runs_on_the_real_tables(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    context, _ = await ready(pool, now, tmp_path)
    done = await purge.run(later(context, 365 * 40 * DAYS))
    assert {each.of_class for each in done} == {each.id for each in CLASSES}
    assert await purge.watch(later(context, 365 * 40 * DAYS)) == []


def test_no_class_is_forgotten() -> None:
    stepped = {*AGED, *EMPTIED, *purges.KINDS, *purges.RAW_CLASSES}
    assert {each.id for each in CLASSES} == stepped | set(KEPT)
    assert not stepped & set(KEPT)


def test_old_files_go_and_links_out_of_the_folder_are_not_followed(
    tmp_path: Path, now: datetime
) -> None:
    import os

    root, outside = tmp_path / "node", tmp_path / "outside.txt"
    (root / "logs").mkdir(parents=True)
    outside.write_text("x")
    old, young = root / "logs" / "old.log", root / "logs" / "young.log"
    for path, age in ((old, 100), (young, 1), (outside, 100)):
        path.write_text("x")
        at = (now - age * DAYS).timestamp()
        os.utime(path, (at, at))
    (root / "logs" / "link").symlink_to(outside)
    assert old_files(root, ("logs", "nothing"), now - 90 * DAYS) == 1
    assert not old.exists()
    assert young.exists()
    assert outside.exists()
