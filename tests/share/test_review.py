"""A person decides about spans: for the item, for all that wait, and the gate learns features only."""

import json

import msgspec
import pytest

from tests.share.world import TEXT, World
from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.privacy.engine import BadOverride
from zvon.share import release, review
from zvon.share.release import Share
from zvon.store.span_label import every
from zvon.store.transaction import transaction

ADDRESS = "46.123.240.11"
ASKED = f"{TEXT}\nNa seznamu je {ADDRESS}, ne vemo, čigav je."


async def decide(
    world: World, share: Share, overrides: dict[int, str], *, everywhere: bool = False,
    viewer: Viewer | None = None,
) -> Share:  # fmt: skip
    async with transaction(world.pool, world.now) as tx:
        return await review.decide(
            tx, viewer or world.analyst, share.uuid, overrides, world.now, world.node,
            everywhere=everywhere,
        )  # fmt: skip


def asked(share: Share) -> int:
    return next(i for i, span in enumerate(share.spans) if span["state"] == "ask")


async def test_a_decision_opens_the_item_and_is_remembered_until_it_leaves(world: World) -> None:
    await world.say(ASKED)
    share = await world.prepare()
    seen = await decide(world, share, {asked(share): "keep"})
    assert (seen.state, seen.open_spans) == ("waiting", 0)
    assert seen.after is not None
    assert ADDRESS in seen.after["parts"]["message.text"]
    assert await world.column("select count(*) from feed_entry") == [0]
    released = await world.release(seen)
    assert ADDRESS in released.event["parts"]["message.text"]


async def test_a_later_decision_replaces_the_earlier_one(world: World) -> None:
    await world.say(ASKED)
    share = await world.prepare()
    number = asked(share)
    await decide(world, share, {number: "keep"})
    seen = await decide(world, share, {number: "hide"})
    assert seen.after is not None
    assert ADDRESS not in json.dumps(seen.after)
    assert (await world.release(seen)).event["parts"]["message.text"].count("ip-v-") == 1


async def test_one_decision_reaches_every_mention_and_with_everywhere_every_item(
    world: World,
) -> None:
    await world.say(f"{ASKED} in spet {ADDRESS}.")
    first = await world.prepare()
    second = await world.prepare()
    assert {first.state, second.state} == {"held"}
    seen = await decide(world, first, {asked(first): "hide"}, everywhere=True)
    assert seen.state == "waiting"
    assert await world.column("select state from share order by id") == ["waiting", "waiting"]
    detail = await world.column("select detail from audit where action = 'share:review'")
    assert [row["reached"] for row in detail] == [1]  # type: ignore[index]


async def test_what_was_decided_is_kept_as_features_without_the_text(world: World) -> None:
    await world.say(ASKED)
    share = await world.prepare()
    number = asked(share)
    words = {
        term["rule"].removeprefix("word.")
        for term in share.spans[number]["evidence"] if term["rule"].startswith("word.")
    }  # fmt: skip
    await decide(world, share, {number: "hide"})
    async with transaction(world.pool, world.now) as tx:
        labels = [label async for label in every(tx.db)]
    assert [(label.type, label.word, label.lang) for label in labels] == [("IP", "hide", "sl")]
    assert labels[0].believed == share.spans[number]["p_attacker"]
    kept = json.dumps(await world.column("select to_jsonb(l) - 'at' from span_label l"))
    trail = json.dumps(await world.column("select detail from audit"))
    assert ADDRESS not in kept + trail
    assert words
    assert not [word for word in words if f"word.{word}" in kept + trail]


async def test_the_wrong_number_the_wrong_person_and_what_left_are_refused(world: World) -> None:
    await world.say(ASKED)
    share = await world.prepare()
    with pytest.raises(BadOverride):
        await decide(world, share, {len(share.spans): "keep"})
    nobody = msgspec.structs.replace(world.analyst, permissions=frozenset({Permission.SHARE_READ}))
    with pytest.raises(PermissionError):
        await decide(world, share, {0: "hide"}, viewer=nobody)
    await decide(world, share, {asked(share): "hide"})
    await world.release(share)
    with pytest.raises(release.NotOpen):
        await decide(world, share, {0: "hide"})
