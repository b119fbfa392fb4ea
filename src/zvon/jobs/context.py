"""What every job handler is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from zvon.config import Settings
from zvon.store.transaction import Pool

if TYPE_CHECKING:
    from zvon.access.node import Node


class Context(Struct, frozen=True):
    """The node's database, settings and identity, its clock and its source of random bytes."""

    pool: Pool
    settings: Settings
    node: Node
    clock: Callable[[], datetime]
    random: Callable[[int], bytes]


Handler = Callable[[Context, dict[str, Any]], Awaitable[None]]
"""Does one job; the payload is what `enqueue` was given. A job may run twice: be idempotent."""
