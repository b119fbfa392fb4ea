"""What a kind of source is: its settings, and how it is read."""

import posixpath
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from zvon.collect.take import Empty, TooLarge, take
from zvon.jobs import Context
from zvon.store import source_reading
from zvon.store.source import Setup
from zvon.store.transaction import Tx, transaction
from zvon.store.visibility import SYSTEM, read

SHOWN_EVERY = timedelta(seconds=30)
How = Literal["pull", "push", "stream"]


class BadSettings(ValueError):
    """The settings do not fit the kind of source; says where."""


class Failed(ConnectionError):
    """The source could not be read; says why, without secrets. `after` is the rest it asks for."""

    def __init__(self, problem: str, after: timedelta | None = None) -> None:
        super().__init__(problem)
        self.after = after


class Reading:
    """One reading of one source: what a kind is given.

    `source.cursor` is where it begins; `cursor` is where it is now. `skipped` are things that
    could not be taken and did not stop the reading, in words.
    """

    def __init__(self, context: Context, source: Setup, settings: Struct, secret: str) -> None:
        self.context = context
        self.source = source
        self.settings: Any = settings
        self.secret = secret
        self.taken = 0
        self._shown: datetime | None = None
        self.skipped: list[str] = []

    @property
    def cursor(self) -> dict[str, Any]:
        """How far the source is read, in the words of its kind."""
        return self.source.cursor

    async def take(
        self,
        body: bytes | AsyncIterator[bytes],
        *,
        name: str = "",
        media_type: str = "",
        external: str | None = None,
        cursor: dict[str, Any] | None = None,
    ) -> UUID | None:
        """Keep one delivery; with `cursor` the source is read up to there, in one transaction.

        What is empty or too large is skipped with a reason (`None`), and the cursor moves on.
        Raises `Moved` when somebody else reads the source; then nothing was kept.
        """

        async def then(tx: Tx) -> None:
            if cursor is not None:
                await source_reading.advance(tx, self.source, cursor)

        try:
            made = await take(
                self.context, self.source.id, body, name=name, media_type=media_type,
                external=external, format=self.source.format, then=then,
            )  # fmt: skip
        except (Empty, TooLarge) as problem:
            self.skip(f"{name or external or 'delivery'}: {problem}")
            if cursor is not None:
                await self.advance(cursor)
            return None
        if cursor is not None:
            self.source = msgspec.structs.replace(self.source, cursor=cursor)
        self.taken += 1
        return made

    async def advance(self, cursor: dict[str, Any]) -> None:
        """The source is read up to there, and nothing came of it. Raises `Moved`."""
        if cursor == self.source.cursor:
            return
        async with transaction(self.context.pool, self.context.clock()) as tx:
            await source_reading.advance(tx, self.source, cursor)
        self.source = msgspec.structs.replace(self.source, cursor=cursor)

    async def known(self, externals: Collection[str]) -> frozenset[str]:
        """Which of these were taken before, by what the source calls them."""
        async with read(self.context.pool, SYSTEM) as db:
            return await source_reading.taken(db, self.source.id, list(externals))

    async def alive(self) -> None:
        """The source answers as it should; written at most once in `SHOWN_EVERY`."""
        now = self.context.clock()
        if self._shown is None or now - self._shown >= SHOWN_EVERY:
            async with transaction(self.context.pool, now) as tx:
                await source_reading.done(tx, self.source.id, now)
            self._shown = now

    def skip(self, problem: str) -> None:
        """Note what could not be taken; the reading goes on."""
        self.skipped.append(problem)


Read = Callable[[Reading], Awaitable[bool]]
"""Reads on for a bounded time; true when there is more at once. Raises `Failed`."""
Follow = Callable[[Reading], Awaitable[None]]
"""Takes what comes until it is cancelled. Raises `Failed` when the connection is lost."""


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of source, by the name that set-ups use.

    `settings` is a Struct that forbids unknown fields and checks itself (`ValueError`). What is
    pulled has `read` and a usual interval; a stream has `follow`; what is pushed has neither.
    """

    name: str
    how: How
    settings: type[Struct]
    credential: Literal["none", "optional", "needed"] = "none"
    read: Read | None = None
    follow: Follow | None = None
    every_s: int = 3600


def checked(kind: Kind, settings: dict[str, Any]) -> Struct:
    """The settings as their kind wants them. Raises `BadSettings`."""
    try:
        found: Struct = msgspec.convert(settings, kind.settings)
    except (msgspec.ValidationError, ValueError) as problem:
        raise BadSettings(f"settings of {kind.name}: {problem}") from None
    return found


def file_name(path: str) -> str:
    """The last part of a path or address, for people."""
    return posixpath.basename(path.rstrip("/"))[:200]
