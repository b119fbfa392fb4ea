"""Counting what subscribers are sent, until it is written down."""

from collections import Counter
from datetime import date, datetime
from typing import Literal

from zvon.dns.ram import RamZone
from zvon.dns.registry import Endpoint
from zvon.store import usage
from zvon.store.transaction import Pool, transaction
from zvon.store.usage import Usage

Kind = Literal["full", "difference"]


class Meter:
    """Counts by subscriber; `flush` writes them to the day on which it is called (UTC)."""

    def __init__(self) -> None:
        self._full: Counter[int] = Counter()
        self._differences: Counter[int] = Counter()
        self._octets: Counter[int] = Counter()
        self._notifies: Counter[int] = Counter()

    def used(self, endpoint: Endpoint, zone: RamZone, kind: Kind, octets: int) -> None:
        """A transfer was sent whole."""
        (self._full if kind == "full" else self._differences)[endpoint.id] += 1
        self._octets[endpoint.id] += octets

    def notified(self, endpoint: Endpoint) -> None:
        """A NOTIFY was sent."""
        self._notifies[endpoint.id] += 1

    def _rows(self, day: date) -> list[Usage]:
        ids = {*self._full, *self._differences, *self._octets, *self._notifies}
        return [
            Usage(subscriber_id=one, day=day, full_transfers=self._full[one],
                  differences=self._differences[one], octets=self._octets[one],
                  notifies=self._notifies[one])
            for one in sorted(ids)
        ]  # fmt: skip

    async def flush(self, pool: Pool, now: datetime) -> None:
        """Write what was counted since the last time; kept when the database is away."""
        rows = self._rows(now.date())
        if not rows:
            return
        async with transaction(pool, now) as tx:
            await usage.add(tx, rows)
        for row in rows:
            self._full[row.subscriber_id] -= row.full_transfers
            self._differences[row.subscriber_id] -= row.differences
            self._octets[row.subscriber_id] -= row.octets
            self._notifies[row.subscriber_id] -= row.notifies
        for counter in (self._full, self._differences, self._octets, self._notifies):
            for one in [one for one, count in counter.items() if not count]:
                del counter[one]
