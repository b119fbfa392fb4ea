"""The addresses that a job of looking was given."""

from collections.abc import Iterable
from typing import Any

from zvon.model.url import BadUrl, canonical

MOST_URLS = 5


def addresses(texts: Iterable[Any]) -> list[str]:
    """Canonical, each once, at most `MOST_URLS`; what is none is left out."""
    found: dict[str, None] = {}
    for text in texts:
        try:
            found[canonical(str(text))] = None
        except BadUrl:
            continue
    return list(found)[:MOST_URLS]
