"""Accounts: who makes them, what they may be called, and the first one of all."""

import os
from datetime import datetime

import pytest

from zvon.access import person, session
from zvon.access.permission import SHIPPED_ROLES, Denied, Permission, require
from zvon.access.person import BadName, OwnRoles
from zvon.access.session import BadLogin, WeakPassword
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.marking import Tlp
from zvon.store import party
from zvon.store import person as rows
from zvon.store.person import LoginTaken, NoSuchPerson, NoSuchRole
from zvon.store.transaction import Pool, transaction

PASSWORD = "correct horse battery"


async def viewer_of(pool: Pool, person_id: int) -> Viewer:
    async with pool.connection() as db:
        found = await rows.viewer(db, person_id)
    assert found is not None
    return found


async def test_the_first_administrator_gets_a_link_until_somebody_can_sign_in(
    pool: Pool, now: datetime, admin: Viewer
) -> None:
    assert admin.roles == ("administrator",)
    assert admin.permissions == SHIPPED_ROLES["administrator"]
    async with transaction(pool, now) as tx:
        assert await person.first_administrator(tx, now, os.urandom) is None


async def test_a_lost_first_link_is_replaced(pool: Pool, now: datetime) -> None:
    async with transaction(pool, now) as tx:
        await party.put(tx, uuid=uuid7(now, os.urandom(RANDOM_BYTES)), name="SI", kind="csirt",
                        country="SI", own=True)  # fmt: skip
        lost = await person.first_administrator(tx, now, os.urandom)
    async with transaction(pool, now) as tx:
        fresh = await person.first_administrator(tx, now, os.urandom)
        assert fresh
        assert fresh != lost
        assert len(await rows.list_all(tx.db)) == 1
        assert await session.by_link(tx, fresh, now, os.urandom)


async def test_a_person_has_the_union_of_the_roles(
    pool: Pool, admin: Viewer, now: datetime
) -> None:
    async with transaction(pool, now) as tx:
        ana = await person.create(tx, admin, "ana", " Ana Novak ", ["analyst", "auditor", "analyst"], "sl",
                                  now=now, tlp_ceiling=Tlp.AMBER)  # fmt: skip
    who = await viewer_of(pool, ana.id)
    assert (ana.name, tuple(ana.roles), ana.party, ana.country) == (
        "Ana Novak",
        ("analyst", "auditor"),
        "SI-CERT",
        "SI",
    )
    assert who.permissions == SHIPPED_ROLES["analyst"] | SHIPPED_ROLES["auditor"]
    assert who.tlp_ceiling == Tlp.AMBER
    with pytest.raises(Denied, match="block:approve"):
        who.require(Permission.BLOCK_APPROVE)
    require(who.permissions, Permission.AUDIT_READ)


@pytest.mark.parametrize("login", ["", "a", "Ana", "a b", "a" * 65, "ana\x00", "čepica", "ana\n"])
async def test_a_login_that_cannot_be_typed_everywhere_is_refused(
    pool: Pool, admin: Viewer, now: datetime, login: str
) -> None:
    with pytest.raises(BadName):
        async with transaction(pool, now) as tx:
            await person.create(tx, admin, login, "Ana", ["analyst"], "sl", now=now)


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x00", "a\u202eb", "a\ud800"])
async def test_a_name_that_cannot_be_shown_is_refused(
    pool: Pool, admin: Viewer, now: datetime, name: str
) -> None:
    with pytest.raises(BadName):
        async with transaction(pool, now) as tx:
            await person.create(tx, admin, "ana", name, ["analyst"], "sl", now=now)


async def test_a_login_is_taken_once_and_roles_and_parties_must_exist(
    pool: Pool, admin: Viewer, now: datetime
) -> None:
    async with transaction(pool, now) as tx:
        await person.create(tx, admin, "ana", "Ana", ["analyst"], "sl", now=now)
    unknown = uuid7(now, bytes(RANDOM_BYTES))
    for error, login, roles, home in (
        (LoginTaken, "ana", ["analyst"], None),
        (NoSuchRole, "bor", ["emperor"], None),
        (LookupError, "bor", ["analyst"], unknown),
    ):
        with pytest.raises(error):
            async with transaction(pool, now) as tx:
                await person.create(tx, admin, login, "x", roles, "sl", party=home, now=now)
    with pytest.raises(NoSuchPerson):
        async with transaction(pool, now) as tx:
            await person.set_roles(tx, admin, unknown, ["analyst"])


