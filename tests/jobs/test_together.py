"""What is asked for at the same time is done at once; each asker gets its own result or error."""

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from zvon.config import Settings
from zvon.jobs import Context, Together


class Pool:
    """Stands for a pool: a batch belongs to one."""


def context() -> Context:
    return Context(
        cast(Any, Pool()), Settings(), cast(Any, None), lambda: datetime.now(UTC), os.urandom
    )


class Doubler:
    """Doubles numbers, remembers the batches, and refuses a batch with a 13 in it."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    async def __call__(self, _: Context, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        await asyncio.sleep(0.01)
        if 13 in items:
            raise ValueError("13")
        return [item * 2 for item in items]


async def test_what_comes_while_a_batch_runs_is_the_next_batch() -> None:
    step, here = Doubler(), context()
    double = Together(step)
    first = asyncio.create_task(double(here, 1))
    await asyncio.sleep(0.002)
    rest = [asyncio.create_task(double(here, n)) for n in (2, 3, 4)]
    assert await asyncio.gather(first, *rest) == [2, 4, 6, 8]
    assert step.batches == [[1], [2, 3, 4]]


async def test_nobody_pays_for_the_fault_of_another() -> None:
    step, here = Doubler(), context()
    double = Together(step)
    results = await asyncio.gather(*(double(here, n) for n in (1, 13, 3)), return_exceptions=True)
    assert results[0] == 2
    assert isinstance(results[1], ValueError)
    assert results[2] == 6
    assert step.batches == [[1, 13, 3], [1], [13], [3]]


async def test_who_goes_away_takes_nothing_from_the_others() -> None:
    step, here = Doubler(), context()
    double = Together(step)
    tasks = [asyncio.create_task(double(here, n)) for n in (1, 2)]
    await asyncio.sleep(0.002)
    tasks[0].cancel()
    assert await tasks[1] == 4
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]


async def test_two_nodes_in_one_process_do_not_mix() -> None:
    step = Doubler()
    double = Together(step)
    one, two = await asyncio.gather(double(context(), 1), double(context(), 2))
    assert (one, two) == (2, 4)
    assert sorted(step.batches) == [[1], [2]]
