"""A partner asks about a pseudonym and gets words from a person, never the value."""

import os
from uuid import UUID

import pytest

from tests.share.two import Two
from zvon.access.permission import Denied
from zvon.access.refusal import Refused
from zvon.formats.note import PeerError
from zvon.formats.pseudonym_question import Asked, write
from zvon.privacy.pseudonym import token as token_of
from zvon.share import question
from zvon.share.keys import current_epoch, domain, keep_originals
from zvon.share.question import MAX_OPEN, BadText, NoOrigin, NotClean, NotOpenQuestion
from zvon.store.transaction import transaction

NAME = "Katarina Jereb"
Partners = tuple[Two, Two]


@pytest.fixture
async def shared(partners: Partners) -> tuple[Two, Two, UUID, str]:
    """SI has released an event with a pseudonym in it, and HR has taken it in."""
    si, hr = partners
    group = await si.group()
    async with transaction(si.context.pool, si.now) as tx:
        node = si.context.node
        epoch = await current_epoch(tx.db, group, si.now)
        keys = await domain(tx, group, epoch, node, si.now, os.urandom)
        made = token_of(keys, "NAME", "katarina jereb")
        await keep_originals(tx, group, epoch, {made: NAME}, node, os.urandom)
    await si.share(group, parts={"message.text": f"{made} je prejela sporočilo."})
    for each in (si, hr, si):
        await each.work()
    return si, hr, group, made


async def ask(node: Two, group: UUID, token: str, text: str = "Is that one of your own?") -> UUID:
    async with transaction(node.context.pool, node.now) as tx:
        return await question.ask(
            tx, node.analyst, group_uuid=group, token=token, question=text,
            node=node.context.node, now=node.now, random=os.urandom,
        )  # fmt: skip


async def answer(node: Two, uuid: UUID, text: str) -> None:
    async with transaction(node.context.pool, node.now) as tx:
        await question.answer(tx, node.boss, uuid, text, node.context.node, node.now, os.urandom)


async def state(node: Two, uuid: UUID) -> tuple[str, str]:
    row = (await node.rows("select state, answer from pseudonym_question where uuid = %s", uuid))[0]
    return row["state"], row["answer"]


async def poll(node: Two) -> None:
    async with transaction(node.context.pool, node.now) as tx:
        await node.enqueue_poll(tx)
    await node.work()


async def test_the_answer_travels_back_with_the_next_poll(
    shared: tuple[Two, Two, UUID, str],
) -> None:
    si, hr, group, token = shared
    uuid = await ask(hr, group, token)
    await hr.work()
    assert await state(si, uuid) == ("open", "")
    asked = (await si.rows("select ours, token, question from pseudonym_question"))[0]
    assert asked == {"ours": True, "token": token, "question": "Is that one of your own?"}
    await answer(si, uuid, "Yes, she works for us and was told.")
    assert await state(hr, uuid) == ("open", "")
    await poll(hr)
    assert await state(hr, uuid) == ("answered", "Yes, she works for us and was told.")
    with pytest.raises(NotOpenQuestion):
        await answer(si, uuid, "and once more")


async def test_the_value_is_never_the_answer(shared: tuple[Two, Two, UUID, str]) -> None:
    si, hr, group, token = shared
    uuid = await ask(hr, group, token)
    await hr.work()
    for text in (f"It is {NAME}.", "It is KATARINA  JEREB", "To je gospa Jereb, 040 000 111",
                 "S2F0YXJpbmEgSmVyZWI=", "her mail is katarina.jereb@lipa-primer.si"):  # fmt: skip
        with pytest.raises(NotClean) as refused:
            await answer(si, uuid, text)
        assert "jereb" not in str(refused.value).lower()
    with pytest.raises(BadText):
        await answer(si, uuid, " \u200b ")
    assert await state(si, uuid) == ("open", "")
    told = await hr.rows("select pseudonym_question::text as t from pseudonym_question")
    assert "Jereb" not in str(told)
    ledger = await si.rows("select door, outcome, by_login from disclosure order by id")
    assert {(r["door"], r["by_login"]) for r in ledger} == {("question", si.boss.login)}
    assert [r for r in ledger if r["outcome"] == "released"] == []
    assert len(ledger) == 5


