"""The talk between partners: called there, let out here, answered, shown with its origin, taken back."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.share.test_apply import released
from tests.share.two import Two
from zvon.access.permission import Denied
from zvon.access.viewer import Viewer
from zvon.model.disclosure import Door
from zvon.model.marking import Pap, Tlp
from zvon.privacy.engine import Part
from zvon.privacy.facts import Facts
from zvon.share import discussion as outward
from zvon.share import feed
from zvon.share.discussion import NotShared
from zvon.share.keys import current_epoch, domain
from zvon.share.ledger import NotReleased, Recipient
from zvon.share.outgoing import release_text
from zvon.share.passage import policy_of
from zvon.share.released import ReleasedText
from zvon.store import comment_share, discussion
from zvon.store.discussion import Comment, TalkOver
from zvon.store.transaction import Tx, transaction
from zvon.store.visibility import read, viewer_setting

QUESTION = (
    "@csirt-hr Maja Zupanc (040 000 111) has the same SMS as yours. Is the kit at"
    " posta-si.dostava-paketa.example the one you saw?"
)


async def incident(node: Two) -> UUID:
    (found,) = await node.rows("select uuid from incident")
    uuid: UUID = found["uuid"]
    return uuid


async def say(node: Two, text: str, answers: UUID | None = None) -> UUID:
    who = node.analyst
    async with transaction(node.context.pool, node.now, viewer=viewer_setting(who)) as tx:
        made = await discussion.say(tx, who, await incident(node), text, node.now, answers=answers)
    assert made.unmatched == ()
    return made.uuid


async def part_of(node: Two, comment: UUID) -> UUID:
    (found,) = await node.rows(
        "select s.uuid from comment_share s join comment c on c.id = s.comment_id"
        " where c.uuid = %s", comment,
    )  # fmt: skip
    uuid: UUID = found["uuid"]
    return uuid


async def let_out(node: Two, comment: UUID, who: Viewer | None = None) -> str:
    boss, part = who or node.boss, await part_of(node, comment)
    async with transaction(node.context.pool, node.now, viewer=viewer_setting(boss)) as tx:
        shown = await outward.preview(tx, boss, part, node.now, node.context.node)
        hide = {s["place"]: "hide" for s in shown.spans if s["state"] == "ask"}
        said = await outward.release(tx, boss, part, hide, node.now, node.context.node)
    return said.texts["text"]


async def talk(node: Two) -> list[Comment]:
    async with read(node.context.pool, node.analyst) as db:
        (found,) = await node.rows("select id from incident")
        return await discussion.of_incident(db, node.analyst, found["id"])


async def everything(node: Two) -> str:
    rows: list[dict[str, Any]] = []
    for table in ("comment", "comment_share", "feed_entry", "audit", "record", "mention"):
        rows += await node.rows(f"select to_jsonb(t)::text as row from {table} t")
    bodies = await node.rows("select body from feed_entry where body is not null")
    return "\n".join(r["row"] for r in rows) + "".join(b["body"].decode() for b in bodies)


async def test_a_question_goes_out_without_the_victim_and_the_answer_comes_back_with_its_origin(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    await released(si)
    for node in (si, hr):
        await node.work()
    question = await say(si, QUESTION)
    assert (await talk(hr)) == []
    with pytest.raises(Denied):
        await let_out(si, question, si.analyst)
    left = await let_out(si, question)
    assert "dostava-paketa.example" in left
    for node in (si, hr):
        await node.work()
    (heard,) = await talk(hr)
    assert (heard.origin, heard.by, heard.text) == ("csirt-si", None, left)
    assert heard.entry is not None
    there = await everything(hr)
    for secret in ("Maja", "Zupanc", "000 111", str(question), str(await incident(si))):
        assert secret not in there
    answer = await say(hr, "@csirt-si Yes, since Friday.", answers=heard.uuid)
    await let_out(hr, answer)
    for node in (hr, si):
        await node.work()
    ours, theirs = await talk(si)
    assert (ours.uuid, theirs.origin, theirs.root) == (question, "csirt-hr", question)
    assert theirs.text == "csirt-si Yes, since Friday."
    async with read(si.context.pool, si.analyst) as db:
        assert [c.by for c in await discussion.calls(db, si.analyst)] == ["csirt-hr"]


async def test_what_is_taken_back_is_a_tombstone_at_the_partner_too(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    await released(si)
    for node in (si, hr):
        await node.work()
    comment = await say(si, "@csirt-hr The kit is the same.")
    await let_out(si, comment)
    for node in (si, hr):
        await node.work()
    who = si.analyst
    async with transaction(si.context.pool, si.now, viewer=viewer_setting(who)) as tx:
        with pytest.raises(TalkOver):
            await discussion.reword(tx, who, comment, "It is another.", version=1, now=si.now)
    async with transaction(si.context.pool, si.now, viewer=viewer_setting(who)) as tx:
        await outward.take_back(tx, who, comment, version=1, now=si.now, node=si.context.node)
    for node in (si, hr):
        await node.work()
    (heard,) = await talk(hr)
    assert heard.text == ""
    assert heard.gone_at is not None
    (ours,) = await talk(si)
    assert [s["state"] for s in ours.shares] == ["ended"]


async def test_nothing_leaves_before_the_event_or_when_it_became_red(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    await released(si)
    comment = await say(si, "@csirt-hr The kit is the same.")
    await si.rows("update share set state = 'refused' returning id")
    with pytest.raises(NotShared):
        await let_out(si, comment)
    await si.rows("update share set state = 'released' returning id")
    await si.rows(
        "update record set tlp = 4 where id = (select record_id from incident) returning id"
    )
    async with transaction(si.context.pool, si.now) as tx:  # as the system: nobody else sees it now
        with pytest.raises(NotReleased):
            await outward.release(tx, si.boss, await part_of(si, comment), {}, si.now,
                                  si.context.node)  # fmt: skip
    for node in (si, hr):
        await node.work()
    assert await talk(hr) == []


async def test_a_partner_cannot_speak_as_another_nor_about_what_was_not_shared(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    event = await released(si)
    for node in (si, hr):
        await node.work()
    own = await say(si, "Ours alone.")
    group = await hr.group()

    async def forge(comment: UUID, about: UUID, text: str) -> None:
        async with transaction(hr.context.pool, hr.now) as tx:
            said = await gated(tx, hr, text)
            await feed.say(tx, group, about, said, hr.now, hr.context.node, comment=comment,
                           answers=None, share_id=None)  # fmt: skip

    await forge(own, event, "I am you")
    await forge(uuid4(), uuid4(), "about nothing")
    good = uuid4()
    await forge(good, event, "first")
    await forge(good, event, "worded anew")
    for node in (hr, si):
        await node.work()
    assert [(c.by, c.text) for c in await talk(si)] == [(si.analyst.login, "Ours alone."),
                                                        (None, "first")]  # fmt: skip
    states = await si.rows(
        "select state, problem from feed_entry where kind = 'opinion' and origin = %s order by n",
        hr.context.node.uuid,
    )
    assert [s["state"] for s in states] == ["refused", "applied", "applied", "applied"]


async def test_the_event_taken_back_takes_its_partners_words_with_it(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    event = await released(si)
    comment = await say(si, "@csirt-hr The kit is the same.")
    await let_out(si, comment)
    for node in (si, hr):
        await node.work()
    assert [c.text for c in await talk(hr)] == ["csirt-hr The kit is the same."]
    await si.revoke(event)
    for node in (si, hr):
        await node.work()
    assert "The kit is the same" not in await everything(hr)


async def test_a_flood_of_a_partner_is_held(
    partners: tuple[Two, Two], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comment_share, "MOST_A_DAY", 2)
    si, hr = partners
    event = await released(si)
    for node in (si, hr):
        await node.work()
    group = await hr.group()
    for n in range(4):
        async with transaction(hr.context.pool, hr.now) as tx:
            await feed.say(tx, group, event, await gated(tx, hr, f"line {n}"), hr.now,
                           hr.context.node, comment=uuid4(), answers=None, share_id=None)  # fmt: skip
    for node in (hr, si):
        await node.work()
    assert [c.text for c in await talk(si)] == ["line 0", "line 1"]
    held = await si.rows("select problem from feed_entry where state = 'held'")
    assert len(held) == 2


async def gated(tx: Tx, node: Two, text: str) -> ReleasedText:
    """A text that passed the gate of a node."""
    group = await node.group()
    policy = await policy_of(tx.db, group, {"tlp": int(Tlp.GREEN), "pap": int(Pap.GREEN)})
    epoch = await current_epoch(tx.db, group, node.now)
    keys = await domain(tx, group, epoch, node.context.node, node.now, node.context.random)
    return await release_text(
        tx, [Part("text", text)], Recipient(door=Door.PEER, name="g", subject="s"), node.now,
        facts=Facts(), policy=policy, keys=keys, by="test",
    )  # fmt: skip
