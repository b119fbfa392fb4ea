"""How long a session lives, and what asks for a passkey moments before: limits that are data."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from zvon.access.permission import Permission

POLICY = "access"


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The policy `access`; what no operator set holds as it stands here.

    `idle_minutes` ends a session that nobody uses, `absolute_hours` every one. What `step_up`
    lists is done only within `step_up_minutes` of a passkey; nothing is listed as it ships.
    """

    idle_minutes: Annotated[int, Meta(ge=5, le=1440)] = 720
    absolute_hours: Annotated[int, Meta(ge=1, le=168)] = 12
    step_up_minutes: Annotated[int, Meta(ge=1, le=60)] = 5
    step_up: Annotated[tuple[Permission, ...], Meta(max_length=60)] = ()

    def alive(self, now: datetime, created_at: datetime, seen_at: datetime) -> bool:
        """Whether a session of these times goes on."""
        return (
            now - created_at < timedelta(hours=self.absolute_hours)
            and now - seen_at < timedelta(minutes=self.idle_minutes)
        )  # fmt: skip

    def withheld(self, strong_at: datetime | None, now: datetime) -> frozenset[Permission]:
        """What a session may not do until a passkey has proved again who sits there."""
        fresh = strong_at is not None and now - strong_at <= timedelta(minutes=self.step_up_minutes)
        return frozenset() if fresh else frozenset(self.step_up)


def limits_of(body: Any) -> Limits:
    """The limits that a stored policy says; `None` is the shipped ones. Raises `ValidationError`."""
    return Limits() if body is None else msgspec.convert(body, Limits)
