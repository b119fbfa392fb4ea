"""In how many earlier hours a signature was seen, on a host and at all; bounded."""

from msgspec import Struct

HOUR_S = 3600


class Counter(Struct, frozen=True, gc=False):
    """Distinct hours of a signature on a host (`host` empty: anywhere), up to `last_hour`.

    Hours count from 1970; `first_hour` is the first since the counter was made.
    """

    signature: str
    host: str
    hours: int
    first_hour: int
    last_hour: int


class Counters:
    """Hours by signature and host. Time goes forward; what is older counts as now."""

    def __init__(self, limit: int, forget_days: float, rows: tuple[Counter, ...] = ()) -> None:
        self._limit = limit
        self._forget = int(forget_days * 24)
        # hours, first hour, last hour: a list, because it changes with most alerts.
        self._rows: dict[tuple[str, str], list[int]] = {
            (row.signature, row.host): [row.hours, row.first_hour, row.last_hour] for row in rows
        }
        self._swept = max((row.last_hour for row in rows), default=0)

    def see(self, signature: str, host: str, hour: int) -> tuple[int, int]:
        """Distinct hours before `hour`, and the hours since the first of them; counts `hour`."""
        if hour >= self._swept + 24 or len(self._rows) > self._limit:
            self._sweep(hour)
        row = self._rows.get((signature, host))
        if row is None:
            self._rows[signature, host] = [1, hour, hour]
            return 0, 0
        if hour > row[2]:
            row[0] += 1
            row[2] = hour
        return row[0] - 1, row[2] - row[1]

    def _sweep(self, hour: int) -> None:
        """Forget what was silent for long; above the limit also a tenth of the most silent."""
        self._swept = max(hour, self._swept)
        oldest = hour - self._forget
        kept = {key: row for key, row in self._rows.items() if row[2] >= oldest}
        if len(kept) > self._limit:
            # By name too, so that the same history forgets the same.
            order = sorted(kept, key=lambda key: (kept[key][2], key))
            for key in order[: len(kept) - self._limit * 9 // 10]:
                del kept[key]
        self._rows = kept

    def rows(self) -> tuple[Counter, ...]:
        """What is counted, for a snapshot."""
        return tuple(Counter(*key, *row) for key, row in self._rows.items())

    @property
    def swept(self) -> int:
        """The hour of the last sweep."""
        return self._swept

    def resume(self, swept: int) -> None:
        """Go on with sweeping where another left off."""
        self._swept = swept

    def __len__(self) -> int:
        return len(self._rows)
