"""Triage of what is new, hour by hour: for each group the probability that it is an attack's."""

from zvon.cli.alerts_read import Kind, Records
from zvon.ml.correlate.engine import Outcome
from zvon.ml.triage.features import Sighting
from zvon.ml.triage.model import Model

HOUR_S = 3600
MINUTE_S = 60
# Neighbours count for an hour; each group is looked at until a day after, as the views are.
KEEP_S = 25 * HOUR_S
MOST = 20_000


class Triage:
    """Novel sightings of the last day, and what the model says of their groups by now."""

    def __init__(self, model: Model, records: Records, begin: float) -> None:
        self._model, self._titles, self._begin = model, records.titles, begin
        self._sightings: list[Sighting] = []
        self._counts: list[int] = []
        self._groups: list[int] = []
        self._minute: dict[int, tuple[int, int]] = {}
        self._dropped = 0
        self.probability: dict[int, float] = {}

    def see(self, outcome: Outcome, kind: Kind, at: float) -> None:
        """Take note of an alert of a novel group."""
        minute = int(at // MINUTE_S)
        known = self._minute.get(outcome.group)
        if known is not None and known[0] == minute and known[1] >= self._dropped:
            self._counts[known[1] - self._dropped] += 1
            return
        self._minute[outcome.group] = (minute, self._dropped + len(self._groups))
        watched = (at - self._begin) / HOUR_S
        self._sightings.append(
            Sighting(at, kind.signature, kind.host, outcome.hours, outcome.signature_hours, watched)
        )
        self._counts.append(1)
        self._groups.append(outcome.group)

    def judge(self, end: float) -> None:
        """Judge the groups of the last day by what is known at `end`; the most likely minute counts."""
        self._forget(end)
        if not self._sightings:
            return
        seen = [
            Sighting(s.at, s.signature, s.host, s.hours, s.signature_hours, s.watched_h, count)
            for s, count in zip(self._sightings, self._counts, strict=True)
        ]
        found = self._model.probabilities(seen, lambda code: self._titles.get(code, code))
        now: dict[int, float] = {}
        for group, p in zip(self._groups, found.tolist(), strict=True):
            now[group] = max(p, now.get(group, 0.0))
        self.probability.update(now)

    def _forget(self, end: float) -> None:
        old = 0
        while old < len(self._sightings) and (
            self._sightings[old].at < end - KEEP_S or len(self._sightings) - old > MOST
        ):
            self._minute.pop(self._groups[old], None)
            old += 1
        self._dropped += old
        del self._sightings[:old], self._counts[:old], self._groups[:old]
