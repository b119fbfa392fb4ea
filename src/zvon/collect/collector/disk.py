"""How much a collector may keep, who loses first when that is not enough, and saying so before."""

import os
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog
from msgspec import Struct

from zvon.collect.spool import Spool
from zvon.model.collector import NextLoss

LEVELS = (70, 90)
WINDOW = timedelta(minutes=15)
RESERVE = 64 << 20
"""So much of the disk is left to others, whatever the limit says."""

log = structlog.get_logger("zvon.collector")


class Kept(Protocol):
    """A source with its spool."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def priority(self) -> int:
        """From 0, which loses first, to 9."""

    @property
    def spool(self) -> Spool:
        """What it holds."""


class Use(Struct, frozen=True):
    """Bytes that are used, may be used, and are free on the disk."""

    used: int
    most: int
    free: int

    @property
    def percent(self) -> int:
        """How full it is."""
        return min(100, 100 * self.used // max(1, self.most))


class Disk:
    """The room of all spools together."""

    def __init__(
        self, folder: Path, most_bytes: int, clock: Callable[[], datetime],
        free: Callable[[Path], int] | None = None,
    ) -> None:  # fmt: skip
        self._folder, self._most, self._clock = folder, most_bytes, clock
        self._free = free or _free
        self.kept: Sequence[Kept] = ()
        self.level = 0
        self._seen: deque[tuple[datetime, int]] = deque()
        self._written = 0

    @property
    def use(self) -> Use:
        """How full it is now. A disk that is nearly full is a lower limit."""
        used = sum(each.spool.size for each in self.kept)
        free = self._free(self._folder)
        return Use(used, max(1, min(self._most, used + free - RESERVE)), free)

    def make_room(self, size: int) -> None:
        """Before `size` bytes are written: warn at 70 and 90 per cent, drop when there is no room.

        Whole segments go, the oldest of the source with the lowest priority that has one to lose;
        of equals, of the one that holds most.
        """
        self._note(size)
        use = self.use
        while use.used + size > use.most:
            loser = self._loser()
            if loser is None or not loser.spool.droppable:
                break
            lost = loser.spool.drop()
            self._say(100)
            log.warning("no room: the oldest had to go", source=loser.name, items=lost)
            use = self.use
        percent = 100 * (use.used + size) // use.most
        reached = max((level for level in LEVELS if percent >= level), default=0)
        if self.level == 100 and reached == LEVELS[-1]:
            return
        self._say(reached)

    def next_loss(self) -> NextLoss | None:
        """What goes first when the node stays away, and when at the present rate; `None` when
        nothing grows.
        """
        loser = self._loser()
        rate = self._rate()
        if loser is None or rate <= 0:
            return None
        use = self.use
        seconds = max(0.0, (use.most - use.used) / rate)
        if seconds > 10 * 365 * 86400:
            return None
        return NextLoss(source=loser.name, at=self._clock() + timedelta(seconds=seconds))

    def _loser(self) -> Kept | None:
        waiting = [each for each in self.kept if each.spool.waiting]
        can = [each for each in waiting if each.spool.droppable] or waiting
        return min(can, key=lambda each: (each.priority, -each.spool.size), default=None)

    def _note(self, size: int) -> None:
        now = self._clock()
        self._written += size
        if not self._seen or now - self._seen[-1][0] >= timedelta(seconds=5):
            self._seen.append((now, self._written))
        while len(self._seen) > 2 and now - self._seen[0][0] > WINDOW:
            self._seen.popleft()

    def _rate(self) -> float:
        """Bytes a second that were written lately."""
        if not self._seen:
            return 0.0
        began, before = self._seen[0]
        seconds = (self._clock() - began).total_seconds()
        return (self._written - before) / seconds if seconds >= 1 else 0.0

    def _say(self, level: int) -> None:
        if level > self.level:
            use, loss = self.use, self.next_loss()
            log.warning(
                "the spool fills up" if level < 100 else "the spool is full", percent=use.percent,
                used=use.used, most=use.most, first=loss.source if loss else "",
                at=loss.at.isoformat() if loss else "",
            )  # fmt: skip
        self.level = level


def _free(folder: Path) -> int:
    stat = os.statvfs(folder)
    return stat.f_bavail * stat.f_frsize
