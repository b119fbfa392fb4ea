"""Keeping the never-block lists fresh: the operator's file, what two people changed, our own lists."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog

from zvon.config import Settings
from zvon.model.dns_alert import Cause
from zvon.model.neverblock import POPULAR_OPERATOR
from zvon.model.popularity import BadPopularity
from zvon.store import dns_alert, neverblock, neverblock_change, popularity
from zvon.store.dns_alert import About
from zvon.store.transaction import Pool, transaction

CONFIRM = timedelta(hours=12)
AGAIN = timedelta(hours=1)
OLD = About(Cause.LIST_OLD, zone=POPULAR_OPERATOR)
BAD = About(Cause.LIST_BAD, zone=POPULAR_OPERATOR)

log = structlog.get_logger("zvon.dns")


class Lists:
    """One look a minute; what costs more happens when the file changed, or twice a day."""

    def __init__(self, pool: Pool, settings: Settings, *, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._settings = settings
        self._clock = clock
        self._confirmed: datetime | None = None
        self._seen: tuple[float, int] | None = None
        self._read: datetime | None = None

    async def round(self) -> tuple[str, ...]:
        """End changes whose day is over, confirm the lists; gives the control names."""
        now = self._clock()
        async with transaction(self._pool, now) as tx:
            for change in await neverblock_change.expire(tx, now):
                log.info("neverblock.ended", name=change.name, op=change.op)
            if self._confirmed is None or now - self._confirmed >= CONFIRM:
                await neverblock.load(tx, now, own=self._settings.own_hosts)
                await popularity.expect(tx, self._settings.popularity)
                self._confirmed = now
        await self._popular(now)
        async with self._pool.connection() as db:
            return tuple(await neverblock.controls(db))

    async def _popular(self, now: datetime) -> None:
        """Load the operator's list when it changed; count it again now and then."""
        path = self._settings.popularity
        if path is None:
            return
        try:
            stat = path.stat()
            seen = (stat.st_mtime, stat.st_size)
            if seen == self._seen and self._read is not None and now - self._read < AGAIN:
                return
            done = await popularity.refresh(
                self._pool, path, now, top=self._settings.popularity_top
            )
        except (OSError, BadPopularity) as problem:
            log.warning("popularity.bad", path=str(path), problem=str(problem))
            await self._tell({BAD: {"path": str(path), "problem": str(problem)}}, now)
            return
        self._seen, self._read = seen, now
        if done.changed:
            log.info("popularity.loaded", path=str(path), names=done.names)
        old = {OLD: {"list": POPULAR_OPERATOR, "days": popularity.ALARM.days}} if done.old else {}
        await self._tell(old, now)

    async def _tell(self, alerts: dict[About, dict[str, Any]], now: datetime) -> None:
        """Open these alerts on the operator's list, and close the others."""
        async with transaction(self._pool, now) as tx:
            await dns_alert.settle(tx, alerts, now, among={Cause.LIST_OLD, Cause.LIST_BAD})
