"""Why two groups of alerts belong together: the link, its kind and its reason."""

from enum import StrEnum

from msgspec import Struct

Value = str | int | float


class LinkKind(StrEnum):
    """What joins two groups."""

    HOST = "same_host"
    TIME = "same_time"
    VALUE = "observable"
    CONTEXT = "context"
    RULE = "rule"
    PERSON = "person"


class Reason(Struct, frozen=True):
    """A sentence of the catalogue `correlate` and what stands in its gaps.

    Seconds are under `gap_s`; who shows it writes them as a duration.
    """

    code: str
    params: tuple[tuple[str, Value], ...] = ()


class Link(Struct, frozen=True):
    """One link between two groups, `a` < `b`, made at `at` (seconds since 1970)."""

    a: int
    b: int
    at: float
    kind: LinkKind
    score: float
    reason: Reason


class Hub(Struct, frozen=True):
    """A value that too many groups share: it explains, and joins nothing."""

    type: str
    value: str
    groups: int
    reason: Reason


def link(a: int, b: int, at: float, kind: LinkKind, score: float, reason: Reason) -> Link:
    """A link with its ends in order."""
    return Link(min(a, b), max(a, b), at, kind, score, reason)
