"""The policy of assessment: thresholds, priors and actions, as versioned data."""

import tomllib
from functools import cache
from importlib.resources import files

from msgspec import Struct, convert

from zvon.model.advice import Action
from zvon.model.verdict import Category


class Thresholds(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a probability changes its word."""

    malicious: float
    suspicious: float
    official: float
    unlikely: float


class Ages(Struct, frozen=True, forbid_unknown_fields=True):
    """Days since registration at which a domain's age changes its meaning."""

    week: int
    month: int
    quarter: int
    old: int
    settled: int

    def grade(self, days: int) -> str | None:
        """The grade of a new domain, `None` for one that is not new."""
        for name, limit in (("week", self.week), ("month", self.month), ("quarter", self.quarter)):
            if days <= limit:
                return name
        return None


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """One version of the policy."""

    version: str
    prior: dict[str, float]
    threshold: Thresholds
    telling: frozenset[str]
    telling_in_lure: frozenset[str]
    lure: frozenset[str]
    beside: frozenset[str]
    action: dict[Category, Action]
    age: Ages

    def prior_of(self, channel: str) -> float:
        """The share of malicious reports that this channel is taken to have."""
        return self.prior.get(channel, self.prior["default"])


@cache
def shipped() -> Policy:
    """The policy that comes with the program."""
    text = (files("zvon.assess") / "policy.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    return convert(data, Policy)
