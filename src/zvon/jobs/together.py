"""Steps of jobs that do in one transaction what many jobs ask for at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from zvon.jobs.context import Context
from zvon.store.transaction import Pool

MOST = 200

Item = TypeVar("Item")
Result = TypeVar("Result")


class Together(Generic[Item, Result]):
    """A step over a batch, called with one item at a time.

    What is asked for while a batch runs is the next batch: a lonely item waits for nothing, and
    a wave of reports costs few transactions. `step` returns one result for each item, in order.
    A batch that fails is done again item by item, so that nobody pays for another one's fault;
    `step` must therefore undo what it did when it raises, as a transaction does.
    """

    def __init__(
        self, step: Callable[[Context, Sequence[Item]], Awaitable[Sequence[Result]]]
    ) -> None:
        self._step = step
        self._queues: WeakKeyDictionary[Pool, _Queue[Item, Result]] = WeakKeyDictionary()

    async def __call__(self, context: Context, item: Item) -> Result:
        """The result of the step for `item`, which is done however the caller ends."""
        queue = self._queues.setdefault(context.pool, _Queue())
        asked: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        queue.waiting.append((item, asked))
        if queue.running is None or queue.running.done():
            queue.running = asyncio.create_task(self._run(context, queue))
        return await asyncio.shield(asked)

    async def _run(self, context: Context, queue: "_Queue[Item, Result]") -> None:
        while queue.waiting:
            batch, queue.waiting = queue.waiting[:MOST], queue.waiting[MOST:]
            try:
                await self._do(context, batch)
            except BaseException:
                for _, asked in (*batch, *queue.waiting):
                    asked.cancel()
                queue.waiting = []
                raise

    async def _do(
        self, context: Context, batch: Sequence[tuple[Item, "asyncio.Future[Result]"]]
    ) -> None:
        try:
            results = await self._step(context, [item for item, _ in batch])
        except Exception as problem:  # noqa: BLE001 -- handed to those who asked
            if len(batch) == 1:
                _, asked = batch[0]
                if not asked.done():
                    asked.set_exception(problem)
                return
            for each in batch:
                await self._do(context, [each])
            return
        for (_, asked), result in zip(batch, results, strict=True):
            if not asked.done():
                asked.set_result(result)


class _Queue(Generic[Item, Result]):
    """What waits for the next batch, and the task that works it off."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self.running: asyncio.Task[None] | None = None
