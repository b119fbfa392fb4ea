"""The entities of an item while terms are collected, and the edges between them."""

import math
from collections.abc import Mapping

from msgspec import Struct

from zvon.ml.side.calibrate import Platt
from zvon.model.role import Role, SpanEvidence
from zvon.privacy.facts import Facts
from zvon.privacy.mentions import Mention
from zvon.privacy.role.weights import Shares

PEOPLE = frozenset({"NAME", "USER", "ORG"})
NAMED = frozenset({"URL", "EMAIL", "HOST", "DOMAIN"})
"""Types that hang on a registered domain."""


class Score(Struct, frozen=True):
    """What is believed of one entity: log-odds, whether strong terms disagree, and why.

    The log-odds are scaled (`data/calibration.toml`); the weights of the evidence are not.

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
    """One entity, or one owner of names, while terms are collected.

    `evidence` is weight, start and end by rule; `own` is the sum of the weights, `lent` what
    neighbours add.
    """

    __slots__ = ("evidence", "kind", "lent", "mentions", "own", "value")

    def __init__(self, kind: str, value: str) -> None:
        self.kind, self.value = kind, value
        self.mentions: list[Mention] = []
        self.evidence: dict[str, tuple[float, int, int]] = {}
        self.own = self.lent = 0.0

    def term(self, rule: str, weight: float, start: int = 0, end: int = 0) -> None:
        """Add a term; the same rule counts once, with its strongest weight."""
        before = self.evidence.get(rule)
        if before is None:
            if not weight:
                return
        elif abs(weight) > abs(before[0]):
            self.own -= before[0]
        else:
            return
        self.evidence[rule] = (weight, start, end)
        self.own += weight


class Graph:
    """Entities of the whole item, their owners and the edges between them."""

    def __init__(self, facts: Facts, shares: Shares, scale: Mapping[str, Platt]) -> None:
        self.facts, self.shares, self.scale = facts, shares, scale
        self.nodes: dict[str, Node] = {}
        self.owners: dict[str, Node] = {}
        self.edges: list[tuple[Node, Node, float, str]] = []


def entity_key(mention: Mention) -> str:
    """Equal keys are one entity of the item."""
    kind = "NAMEOFHOST" if mention.type in {"HOST", "DOMAIN"} else mention.type
    return f"{kind}\x00{mention.value}"
