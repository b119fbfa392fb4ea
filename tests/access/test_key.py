"""API keys: shown once, narrow, ending, revocable, and never stronger than their owner."""

import os
from datetime import datetime, timedelta

import msgspec
import pytest

from zvon.access import key, person, session
from zvon.access.key import BadExpiry, KeyTooStrong, NoSuchKey
from zvon.access.permission import Denied, Permission
from zvon.access.viewer import Viewer
from zvon.store import session as rows
from zvon.store.person import Person
from zvon.store.person import by_id as rows_of_person
from zvon.store.transaction import Pool, transaction

PASSWORD = "correct horse battery"
WEEK = timedelta(days=7)


async def analyst(
    pool: Pool, admin: Viewer, now: datetime, login: str = "ana"
) -> tuple[Person, Viewer]:
    async with transaction(pool, now) as tx:
        made = await person.create(
            tx, admin, login, login.title(), ["analyst"], "sl", PASSWORD, now=now
        )
        token, _ = await session.sign_in(tx, login, PASSWORD, now, os.urandom)
        found = await session.viewer(tx.db, token, now)
    assert found is not None
    return made, found


async def make(
    pool: Pool,
    viewer: Viewer,
    owner: Person,
    now: datetime,
    permissions: set[Permission] | None = None,
    ends: datetime | None = None,
) -> str:
    async with transaction(pool, now) as tx:
        return await key.create(
            tx, viewer, owner.uuid, "script", now, os.urandom, ends or now + WEEK, permissions
        )


async def seen(pool: Pool, text: str, now: datetime) -> Viewer | None:
    async with pool.connection() as db:
        return await key.viewer(db, text, now)


async def test_a_key_is_its_owner_until_it_ends(pool: Pool, admin: Viewer, now: datetime) -> None:
    ana, who = await analyst(pool, admin, now)
    made = await make(pool, who, ana, now)
    assert made.startswith("zvon_")
    found = await seen(pool, made, now)
    assert found is not None
    assert (found.login, found.permissions) == ("ana", who.permissions)
    assert await seen(pool, made, now + WEEK - timedelta(seconds=1)) is not None
    assert await seen(pool, made, now + WEEK) is None


async def test_only_the_hash_of_the_secret_is_stored(
    pool: Pool, admin: Viewer, now: datetime
) -> None:
    ana, who = await analyst(pool, admin, now)
    secret = (await make(pool, who, ana, now)).split("_", 2)[2]
    async with pool.connection() as db:
        stored = str(
            await (await db.execute("select k::text, a::text from api_key k, audit a")).fetchall()
        )
    assert "script" in stored
    assert secret not in stored


@pytest.mark.parametrize(
    "change",
    [lambda k: k[:-1] + ("0" if k[-1] != "0" else "1"), lambda k: k + "0", lambda k: k.replace("zvon", "zvan"),
     lambda k: "", lambda k: "zvon__", lambda k: k.split("_")[1], lambda k: "zvon_" + "f" * 12 + "_" + k.split("_", 2)[2],
     lambda k: "zvon_\x00_x", lambda k: "zvon_é_x", lambda k: "\ud800_x_y", lambda k: k.upper()],
)  # fmt: skip
async def test_a_key_that_is_not_exactly_right_is_nobody(
    pool: Pool, admin: Viewer, now: datetime, change: object
) -> None:
    ana, who = await analyst(pool, admin, now)
    made = await make(pool, who, ana, now)
    assert await seen(pool, change(made), now) is None  # type: ignore[operator]


async def test_a_narrow_key_may_less_and_follows_its_owners_roles(
    pool: Pool, admin: Viewer, now: datetime
) -> None:
    ana, who = await analyst(pool, admin, now)
    wanted = {Permission.REPORT_READ, Permission.BLOCK_PROPOSE}
    made = await make(pool, who, ana, now, wanted)
    found = await seen(pool, made, now)
    assert found is not None
    assert found.permissions == wanted
    async with transaction(pool, now) as tx:
        await person.set_roles(tx, admin, ana.uuid, ["auditor"])
    found = await seen(pool, made, now)
    assert found is not None
    assert found.permissions == {Permission.REPORT_READ}
    async with transaction(pool, now) as tx:
        await person.set_disabled(tx, admin, ana.uuid, disabled=True)
    assert await seen(pool, made, now) is None


async def test_a_key_cannot_be_made_stronger_than_its_owner(
    pool: Pool, admin: Viewer, now: datetime
) -> None:
    ana, who = await analyst(pool, admin, now)
    with pytest.raises(KeyTooStrong):
        await make(pool, who, ana, now, {Permission.BLOCK_APPROVE})


async def test_keys_of_others_are_for_who_manages_people(
    pool: Pool, admin: Viewer, now: datetime
) -> None:
    ana, who = await analyst(pool, admin, now)
    bor, _ = await analyst(pool, admin, now, "bor")
    with pytest.raises(Denied):
        await make(pool, who, bor, now)
    made = await make(pool, admin, ana, now)
    found = await seen(pool, made, now)
    assert found is not None
    assert found.login == "ana"
    async with pool.connection() as db:
        row = await (
            await db.execute(
                "select actor, object, outcome from audit where action = 'key:create' order by seq"
            )
        ).fetchall()
    assert row == [("ana", "bor", "refused"), ("admin", "ana", "done")]


async def test_a_key_must_end_in_the_future(pool: Pool, admin: Viewer, now: datetime) -> None:
    ana, who = await analyst(pool, admin, now)
    with pytest.raises(BadExpiry):
        await make(pool, who, ana, now, ends=now)


async def test_revoking_ends_a_key_at_once_and_only_ones_own(
    pool: Pool, admin: Viewer, now: datetime
) -> None:
    ana, who = await analyst(pool, admin, now)
    _, other = await analyst(pool, admin, now, "bor")
    first, second = await make(pool, who, ana, now), await make(pool, who, ana, now)
    for text in (first.split("_")[1], "0" * 12):
        with pytest.raises(NoSuchKey):
            async with transaction(pool, now) as tx:
                await key.revoke(tx, other, text, now)
    for viewer, made in ((who, first), (admin, second)):
        for _ in range(2):
            async with transaction(pool, now) as tx:
                await key.revoke(tx, viewer, made.split("_")[1], now)
        assert await seen(pool, made, now) is None
    async with pool.connection() as db:
        listed = await rows.keys_of(db, who.person_id)
        count = await (
            await db.execute("select count(*) from audit where action = 'key:revoke'")
        ).fetchone()
    assert [k.revoked_at for k in listed] == [now, now]
    assert count == (2,)


async def test_a_narrowed_key_cannot_make_a_wider_one(
    pool: Pool, admin: Viewer, now: datetime
) -> None:
    narrow = msgspec.structs.replace(admin, permissions=frozenset({Permission.KEY_OWN}))
    until = now + timedelta(days=1)
    async with transaction(pool, now) as tx:
        own = (await rows_of_person(tx.db, admin.person_id)).uuid
    for wanted in (None, [Permission.PERSON_MANAGE]):
        with pytest.raises(KeyTooStrong):
            async with transaction(pool, now) as tx:
                await key.create(tx, narrow, own, "k", now, os.urandom, until, wanted)
    async with transaction(pool, now) as tx:
        made = await key.create(tx, narrow, own, "k", now, os.urandom, until, [Permission.KEY_OWN])
        found = await key.viewer(tx.db, made, now)
    assert found is not None
    assert found.permissions == {Permission.KEY_OWN}
