"""Documents of a delivery, read for what they say before they are stored."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from zvon.jobs import Context
from zvon.model.item import Bad, Item
from zvon.store.delivery import Delivery
from zvon.store.source import Setup


class Understood(Struct, frozen=True):
    """A document as it is stored."""

    item: Item


async def understand(
    context: Context, setup: Setup, found: Delivery, documents: Sequence[Item]
) -> tuple[list[Understood], list[Bad]]:
    """Each document with what it says, and those that nobody could open."""
    kept = []
    for item in documents:
        payload = item.payload
        if isinstance(payload, dict) and isinstance(payload.get("body"), bytes):
            payload = {key: value for key, value in payload.items() if key != "body"}
        kept.append(Understood(msgspec.structs.replace(item, payload=payload)))
    return kept, []
