"""Documents of a delivery, read for what they say before they are stored."""

from collections.abc import Sequence

from zvon.collect.document import Understood
from zvon.collect.document import understand as read_all
from zvon.jobs import Context
from zvon.model.item import Bad, Item
from zvon.store.delivery import Delivery
from zvon.store.source import Setup

__all__ = ["Understood", "understand"]


async def understand(
    context: Context, setup: Setup, found: Delivery, documents: Sequence[Item]
) -> tuple[list[Understood], list[Bad]]:
    """Each document with what it says, and those that nobody could open."""
    read = await read_all(context, setup, documents)
    kept = [each for each in read if isinstance(each, Understood)]
    return kept, [each for each in read if isinstance(each, Bad)]
