"""How long a block lives, and when somebody looks again whether it is still needed."""

from datetime import datetime, timedelta

from zvon.model.verdict import Category

DEFAULT_LIFE = timedelta(days=14)
LONGEST_LIFE = timedelta(days=366)
COMPROMISED_LIFE = timedelta(hours=48)
"""A site that was broken into belongs to somebody who did nothing wrong."""
PARTNER_LIFE = timedelta(minutes=60)
"""How long the word of one trusted person holds."""
RETEST_BEFORE_END = timedelta(hours=24)
RETEST_COMPROMISED = timedelta(minutes=10)

# What a name can be blocked for. Exercises never reach a zone that a resolver has.
BLOCKED_FOR = frozenset(Category) - {Category.BENIGN, Category.SIMULATION}


def default_life(category: Category) -> timedelta:
    """How long a block lives when nobody says otherwise."""
    return COMPROMISED_LIFE if category is Category.COMPROMISED_SITE else DEFAULT_LIFE


def longest_life(category: Category, *, ordered: bool = False) -> timedelta:
    """How long a block may live from its first day, renewals included; an order sets its own end.

    Other categories than a compromised site may be renewed again and again, each time for a year
    at most.
    """
    if category is Category.COMPROMISED_SITE and not ordered:
        return COMPROMISED_LIFE
    return LONGEST_LIFE


def retest_at(category: Category, now: datetime, expires_at: datetime) -> datetime:
    """When to look again: a day before the end, or every ten minutes for a compromised site."""
    if category is Category.COMPROMISED_SITE:
        return min(now + RETEST_COMPROMISED, expires_at)
    return max(now, expires_at - RETEST_BEFORE_END)
