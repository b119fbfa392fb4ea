"""What each resolver answered for the names that must resolve, and whether it changed for the worse."""

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from zvon.config import host_port
from zvon.dns.ask import Asker
from zvon.dns.registry import Endpoint
from zvon.formats.answer import BLOCKED_CODES, NXDOMAIN, SERVFAIL, Answer

AT_ONCE = 16
LEAST = 5
"""Of fewer answers no share is taken."""
JUMP = 0.5
CALM = 0.2


class Look(Struct, frozen=True):
    """One look at one resolver: names that it blocks, names it lost, its share of failures."""

    endpoint: str
    blocked: tuple[str, ...]
    """Blocked, and the answer says that a policy did it."""
    lost: tuple[str, ...]
    """Resolved before, and do not exist any more."""
    failing: bool
    """Failures jumped: more than half, where it was few."""

    @property
    def bad(self) -> bool:
        """One blocked name is enough; a site that vanished is not, two at once are."""
        return bool(self.blocked) or len(self.lost) > 1 or self.failing


class Baseline:
    """What resolved where, and how many failures were usual."""

    def __init__(self) -> None:
        self._resolved: dict[int, set[str]] = {}
        self._failures: dict[int, float] = {}

    async def look(
        self, endpoint: Endpoint, names: Sequence[str], *, timeout: float = 1.0
    ) -> Look | None:
        """Ask a resolver for `names`; `None` when it answers nothing, which is another's alarm."""
        assert endpoint.probe_address is not None
        asker = await Asker.to(*host_port(endpoint.probe_address), via=endpoint.probe_via)
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> Answer | None:
            async with turn:
                return await asker.ask(name, timeout=timeout)

        try:
            answers = await asyncio.gather(*(one(name) for name in names))
        finally:
            asker.close()
        said = {name: answer for name, answer in zip(names, answers, strict=True) if answer}
        return self._judge(endpoint, said) if said else None

    def _judge(self, endpoint: Endpoint, said: dict[str, Answer]) -> Look:
        known = self._resolved.setdefault(endpoint.id, set())
        gone = [name for name, answer in said.items() if answer.rcode == NXDOMAIN]
        blocked = tuple(name for name in gone if _by_policy(said[name], endpoint))
        lost = tuple(name for name in gone if name in known and name not in blocked)
        share = sum(answer.rcode == SERVFAIL for answer in said.values()) / len(said)
        usual = self._failures.get(endpoint.id)
        failing = len(said) >= LEAST and share > JUMP and usual is not None and usual < CALM
        known.update(name for name, answer in said.items() if answer.resolves)
        if not failing:
            self._failures[endpoint.id] = share
        return Look(endpoint.name, blocked, lost, failing)


def _by_policy(answer: Answer, endpoint: Endpoint) -> bool:
    """True when the answer itself says that one of our zones made it."""
    if endpoint.mode != "enforce":
        return False
    return bool(answer.soa_owners.intersection(endpoint.zones)) or bool(
        answer.extended.intersection(BLOCKED_CODES)
    )
