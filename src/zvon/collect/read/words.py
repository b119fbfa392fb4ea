"""What is said to the process that reads a delivery, and what it says back."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from zvon.model.item import Bad, Item
from zvon.model.mapping import Mapping
from zvon.store.intake_entry import Entry

ITEMS, VALUES, BYTES, BADS, DOCUMENTS = 5_000, 10_000, 4 * 1024 * 1024, 1_000, 50
"""A batch is full with so many items or values, with what so many bytes gave, with so many pieces that
nobody could read, or with so many documents."""
PIECE = 4096  # of what could not be read this much is kept


class Task(Struct, frozen=True, kw_only=True):
    """What to read and how.

    `source` and `within` (SHA-256 of the delivery) make the identifiers of records. An empty
    `format` means: by content. The first `skip` items are stored already. With `only` nothing but
    what stands at these positions is given back.
    """

    source: UUID
    within: bytes
    now: datetime
    received_at: datetime
    name: str = ""
    media_type: str = ""
    format: str = ""
    zone: str = "UTC"
    region: str = "SI"
    mapping: Mapping | None = None
    confirm: bool = True  # a table waits until a person has confirmed how it is read
    skip: int = 0
    only: list[str] | None = None


class Began(Struct, frozen=True, kw_only=True, tag="began"):
    """A file of the delivery is read by this format, and why; `packing` is what was around it."""

    format: str
    why: str
    params: dict[str, str | int] = {}
    score: int = 100
    member: str = ""
    packing: list[str] = []


class Asks(Struct, frozen=True, kw_only=True, tag="asks"):
    """It is a table that a person has to look at first; this is how it would be read."""

    mapping: Mapping


class Batch(Struct, frozen=True, kw_only=True, tag="batch"):
    """What the next items became; `read` counts all items so far, those that were skipped too.

    `documents` are prose, still to be read for what they say; `items` counts those of this batch.
    """

    read: int
    format: str = ""
    entries: list[Entry] = []
    documents: list[Item] = []
    bad: list[Bad] = []
    items: int = 0


Said = Began | Asks | Batch
