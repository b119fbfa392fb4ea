"""What a sighting looks like among its neighbours: how new, how dense, how many of a kind at once.

A sighting is one signature on one host in one minute. Without the title nothing here says which
signature it is, so a sensor that the model never met can be judged too.
"""

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import log1p

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WINDOWS_S = (120, 600, 3600)
KINDS_S = (600, 3600)
BURST_S = 300
NOVEL_HOURS = 6
BUCKETS = 2048

COLUMNS = (
    "hours", "signature_hours", "first_here", "first_anywhere", "share_of_hours",
    "share_of_signature_hours", "count", "hosts_at_once", "near_120", "near_600", "near_3600",
    "host_120", "host_600", "host_3600", "signatures_600", "signatures_3600", "hosts_600",
    "hosts_3600",
)  # fmt: skip

_WORD = re.compile(r"[^a-z0-9.]+")


class Sighting(Struct, frozen=True, gc=False):
    """One signature on one host in one minute.

    `at`: seconds since 1970. `hours`, `signature_hours`: distinct earlier hours on this host, and
    anywhere. `watched_h`: hours since anything was watched here. `count`: alerts in the minute.
    """

    at: float
    signature: str
    host: str
    hours: int
    signature_hours: int
    watched_h: float
    count: int = 1


def columns(sightings: Sequence[Sighting]) -> Floats:
    """One row for each sighting (in order of time), one column for each of `COLUMNS`.

    Looks at what was before and after, as far as it is given: of a view of the past only the past.
    """
    size = len(sightings)
    at = np.array([each.at for each in sightings])
    hours = np.array([each.hours for each in sightings], dtype=np.float64)
    anywhere = np.array([each.signature_hours for each in sightings], dtype=np.float64)
    watched = np.array([1 + each.watched_h for each in sightings])
    novelty = np.where(hours <= NOVEL_HOURS, 1 / (1 + hours), 0.0)
    hosts = np.array([each.host for each in sightings])
    found = [
        np.log1p(hours), np.log1p(anywhere), hours == 0, anywhere == 0, hours / watched,
        anywhere / watched, np.log1p([each.count for each in sightings]),
        np.log1p(_at_once(sightings)),
    ]  # fmt: skip
    found += [np.log1p(_sum_near(at, novelty, window)) for window in WINDOWS_S]
    same = [np.zeros(size) for _ in WINDOWS_S]
    for host in np.unique(hosts):
        inside = np.flatnonzero(hosts == host)
        for column, window in zip(same, WINDOWS_S, strict=True):
            column[inside] = np.log1p(_sum_near(at[inside], novelty[inside], window))
    found += same
    novel = novelty > 0
    for names in ([each.signature for each in sightings], hosts.tolist()):
        found += [_kinds(at, names, novel, window) for window in KINDS_S]
    return np.stack([np.asarray(each, np.float64) for each in found], axis=1)


def buckets(title: str) -> tuple[int, ...]:
    """The words of a title and their pairs, hashed (CRC-32)."""
    words = [each for each in _WORD.split(title[:500].casefold()) if each]
    both = [*words, *(f"{a}_{b}" for a, b in pairwise(words))]
    return tuple(sorted({zlib.crc32(each.encode()) % BUCKETS for each in both}))


def _sum_near(at: Floats, value: Floats, window: float) -> Floats:
    """The sum of values within `window` seconds before and after."""
    total = np.concatenate([[0.0], np.cumsum(value)])
    low = np.searchsorted(at, at - window, "left")
    return np.asarray(total[np.searchsorted(at, at + window, "right")] - total[low])


def _kinds(at: Floats, names: Sequence[str], novel: NDArray[np.bool_], window: float) -> Floats:
    """The logarithm of how many different names are novel within `window` seconds."""
    place = np.flatnonzero(novel)
    low = np.searchsorted(at[place], at - window, "left").tolist()
    high = np.searchsorted(at[place], at + window, "right").tolist()
    held: Counter[str] = Counter()
    found = np.zeros(len(at))
    begin = end = 0
    # Both ends only move forward, so that a storm costs no more than its length.
    for row, (first, last) in enumerate(zip(low, high, strict=True)):
        for each in place[end:last].tolist():
            held[names[each]] += 1
        for each in place[begin:first].tolist():
            held[names[each]] -= 1
            if not held[names[each]]:
                del held[names[each]]
        begin, end = first, last
        found[row] = log1p(len(held))
    return found


def _at_once(sightings: Sequence[Sighting]) -> list[int]:
    """On how many hosts each signature was seen within a few minutes."""
    places: dict[str, list[int]] = {}
    for place, each in enumerate(sightings):
        places.setdefault(each.signature, []).append(place)
    found = [0] * len(sightings)
    for inside in places.values():
        at = np.array([sightings[place].at for place in inside])
        names = [sightings[place].host for place in inside]
        kinds = _kinds(at, names, np.ones(len(inside), dtype=np.bool_), BURST_S)
        for place, kind in zip(inside, np.expm1(kinds).round().tolist(), strict=True):
            found[place] = int(kind)
    return found
