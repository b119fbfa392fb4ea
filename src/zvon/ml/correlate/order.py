"""Alerts in the order of their times, though they come late or from clocks that are wrong."""

from heapq import heappop, heappush

from msgspec import Struct
from msgspec.structs import replace

from zvon.ml.correlate.alert import Alert


class Placed(Struct, frozen=True):
    """An alert with its place in time. `moved`: its own time could not be used."""

    alert: Alert
    moved: bool = False


class Reorder:
    """Holds alerts for `late_s` seconds, so that those that come late still come in order.

    What is later still counts at the time that was reached; what lies more than `ahead_s` in the
    future counts at its arrival. Among equal times the text of the alert decides, so any order of
    arrival within `late_s` gives the same sequence. At most `limit` alerts are held; above that
    the oldest go on early.
    """

    def __init__(self, late_s: float, ahead_s: float = 300.0, limit: int = 200_000) -> None:
        self._late, self._ahead, self._limit = late_s, ahead_s, limit
        self._heap: list[tuple[float, tuple[str, str, str, int], int, Placed]] = []
        self._reached = float("-inf")
        self._count = 0

    def push(self, alert: Alert, arrived: float) -> None:
        """Take one alert that came at `arrived` (seconds since 1970)."""
        at, moved = alert.at, False
        if at > arrived + self._ahead:
            at, moved = arrived, True
        if at < self._reached:
            at, moved = self._reached, True
        placed = Placed(alert if at == alert.at else replace(alert, at=at), moved)
        name = (alert.signature, alert.host, alert.actor, alert.severity)
        self._count += 1
        heappush(self._heap, (at, name, self._count, placed))

    def ready(self, now: float) -> list[Placed]:
        """What is old enough at `now` to go on, in order."""
        found: list[Placed] = []
        until = now - self._late
        while self._heap and (self._heap[0][0] <= until or len(self._heap) > self._limit):
            at, _, _, placed = heappop(self._heap)
            self._reached = max(self._reached, at)
            found.append(placed)
        return found

    def drain(self) -> list[Placed]:
        """Everything that is held, in order: there is no more to come."""
        return self.ready(float("inf")) if self._heap else []
