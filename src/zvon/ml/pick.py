"""What to ask people about: where an answer teaches most, spread over what is different.

One item of a cluster is enough; some are drawn at random, so that rates measured on them are those
of everything that comes in; some go to a second person, so that agreement can be measured.
"""

import math
from collections.abc import Sequence
from enum import StrEnum
from random import Random

from msgspec import Struct

RANDOM_SHARE = 0.05
DOUBLE_SHARE = 0.05


class Why(StrEnum):
    """Why an item was picked."""

    UNCERTAIN = "uncertain"
    RANDOM = "random"
    DOUBLE = "double"


class Candidate(Struct, frozen=True):
    """Something that nobody has judged: its cluster, and the probability that a model gave it."""

    id: int
    cluster: str
    probability: float


class Picked(Struct, frozen=True):
    """An item to ask about; `worth` is its entropy in bits, less for a cluster known well."""

    candidate: Candidate
    why: Why
    worth: float


def entropy(probability: float) -> float:
    """What an answer would teach, in bits: 1 at a half, 0 at certainty."""
    p = min(max(probability, 1e-12), 1 - 1e-12)
    return -(p * math.log2(p) + (1 - p) * math.log2(1 - p))


def pick(
    candidates: Sequence[Candidate],
    judged: Sequence[int],
    count: int,
    rng: Random,
    *,
    known: dict[str, int] | None = None,
) -> tuple[Picked, ...]:
    """At most `count` items, worthiest first; each id once.

    `judged` are ids that somebody has judged, for second opinions. `known` says how many judged
    items a cluster has: each halves what one more teaches. Without candidates nothing is picked.
    """
    weight = known or {}
    best: dict[str, Picked] = {}
    for each in sorted(candidates, key=lambda c: c.id):
        worth = entropy(each.probability) * 0.5 ** min(weight.get(each.cluster, 0), 30)
        if each.cluster not in best or worth > best[each.cluster].worth:
            best[each.cluster] = Picked(each, Why.UNCERTAIN, worth)
    drawn = _share(count, RANDOM_SHARE, rng)
    doubles = min(_share(count, DOUBLE_SHARE, rng), len(judged))
    ordered = sorted(candidates, key=lambda c: c.id)
    chance = [Picked(c, Why.RANDOM, entropy(c.probability))
              for c in rng.sample(ordered, min(drawn, len(ordered)))]  # fmt: skip
    taken = {picked.candidate.id for picked in chance}
    second = [Picked(Candidate(each, "", 0.5), Why.DOUBLE, 1.0)
              for each in rng.sample(sorted(judged), doubles)]  # fmt: skip
    room = max(0, count - len(chance) - len(second))
    telling = sorted(
        (p for p in best.values() if p.candidate.id not in taken),
        key=lambda p: (-p.worth, p.candidate.id),
    )
    return tuple(telling[:room] + chance + second)


def _share(count: int, share: float, rng: Random) -> int:
    """`count * share`, the fraction rounded up by chance, so that the mean is right."""
    whole, part = divmod(count * share, 1)
    return int(whole) + (rng.random() < part)
