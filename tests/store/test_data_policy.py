"""Policies are loaded whole, every version stays, and the database reads who may read what."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.policies import policy_text
from tests.store.findable import index
from tests.store.world import new_uuid, own_party, report, somebody
from zvon.access.permission import Denied
from zvon.access.refusal import Refused
from zvon.model.data_policy_file import MOST_BYTES, BadPolicy
from zvon.model.marking import Tlp
from zvon.model.query import parse
from zvon.privacy.policies import shipped
from zvon.store import audit, data_policy, party, raw
from zvon.store.party import Db, Party
from zvon.store.report_page import get
from zvon.store.search_records import records
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read


async def party_in(pool: Pool, now: datetime, country: str) -> Party:
    async with transaction(pool, now) as tx:
        return await party.put(
            tx, uuid=new_uuid(now), name=f"Team {country}", kind="csirt", country=country
        )


async def raws(db: Db) -> int:
    row = await (await db.execute("select count(*) from raw_input")).fetchone()
    assert row is not None
    return int(row[0])


async def load(pool: Pool, now: datetime, *texts: str) -> list[data_policy.Version]:
    async with transaction(pool, now) as tx:
        return await data_policy.put(tx, {f"{n}.toml": text for n, text in enumerate(texts)}, now)


async def test_loading_the_same_again_changes_nothing(pool: Pool, now: datetime) -> None:
    assert [each.version for each in await load(pool, now, policy_text("ZZ"))] == [1]
    assert await load(pool, now, policy_text("ZZ")) == []
    shorter = policy_text("ZZ", retention={"report.raw": "P20D"})
    assert [each.version for each in await load(pool, now, shorter)] == [2]
    async with read(pool, SYSTEM) as db:
        policy = await data_policy.of_country(db, "ZZ")
        kept = await data_policy.newest_versions(db)
    assert policy.rule("report.raw").retention == "P20D"
    assert [(each.country, each.version, each.sha256) for each in kept] == [
        ("ZZ", 2, policy.sha256)
    ]


async def test_one_bad_file_and_none_is_loaded(pool: Pool, now: datetime) -> None:
    with pytest.raises(BadPolicy, match=r"1\.toml"):
        await load(pool, now, policy_text("ZZ"), policy_text("YY", leave_out=("log",)))
    async with read(pool, SYSTEM) as db:
        assert await data_policy.newest(db) == {}
        with pytest.raises(data_policy.NoDataPolicy, match="ZZ"):
            await data_policy.of_country(db, "ZZ")


async def test_loading_needs_the_permission_and_is_in_the_audit(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    officer = await somebody(pool, now, home, "pia", roles=("privacy_officer",))
    analyst = await somebody(pool, now, home, "ana")
    with pytest.raises(Denied):
        async with transaction(pool, now) as tx:
            await data_policy.put(tx, {"a.toml": policy_text("ZZ")}, now, by=analyst)
    async with transaction(pool, now) as tx:
        await data_policy.put(tx, {"a.toml": policy_text("ZZ")}, now, by=officer)
    async with read(pool, officer) as db:
        newest = (await audit.page(db, officer))[0]
        assert (newest.actor, newest.object, newest.detail["version"]) == ("pia", "ZZ", 1)
        assert [each.by_login for each in await data_policy.versions(db, officer, "ZZ")] == ["pia"]
        with pytest.raises(Denied):
            await data_policy.versions(db, analyst, "ZZ")


async def test_the_first_start_loads_the_policy_of_the_country_only(
    pool: Pool, now: datetime
) -> None:
    for _ in range(2):
        async with transaction(pool, now) as tx:
            await data_policy.ensure(tx, "HR", shipped(), now)
    async with read(pool, SYSTEM) as db:
        assert list(await data_policy.newest(db)) == ["HR"]
    with pytest.raises(data_policy.NoDataPolicy, match=r"write QQ\.toml"):
        async with transaction(pool, now) as tx:
            await data_policy.ensure(tx, "QQ", shipped(), now)


async def test_a_stored_policy_that_lacks_a_class_stops_the_start(
    pool: Pool, now: datetime
) -> None:
    async with transaction(pool, now) as tx:
        await tx.execute(
            "insert into data_policy values ('ZZ', 3, 'x', %s, %s)",
            (policy_text("ZZ", leave_out=("appeal",)), now),
        )
    with pytest.raises(BadPolicy, match=r"data policy ZZ version 3: class: .*appeal"):
        async with transaction(pool, now) as tx:
            await data_policy.ensure(tx, "ZZ", shipped(), now)


async def test_a_folder_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(data_policy.NoFiles):
        data_policy.read_folder(tmp_path)
    (tmp_path / "a.toml").write_text(policy_text("ZZ"))
    assert data_policy.read_folder(tmp_path) == {"a.toml": policy_text("ZZ")}
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadPolicy, match=r"b\.toml: is not UTF-8"):
        data_policy.read_folder(tmp_path)
    (tmp_path / "b.toml").write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(BadPolicy, match="larger"):
        data_policy.read_folder(tmp_path)


async def test_a_reader_of_another_country_is_refused_the_text_and_the_bytes(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    away = await party_in(pool, now, "HR")
    ana = await somebody(pool, now, home, "ana")
    foreign = await somebody(pool, now, away, "hana")
    desk = await somebody(pool, now, home, "dora", roles=("administrator",))
    await load(pool, now, policy_text("SI"))
    async with transaction(pool, now) as tx:
        sha = await raw.put(tx, b"from: victim@company.example", "text/plain", now)
        _, made = await report(tx, now, home, tlp=Tlp.GREEN, raw=sha)
        await tx.execute("update record set payload = '{}' where uuid = %s", (made,))
    async with read(pool, ana) as db:
        assert (await get(db, ana, made)).uuid == made
        assert await raws(db) == 1
    for refused in (foreign, desk):
        with pytest.raises(Refused, match=r"report\.text"):
            async with read(pool, refused, now + timedelta(seconds=1)) as db:
                assert await raws(db) == 0, "row security holds beside the code"
                await get(db, refused, made)
    async with read(pool, SYSTEM) as db:
        rows = await (
            await db.execute(
                "select actor, object, rule from audit where outcome = 'refused' order by seq"
            )
        ).fetchall()
    assert rows == [("hana", "report.text", "data policy"), ("dora", "report.text", "data policy")]


async def test_a_third_country_brings_its_own_residency(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    away = await party_in(pool, now, "QA")
    theirs = await somebody(pool, now, away, "quin")
    ours = await somebody(pool, now, home, "ana")
    async with transaction(pool, now) as tx:
        await tx.execute(
            "insert into node values (1, gen_random_uuid(), 'n', 'SI', '', '', '', '', now())"
        )
    await load(pool, now, policy_text("SI"))
    async with read(pool, theirs) as db:
        with pytest.raises(Refused):
            await data_policy.require_reader(db, theirs, "report.raw", "QA")
    await load(pool, now, policy_text("QA"))
    async with read(pool, theirs) as db:
        await data_policy.require_reader(db, theirs, "report.raw", "QA")
        with pytest.raises(Refused):
            await data_policy.require_reader(db, theirs, "report.raw", "SI")
        await data_policy.require_reader(db, theirs, "indicator", "SI")
    async with read(pool, ours) as db:
        await data_policy.require_reader(db, ours, "report.raw", None)
        with pytest.raises(Refused):
            await data_policy.require_reader(db, ours, "report.raw", "QA")


async def test_without_a_policy_data_stays_in_its_country(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    away = await somebody(pool, now, await party_in(pool, now, "HR"), "hana")
    ours = await somebody(pool, now, home, "ana")
    async with read(pool, away) as db:
        with pytest.raises(Refused):
            await data_policy.require_reader(db, away, "report.raw", home.country)
    async with read(pool, ours) as db:
        await data_policy.require_reader(db, ours, "report.raw", home.country)


async def test_words_of_a_report_cannot_be_found_out_by_searching(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    guest = await somebody(pool, now, await party_in(pool, now, "HR"), "hana")
    await load(pool, now, policy_text("SI"))
    async with transaction(pool, now) as tx:
        await report(tx, now, home, tlp=Tlp.GREEN)
    await index(pool, now)
    for viewer, seen in ((ana, 1), (guest, 0)):
        async with read(pool, viewer) as db:
            found = await records(db, viewer, parse("text:nujno"), now)
            assert len(found.rows) == seen
            everything = await records(db, viewer, parse("kind:report"), now)
            assert len(everything.rows) == 1, "that it exists is no secret of its marking"
