"""The collector: from a resolver's log or stream to counted batches in the spool."""

from collections.abc import Callable, Iterable
from datetime import datetime

from zvon.collect.hit_count import Counter
from zvon.collect.hit_spool import HitSpool, Place
from zvon.collect.log_follow import Follower
from zvon.formats.resolver_log import Hit

FLUSH_S = 10.0
MOVED = 1 << 20
"""Octets of a log without hits after which the place is written down all the same."""


class Collector:
    """Counts hits, and puts the counts into the spool together with the place in the log."""

    def __init__(
        self, counter: Counter, spool: HitSpool, clock: Callable[[], datetime],
        flush_s: float = FLUSH_S,
    ) -> None:  # fmt: skip
        self._counter, self.spool, self._clock = counter, spool, clock
        self._flush_s = flush_s
        self._flushed = clock()
        self.place = spool.place or Place()
        self.hits = 0

    def begin(self, follower: Follower) -> None:
        """Write down where a log that nobody read before is read from."""
        if self.spool.place is None:
            self.spool.append([], follower.place)

    def take(self, hits: Iterable[Hit]) -> None:
        """Count what a stream gave."""
        now = self._clock()
        for hit in hits:
            self.hits += self._counter.add(hit, now)
            if self._counter.full:
                self._keep()

    def follow(self, follower: Follower, read: Callable[[str], Hit | None]) -> bool:
        """Count the lines that a log has now; false when there were none."""
        lines = follower.read()
        now = self._clock()
        for line in lines:
            hit = read(line.decode("utf-8", "replace"))
            if hit is not None:
                self.hits += self._counter.add(hit, now)
        self.place = follower.place
        # Counts and place go together, so a full counter waits for the end of the chunk.
        if self._counter.full:
            self._keep()
        return bool(lines)

    def flush(self, *, now: bool = False) -> None:
        """Put the counts into the spool when it is time, or `now`."""
        due = (self._clock() - self._flushed).total_seconds() >= self._flush_s
        if not (due or now):
            return
        self._flushed = self._clock()
        was = self.spool.place
        moved = (
            was is None
            or was.inode != self.place.inode
            or (self.place.offset - was.offset >= MOVED)
        )
        if len(self._counter) or (moved and self.place.inode):
            self._keep()

    def _keep(self) -> None:
        """One record, so that counts and place are safe together or not at all."""
        self.spool.append(self._counter.drain(), self.place)
