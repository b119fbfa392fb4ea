"""Attack 2: pseudonyms of two epochs are linked by how often they occur.

The most frequent of one epoch is taken for the most frequent of the next, and so on. No key helps
against counts that stay the same: what helps is that single incidents have few of them. Where
counts are the content (flow statistics), this attack measures what they cost.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from zvon.privacy.attack.finding import Finding, judged

CROWD = 5
TOP = (10, 20, 50)


def frequency_rank(
    first: Sequence[str], second: Sequence[str], truth: Mapping[str, str]
) -> Finding:
    """How often a pseudonym of the first epoch is found in the second by its rank.

    `first` and `second` are pseudonyms as they were seen, each as often as it was; `truth` maps
    those of the first epoch to those of the second. A pseudonym that stands in both is taken for
    itself. Equal counts are told apart by guessing, and count in part. `detail` says how many
    pseudonyms have a count that fewer than five share, and how the busiest fared.
    """
    here, there = Counter(first), Counter(second)
    at, to = _places(here), _places(there)
    wanted = {a: b for a, b in truth.items() if a in here and b in there}
    chances = {a: _chance(a, b, at, to) for a, b in wanted.items()}
    shared = Counter(here.values())
    busiest = sorted(wanted, key=lambda token: (at[token], token))
    top = {
        str(n): round(sum(chances[t] for t in busiest[:n]) / min(n, len(busiest)), 4)
        for n in TOP if busiest
    }  # fmt: skip
    return judged(
        "frequency rank", round(sum(chances.values())), len(wanted),
        1 / len(there) if there else 0.0, top=top,
        alone=sum(shared[count] < CROWD for count in here.values()),
    )  # fmt: skip


def _places(counts: Counter[str]) -> dict[str, tuple[int, int]]:
    """The places that each pseudonym may hold in the order by count: first and end."""
    out: dict[str, tuple[int, int]] = {}
    by_count: dict[int, list[str]] = {}
    for token, count in counts.items():
        by_count.setdefault(count, []).append(token)
    start = 0
    for count in sorted(by_count, reverse=True):
        same = by_count[count]
        out.update(dict.fromkeys(same, (start, start + len(same))))
        start += len(same)
    return out


def _chance(
    a: str, b: str, at: Mapping[str, tuple[int, int]], to: Mapping[str, tuple[int, int]]
) -> float:
    """How probable it is that `a` and `b` get the same place when equal counts are shuffled."""
    if a in to:
        return float(a == b)
    (low, high), (low2, high2) = at[a], to[b]
    both = max(0, min(high, high2) - max(low, low2))
    return both / ((high - low) * (high2 - low2))
