"""No zone goes out that would stop a name that must resolve; and who is told first.

The built-in matcher looks at every change before anybody can transfer it. A change that would stop
a control name is not applied: the zone stays as it was, the decision is turned back, and both
steps go out together, as nothing. What passes is told to our own canary resolvers first, unless it
is one urgent addition; the others follow within half a second, when the canaries still resolve.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence

import structlog
from msgspec import Struct

from zvon.dns.baseline import Baseline
from zvon.dns.notify import Notifier
from zvon.dns.ram import Op, RamZone
from zvon.dns.registry import Endpoint, Registry
from zvon.model import control
from zvon.model.neverblock import chain

RING_S = 0.45
"""How long the others wait for the canaries."""
SINGLE = 4
"""Records of one decision: a name and what is below it, in two zones' worth."""
ASKED = 24
_FEED_KINDS = ("hot.", "cold.", "ip.")

log = structlog.get_logger("zvon.dns")


class Stopped(Struct, frozen=True):
    """A zone that would stop names that must resolve: the rules that do, and the names."""

    zone: str
    owners: tuple[str, ...]
    names: tuple[str, ...]
    serial: int | None
    """The last serial that was good, when it is known that rules after it are to blame."""


class Canary:
    """`stop` is called when a zone would stop a control name, `told` when others hear of a zone."""

    def __init__(
        self, registry: Registry, notifier: Notifier, baseline: Baseline, *,
        stop: Callable[[Stopped], None], told: Callable[[RamZone, Collection[str]], None],
    ) -> None:  # fmt: skip
        self._registry = registry
        self._notifier = notifier
        self._baseline = baseline
        self._stop = stop
        self._told = told
        self._coming: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._waiting: dict[str, asyncio.Task[None]] = {}
        self._turn = 0
        self.names: tuple[str, ...]
        self._owners: frozenset[str]
        self.expect(one.name for one in control.shipped())

    def expect(self, names: Iterable[str]) -> None:
        """Set the control names."""
        self.names = tuple(names)
        self._owners = frozenset(
            owner for name in self.names
            for owner in (name, *(f"*.{parent}" for parent in chain(name)[1:]))
        )  # fmt: skip

    def holds(self, zone: RamZone, ops: Sequence[Op]) -> bool:
        """True when `zone` with `ops` may not be served; with no `ops` it is looked at whole."""
        if not zone.name.startswith(_FEED_KINDS):
            return False
        bad = self._blocked(zone, ops)
        if bad:
            log.error("zone.stopped", zone=zone.name, serial=zone.serial,
                      names=[one.name for one in bad][:10])  # fmt: skip
            self._stop(
                Stopped(zone.name, tuple({one.owner for one in bad}),
                        tuple(one.name for one in bad), None)
            )  # fmt: skip
            return True
        added = tuple(owner for op, owner, _ in ops if op == "add")
        count, before = self._coming.get(zone.name, (0, ()))
        self._coming[zone.name] = (count + len(ops), (*before, *added)[-1000:])
        return False

    def _blocked(self, zone: RamZone, ops: Sequence[Op]) -> list[control.Blocked]:
        """A look at 300 names takes longer than one at the few owners that could stop any."""
        if ops and not any(owner in self._owners for _, owner, _ in ops):
            return []
        after: dict[str, str | None] = {}
        for op, owner, rdata in ops:
            after[owner] = rdata if op == "add" else None
        return control.blocked(
            self.names, lambda owner: after[owner] if owner in after else zone.get(owner)
        )

    def changed(self, zone: RamZone) -> None:
        """Tell subscribers of the new serial of `zone`, canaries first where that is due."""
        count, owners = self._coming.pop(zone.name, (0, ()))
        canaries = [one for one in self._registry.entitled(zone.name) if one.canary]
        single = zone.name.startswith("hot.") and count <= SINGLE
        if single or not canaries or not zone.name.startswith(_FEED_KINDS):
            self._notifier.changed(zone)
            self._told(zone, owners)
            return
        self._notifier.changed(zone, only={one.id for one in canaries})
        before = self._waiting.get(zone.name)
        if before is not None:
            before.cancel()
        task = asyncio.create_task(self._ring(zone, canaries, owners))
        self._waiting[zone.name] = task
        task.add_done_callback(lambda done: self._over(zone.name, done))

    def _over(self, name: str, task: asyncio.Task[None]) -> None:
        if self._waiting.get(name) is task:
            del self._waiting[name]
        if not task.cancelled() and task.exception() is not None:
            log.error("canary.broken", zone=name, problem=repr(task.exception()))

    async def _ring(
        self, zone: RamZone, canaries: Sequence[Endpoint], owners: tuple[str, ...]
    ) -> None:
        """Wait for the canaries, ask them, and tell the others unless one stopped a name."""
        self._turn += 1
        asked = control.sample(self.names, owners, self._turn, ASKED)
        await asyncio.sleep(RING_S / 2)
        looks = await asyncio.gather(
            *(self._baseline.look(one, asked, timeout=RING_S / 2)
              for one in canaries if one.probe_address is not None)
        )  # fmt: skip
        lost = {name for look in looks if look is not None and look.bad
                for name in (*look.blocked, *look.lost)}  # fmt: skip
        current = self._registry.zones.get(zone.name)
        if lost:
            log.error("canary.stopped", zone=zone.name, serial=zone.serial,
                      names=sorted(lost)[:10])  # fmt: skip
            self._stop(Stopped(zone.name, owners, tuple(sorted(lost)), None))
        elif current is not None:
            self._notifier.changed(current)
            self._told(current, owners)

    async def close(self) -> None:
        """Tell nobody any more."""
        for task in self._waiting.values():
            task.cancel()
