"""What a feed shows of the decisions: by country, category, source, confidence, trigger and feed."""

import re

from msgspec import Struct

from zvon.model.verdict import Category

TRIGGERS = ("qname", "ip", "nsdname", "nsip")
_COUNTRY = re.compile("[A-Z]{2}")
_MOST = 100


class BadView(ValueError):
    """A field of the view cannot be used; the message says which and why."""


class View(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which decisions a feed takes. An empty field takes all; `feeds` are names of home feeds.

    Raises `BadView` for a country that is no two letters, and for a category or trigger that
    nothing could have.
    """

    countries: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    min_confidence: float = 0.0
    triggers: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in ("countries", "categories", "sources", "triggers", "feeds"):
            if len(getattr(self, field)) > _MOST:
                raise BadView(f"{field}: at most {_MOST}")
        for country in self.countries:
            if not _COUNTRY.fullmatch(country):
                raise BadView(f"countries: two capital letters, got {country!r}")
        _among("categories", self.categories, [one.value for one in Category])
        _among("triggers", self.triggers, TRIGGERS)
        if not 0.0 <= self.min_confidence <= 1.0:
            raise BadView(f"min_confidence: from 0 to 1, got {self.min_confidence}")


def _among(field: str, given: tuple[str, ...], known: list[str] | tuple[str, ...]) -> None:
    for one in given:
        if one not in known:
            raise BadView(f"{field}: one of {', '.join(known)}; got {one!r}")


class DecisionFacts(Struct, frozen=True, kw_only=True):
    """What a view looks at: `country` and `feed` are those of the decision's home feed."""

    country: str
    category: str
    source: str
    confidence: float
    trigger: str
    feed: str


def takes(view: View, facts: DecisionFacts) -> bool:
    """True when the decision stands in a feed with this view; `feed_takes` in the database."""
    return (
        (not view.countries or facts.country in view.countries)
        and (not view.categories or facts.category in view.categories)
        and (not view.sources or facts.source in view.sources)
        and (not view.triggers or facts.trigger in view.triggers)
        and (not view.feeds or facts.feed in view.feeds)
        and facts.confidence >= view.min_confidence
    )
