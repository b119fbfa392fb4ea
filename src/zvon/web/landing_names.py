"""Which block brought a visitor here: a name looked up in memory, and now and then in the database.

The landing page is open to the whole world under any name, so everything here is bounded: how
many answers are kept, how many questions run at once, how long one may take. Without the database
the last answer is given again, however old, and else none.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from psycopg import Error
from psycopg_pool import PoolTimeout

from zvon.model.name import BadName, canonical
from zvon.store.public_block import PublicBlock, standing
from zvon.store.transaction import Pool

KEPT_S = 10.0
PATIENCE_S = 0.8
REST_S = 2.0
MOST_ASKED = 64
MOST_FOUND = 20_000
MOST_UNKNOWN = 5_000
MAX_HOST = 260

T = TypeVar("T")
_AWAY = (Error, PoolTimeout, OSError, TimeoutError)


def host_name(raw: bytes) -> str | None:
    """The canonical name in a `Host` header, or `None` for anything that is not a name."""
    if not 0 < len(raw) <= MAX_HOST:
        return None
    try:
        text = raw.decode("ascii")
    except UnicodeDecodeError:
        return None
    name, colon, port = text.partition(":")
    if colon and not (port.isdigit() and len(port) <= 5):
        return None
    try:
        return canonical(name)
    except BadName:
        return None


class Names:
    """Landing blocks by name. `clock` gives seconds and never goes back."""

    def __init__(self, pool: Pool, clock: Callable[[], float]) -> None:
        self._pool = pool
        self._clock = clock
        self._found: OrderedDict[str, tuple[float, PublicBlock]] = OrderedDict()
        self._unknown: OrderedDict[str, float] = OrderedDict()
        self._asking: dict[str, asyncio.Task[PublicBlock | None]] = {}
        self._resting_until = float("-inf")

    async def find(self, name: str) -> PublicBlock | None:
        """The published block that leads visitors of `name` here, or `None`."""
        now = self._clock()
        kept = self._found.get(name)
        if kept is not None and now < kept[0]:
            return kept[1]
        if now < self._unknown.get(name, float("-inf")):
            return None
        if now < self._resting_until or (
            name not in self._asking and len(self._asking) >= MOST_ASKED
        ):
            return kept[1] if kept is not None else None
        task = self._asking.get(name)
        if task is None:
            task = self._asking[name] = asyncio.create_task(self._ask(name))
            task.add_done_callback(lambda done: self._asked(name, done))
        try:
            # Others wait for the same answer, so one visitor who leaves must not end it.
            return await asyncio.shield(task)
        except _AWAY:
            self._resting_until = self._clock() + REST_S
            return kept[1] if kept is not None else None

    def _asked(self, name: str, done: asyncio.Task[PublicBlock | None]) -> None:
        self._asking.pop(name, None)
        if not done.cancelled():
            done.exception()  # all who waited may have left

    async def _ask(self, name: str) -> PublicBlock | None:
        async with asyncio.timeout(PATIENCE_S), self._pool.connection(PATIENCE_S) as db:
            blocks = await standing(db, name)
        block = next((one for one in blocks if one.landing), None)
        until = self._clock() + KEPT_S
        if block is None:
            self._found.pop(name, None)
            _keep(self._unknown, name, until, MOST_UNKNOWN)
        else:
            self._unknown.pop(name, None)
            _keep(self._found, name, (until, block), MOST_FOUND)
        return block


def _keep(kept: OrderedDict[str, T], name: str, value: T, most: int) -> None:
    kept[name] = value
    kept.move_to_end(name)
    while len(kept) > most:
        kept.popitem(last=False)
