"""An epoch ends: on schedule or by hand the key goes, and with it every way back."""

import os
from datetime import timedelta

import pytest
import structlog
from msgspec.structs import replace

from tests.policies import policy_text
from tests.share.world import World
from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.config import Settings
from zvon.jobs import Context
from zvon.model.duration import duration
from zvon.model.epoch import ends, epoch_of
from zvon.privacy.pseudonym import Domain
from zvon.share import release
from zvon.share.epochs import NoEpoch, NoReason, destroy, turn
from zvon.share.keys import domain
from zvon.share.reversal import UnknownToken, reverse
from zvon.share.review import look_again
from zvon.store import data_policy
from zvon.store.pseudonym import Destroyed, DestroyedEpoch
from zvon.store.transaction import transaction
from zvon.store.visibility import viewer_setting

NAME = "Maja Zupanc"


async def vault(world: World) -> dict[str, int]:
    """Pseudonyms that lead back, by kind."""
    kinds = [str(kind) for kind in await world.column(
        "select split_part(token, '-', 1) from pseudonym")]  # fmt: skip
    assert "person" in kinds
    return {kind: kinds.count(kind) for kind in kinds}


async def run(world: World) -> None:
    """The hourly job."""
    context = Context(world.pool, Settings(), world.node, lambda: world.now, os.urandom)
    await turn(context, {})


async def end(world: World, viewer: Viewer, reason: str = "the group was dissolved") -> Destroyed:
    async with transaction(world.pool, world.now) as tx:
        return await destroy(
            tx, viewer, group_uuid=world.group, epoch=epoch_of(world.now), reason=reason,
            now=world.now,
        )  # fmt: skip


async def key_of(world: World) -> Domain:
    async with transaction(world.pool, world.now) as tx:
        return await domain(tx, world.group, epoch_of(world.now), world.node, world.now, os.urandom)


def officer(world: World) -> Viewer:
    more = world.approver.permissions | {Permission.PSEUDONYM_MANAGE}
    return replace(world.approver, permissions=more)


async def test_the_schedule_destroys_a_key_when_the_agreement_says_so(world: World) -> None:
    share = await world.prepare()
    await world.release(share)
    token = next(s["replacement"] for s in share.spans if s["text"] == NAME)
    epoch, kept = epoch_of(world.now), await vault(world)
    last = ends(epoch, 6)
    assert await world.column("select destroy_at from pseudonym_key") == [last]
    world.now = last - timedelta(seconds=1)
    await run(world)
    assert await world.column("select key_sealed is null from pseudonym_key") == [False]
    world.now = last
    await run(world)
    assert await world.column("select key_sealed is null from pseudonym_key") == [True]
    assert await world.column("select count(*) from pseudonym") == [0]
    assert await world.column("select destroyed_by from pseudonym_key") == ["schedule"]
    assert await world.column("select rewritten_at = destroyed_at from pseudonym_key") == [True]
    gone = await world.column("select detail from audit where action = 'pseudonym:destroy'")
    assert gone == [{"epoch": epoch, "reason": "its time was over", "releases": 1, "closed": 0,
                     "pseudonyms": kept}]  # fmt: skip
    with pytest.raises(UnknownToken):
        async with transaction(world.pool, world.now) as tx:
            await reverse(
                tx, world.approver, group_uuid=world.group, token=token, reason="too late",
                node=world.node, now=world.now, random=os.urandom,
            )  # fmt: skip


async def test_a_shorter_agreement_counts_for_keys_that_are_there(world: World) -> None:
    await world.release(await world.prepare())
    async with transaction(world.pool, world.now) as tx:
        await tx.execute("update share_group set policy = policy || '{\"keep_epochs\": 1}'::jsonb")
    await run(world)
    assert await world.column("select destroy_at from pseudonym_key") == [
        ends(epoch_of(world.now), 1)
    ]


async def test_no_key_lives_longer_than_the_data_policy_lets_it(world: World) -> None:
    await world.release(await world.prepare())
    async with transaction(world.pool, world.now) as tx:
        text = policy_text("SI", retention={"pseudonym": "P2M"})
        await data_policy.put(tx, {"a": text}, world.now)
    made, lasts = world.now, duration("P2M")
    await run(world)
    assert await world.column("select destroy_at from pseudonym_key") == [lasts.after(made)]
    world.now = lasts.after(made)
    assert world.now < ends(epoch_of(made), 6)
    await run(world)
    assert await world.column("select destroyed_by from pseudonym_key") == ["schedule"]


async def test_a_person_destroys_an_epoch_and_it_makes_and_reverses_nothing(world: World) -> None:
    await world.release(await world.prepare())
    with pytest.raises(Refused):
        await end(world, world.approver)
    with pytest.raises(NoReason):
        await end(world, officer(world), " ")
    kept = await vault(world)
    done = await end(world, officer(world))
    assert done == Destroyed(pseudonyms=kept, releases=1, closed=0)
    with pytest.raises(NoEpoch):
        await end(world, officer(world))
    with pytest.raises(DestroyedEpoch):
        await key_of(world)
    assert await world.column(
        "select outcome from audit where action = 'pseudonym:destroy' order by seq"
    ) == ["refused", "done"]
    assert await world.column(
        "select count(*) from pgqueuer where entrypoint = 'share.epochs'"
    ) == [1]


async def test_no_release_shows_an_original_beside_its_pseudonym_any_more(world: World) -> None:
    left = await world.prepare()
    await world.release(left)
    waiting = await world.prepare()
    await end(world, officer(world))
    rows = await world.column("select share::text from share share")
    assert len(rows) == 2
    assert not [row for row in rows if NAME in str(row)]
    async with transaction(world.pool, world.now, viewer=viewer_setting(world.analyst)) as tx:
        shown = await release.get(tx.db, world.analyst, left.uuid)
        closed = await release.get(tx.db, world.analyst, waiting.uuid)
    assert (shown.state, shown.after is not None) == ("released", True)
    assert (closed.state, closed.reason, closed.after) == ("refused", "EPOCH_OVER", None)
    with pytest.raises(release.NotOpen):
        await world.release(closed)
    async with transaction(world.pool, world.now) as tx:
        assert await look_again(tx, 0, 50, world.now, world.node) is None


async def test_the_log_says_nothing_of_keys_and_originals(world: World) -> None:
    with structlog.testing.capture_logs() as logs:
        await world.release(await world.prepare())
        key = await key_of(world)
        await end(world, officer(world))
        await run(world)
    said = repr(logs) + repr(key)
    assert NAME not in said
    assert key.key.hex() not in said
    assert repr(key.key) not in said
