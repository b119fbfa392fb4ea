"""Tables (CSV, TSV, `;`, `|`, blanks; RFC 4180 and what people make of it), by a mapping.

Without a confirmed mapping the one is used that the table's own beginning proposes. Cells are text
and stay text: nothing is calculated, `=HYPERLINK(…)` in a cell is eleven letters and a bracket.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain

from zvon.formats.intel.cell import EMPTY, values
from zvon.formats.intel.dialect import Row, rows
from zvon.formats.intel.moment import any_form, believable, read
from zvon.formats.intel.proposal import SAMPLE, mapping_of
from zvon.formats.lines import lines
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options, Value, ValueRole
from zvon.model.mapping import Column, Mapping
from zvon.model.marking import Tlp, parse_tlp

CLOCK = "clock"  # tag of an item whose time cannot be
MOST_TITLE = 300
MOST_TAGS = 50
NO_TABLE = "No table is recognised in it: say how its columns are told apart."


def sniff(sample: bytes, name: str) -> Guess | None:
    """A table whose rows hold values of ours."""
    mapping = mapping_of(sample)
    if mapping is None:
        return None
    said = [c for c in mapping.columns if c.means == "value"]
    ending = name.lower().rpartition(".")[2] in {"csv", "tsv", "tab"}
    head = mapping.delimiter.join(c.name for c in mapping.columns)[:80]
    if not said:
        return Guess(12, "HEADER", {"header": head}) if mapping.header and ending else None
    score = 32 + 18 * mapping.header + 10 * ending + int(15 * max(c.sure for c in said))
    if mapping.delimiter == " ":
        score -= 20
    if mapping.header:
        return Guess(score, "HEADER", {"header": head})
    numbers = [row for row in rows(lines([sample[:SAMPLE]]), mapping.delimiter,
                                   comment=mapping.comment) if row.cells]  # fmt: skip
    fit = sum(len(row.cells or ()) == len(mapping.columns) for row in numbers)
    return Guess(score, "LINES", {"matched": fit, "of": len(numbers)})


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """One indicator for each row; a row without a value is `Bad`."""
    mapping, chunks = options.mapping, iter(chunks)
    if mapping is None:
        first = b""
        while len(first) < SAMPLE and (more := next(chunks, None)) is not None:
            first += more
        mapping = mapping_of(first)
        chunks = chain((first,), chunks)
        if mapping is None:
            if first.strip():
                yield Bad("byte 0", NO_TABLE, first[:200])
            return
    fallback = mapping.encoding if not mapping.encoding.startswith("utf") else ""
    read_lines = lines(chunks, fallback=fallback)
    skip = mapping.skip
    table = rows(read_lines, mapping.delimiter, quote=mapping.quote, comment=mapping.comment,
                 skip=skip)  # fmt: skip
    yield from items(table, mapping, options)


def items(
    table: Iterable[Row], mapping: Mapping, options: Options, *, place: str = "line"
) -> Iterator[Item | Bad]:
    """The rows of a table as items; also for the tables of pages and workbooks.

    `place` is the word before a row's number in its position.
    """
    reader = _Reader(mapping, options)
    waiting = mapping.header
    for row in table:
        at = f"{place} {row.number}"
        if row.cells is None:
            yield Bad(at, row.problem, row.raw.encode()[:4096])
        elif waiting:
            waiting = False
        elif any(row.cells):
            yield reader.item(at, row.cells)


class _Reader:
    """A mapping, ready to be applied to many rows."""

    def __init__(self, mapping: Mapping, options: Options) -> None:
        self.mapping, self.options = mapping, options
        self.names = {c.index: c.name or f"column {c.index + 1}" for c in mapping.columns}
        by: dict[str, list[Column]] = {}
        for column in mapping.columns:
            by.setdefault(column.means, []).append(column)
        self.values = by.get("value", [])
        self.times = by.get("time", [])
        self.titles, self.tags = by.get("title", []), by.get("tag", [])
        self.tlps = by.get("tlp", [])
        self.left_out = {c.index for c in by.get("ignore", [])}

    def item(self, at: str, cells: Sequence[str]) -> Item | Bad:
        found: dict[object, Value] = {}
        strange: list[str] = []
        for column in self.values:
            cell = cells[column.index] if column.index < len(cells) else ""
            read_values = values(cell, column.type, region=self.options.region)
            if not read_values and cell.lower() not in EMPTY:
                strange.append(f"{self.names[column.index]}: {cell[:80]!r}")
            role = ValueRole(column.role)
            for each in read_values:
                found.setdefault(each, Value(each, role))
        if not found:
            return Bad(
                at,
                self._why(strange, len(cells)),
                self.mapping.delimiter.join(cells).encode()[:4096],
            )
        when, believed = self._when(cells)
        tags = self._tags(cells)
        return Item(
            kind=ItemKind(self.mapping.rows),
            position=at,
            payload=self._payload(cells),
            values=tuple(found.values()),
            at=when if believed else None,
            title=self._title(cells),
            tags=tags if believed else (*tags, CLOCK),
            tlp=self._tlp(cells),
        )

    def _why(self, strange: list[str], count: int) -> str:
        columns = len(self.mapping.columns)
        if not self.values:
            return "No column of the table is said to hold values."
        if strange and count != columns:
            return (
                f"The row has {count} cells, the table {columns} columns. {strange[0]} is no value."
            )
        if strange:
            return f"No value could be read. {'; '.join(strange[:3])}"
        named = ", ".join(self.names[c.index] for c in self.values[:3])
        return f"The row has no value: {named} is empty."

    def _payload(self, cells: Sequence[str]) -> dict[str, str]:
        payload: dict[str, str] = {}
        for index, cell in enumerate(cells):
            if cell and index not in self.left_out:
                name = self.names.get(index) or f"column {index + 1}"
                payload[name if name not in payload else f"{name} ({index + 1})"] = cell
        return payload

    def _cells(self, columns: list[Column], cells: Sequence[str]) -> Iterator[tuple[Column, str]]:
        for column in columns:
            if column.index < len(cells) and cells[column.index].lower() not in EMPTY:
                yield column, cells[column.index]

    def _when(self, cells: Sequence[str]) -> tuple[datetime | None, bool]:
        """The latest time of the row, and whether its clock can be believed."""
        latest: datetime | None = None
        for column, cell in self._cells(self.times, cells):
            zone = self.options.zone
            at = read(cell, column.form, zone) or any_form(cell, zone)
            if at is not None and (latest is None or at > latest):
                latest = at
        return latest, latest is None or believable(latest, self.options.received_at)

    def _title(self, cells: Sequence[str]) -> str:
        words = dict.fromkeys(cell for _, cell in self._cells(self.titles, cells))
        return " · ".join(words)[:MOST_TITLE]

    def _tags(self, cells: Sequence[str]) -> tuple[str, ...]:
        words: dict[str, None] = {}
        for _, cell in self._cells(self.tags, cells):
            for word in cell.strip("[]").replace(";", ",").replace("|", ",").split(","):
                if bare := word.strip().strip("\"'"):
                    words[bare[:100]] = None
        return tuple(words)[:MOST_TAGS]

    def _tlp(self, cells: Sequence[str]) -> Tlp | None:
        marked = [parse_tlp(cell) for _, cell in self._cells(self.tlps, cells)]
        return max(marked, default=None)


FORMAT = Format(name="table", sniff=sniff, decode=decode, media_type="text/csv")
