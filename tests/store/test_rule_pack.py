"""Rule packs in the store: two people, one active version, nothing changed behind anybody's back."""

import os
from datetime import datetime

import psycopg
import pytest

from tests.obligations import Office, office
from zvon.access.permission import Denied
from zvon.access.refusal import Refused
from zvon.model.rule_pack_file import BadPack
from zvon.model.rule_pack_shipped import form_texts, pack_texts
from zvon.store import rule_pack
from zvon.store.rule_pack import NoPack, NotInState, PackRow, VersionTaken
from zvon.store.transaction import Pool, transaction

TEXT = pack_texts()["gdpr-eu.toml"]


@pytest.fixture
async def at(pool: Pool, now: datetime) -> Office:
    return await office(pool, now)


async def row_of(pool: Pool, at: Office, now: datetime, pack: str) -> PackRow:
    async with transaction(pool, now) as tx:
        return next(r for r in await rule_pack.list_all(tx.db, at.ana) if r.pack == pack)


async def test_what_ships_is_loaded_once_and_holds_for_nothing(
    pool: Pool, at: Office, now: datetime
) -> None:
    async with transaction(pool, now) as tx:
        assert await rule_pack.load_shipped(tx, now, os.urandom) == []
        assert {r.state for r in await rule_pack.list_all(tx.db, at.ana)} == {"loaded"}
        assert await rule_pack.all_active(tx.db) == []
        with pytest.raises(NoPack, match="two people"):
            await rule_pack.active(tx.db, "gdpr-eu")
        assert (await rule_pack.form(tx.db, "nis2-final@1")).key == "nis2-final@1"


async def test_two_people_make_a_version_active_and_the_next_retires_it(
    pool: Pool, at: Office, now: datetime
) -> None:
    row = await row_of(pool, at, now, "gdpr-eu")
    async with transaction(pool, now) as tx:
        await rule_pack.propose(tx, at.ada, row.uuid, "we need it", now)
    with pytest.raises(Refused, match="another person"):
        async with transaction(pool, now) as tx:
            await rule_pack.approve(tx, at.ada, row.uuid, now)
    for who in (at.ana, at.bor):
        with pytest.raises(Denied):
            async with transaction(pool, now) as tx:
                await rule_pack.approve(tx, who, row.uuid, now)
    async with transaction(pool, now) as tx:
        done = await rule_pack.approve(tx, at.adi, row.uuid, now)
        assert (done.state, done.proposer, done.approver) == ("active", "ada", "adi")
        text = TEXT.replace('"2026-11-1"', '"2027-1"')
        (new,) = await rule_pack.load(tx, {"a.toml": text}, {}, now, os.urandom, by=at.adi)
        await rule_pack.propose(tx, at.adi, new.uuid, "the new law", now)
        await rule_pack.approve(tx, at.ada, new.uuid, now)
        assert (await rule_pack.get(tx.db, row.uuid)).state == "retired"
        assert (await rule_pack.active(tx.db, "gdpr-eu")).version == "2027-1"
        with pytest.raises(NotInState):
            await rule_pack.approve(tx, at.ada, new.uuid, now)
    async with pool.connection() as db:
        said = await (
            await db.execute("select actor, rule from audit where outcome = 'refused' order by seq")
        ).fetchall()
    assert ("ada", "four_eyes") in said


async def test_law_that_is_none_cannot_be_activated_by_anybody(
    pool: Pool, at: Office, now: datetime
) -> None:
    row = await row_of(pool, at, now, "nis2-proposal-eu")
    with pytest.raises(Refused, match="not law"):
        async with transaction(pool, now) as tx:
            await rule_pack.propose(tx, at.ada, row.uuid, "soon it is", now)
    for change in ("state = 'proposed', proposer_id = 1", "disabled = ''", "body = 'x'"):
        with pytest.raises(psycopg.DatabaseError):
            async with transaction(pool, now) as tx:
                await tx.db.execute(
                    f"update rule_pack set {change} where pack = 'nis2-proposal-eu';"
                    " update rule_pack set state = 'active', approver_id = 2 where pack ="
                    " 'nis2-proposal-eu'".encode()
                )


async def test_a_version_never_changes_and_files_come_in_whole_or_not(
    pool: Pool, at: Office, now: datetime
) -> None:
    with pytest.raises(VersionTaken):
        async with transaction(pool, now) as tx:
            await rule_pack.load(tx, {"a": TEXT + "\n# changed\n"}, {}, now, os.urandom, by=at.ada)
    form = form_texts()["gdpr-people@1.toml"]
    with pytest.raises(VersionTaken):
        async with transaction(pool, now) as tx:
            await rule_pack.load(tx, {}, {"f": form + "\n"}, now, os.urandom, by=at.ada)
    good = TEXT.replace('"2026-11-1"', '"9"')
    with pytest.raises(BadPack):
        async with transaction(pool, now) as tx:
            await rule_pack.load(tx, {"a": good, "b": "x"}, {}, now, os.urandom, by=at.ada)
    with pytest.raises(BadPack, match="holds on days"):
        async with transaction(pool, now) as tx:
            both = {"a": good, "b": TEXT.replace('"2026-11-1"', '"10"')}
            await rule_pack.load(tx, both, {}, now, os.urandom, by=at.ada)
    with pytest.raises(Denied):
        async with transaction(pool, now) as tx:
            await rule_pack.load(tx, {"a": good}, {}, now, os.urandom, by=at.bor)
    assert (await row_of(pool, at, now, "gdpr-eu")).version == "2026-11-1"


async def test_a_lawyer_is_named_and_a_proposal_turned_down(
    pool: Pool, at: Office, now: datetime
) -> None:
    row = await row_of(pool, at, now, "gdpr-eu")
    async with transaction(pool, now) as tx:
        signed = await rule_pack.sign(tx, at.ada, row.uuid, "Jana Pravnik", now)
        assert (signed.checked_by, signed.signed_by) == ("Jana Pravnik", "ada")
        await rule_pack.propose(tx, at.ada, row.uuid, "try it", now)
        back = await rule_pack.withdraw(tx, at.adi, row.uuid, "too early")
        assert back.state == "loaded"
        gone = await rule_pack.withdraw(tx, at.adi, row.uuid, "not ours")
        assert gone.state == "retired"
        with pytest.raises(NotInState):
            await rule_pack.withdraw(tx, at.adi, row.uuid, "again")
