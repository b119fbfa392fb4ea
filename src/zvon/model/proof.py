"""What an answer of a resolver proves: which evidence there was, and how many names stand for all."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")

BATCH = 32
"""Blocks of one serial above which a sample stands for all of them."""
SAMPLE = 16
CONTROLS = ("example.com", "iana.org")
"""Names that resolve everywhere; asked beside those that the operator chose."""


class Evidence(StrEnum):
    """Why an answer as ordered is believed to come from our rule, strongest first."""

    POLICY = "policy"
    """The answer carries the SOA of our policy zone."""
    EXTENDED = "extended"
    """The answer says itself that it was blocked (RFC 8914, codes 15 to 17)."""
    LOCAL = "local"
    """The resolver calls itself the authority: it made the answer up, as Unbound does for a rule."""
    CHANGED = "changed"
    """This resolver gave the name an address before, and no longer does."""
    ANSWER = "answer"
    """Only the answer itself: a name that never existed would be answered the same way."""


def sample(batch: Sequence[T], pick: Callable[[int], int]) -> list[T]:
    """Who is asked for a batch: everybody of up to `BATCH`, else the first, the last and 16 between.

    `pick(n)` gives a random number below `n`.
    """
    if len(batch) <= BATCH:
        return list(batch)
    between = list(batch[1:-1])
    chosen = [between.pop(pick(len(between))) for _ in range(SAMPLE)]
    return [batch[0], *chosen, batch[-1]]