async def test_a_person_may_refuse_and_the_asker_learns_it(
    shared: tuple[Two, Two, UUID, str],
) -> None:
    si, hr, group, token = shared
    uuid = await ask(hr, group, token)
    await hr.work()
    with pytest.raises(Refused):
        async with transaction(si.context.pool, si.now) as tx:
            await question.refuse(tx, si.analyst, uuid, si.now)
    async with transaction(si.context.pool, si.now) as tx:
        await question.refuse(tx, si.boss, uuid, si.now)
    await poll(hr)
    assert await state(hr, uuid) == ("refused", "")
    trail = await si.rows(
        "select action, outcome from audit where action like 'pseudonym:%%' order by seq"
    )
    assert [tuple(row.values()) for row in trail] == [
        ("pseudonym:refuse", "refused"), ("pseudonym:refuse", "done")]  # fmt: skip


async def test_a_question_leaves_through_the_gate_and_only_to_who_sent_the_pseudonym(
    shared: tuple[Two, Two, UUID, str],
) -> None:
    si, hr, group, token = shared
    with pytest.raises(NotClean):
        await ask(hr, group, token, "Je li to gospođa Marija Kovačević, OIB 94577403194?")
    assert await hr.rows("select uuid from pseudonym_question") == []
    for node, wanted in ((hr, "person-0123456789abcdef"), (hr, "Marija Kos"), (si, token)):
        with pytest.raises(NoOrigin):
            await ask(node, group, wanted)
    with pytest.raises(Denied):
        async with transaction(hr.context.pool, hr.now) as tx:
            await question.ask(
                tx, hr.admin, group_uuid=group, token=token, question="who is it",
                node=hr.context.node, now=hr.now, random=os.urandom,
            )  # fmt: skip


async def test_what_we_never_made_too_much_and_nonsense_is_not_for_a_person(
    shared: tuple[Two, Two, UUID, str],
) -> None:
    si, hr, group, token = shared
    me = hr.context.node.uuid
    one = Asked(id=UUID(int=500), token="person-0123456789abcdef", question="and this one?")
    async with transaction(si.context.pool, si.now) as tx:
        await question.take(tx, me, group, write([one]), si.now)
    assert await state(si, UUID(int=500)) == ("refused", "UNKNOWN_TOKEN")
    async with transaction(si.context.pool, si.now) as tx:
        for start in range(0, MAX_OPEN, 20):
            some = [Asked(id=UUID(int=n + 1), token=token, question="who?")
                    for n in range(start, start + 20)]  # fmt: skip
            await question.take(tx, me, group, write(some), si.now)
        with pytest.raises(PeerError, match="open"):
            more = Asked(id=UUID(int=999), token=token, question="who?")
            await question.take(tx, me, group, write([more]), si.now)
        for body in (b"", b"{}", b"[1]", b"\xff", b"[" * 100_000, write([more] * 21)):
            with pytest.raises(PeerError):
                await question.take(tx, me, group, body, si.now)


async def test_a_partner_sees_the_answers_to_its_own_questions_only(
    shared: tuple[Two, Two, UUID, str],
) -> None:
    si, hr, group, token = shared
    uuid = await ask(hr, group, token)
    await hr.work()
    await answer(si, uuid, "It was a test of ours.")
    mine = await question.answers(si.context, hr.context.node.uuid, group, write([uuid]))
    assert b"test of ours" in mine
    for partner, where in ((UUID(int=9), group), (hr.context.node.uuid, UUID(int=9))):
        assert await question.answers(si.context, partner, where, write([uuid])) == b"[]"
