"""Asking one resolver until it answers as ordered, and saying what that answer is worth.

Used by the node's own prober and by the one that runs at a subscriber's.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from msgspec import Struct

from zvon.dns.ask import Answer, Asker
from zvon.formats.answer import BLOCKED_CODES, SERVFAIL
from zvon.model.proof import Evidence

EVERY_S = 0.025
"""40 questions a second while it is fresh; slower afterwards."""
FRESH_S, SLOW_S = 10.0, 1.0
CONTROL_S = 2.0


class Ordered(Struct, frozen=True, kw_only=True):
    """What a resolver has to do: `kind` is `block` or `lift`."""

    name: str
    action: str
    kind: str
    landing: str | None = None

    def met(self, answer: Answer) -> bool:
        """True when `answer` is as ordered."""
        if self.kind == "lift":
            return answer.resolves
        return answer.blocks(self.action, self.landing)


class Seen(Struct, frozen=True, kw_only=True):
    """An answer as ordered, and the control name that resolved beside it."""

    answer: Answer
    at: datetime
    control: str
    existed: bool | None


class Tried(Struct, kw_only=True):
    """What came of it so far; read by the alarm while `prove` still asks."""

    answered: bool = False
    failing: bool = False
    """Answers with SERVFAIL, or is silent."""
    control_failed: bool = False
    last: Answer | None = None
    existed: bool | None = None


async def prove(
    asker: Asker, ordered: Ordered, controls: Sequence[str], *, clock: Callable[[], datetime],
    deadline_s: float, tried: Tried,
) -> Seen | None:  # fmt: skip
    """Ask, several questions in flight, until one answer is as ordered or it is too late.

    An answer as ordered counts only when one of `controls` resolves right after it: a resolver
    that refuses everything proves nothing.
    """
    loop = asyncio.get_running_loop()
    start = loop.time()
    flying: set[asyncio.Task[tuple[Answer | None, datetime]]] = set()

    async def once() -> tuple[Answer | None, datetime]:
        answer = await asker.ask(ordered.name)
        return answer, clock()

    try:
        while loop.time() - start < deadline_s:
            flying.add(asyncio.create_task(once()))
            every = EVERY_S if loop.time() - start < FRESH_S else SLOW_S
            done, flying = await asyncio.wait(flying, timeout=every)
            for answer, at in (task.result() for task in done):
                tried.failing = answer is None or answer.rcode == SERVFAIL
                if answer is None:
                    continue
                tried.answered, tried.last = True, answer
                if not ordered.met(answer):
                    if ordered.kind == "block" and answer.resolves:
                        tried.existed = True
                    continue
                control = await resolving(asker, controls)
                tried.control_failed = control is None
                if control is not None:
                    return Seen(answer=answer, at=at, control=control, existed=tried.existed)
                every = SLOW_S
            if done:
                await asyncio.sleep(every)
    finally:
        for task in flying:
            task.cancel()
    return None


async def resolving(asker: Asker, controls: Sequence[str]) -> str | None:
    """The first of `controls` that gets a real answer, or `None`; all are asked at once."""
    if not controls:
        return None
    asking = [asyncio.create_task(_resolves(asker, name)) for name in controls]
    try:
        for done in asyncio.as_completed(asking):
            found = await done
            if found is not None:
                return found
    finally:
        for task in asking:
            task.cancel()
    return None


async def _resolves(asker: Asker, name: str) -> str | None:
    answer = await asker.ask(name, timeout=CONTROL_S)
    return name if answer is not None and answer.resolves else None


def evidence(seen: Seen, zones: Collection[str]) -> Evidence:
    """The strongest reason to believe that the answer comes from one of our `zones`."""
    if seen.answer.soa_owners & set(zones):
        return Evidence.POLICY
    if seen.answer.extended & BLOCKED_CODES:
        return Evidence.EXTENDED
    if seen.answer.local:
        return Evidence.LOCAL
    return Evidence.CHANGED if seen.existed else Evidence.ANSWER
