"""Labelled alerts of the AIT Alert Data Set as sightings with their truth.

Landauer, Skopik, Wurzenberger: Introducing a New Alert Data Set for Multi-Step Attack Analysis
(CSET 2024), CC BY. Its labels mark every alert inside an attack window; what also fires in more
than 5 % of the other hours is background of that window and left out, as the data set's authors do.
"""

from collections import Counter
from collections.abc import Iterable

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.ml.correlate.counters import HOUR_S, Counters
from zvon.ml.triage.features import Sighting

BACKGROUND = 0.05
NO_ATTACK = "false_positive"


class Labelled(Struct, frozen=True):
    """An alert of the data set: seconds since 1970, and its label of the phase."""

    at: int
    signature: str
    title: str
    host: str
    phase: str


class Scenario(Struct, frozen=True, eq=False):
    """Sightings in order of time, their titles by signature, and 1 attack, 0 noise, -1 unclear."""

    name: str
    sightings: tuple[Sighting, ...]
    titles: dict[str, str]
    truth: NDArray[np.int64]


def scenario(name: str, alerts: Iterable[Labelled]) -> Scenario:
    """Minutes of one signature on one host, with the label that most alerts in them have."""
    minutes: dict[tuple[int, str, str], list[Labelled]] = {}
    titles: dict[str, str] = {}
    for alert in sorted(alerts, key=lambda each: each.at):
        minutes.setdefault((alert.at // 60, alert.signature, alert.host), []).append(alert)
        titles.setdefault(alert.signature, alert.title)
    counters = Counters(10_000_000, 3650.0)
    sightings: list[Sighting] = []
    attack: list[bool] = []
    order = sorted(minutes.values(), key=lambda each: (each[0].at, each[0].signature, each[0].host))
    for inside in order:
        first = inside[0]
        hour = first.at // HOUR_S
        hours, _ = counters.see(first.signature, first.host, hour)
        anywhere, _ = counters.see(first.signature, "", hour)
        watched = (first.at - order[0][0].at) / HOUR_S
        sightings.append(
            Sighting(float(first.at), first.signature, first.host, hours, anywhere, watched, len(inside))
        )  # fmt: skip
        phases = Counter(each.phase for each in inside)
        attack.append(max(phases, key=lambda each: (phases[each], each)) != NO_ATTACK)
    return Scenario(name, tuple(sightings), titles, _truth(sightings, attack))


def _truth(sightings: list[Sighting], attack: list[bool]) -> NDArray[np.int64]:
    quiet: dict[tuple[str, str], set[int]] = {}
    every: set[int] = set()
    for each, mark in zip(sightings, attack, strict=True):
        if not mark:
            hour = int(each.at // HOUR_S)
            every.add(hour)
            quiet.setdefault((each.signature, each.host), set()).add(hour)
    most = BACKGROUND * max(1, len(every))
    return np.array(
        [
            0 if not mark else -1 if len(quiet.get((s.signature, s.host), ())) > most else 1
            for s, mark in zip(sightings, attack, strict=True)
        ]
    )
