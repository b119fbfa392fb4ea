"""Enrichers: what is known of a value, each source of knowledge one file; offline ones first.

`ENRICHERS` is the whole choice; installed packages add theirs under `zvon.enrichers`.
"""

from functools import cache

from zvon.collect.enricher import (
    listed,
    network,
    passive_dns,
    registration,
    sighted,
    suffix,
    technique,
)
from zvon.collect.enricher.enricher import Enricher
from zvon.extend import extensions

SHIPPED: tuple[Enricher, ...] = (
    suffix.ENRICHER,
    network.ENRICHER,
    listed.ENRICHER,
    sighted.ENRICHER,
    technique.ENRICHER,
    passive_dns.ENRICHER,
    registration.ENRICHER,
)


@cache
def enrichers() -> tuple[Enricher, ...]:
    """The shipped ones in their order, then those of installed packages."""
    return (*SHIPPED, *extensions("zvon.enrichers").values())
