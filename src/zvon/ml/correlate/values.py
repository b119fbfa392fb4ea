"""Which groups share a value, how rare it is, and whether that joins them."""

from collections import deque
from collections.abc import Iterable
from math import log

from msgspec import Struct

from zvon.ml.correlate.link import Hub, LinkKind, Reason
from zvon.ml.correlate.policy import Policy

DAY_S = 86400
Observable = tuple[str, str]


class Posting(Struct, frozen=True):
    """The last groups with a value (oldest first, with their times) and how many had it ever."""

    type: str
    value: str
    groups: int
    last: tuple[tuple[int, float], ...]


class Match(Struct, frozen=True):
    """A group that shares values: the score, and the value that says most."""

    group: int
    score: float
    reason: Reason


class Values:
    """An index from value to groups, bounded."""

    def __init__(self, policy: Policy, rows: Iterable[Posting] = (), groups: int = 0) -> None:
        self._policy = policy
        self._known: dict[Observable, tuple[int, deque[tuple[int, float]]]] = {}
        self.groups = groups
        for row in rows:
            last = deque(row.last, maxlen=policy.observable.last_groups)
            self._known[row.type, row.value] = (row.groups, last)

    def meet(
        self, group: int, found: Iterable[Observable], at: float, *, joins: bool
    ) -> tuple[list[Match], list[Hub]]:
        """Count new values of a group at `at`; the groups that share enough, and the hubs.

        With `joins` false it only counts (background explains nothing, but is not rare).
        """
        rules = self._policy.observable
        rare: list[tuple[float, Observable, int, deque[tuple[int, float]]]] = []
        hubs: list[Hub] = []
        for key in found:
            rule = rules.type.get(key[0])
            if rule is None:
                continue
            seen, last = self._known.pop(key, (0, deque(maxlen=rules.last_groups)))
            while last and at - last[0][1] > rules.days * DAY_S:
                last.popleft()
            if not last:
                seen = 0  # nobody had it for a month: it is new again
            if joins and seen >= rule.hub:
                hubs.append(Hub(*key, seen, _hub(key, seen, self.groups)))
            elif joins and last:
                idf = log((self.groups + 1) / (seen + 1))
                rare.append((idf * rule.weight, key, seen, deque(last)))
            last.append((group, at))
            # Put back at the end: the order of the index is the order of last use.
            self._known[key] = (seen + 1, last)
        while len(self._known) > self._policy.bound.postings:
            del self._known[next(iter(self._known))]
        rare.sort(key=lambda each: (-each[0], each[1]))
        return self._match(group, rare[: rules.rarest], at), hubs

    def _match(
        self,
        group: int,
        rare: list[tuple[float, Observable, int, deque[tuple[int, float]]]],
        at: float,
    ) -> list[Match]:
        rules = self._policy.observable
        scores: dict[int, float] = {}
        why: dict[int, tuple[float, Reason]] = {}
        for weight, key, seen, last in rare:
            half = rules.type[key[0]].half_life_h * 3600
            for other, then in last:
                if other == group:
                    continue
                part = weight * 2.0 ** (-(at - then) / half)
                scores[other] = scores.get(other, 0.0) + part
                if part > why.get(other, (0.0, None))[0]:
                    why[other] = (part, _shared(key, seen + 1, self.groups, at - then))
        found = [
            Match(other, score, why[other][1])
            for other, score in scores.items()
            if score >= rules.theta and other in why
        ]
        return sorted(found, key=lambda match: (-match.score, match.group))

    def rows(self) -> tuple[Posting, ...]:
        """The index, for a snapshot, in the order of last use."""
        return tuple(Posting(*key, seen, tuple(last)) for key, (seen, last) in self._known.items())

    def __len__(self) -> int:
        return len(self._known)


KIND = LinkKind.VALUE


def _shared(key: Observable, seen: int, groups: int, gap_s: float) -> Reason:
    params = (("type", key[0]), ("value", key[1]), ("groups", seen), ("all", groups))
    return Reason("LINK_VALUE", (*params, ("gap_s", gap_s)))


def _hub(key: Observable, seen: int, groups: int) -> Reason:
    return Reason(
        "HUB_VALUE", (("type", key[0]), ("value", key[1]), ("groups", seen), ("all", groups))
    )
