"""Only the originator leads a pseudonym back, with a reason, and every call leaves its trace."""

import os
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.share.world import World
from tests.store.world import somebody
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.share.keys import current_epoch
from zvon.share.reversal import (
    NoReason,
    NoReversal,
    NoToken,
    Reversed,
    UnknownToken,
    agree,
    reverse,
)
from zvon.store import party
from zvon.store.transaction import transaction

NAME = "Maja Zupanc"


@pytest.fixture
async def token(world: World) -> str:
    """The pseudonym of the reporter in a release that left."""
    share = await world.prepare()
    await world.release(share)
    found: str = next(s["replacement"] for s in share.spans if s["text"] == NAME)
    return found


async def ask(
    world: World, viewer: Viewer, token: str, reason: str = "a partner asked", **given: Any
) -> Reversed:
    async with transaction(world.pool, world.now) as tx:
        return await reverse(
            tx, viewer, group_uuid=given.pop("group", world.group), token=token, reason=reason,
            node=world.node, now=world.now, random=os.urandom, **given,
        )  # fmt: skip


async def trail(world: World) -> list[tuple[str, str]]:
    rows = await world.column(
        "select array[outcome, rule] from audit where action = 'pseudonym:reverse' order by seq"
    )
    return [tuple(row) for row in rows]  # type: ignore[arg-type, misc]


async def eyes(world: World, days: int = 0) -> None:
    """Let the group want two people."""
    async with transaction(world.pool, world.now) as tx:
        await tx.execute(
            "update share_group set policy = policy || '{\"reverse_eyes\": true}'::jsonb"
        )


async def second(world: World) -> Viewer:
    async with transaction(world.pool, world.now) as tx:
        home = await party.own(tx.db)
    return await somebody(world.pool, world.now, home, "pia", ["privacy_officer"])


async def test_the_originator_sees_the_original_and_every_call_is_written(
    world: World, token: str
) -> None:
    shown = await ask(world, world.approver, token)
    assert shown == Reversed(epoch=f"{world.now:%Y-%m}", original=NAME)
    assert (await ask(world, world.approver, token, epoch=shown.epoch)).original == NAME
    with pytest.raises(Refused):
        await ask(world, world.analyst, token, "curious")
    with pytest.raises(NoReason):
        await ask(world, world.approver, token, " ")
    with pytest.raises(UnknownToken):
        await ask(world, world.approver, "person-0000000000000000")
    with pytest.raises(UnknownToken):
        await ask(world, world.approver, token, epoch="2025-01")
    with pytest.raises(UnknownToken):
        await ask(world, world.approver, token, group=UUID(int=7))
    with pytest.raises(NoToken):
        await ask(world, world.approver, NAME)
    assert await trail(world) == [
        ("done", ""), ("done", ""), ("refused", "pseudonym:reverse"), ("refused", "NO_REASON"),
        ("refused", "UNKNOWN_TOKEN"), ("refused", "UNKNOWN_TOKEN"), ("refused", "UNKNOWN_TOKEN"),
        ("refused", "NO_TOKEN"),
    ]  # fmt: skip


async def test_the_audit_holds_no_original_whatever_was_typed(world: World, token: str) -> None:
    await ask(world, world.approver, token)
    with pytest.raises(NoToken):
        await ask(world, world.approver, NAME)
    rows = await world.column("select audit::text from audit audit")
    assert not [row for row in rows if "Zupanc" in str(row)]


async def test_with_four_eyes_one_asks_another_agrees_and_it_is_shown_once(
    world: World, token: str
) -> None:
    await eyes(world)
    officer = await second(world)
    asked = await ask(world, world.approver, token)
    assert asked.original is None
    assert asked.waits is not None
    again = await ask(world, world.approver, token)
    assert again.waits == asked.waits
    async with transaction(world.pool, world.now) as tx:
        with pytest.raises(Refused, match="another person"):
            await agree(tx, world.approver, asked.waits, world.now)
        with pytest.raises(Refused, match="needs"):
            await agree(tx, world.analyst, asked.waits, world.now)
    async with transaction(world.pool, world.now) as tx:
        await agree(tx, officer, asked.waits, world.now)
    assert (await ask(world, officer, token)).original is None
    assert (await ask(world, world.approver, token)).original == NAME
    assert (await ask(world, world.approver, token)).original is None
    assert await world.column(
        "select detail->>'agreed_by' from audit where action = 'pseudonym:reverse'"
        " and outcome = 'done'"
    ) == ["pia"]


async def test_an_agreement_that_nobody_used_ends_after_a_day(world: World, token: str) -> None:
    await eyes(world)
    officer = await second(world)
    asked = await ask(world, world.approver, token)
    assert asked.waits is not None
    async with transaction(world.pool, world.now) as tx:
        await agree(tx, officer, asked.waits, world.now)
    world.now += timedelta(days=1)
    late = await ask(world, world.approver, token)
    assert late.original is None
    assert late.waits != asked.waits
    async with transaction(world.pool, world.now) as tx:
        with pytest.raises(NoReversal):
            await agree(tx, officer, asked.waits, world.now)


async def test_the_database_refuses_an_agreement_with_oneself(world: World, token: str) -> None:
    await eyes(world)
    await ask(world, world.approver, token)
    with pytest.raises(Exception, match="pseudonym_reversal_check"):
        async with transaction(world.pool, world.now) as tx:
            await tx.execute("update pseudonym_reversal set agreed_by = asked_by")


async def test_a_group_may_agree_on_epochs_of_days(world: World) -> None:
    async with transaction(world.pool, world.now) as tx:
        await tx.execute("update share_group set policy = policy || '{\"epoch_days\": 7}'::jsonb")
        epoch = await current_epoch(tx.db, world.group, world.now)
    assert epoch.endswith("-7d")
    share = await world.prepare()
    await world.release(share)
    assert await world.column("select epoch from pseudonym_key") == [epoch]
