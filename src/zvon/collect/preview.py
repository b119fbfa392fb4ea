"""The first rows of a table, as they stand and as a mapping reads them, for the person who confirms."""

from itertools import islice

from msgspec import Struct

from zvon.collect.read.unpack import Member, members
from zvon.formats.intel import table
from zvon.formats.intel.dialect import rows
from zvon.formats.lines import lines
from zvon.model.item import Bad, Item, Options
from zvon.model.mapping import Mapping
from zvon.store import delivery, mapping
from zvon.store.source import Setup
from zvon.store.transaction import Pool
from zvon.store.visibility import SYSTEM, read

ROWS = 20
MOST_CELL = 500


class NoTable(LookupError):
    """No table of this source has come yet."""


class PreviewValue(Struct, frozen=True):
    """A value of a row, and how it stands there."""

    type: str
    value: str
    role: str


class PreviewRow(Struct, frozen=True, kw_only=True):
    """A row as a mapping reads it; `problem` says why it would go into quarantine."""

    position: str
    title: str = ""
    at: str | None = None
    tags: list[str] = []
    values: list[PreviewValue] = []
    problem: str = ""


async def sample(pool: Pool, setup: Setup) -> bytes:
    """The first 64 KiB of the table on which a mapping of this source is looked at.

    Raises `NoTable`.
    """
    async with read(pool, SYSTEM) as db:
        found = await mapping.example(db, setup.id)
        packed = None if found is None else await delivery.piece(db, found, 0)
    if packed is None:
        raise NoTable("no table of this source has come yet")
    first = next(members([delivery.unpack(packed)], ""), None)
    if not isinstance(first, Member):
        raise NoTable("the table of this source cannot be opened")
    return first.sample


def cells(body: bytes, how: Mapping, most: int = ROWS) -> list[list[str]]:
    """The first rows as they stand, header included; long cells are cut."""
    fallback = how.encoding if not how.encoding.startswith("utf") else ""
    found = rows(lines([body], fallback=fallback), how.delimiter, quote=how.quote,
                 comment=how.comment, skip=how.skip)  # fmt: skip
    read_rows = (row.cells for row in found if row.cells is not None and any(row.cells))
    return [[cell[:MOST_CELL] for cell in row] for row in islice(read_rows, most)]


def preview(body: bytes, options: Options, most: int = ROWS) -> list[PreviewRow]:
    """The first rows as the mapping of `options` reads them."""
    return [_row(each) for each in islice(table.decode([body], options), most)]


def _row(each: Item | Bad) -> PreviewRow:
    if isinstance(each, Bad):
        return PreviewRow(position=each.position, problem=each.reason)
    return PreviewRow(
        position=each.position,
        title=each.title[:MOST_CELL],
        at=None if each.at is None else each.at.isoformat(),
        tags=list(each.tags)[:20],
        values=[
            PreviewValue(v.observable.type.value, v.observable.value[:MOST_CELL], v.role.value)
            for v in each.values[:50]
        ],
    )
