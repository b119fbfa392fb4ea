"""Which campaign each report of a batch belongs to: the rules of joining, without a database.

A document in the sense of log(N/df) is a campaign, or the surroundings of a value where these are
more, and not a report, so that a wave does not devalue its own keys. N counts `BACKGROUND` campaigns more than there are: on a young node a
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
LEAST_MEDIUM = 10.0  # two medium keys of different kinds that few have: df times df up to 45
SUPPRESSED = 50  # a key of more campaigns than this is common, not telling
STAND_IN = 1 << 62  # from here on the numbers of campaigns that are not made yet


# Kinds that tell the same thing: of one family only the strongest key counts.
FAMILY = {
    "SENDER_RANGE": "SAME_SENDER", "PHONE_RANGE": "SAME_PHONE", "SAME_HOST": "SAME_DOMAIN",
    "SAME_RESOURCES": "SAME_PAGE", "SAME_FAVICON": "SAME_PAGE",
}  # fmt: skip


class Key(Struct, frozen=True):
    """A value that links reports. A medium key links only beside one of another kind.

    `relation` says in what surroundings (text, registration, domain) the value was seen. The more
    unrelated ones it has, the less it tells, however few campaigns there are; a mark of more than
    `SUPPRESSED` is a default of hosts and links nothing.
    """

    observable: Observable
    strong: bool
    code: str
    relation: str = ""


class Around(Struct, frozen=True, kw_only=True):
    """What is stored about the keys of a batch, by their ids.

    `campaigns` is how many were made so far, `holders` says how many reports of each campaign
    have a key, `spread` in how many surroundings it was seen. Keys in `common` link nothing.
    `apart` are pairs of campaigns, smaller first, that a person does not want together.
    """

    campaigns: int
    holders: dict[int, dict[int, int]] = {}
    spread: Mapping[int, int] = {}
    common: frozenset[int] = frozenset()
    apart: frozenset[tuple[int, int]] = frozenset()


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

    Afterwards `founders` are the new campaigns by stand-in and `merges` the old ones that went
    into another, each with the links that showed it.
    """

    def __init__(self, known: Mapping[Observable, int], around: Around) -> None:
        self.founders: dict[int, Joining] = {}
        self.merges: list[tuple[int, int, tuple[Link, ...]]] = []
        self._known = known
        self._campaigns = around.campaigns
        self._holders = around.holders
        self._around = around
        self._apart = set(around.apart)
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
        together = self._together(found, None if held is None else self._now(held))
        chosen, merged = together[0], together[1:]
        links = found[chosen]
        for other in merged:
            links = stronger(links, found[other])
            self._merge(other, chosen, found[other])
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

    def _together(self, found: Mapping[int, tuple[Link, ...]], held: int | None) -> tuple[int, ...]:
        """Those of the campaigns found that may be one, oldest first.

        Begins with the one that holds the report, else with that of the strongest links; one
        that a person has set apart from any of them stays out.
        """
        order = sorted(found, key=lambda c: (c != held, -sum(x.weight for x in found[c]), c))
        kept: list[int] = []
        for each in order:
            if not any((min(each, k), max(each, k)) in self._apart for k in kept):
                kept.append(each)
        return tuple(sorted(kept))

    def settled(self, seat: Seat, made: Mapping[int, int]) -> Seat:
        """The seat after the whole batch; `made` are the ids that the new campaigns got."""
        campaign = self._now(seat.campaign)
        return structs.replace(seat, campaign=made.get(campaign, campaign))

    def _linked(self, keys: Sequence[Key]) -> dict[int, tuple[Link, ...]]:
        """The campaigns that the keys are enough to link to, with the links, strongest first."""
        shared: dict[int, list[tuple[Key, Link]]] = {}
        for key in keys:
            known = self._known[key.observable]
            held = self._holders.get(known, {})
            seen = max(len(held), self._around.spread.get(known, 0) if key.relation else 0)
            if not held or seen > SUPPRESSED or known in self._around.common:
                continue
            weight = round(math.log((self._campaigns + BACKGROUND) / seen), 3)
            for campaign, reports in held.items():
                link = Link(code=key.code, type=key.observable.type, value=key.observable.value,
                            reports=reports, weight=weight)  # fmt: skip
                shared.setdefault(campaign, []).append((key, link))
        return {
            campaign: stronger((), tuple(link for _, link in found))
            for campaign, found in shared.items()
            if enough(found)
        }

    def _merge(self, old: int, new: int, links: tuple[Link, ...]) -> None:
        self._gone[old] = new
        if self.founders.pop(old, None) is None:
            self.merges.append((old, new, links))
        for reports in self._holders.values():
            if old in reports:
                reports[new] = reports.get(new, 0) + reports.pop(old)
        for pair in [pair for pair in self._apart if old in pair]:
            other = pair[0] if pair[1] == old else pair[1]
            self._apart.add((min(new, other), max(new, other)))

    def _now(self, campaign: int) -> int:
        while campaign in self._gone:
            campaign = self._gone[campaign]
        return campaign


def enough(found: Sequence[tuple[Key, Link]]) -> bool:
    """One strong key, or medium keys of two kinds, with enough weight together.

    Keys of one family (a sender and its range of numbers) are one kind.
    """
    kinds: dict[str, float] = {}
    for _, link in found:
        kind = FAMILY.get(link.code, link.code)
        kinds[kind] = max(kinds.get(kind, 0.0), link.weight)
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
