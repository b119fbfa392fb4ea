"""Which campaign each report of a batch belongs to: the rules of joining, without a database.

A document in the sense of log(N/df) is a campaign and not a report, so that a wave does not
devalue its own keys. N counts `BACKGROUND` campaigns more than there are: on a young node a
shared key is as telling as on an old one.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from uuid import UUID

from msgspec import Struct, structs

from zvon.model.observable import Observable, ObservableType

BACKGROUND = 1000
LEAST_STRONG = 3.0  # log-odds-like; one strong key of at most 50 campaigns reaches it
LEAST_MEDIUM = 8.0  # two medium keys of different kinds that few campaigns have
SUPPRESSED = 50  # a key of more campaigns than this is common, not telling
STAND_IN = 1 << 62  # from here on the numbers of campaigns that are not made yet


class Key(Struct, frozen=True):
    """A value that links reports. A medium key links only beside one of another kind."""

    observable: Observable
    strong: bool
    code: str


class Link(Struct, frozen=True, kw_only=True):
    """Why a report belongs: the shared key, and how many reports of the campaign have it."""

    code: str
    type: ObservableType
    value: str
    reports: int
    weight: float


class Joining(Struct, frozen=True, kw_only=True):
    """A report that looks for its campaign; `at` is when it came in.

    `uuid` is that of the campaign that it founds when it belongs to none.
    """

    record_id: int
    keys: tuple[Key, ...]
    at: datetime
    uuid: UUID
    brand: str | None = None


class Seat(Struct, frozen=True, kw_only=True):
    """Where a report came to lie, and the links that put it there.

    `counted` says that its keys were counted there before. `merged` are campaigns that it showed
    to be one with its own.
    """

    joining: Joining
    campaign: int
    links: tuple[Link, ...]
    created: bool
    counted: bool
    merged: tuple[int, ...]


class Board:
    """The campaigns around a batch as they stand, report by report.

    `campaigns` is how many were made so far, `holders` says for each key how many reports of each
    campaign have it. Afterwards `founders` are the new campaigns by stand-in and `merges` the old
    ones that went into another.
    """

    def __init__(
        self,
        known: Mapping[Observable, int],
        campaigns: int,
        holders: dict[int, dict[int, int]],
    ) -> None:
        self.founders: dict[int, Joining] = {}
        self.merges: list[tuple[int, int]] = []
        self._known = known
        self._campaigns = campaigns
        self._holders = holders
        self._gone: dict[int, int] = {}
        self._stand_ins = count(STAND_IN)

    def seat(self, joining: Joining, held: int | None) -> Seat:
        """Find the campaign of the next report; `held` is the one that it has already.

        Of campaigns that it ties together the oldest stays.
        """
        found = self._linked(joining.keys)
        created = held is None and not found
        if held is not None:
            found[self._now(held)] = ()  # what it shares there is told in the member's row
        if created:
            new = next(self._stand_ins)
            self.founders[new] = joining
            self._campaigns += 1
            found[new] = ()
        chosen = min(found)
        links, merged = found[chosen], sorted(set(found) - {chosen})
        for other in merged:
            links = stronger(links, found[other])
            self._merge(other, chosen)
        for key in {self._known[key.observable] for key in joining.keys}:
            reports = self._holders.setdefault(key, {})
            reports[chosen] = reports.get(chosen, 0) + (0 if held is not None else 1)
        return Seat(
            joining=joining,
            campaign=chosen,
            links=links,
            created=created,
            counted=held is not None,
            merged=tuple(each for each in merged if each < STAND_IN),
        )

    def settled(self, seat: Seat, made: Mapping[int, int]) -> Seat:
        """The seat after the whole batch; `made` are the ids that the new campaigns got."""
        campaign = self._now(seat.campaign)
        return structs.replace(seat, campaign=made.get(campaign, campaign))

    def _linked(self, keys: Sequence[Key]) -> dict[int, tuple[Link, ...]]:
        """The campaigns that the keys are enough to link to, with the links, strongest first."""
        shared: dict[int, list[tuple[Key, Link]]] = {}
        for key in keys:
            held = self._holders.get(self._known[key.observable], {})
            if not held or len(held) > SUPPRESSED:
                continue
            weight = round(math.log((self._campaigns + BACKGROUND) / len(held)), 3)
            for campaign, reports in held.items():
                link = Link(code=key.code, type=key.observable.type, value=key.observable.value,
                            reports=reports, weight=weight)  # fmt: skip
                shared.setdefault(campaign, []).append((key, link))
        return {
            campaign: stronger((), tuple(link for _, link in found))
            for campaign, found in shared.items()
            if enough(found)
        }

    def _merge(self, old: int, new: int) -> None:
        self._gone[old] = new
        if self.founders.pop(old, None) is None:
            self.merges.append((old, new))
        for reports in self._holders.values():
            if old in reports:
                reports[new] = reports.get(new, 0) + reports.pop(old)

    def _now(self, campaign: int) -> int:
        while campaign in self._gone:
            campaign = self._gone[campaign]
        return campaign


def enough(found: Sequence[tuple[Key, Link]]) -> bool:
    """One strong key, or medium keys of two kinds, with enough weight together."""
    kinds: dict[str, float] = {}
    for _, link in found:
        kinds[link.code] = max(kinds.get(link.code, 0.0), link.weight)
    total = sum(kinds.values())
    if any(key.strong for key, _ in found):
        return total >= LEAST_STRONG
    return len(kinds) > 1 and total >= LEAST_MEDIUM


def stronger(left: tuple[Link, ...], right: tuple[Link, ...]) -> tuple[Link, ...]:
    """One link for each kind of key, the one that most reports have."""
    best: dict[str, Link] = {}
    for link in sorted((*left, *right), key=lambda x: (-x.reports, -x.weight, x.value)):
        best.setdefault(link.code, link)
    return tuple(sorted(best.values(), key=lambda x: (-x.weight, x.code)))
