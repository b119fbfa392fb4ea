"""Labelled addresses: who may be on which side, and how many of one name."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

HELD_FOLD = 0  # harmless names of this tenth are never trained on


class Labelled(Struct, frozen=True):
    """One address: `phishing` is its label, `day` the ISO date or empty, `domain` registered.

    `source` is the list that it stands in, `weight` how much it counts in training.
    """

    url: str
    phishing: bool
    day: str
    domain: str
    source: str
    weight: float = 1.0


class Parts(Struct, frozen=True):
    """A split in time and by registered domain: no domain is on both sides.

    `later` is phishing from `until` on of domains that training did not see; `held` is the
    harmless tenth. Names that hold both kinds (drives, shared hosts) are in neither.
    """

    train: tuple[Labelled, ...]
    later: tuple[Labelled, ...]
    held: tuple[Labelled, ...]


def fold_of(domain: str, folds: int = 10) -> int:
    """Which fold a registered domain belongs to: stable, so no domain is on both sides."""
    return hashlib.blake2b(domain.encode(), digest_size=4).digest()[0] % folds


def capped(rows: Iterable[Labelled], most: int) -> list[Labelled]:
    """At most `most` rows of one registered domain, chosen by a stable shuffle."""
    seen: Counter[str] = Counter()
    kept = []
    for row in sorted(rows, key=lambda r: hashlib.blake2b(r.url.encode(), digest_size=8).digest()):
        if seen[row.domain] < most:
            seen[row.domain] += 1
            kept.append(row)
    return kept


def split(
    train: Sequence[Labelled],
    judged: Sequence[Labelled],
    until: str,
    *,
    per_domain: int = 6,
    per_judged: int = 3,
) -> Parts:
    """Train on `train` before the ISO day `until`, judge on what `judged` has from then on.

    An undated phishing row counts as old. `judged` may hold rows that training may not use.
    """
    phishing = [r for r in train if r.phishing and r.day < until]
    benign = [r for r in train if not r.phishing and fold_of(r.domain) != HELD_FOLD]
    seen = {r.domain for r in phishing}
    both = {r.domain for r in judged if r.phishing} & {r.domain for r in judged if not r.phishing}
    later = [
        r for r in judged
        if r.phishing and r.day >= until and r.domain not in seen and r.domain not in both
    ]  # fmt: skip
    held = [
        r for r in judged
        if not r.phishing and fold_of(r.domain) == HELD_FOLD and r.domain not in both
    ]  # fmt: skip
    return Parts(
        train=(*capped(phishing, per_domain), *capped(benign, per_domain)),
        later=tuple(capped(later, per_judged)),
        held=tuple(capped(held, per_judged)),
    )
