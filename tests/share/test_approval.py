"""Above the risk of its group a release needs another person, who sees what would leave."""

import msgspec
import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.share.world import World
from tests.store.world import somebody
from zvon.access.permission import Denied
from zvon.access.viewer import Viewer
from zvon.share import approval, release, review
from zvon.share.shown import Share
from zvon.store import party
from zvon.store.transaction import transaction


async def cautious(world: World) -> Viewer:
    """The group lets one person release nothing that could leak; another officer exists."""
    async with transaction(world.pool, world.now) as tx:
        await tx.execute(
            "update share_group set policy = policy || %s", (Jsonb({"max_risk": 0.0}),)
        )
        home = await party.own(tx.db)
    return await somebody(world.pool, world.now, home, "pia", ["privacy_officer"])


async def say(world: World, who: Viewer, share: Share, word: approval.Word = "approve") -> Share:
    async with transaction(world.pool, world.now) as tx:
        return await approval.say(tx, who, share.uuid, word, "looked at it", world.now)


async def outcomes(world: World) -> list[object]:
    return await world.column("select outcome || ' ' || reason from disclosure order by id")


async def test_above_the_limit_one_person_is_not_enough_and_two_are(world: World) -> None:
    pia = await cautious(world)
    share = await world.prepare()
    assert share.risk > share.max_risk == 0.0
    assert (share.approver_needed, share.approvals, share.prepared_by) == (True, [], "ana")
    with pytest.raises(release.NeedsApproval):
        await world.release(share)
    assert await world.column("select count(*) from feed_entry") == [0]
    assert await outcomes(world) == ["refused ABOVE_RISK"]
    seen = await say(world, pia, share)
    assert [(one["login"], one["word"]) for one in seen.approvals] == [("pia", "approve")]
    await world.release(share)
    assert await world.column("select kind from feed_entry") == ["add"]
    assert await outcomes(world) == ["refused ABOVE_RISK", "released "]


async def test_within_the_limit_nobody_else_is_asked(world: World) -> None:
    share = await world.prepare()
    assert not share.approver_needed
    with pytest.raises(approval.NoApprovalNeeded):
        await say(world, world.approver, share)
    await world.release(share)


async def test_who_prepared_or_releases_is_not_the_second_person(world: World) -> None:
    await cautious(world)
    share = await world.prepare(world.approver)
    with pytest.raises(approval.OwnWork):
        await say(world, world.approver, share)
    assert "OWN_WORK" in await world.column("select rule from audit")
    other = await world.prepare()
    await say(world, world.approver, other)
    with pytest.raises(release.NeedsApproval):  # the one who approved also lets go
        await world.release(other)
    assert await world.column("select count(*) from feed_entry") == [0]


async def test_an_analyst_does_not_approve(world: World) -> None:
    await cautious(world)
    share = await world.prepare(world.approver)
    with pytest.raises(Denied):
        await say(world, world.analyst, share)


async def test_a_refusal_ends_it(world: World) -> None:
    pia = await cautious(world)
    share = await world.prepare()
    assert (await say(world, pia, share, "refuse")).state == "refused"
    with pytest.raises(release.NotOpen):
        await world.release(share)


async def test_an_approval_is_for_what_would_leave_then_and_falls_with_a_change(
    world: World,
) -> None:
    pia = await cautious(world)
    share = await world.prepare()
    await say(world, pia, share)
    number = next(
        i for i, s in enumerate(share.spans) if s["state"] == "keep" and s["type"] == "URL"
    )
    with pytest.raises(release.NeedsApproval):
        await world.release(share, {number: "hide"})
    async with transaction(world.pool, world.now) as tx:
        changed = await review.decide(
            tx, world.analyst, share.uuid, {number: "hide"}, world.now, world.node
        )
    assert changed.approvals == []


async def test_the_database_refuses_both_as_well(world: World) -> None:
    await cautious(world)
    share = await world.prepare()
    ana = await world.column("select id from person where login = 'ana'")
    with pytest.raises(psycopg.errors.CheckViolation, match="prepared it"):
        await world.column(
            "insert into share_approval (share_id, person_id, word, at)"
            " select id, %s, 'approve', now() from share returning share_id", ana[0],
        )  # fmt: skip
    with pytest.raises(psycopg.errors.CheckViolation, match="two people"):
        await world.column("update share set state = 'released' returning id")
    stranger = msgspec.structs.replace(world.approver, permissions=frozenset())
    with pytest.raises(Denied):
        await say(world, stranger, share)
