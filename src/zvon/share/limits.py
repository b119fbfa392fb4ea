"""How much is taken from a partner without asking; data, in the policy row `share`."""

from datetime import timedelta
from typing import Annotated

from msgspec import Meta, Struct


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Beyond `events_per_hour` what a partner sends is held until somebody looks.

    `block_days` is how long a block that follows from a partner's event is proposed for.
    """

    events_per_hour: Annotated[int, Meta(ge=1)] = 1_000
    block_days: Annotated[int, Meta(ge=1, le=90)] = 7
    invitation_days: Annotated[int, Meta(ge=1, le=30)] = 7

    @property
    def block_life(self) -> timedelta:
        """`block_days` as a duration."""
        return timedelta(days=self.block_days)
