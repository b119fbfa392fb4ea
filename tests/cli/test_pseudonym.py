"""`zvon pseudonym`: what a privacy officer types."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests.cli.test_block import NODE, house
from tests.web.house import NOBODY, House
from tests.web.test_pseudonyms import NAME, made
from zvon.cli import pseudonym
from zvon.cli.api import NodeRefused
from zvon.store.transaction import transaction

__all__ = ["house"]


async def run(house: House, who: str, act: Callable[..., Any], *given: Any, **more: Any) -> Any:
    return await asyncio.to_thread(act, *given, node=NODE, key=house.keys[who], **more)


async def test_an_epoch_is_listed_reversed_and_destroyed(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    one = await made(house)
    await run(house, "pia", pseudonym.epochs)
    assert "1 lead back until" in capsys.readouterr().out
    asked = {"group": one.group, "reason": "a partner asked"}
    assert await run(house, "pia", pseudonym.reverse, one.token, **asked) == 0
    assert capsys.readouterr().out == f"{NAME}\n"
    with pytest.raises(NodeRefused, match="403"):
        await run(house, "ana", pseudonym.reverse, one.token, **asked)
    gone = {"group": one.group, "reason": "the group was dissolved"}
    assert await run(house, "pia", pseudonym.destroy, one.epoch, **gone) == 2
    assert "cannot be undone" in capsys.readouterr().out
    assert await run(house, "pia", pseudonym.destroy, one.epoch, yes=True, **gone) == 0
    assert "irreversible now: 1 person; 0 releases" in capsys.readouterr().out
    await run(house, "pia", pseudonym.epochs)
    assert "by pia, still on the disk" in capsys.readouterr().out


async def test_two_people_show_an_original(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    one = await made(house, {"reverse_eyes": True})
    asked = {"group": one.group, "reason": "a partner asked"}
    assert await run(house, "bor", pseudonym.reverse, one.token, **asked) == 1
    waits = capsys.readouterr().out.split()[-1]
    await run(house, "pia", pseudonym.approve, waits)
    await run(house, "pia", pseudonym.reversals)
    assert "agreed by pia" in capsys.readouterr().out
    assert await run(house, "bor", pseudonym.reverse, one.token, **asked) == 0
    assert capsys.readouterr().out == f"{NAME}\n"


async def test_questions_are_listed_answered_and_refused(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    one = await made(house)
    async with transaction(house.pool, house.clock()) as tx:
        for n in (1, 2):
            await tx.execute(
                "insert into pseudonym_question (uuid, ours, peer, group_uuid, token, question, at)"
                " values (%s, true, %s, %s, %s, 'Who is it?', %s)",
                (UUID(int=n), NOBODY, one.group, one.token, house.clock()),
            )
    await run(house, "pia", pseudonym.answer, str(UUID(int=1)), "One of our own machines.")
    await run(house, "pia", pseudonym.refuse, str(UUID(int=2)))
    capsys.readouterr()
    await run(house, "ana", pseudonym.questions)
    said = capsys.readouterr().out
    assert f"asks us about {one.token} (answered" in said
    assert "! One of our own machines." in said
    assert "(refused" in said
    await run(house, "ana", pseudonym.questions, open=True)
    assert capsys.readouterr().out == ""
    with pytest.raises(NodeRefused, match="404"):
        await run(
            house, "ana", pseudonym.ask, "person-0123456789abcdef", "Who is it?", group=one.group
        )
