"""The entities of an item while terms are collected, and the edges between them."""

import math

from msgspec import Struct

from zvon.model.role import Role, SpanEvidence
from zvon.privacy.facts import Facts
from zvon.privacy.mentions import Mention
from zvon.privacy.role.weights import Shares

PEOPLE = frozenset({"NAME", "USER", "ORG"})
NAMED = frozenset({"URL", "EMAIL", "HOST", "DOMAIN"})
"""Types that hang on a registered domain."""


class Score(Struct, frozen=True):
    """What is believed of one entity: log-odds, whether strong terms disagree, and why.

    `hacked`: an address on a site whose owner is a victim, so its host goes while its path stays.
    `ours_attacks`: of our register, and the attacker's but for that: a machine that was taken over.
    """

    logit: float
    conflict: bool
    role: Role
    evidence: tuple[SpanEvidence, ...]
    hacked: bool = False
    ours_attacks: bool = False

    @property
    def p_attacker(self) -> float:
        """The belief that the value is the attacker's."""
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, self.logit))))


class Node:
    """One entity, or one owner of names, while terms are collected."""

    __slots__ = ("evidence", "kind", "lent", "mentions", "value")

    def __init__(self, kind: str, value: str) -> None:
        self.kind, self.value = kind, value
        self.mentions: list[Mention] = []
        self.evidence: dict[str, SpanEvidence] = {}
        self.lent = 0.0

    def term(self, rule: str, weight: float, start: int = 0, end: int = 0) -> None:
        """Add a term; the same rule counts once, with its strongest weight."""
        if weight and abs(weight) > abs(self.evidence[rule].weight if rule in self.evidence else 0):
            self.evidence[rule] = SpanEvidence(rule, round(weight, 2), start, end)

    @property
    def own(self) -> float:
        """The sum of the terms, without what neighbours lend."""
        return sum(e.weight for e in self.evidence.values())


class Graph:
    """Entities of the whole item, their owners and the edges between them."""

    def __init__(self, facts: Facts, shares: Shares) -> None:
        self.facts, self.shares = facts, shares
        self.nodes: dict[str, Node] = {}
        self.owners: dict[str, Node] = {}
        self.edges: list[tuple[Node, Node, float, str]] = []


def entity_key(mention: Mention) -> str:
    """Equal keys are one entity of the item."""
    kind = "NAMEOFHOST" if mention.type in {"HOST", "DOMAIN"} else mention.type
    return f"{kind}\x00{mention.value}"
