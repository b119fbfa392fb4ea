"""The documents show what a node holds, and a check names every disagreement."""

from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tests.policies import ROLES, policy_text
from tests.store.world import own_party, report, somebody
from zvon.access.permission import Denied
from zvon.model.data_policy_file import parse_all
from zvon.privacy.plan import Kind, document, to_html, to_markdown
from zvon.privacy.plan.drift import Difference
from zvon.privacy.policies import shipped
from zvon.store import data_facts, data_plan, data_policy
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

SI = parse_all(shipped(), roles=ROLES)["SI"].body


async def load(pool: Pool, now: datetime, text: str) -> None:
    async with transaction(pool, now) as tx:
        await data_policy.put(tx, {"a.toml": text}, now)


async def found(
    pool: Pool, now: datetime, text: str, files: tuple[Path, ...] = ()
) -> list[Difference]:
    async with read(pool, SYSTEM) as db:
        return await data_plan.drift(db, {"a": text}, now, files, chosen=True)


def codes(differences: list[Difference]) -> set[str]:
    return {each.code for each in differences}


async def test_the_state_of_a_class_is_its_rows_and_the_oldest(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    async with transaction(pool, now) as tx:
        await report(tx, now, home)
        await report(tx, now - timedelta(days=3), home)
    async with read(pool, SYSTEM) as db:
        facts = await data_facts.facts(db, "SI", 4, now)
        assert await data_facts.unknown_tables(db) == []
    text = facts.classes["report.text"]
    assert text.rows == 4, "two reports and their records"
    assert text.oldest == now - timedelta(days=3)
    assert facts.classes["incident"].rows == 0
    assert facts.version == 4


async def test_a_node_that_runs_its_policy_has_no_difference(pool: Pool, now: datetime) -> None:
    await own_party(pool, now)
    await load(pool, now, SI)
    assert await found(pool, now, SI) == []


async def test_a_changed_retention_shows_in_the_plan_and_the_old_plan_in_the_check(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    await own_party(pool, now)
    await load(pool, now, SI)
    file = tmp_path / "plan.html"
    async with transaction(pool, now) as tx:
        made = await data_plan.rendered(tx.db, "SI", Kind.PLAN, "en", now)
        data_plan.note(tx, made, "pia", str(file))
    file.write_text(to_html(made))
    assert "30 days" in to_markdown(made)
    assert await found(pool, now, SI) == []

    shorter = SI.replace('retention = "P30D"', 'retention = "P20D"', 1)
    assert codes(await found(pool, now, shorter)) == {"DRIFT_FILE_DIFFERS"}
    await load(pool, now, shorter)
    (old,) = await found(pool, now, shorter)
    assert (old.code, old.params["where"]) == ("DRIFT_OLD_DOCUMENT", str(file))
    async with transaction(pool, now) as tx:
        again = await data_plan.rendered(tx.db, "SI", Kind.PLAN, "en", now)
        data_plan.note(tx, again, "pia", str(file))
    assert "20 days" in to_markdown(again)
    file.write_text(to_html(again))
    assert await found(pool, now, shorter) == []

    file.write_text(to_html(again).replace("20 days", "90 days"))
    assert codes(await found(pool, now, shorter)) == {"DRIFT_EDITED"}
    file.unlink()
    assert codes(await found(pool, now, shorter)) == {"DRIFT_NO_FOOT"}


async def test_a_purge_that_did_not_happen_is_named(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    await load(pool, now, SI)
    async with transaction(pool, now) as tx:
        await report(tx, now, home)
    assert await found(pool, now + timedelta(days=364), SI) == []
    later = now + timedelta(days=370)
    late = await found(pool, later, SI)
    assert {(each.code, each.params["name"]) for each in late} == {("DRIFT_OVERDUE", "report.text")}
    async with transaction(pool, now) as tx:
        await tx.execute(
            """
            insert into purge (uuid, country, class, cut_off, proof, due_at, started_at, done_at)
            values (gen_random_uuid(), 'SI', 'report.text', %(at)s, '', %(at)s, %(at)s, %(at)s)
            """,
            {"at": later - timedelta(hours=3)},
        )
    assert await found(pool, later, SI) == []


async def test_a_database_that_was_changed_behind_the_policy_is_named(
    pool: Pool, now: datetime, dsn: str
) -> None:
    await own_party(pool, now)
    await load(pool, now, SI)
    async with transaction(pool, now) as tx:
        await tx.execute("update data_rule set residency = '{*}' where class = 'report.raw'")
        await tx.execute(
            "update role set permissions = permissions || '{audit:read}' where name = 'desk'"
        )
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("create table secret_list (id integer)")
    differences = await found(pool, now, SI)
    assert {(each.code, *sorted(each.params.values())) for each in differences} == {
        ("DRIFT_RULE", "report.raw"),
        ("DRIFT_READERS", "audit", "desk"),
        ("DRIFT_TABLE", "secret_list"),
    }


async def test_a_file_that_nobody_loaded_and_a_policy_without_a_file_are_named(
    pool: Pool, now: datetime
) -> None:
    await own_party(pool, now)
    await load(pool, now, SI)
    differences = await found(pool, now, policy_text("ZZ"))
    assert {(each.code, each.country) for each in differences} == {
        ("DRIFT_NO_FILE", "SI"),
        ("DRIFT_NOT_LOADED", "ZZ"),
    }


async def test_a_document_of_a_third_country_needs_no_code(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    await own_party(pool, now)
    await load(pool, now, policy_text("AT"))
    file = tmp_path / "plan.md"
    async with read(pool, SYSTEM) as db:
        made = await data_plan.rendered(db, "AT", Kind.PROCESSING, "en", now)
    assert made.title.endswith("Austria")
    file.write_text(to_markdown(made))
    there = await found(pool, now, policy_text("AT"), (file,))
    assert codes(there) <= {"DRIFT_IDLE", "DRIFT_READERS"}


async def test_documents_need_the_permission(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    await load(pool, now, SI)
    ana = await somebody(pool, now, home, "ana")
    async with read(pool, SYSTEM) as db:
        with pytest.raises(Denied):
            await data_plan.rendered(db, "SI", Kind.PLAN, "sl", now, viewer=ana)
    assert document(parse_all({"a": SI}, roles=ROLES)["SI"], Kind.PLAN, "sl", now).lang == "sl"
