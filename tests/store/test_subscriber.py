"""Subscribers: how they are known, and that a secret is sealed and shown once."""

import base64
import os
from datetime import datetime
from typing import Any, cast

import pytest

from tests.blocks import People, people_of
from tests.justifications import justified
from zvon.access.permission import Denied
from zvon.access.seal import BadSeal, unseal
from zvon.store import subscriber, zone
from zvon.store.justification import NeedsJustification
from zvon.store.subscriber import KEY_PURPOSE, AlreadySubscribed, BadSubscriber, Subscriber
from zvon.store.transaction import Pool, transaction
from zvon.store.zone import BadLabel

KEY = bytes(range(32))


@pytest.fixture
async def people(pool: Pool, now: datetime) -> People:
    return await people_of(pool, now)


async def add(
    pool: Pool, people: People, now: datetime, who: str = "ada", **more: Any
) -> tuple[Subscriber, str | None]:
    fields: dict[str, Any] = {
        "name": "t2", "brand": "bind", "address": "192.0.2.7", "feeds": ("si",),
        "notify_address": "192.0.2.7:53", **more,
    }  # fmt: skip
    async with transaction(pool, now) as tx:
        return await subscriber.add(tx, people[who], now=now, random=os.urandom, key=KEY, **fields)


async def test_the_secret_is_given_once_and_kept_sealed(
    pool: Pool, people: People, now: datetime
) -> None:
    made, secret = await add(pool, people, now)
    assert secret is not None
    plain = base64.b64decode(secret)
    async with pool.connection() as db:
        (kept,) = await subscriber.keys(db)
    assert plain not in kept.secret_sealed
    assert unseal(KEY, KEY_PURPOSE, kept.secret_sealed) == plain
    with pytest.raises(BadSeal):
        unseal(bytes(32), KEY_PURPOSE, kept.secret_sealed)
    assert (made.mode, made.mandatory, made.known_by) == ("log-only", False, "tsig")


async def test_an_unbound_is_known_by_its_relay_or_by_its_address(
    pool: Pool, people: People, now: datetime
) -> None:
    behind, secret = await add(pool, people, now, name="u1", brand="unbound")
    assert (behind.relay, behind.known_by, secret is None) == (True, "tsig", False)
    plain, secret = await add(pool, people, now, name="u2", brand="unbound", relay=False)
    assert (plain.relay, plain.known_by, secret, plain.key_name) == (False, "address", None, None)
    with pytest.raises(AlreadySubscribed, match=r"192\.0\.2\.7"):
        await add(pool, people, now, name="u3", brand="unbound", relay=False)


async def test_each_subscriber_has_an_allow_zone_with_its_own_names(
    pool: Pool, people: People, now: datetime
) -> None:
    await add(pool, people, now, allow=("Shop.Example",))
    async with pool.connection() as db, db.transaction():
        (row,) = [z for z in await zone.zones(db) if z.name == "allow.t2.zvon"]
        rules = dict([pair async for batch in zone.rules_in(db, row.id) for pair in batch])
    assert rules == {"shop.example": "rpz-passthru.", "*.shop.example": "rpz-passthru."}


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("name", "Über", BadLabel),
        ("name", "a" * 20, BadLabel),
        ("brand", "djbdns", BadSubscriber),
        ("mode", "maybe", BadSubscriber),
        ("notify_address", "192.0.2.7", BadSubscriber),
        ("probe_address", "x:99999", BadSubscriber),
        ("relay", True, BadSubscriber),
        ("known_by", "address", BadSubscriber),
        ("feeds", ("xx",), LookupError),
    ],
)
async def test_a_field_that_cannot_be_used_is_named(
    pool: Pool, people: People, now: datetime, field: str, value: object, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await add(pool, people, now, **{field: cast("Any", value)})


async def test_names_are_unique_and_only_administrators_add(
    pool: Pool, people: People, now: datetime
) -> None:
    await add(pool, people, now)
    with pytest.raises(AlreadySubscribed, match="t2"):
        await add(pool, people, now)
    with pytest.raises(Denied):
        await add(pool, people, now, who="ana", name="t3")


async def test_mode_and_removal(pool: Pool, people: People, now: datetime) -> None:
    made, _ = await add(pool, people, now)
    with pytest.raises(NeedsJustification, match="si"):
        async with transaction(pool, now) as tx:
            await subscriber.set_mode(tx, people["ada"], made.uuid, "enforce")
    await justified(pool, people["ada"], people["bor"], now)
    async with transaction(pool, now) as tx:
        changed = await subscriber.set_mode(tx, people["ada"], made.uuid, "enforce")
        assert changed.mode == "enforce"
        with pytest.raises(BadSubscriber):
            await subscriber.set_mode(tx, people["ada"], made.uuid, "block")
        await subscriber.remove(tx, people["ada"], made.uuid, now)
    async with pool.connection() as db:
        assert await subscriber.list_all(db) == []
        assert await subscriber.keys(db) == []
        assert [one.name for one in await subscriber.list_all(db, removed=True)] == ["t2"]
