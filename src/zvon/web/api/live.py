"""What changes, as it changes: server-sent events from the change log."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.params import Parameter
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.store import change
from zvon.store.listen import listen
from zvon.store.transaction import CHANNEL
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

PAGE = 200
BEAT_S = 15.0
CHANNELS = (CHANNEL,)


class ChangeOut(Struct, frozen=True, kw_only=True):
    """One change: what kind of thing, which, and what happened to it."""

    seq: int
    kind: str
    id: str
    op: str
    at: str


class Bell:
    """One listener for the whole process; it wakes every open stream."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self, context: Context) -> None:
        """Begin to listen to the database."""
        self._task = asyncio.create_task(self._listen(context))

    async def stop(self) -> None:
        """End listening and let the streams go."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _listen(self, context: Context) -> None:
        async for _ in listen(context.pool, CHANNELS):
            rung, self._rung = self._rung, asyncio.Event()
            rung.set()

    async def wait(self) -> bool:
        """True when something changed, False after `BEAT_S` of silence."""
        try:
            await asyncio.wait_for(self._rung.wait(), BEAT_S)
        except TimeoutError:
            return False
        return True


async def stream(
    context: Context, who: Viewer, bell: Bell, after: int | None
) -> AsyncGenerator[ServerSentEventMessage]:
    """Changes that `who` may see, in order, after `after` or from now on."""
    async with read(context.pool, who) as db:
        place = await change.head(db) if after is None else after
    yield ServerSentEventMessage(event="here", data=str(place), id=str(place))
    while True:
        waiting = asyncio.ensure_future(bell.wait())
        try:
            async with read(context.pool, who) as db:
                head = await change.head(db)
                rows = await change.since(db, who, place, PAGE)
            for row in rows:
                out = ChangeOut(seq=row.seq, kind=row.kind, id=str(row.subject), op=row.op,
                                at=row.at.isoformat())  # fmt: skip
                yield ServerSentEventMessage(
                    event="change", data=msgspec.json.encode(out).decode(), id=str(row.seq)
                )
            place = rows[-1].seq if len(rows) == PAGE else max(place, head)
            if len(rows) < PAGE and not await waiting:
                yield ServerSentEventMessage(event="beat", data=str(place), id=str(place))
        finally:
            waiting.cancel()


@get("/live", opt={"permission": Permission.INCIDENT_READ}, responses=problems(*SIGNED))
async def live(
    context: In,
    who: Who,
    bell: Bell,
    after: Annotated[int | None, Parameter(ge=0, le=2**62)] = None,
    last_event_id: Annotated[int | None, Parameter(header="Last-Event-ID", ge=0, le=2**62)] = None,
) -> ServerSentEvent:
    """Follow the changes of the node. Reconnecting with `Last-Event-ID` misses nothing."""
    place = last_event_id if last_event_id is not None else after
    return ServerSentEvent(stream(context, who, bell, place))


router = Router("/", route_handlers=[live], tags=["live"])
