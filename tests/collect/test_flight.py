"""A look-up under way is shared."""

import asyncio

import pytest

from zvon.collect.flight import Flights


async def test_the_same_question_at_once_is_asked_once_and_later_again() -> None:
    flights, asked = Flights(), []

    async def ask() -> int:
        asked.append(1)
        await asyncio.sleep(0.01)
        return len(asked)

    assert await asyncio.gather(*(flights.share("a", ask) for _ in range(5))) == [1] * 5
    assert await flights.share("a", ask) == 2
    both = await asyncio.gather(flights.share("b", ask), flights.share("c", ask))
    assert list(both) == [4, 4]


async def test_one_who_gives_up_does_not_stop_the_others() -> None:
    flights, go = Flights(), asyncio.Event()

    async def ask() -> str:
        await go.wait()
        return "here"

    first = asyncio.create_task(flights.share("a", ask))
    second = asyncio.create_task(flights.share("a", ask))
    await asyncio.sleep(0)
    first.cancel()
    go.set()
    assert await second == "here"


async def test_a_failure_reaches_everybody_and_is_not_kept() -> None:
    flights = Flights()

    async def fail() -> None:
        raise LookupError("no")

    async def work() -> int:
        return 1

    with pytest.raises(LookupError):
        await flights.share("a", fail)
    assert await flights.share("a", work) == 1