@pytest.mark.parametrize("password", ["short", "x" * 11, "č" * 600])
async def test_a_weak_or_endless_password_is_refused(
    pool: Pool, admin: Viewer, now: datetime, password: str
) -> None:
    with pytest.raises(WeakPassword):
        async with transaction(pool, now) as tx:
            await person.create(tx, admin, "ana", "Ana", ["analyst"], "sl", password, now=now)


async def test_setting_ones_password_ends_other_sessions(
    pool: Pool, admin: Viewer, now: datetime
) -> None:
    async with transaction(pool, now) as tx:
        ana = await person.create(tx, admin, "ana", "Ana", ["analyst"], "sl", PASSWORD, now=now)
        token, _ = await session.sign_in(tx, "ana", PASSWORD, now, os.urandom)
    who = await viewer_of(pool, ana.id)
    async with transaction(pool, now) as tx:
        await person.set_password(tx, who, "another long password")
        assert await session.viewer(tx.db, token, now) is None
    with pytest.raises(BadLogin):
        async with transaction(pool, now) as tx:
            await session.sign_in(tx, "ana", PASSWORD, now, os.urandom)
    async with transaction(pool, now) as tx:
        assert await session.sign_in(tx, "ana", "another long password", now, os.urandom)


async def test_who_does_not_manage_people_is_refused_and_audited(
    pool: Pool, admin: Viewer, now: datetime
) -> None:
    async with transaction(pool, now) as tx:
        ana = await person.create(tx, admin, "ana", "Ana", ["analyst"], "sl", now=now)
    who = await viewer_of(pool, ana.id)
    acts = {
        "person:create": lambda tx: person.create(
            tx, who, "bor", "Bor", ["administrator"], "sl", now=now
        ),
        "person:roles": lambda tx: person.set_roles(tx, who, ana.uuid, ["administrator"]),
        "person:disable": lambda tx: person.set_disabled(tx, who, ana.uuid, disabled=True),
        "person:enable": lambda tx: person.set_disabled(tx, who, ana.uuid, disabled=False),
        "person:link": lambda tx: person.login_link(tx, ana.uuid, now, os.urandom, viewer=who),
    }
    for act in acts.values():
        with pytest.raises(Denied):
            async with transaction(pool, now) as tx:
                await act(tx)  # type: ignore[no-untyped-call]
    async with pool.connection() as db:
        refused = await (
            await db.execute(
                "select action from audit where outcome = 'refused' and actor = 'ana' order by seq"
            )
        ).fetchall()
        with pytest.raises(Denied):
            await person.list_people(db, who)
        assert [p.login for p in await person.list_people(db, admin)] == ["admin", "ana"]
    assert [row[0] for row in refused] == list(acts)


async def test_nobody_changes_their_own_roles_or_closes_their_own_account(
    pool: Pool, admin: Viewer, now: datetime
) -> None:
    async with pool.connection() as db:
        (mine,) = await rows.list_all(db)
    with pytest.raises(OwnRoles):
        async with transaction(pool, now) as tx:
            await person.set_roles(tx, admin, mine.uuid, ["administrator", "approver"])
    with pytest.raises(OwnRoles):
        async with transaction(pool, now) as tx:
            await person.set_disabled(tx, admin, mine.uuid, disabled=True)


async def test_preferences_and_reopening(pool: Pool, admin: Viewer, now: datetime) -> None:
    async with transaction(pool, now) as tx:
        ana = await person.create(tx, admin, "ana", "Ana", ["analyst"], "sl", now=now)
        await person.set_disabled(tx, admin, ana.uuid, disabled=True)
        assert await rows.viewer(tx.db, ana.id) is None
        await person.set_disabled(tx, admin, ana.uuid, disabled=False)
    who = await viewer_of(pool, ana.id)
    async with transaction(pool, now) as tx:
        await person.set_preferences(tx, who, lang="hr", theme="dark", keys_on=False)
    who = await viewer_of(pool, ana.id)
    assert (who.lang, who.theme, who.keys_on) == ("hr", "dark", False)
