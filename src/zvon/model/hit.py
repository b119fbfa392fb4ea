"""Hits: how often a resolver did something because of a rule, counted without saying for whom."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

FEWEST_CLIENTS = 5
"""Below that a number of clients could point at a person, and is not said."""
MAX_ROWS = 5_000

Action = Annotated[str, Meta(pattern="^(nxdomain|nodata|landing|passthru|disabled)$")]
"""`disabled`: the rule matched, and the resolver only wrote it down (log-only)."""


class HitCount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule in one minute at one resolver.

    `owner` is the rule's owner, or the name that was asked for where the log does not tell them
    apart; the node finds the rule. `clients` is an estimate, `None` below five.
    """

    zone: Annotated[str, Meta(min_length=1, max_length=255)]
    owner: Annotated[str, Meta(min_length=1, max_length=255)]
    action: Action
    minute: Annotated[datetime, Meta(tz=True)]
    hits: Annotated[int, Meta(ge=1, le=1_000_000_000)]
    clients: Annotated[int, Meta(ge=FEWEST_CLIENTS, le=1_000_000_000)] | None = None


class HitBatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Number `n` of a collector's spool; each is taken once. `lost` hits had no room in it."""

    spool: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    n: Annotated[int, Meta(ge=1, le=2**53)]
    lost: Annotated[int, Meta(ge=0, le=2**53)] = 0
    rows: Annotated[list[HitCount], Meta(max_length=MAX_ROWS)]
