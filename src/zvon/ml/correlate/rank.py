"""How far up an incident stands, and why: a sum of what its signatures say, each once."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from zvon.ml.correlate.group import Component
from zvon.ml.correlate.link import Reason, Value
from zvon.ml.correlate.policy import Policy

MINUTE_S = 60


class GroupFacts(Struct, frozen=True):
    """A group as the rank sees it.

    `hours`, `signature_hours`: distinct hours in which the signature was seen before on this
    host, and anywhere. `hosts`: hosts that showed it at about the same time, this one included.
    `triage`: calibrated probability that it belongs to an attack; none: nobody asked. `at`: when
    it was seen first, seconds since 1970.
    """

    signature: str
    host: str
    hours: int
    signature_hours: int = 0
    severity: int = 5
    hosts: int = 1
    slow: bool = False
    context: bool = False
    triage: float | None = None
    at: float | None = None


class Term(Struct, frozen=True):
    """A part of a score, and the sentence that says what it stands for."""

    value: float
    reason: Reason


class Score(Struct, frozen=True):
    """The sum of its terms, the largest first."""

    value: float
    terms: tuple[Term, ...]

    def reasons(self, most: int = 5) -> tuple[Reason, ...]:
        """The sentences of the largest terms."""
        return tuple(term.reason for term in self.terms[:most])


def score(groups: Iterable[GroupFacts], policy: Policy) -> Score:
    """The score of an incident: for each signature its best group, weight x novelty / hosts.

    Sensors say one event in several ways (a failed login is three signatures of Wazuh), so what
    one machine shows in one minute counts less and less: the k-th divided by k to the power of
    `same_event`. Context says nothing. A triage probability, where it is known, adds up to its policy weight.
    """
    best: dict[str, tuple[float, GroupFacts]] = {}
    likely: tuple[float, GroupFacts] | None = None
    for group in groups:
        if group.context:
            continue
        value = said(group, policy)
        if group.signature not in best or value > best[group.signature][0]:
            best[group.signature] = (value, group)
        if group.triage is not None and (likely is None or group.triage > likely[0]):
            likely = (group.triage, group)
    terms = [Term(value, _why(group)) for value, group in _thinned(best.values(), policy)]
    if likely is not None:
        p, group = likely
        params = (("signature", group.signature), ("host", group.host), ("percent", round(100 * p)))
        terms.append(Term(policy.incident.triage_weight * p, Reason("RANK_TRIAGE", params)))
    terms.sort(key=lambda term: (-term.value, term.reason.params))
    return Score(sum(term.value for term in terms), tuple(terms))


def _thinned(
    found: Iterable[tuple[float, GroupFacts]], policy: Policy
) -> Iterator[tuple[float, GroupFacts]]:
    """The same, with less for what was said at once of one machine."""
    events: dict[tuple[str, int], int] = {}
    for value, group in sorted(found, key=lambda each: (-each[0], each[1].signature)):
        if group.at is None:
            yield value, group
            continue
        event = (group.host, int(group.at // MINUTE_S))
        events[event] = events.get(event, 0) + 1
        yield value / events[event] ** policy.incident.same_event, group


def said(group: GroupFacts, policy: Policy) -> float:
    """What one group says: the weight of its severity, less the oftener and the wider it was."""
    novelty = policy.novelty.slow_novelty if group.slow else 1 / (1 + group.hours)
    return policy.weight(group.severity) * novelty / max(1, group.hosts)


def facts_of(
    component: Component, policy: Policy, triage: Mapping[int, float] | None = None
) -> list[GroupFacts]:
    """The groups of a component of the engine, with the probabilities of those that have one."""
    return [
        GroupFacts(
            part.signature, part.host, part.hours, part.signature_hours, part.severity,
            part.burst.hosts, part.hours > policy.novelty.hours and part.base > 0, part.base == 0,
            triage.get(group) if triage else None, part.first,
        )
        for group, part in component.parts.items()
    ]  # fmt: skip


def titled(reason: Reason, title: Callable[[str], str]) -> Reason:
    """The reason with the title of the signature in place of its code, for people."""
    params: list[tuple[str, Value]] = [
        (key, title(str(value)) if key == "signature" else value) for key, value in reason.params
    ]
    return Reason(reason.code, tuple(params))


def _why(group: GroupFacts) -> Reason:
    params: tuple[tuple[str, Value], ...] = (("signature", group.signature), ("host", group.host))
    if group.hosts > 1:
        return Reason("RANK_BURST", (*params, ("n", group.hosts)))
    if group.slow:
        return Reason("RANK_SLOW", (*params, ("n", group.hours)))
    if group.hours == 0:
        return Reason("RANK_FIRST" if group.signature_hours == 0 else "RANK_FIRST_HERE", params)
    return Reason("RANK_SELDOM", (*params, ("n", group.hours)))
