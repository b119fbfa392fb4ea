"""Signing in: right, wrong, too often, with a link, and out again."""

import os
from datetime import datetime, timedelta

import pytest

from zvon.access import person, session
from zvon.access.permission import Permission
from zvon.access.session import BadLogin, TooManyAttempts
from zvon.access.viewer import Viewer
from zvon.store.transaction import Pool, transaction

PASSWORD = "correct horse battery"


async def test_the_right_password_opens_a_session_that_ends_after_twelve_hours(
    pool: Pool, admin: Viewer, now: datetime
) -> None:
    async with transaction(pool, now) as tx:
        await person.create(tx, admin, "ana", "Ana", ["analyst"], "sl", PASSWORD, now=now)
        token, csrf = await session.sign_in(tx, "ana", PASSWORD, now, os.urandom)
    async with pool.connection() as db:
        who = await session.viewer(db, token, now)
        assert who is not None
        assert (who.login, who.csrf, who.lang, who.party_own) == ("ana", csrf, "sl", True)
        assert who.may(Permission.INCIDENT_DECIDE)
        assert not who.may(Permission.BLOCK_APPROVE)
        assert await session.viewer(db, token, now + timedelta(hours=12)) is None
        assert await session.viewer(db, "0" * 64, now) is None


async def test_the_database_never_holds_the_token_or_the_password(
    pool: Pool, admin: Viewer, now: datetime
) -> None:
    async with transaction(pool, now) as tx:
        await person.create(tx, admin, "ana", "Ana", ["analyst"], "sl", PASSWORD, now=now)
        token, _ = await session.sign_in(tx, "ana", PASSWORD, now, os.urandom)
    async with pool.connection() as db:
        rows = await (
            await db.execute("select s::text, p::text from session s, person p")
        ).fetchall()
    assert rows
    assert token not in str(rows)
    assert PASSWORD not in str(rows)


@pytest.mark.parametrize(
    ("login", "password"),
    [("ana", "wrong"), ("nobody", PASSWORD), ("a\x00na", PASSWORD), ("\ud800", "x")],
)
async def test_wrong_sign_ins_say_the_same_and_leave_an_audit_row(
    pool: Pool, admin: Viewer, now: datetime, login: str, password: str
) -> None:
    async with transaction(pool, now) as tx:
        await person.create(tx, admin, "ana", "Ana", ["analyst"], "sl", PASSWORD, now=now)
    with pytest.raises(BadLogin, match=r"^login or password is wrong$"):
        async with transaction(pool, now) as tx:
            await session.sign_in(tx, login, password, now, os.urandom)
    async with pool.connection() as db:
        row = await (
            await db.execute(
                "select count(*) from audit where action = 'session:sign_in'"
                " and outcome = 'refused'"
            )
        ).fetchone()
    assert row == (1,)


async def test_ten_refusals_close_the_login_for_a_quarter_of_an_hour_known_or_not(
    pool: Pool, admin: Viewer, now: datetime
) -> None:
    async with transaction(pool, now) as tx:
        await person.create(tx, admin, "ana", "Ana", ["analyst"], "sl", PASSWORD, now=now)
    for login in ("ana", "nobody"):
        for _ in range(session.ATTEMPTS):
            with pytest.raises(BadLogin):
                async with transaction(pool, now) as tx:
                    await session.sign_in(tx, login, "wrong", now, os.urandom)
        with pytest.raises(TooManyAttempts):
            async with transaction(pool, now) as tx:
                await session.sign_in(tx, login, PASSWORD, now, os.urandom)
    later = now + session.WINDOW
    async with transaction(pool, later) as tx:
        assert await session.sign_in(tx, "ana", PASSWORD, later, os.urandom)


async def test_a_link_works_once_and_for_a_day(pool: Pool, admin: Viewer, now: datetime) -> None:
    async with transaction(pool, now) as tx:
        made = await person.create(tx, admin, "ana", "Ana", ["analyst"], "sl", now=now)
        link = await person.login_link(tx, made.uuid, now, os.urandom, viewer=admin)
    with pytest.raises(BadLogin):
        async with transaction(pool, now) as tx:
            await session.by_link(tx, link, now + session.LINK, os.urandom)
    async with transaction(pool, now) as tx:
        token, _ = await session.by_link(tx, link, now, os.urandom)
        assert await session.viewer(tx.db, token, now) is not None
    with pytest.raises(BadLogin):
        async with transaction(pool, now) as tx:
            await session.by_link(tx, link, now, os.urandom)


async def test_a_new_link_stops_the_older_one(pool: Pool, admin: Viewer, now: datetime) -> None:
    async with transaction(pool, now) as tx:
        made = await person.create(tx, admin, "ana", "Ana", ["analyst"], "sl", now=now)
        old = await person.login_link(tx, made.uuid, now, os.urandom, viewer=admin)
        await person.login_link(tx, made.uuid, now, os.urandom, viewer=admin)
    with pytest.raises(BadLogin):
        async with transaction(pool, now) as tx:
            await session.by_link(tx, old, now, os.urandom)


async def test_signing_out_and_closing_an_account_end_the_session(
    pool: Pool, admin: Viewer, now: datetime
) -> None:
    async with transaction(pool, now) as tx:
        made = await person.create(tx, admin, "ana", "Ana", ["analyst"], "sl", PASSWORD, now=now)
        first, _ = await session.sign_in(tx, "ana", PASSWORD, now, os.urandom)
        second, _ = await session.sign_in(tx, "ana", PASSWORD, now, os.urandom)
        await session.sign_out(tx, first)
        await session.sign_out(tx, first)
        assert await session.viewer(tx.db, first, now) is None
        assert await session.viewer(tx.db, second, now) is not None
        await person.set_disabled(tx, admin, made.uuid, disabled=True)
        assert await session.viewer(tx.db, second, now) is None
    with pytest.raises(BadLogin):
        async with transaction(pool, now) as tx:
            await session.sign_in(tx, "ana", PASSWORD, now, os.urandom)
