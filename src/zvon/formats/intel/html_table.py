"""Lists that stand as a table in a page: each row an indicator, read like any other table.

A page with prose around a small table is a document; this reads pages that are mainly a table.
"""

import re
from collections.abc import Iterable, Iterator

from msgspec import structs
from selectolax.lexbor import LexborHTMLParser

from zvon.formats.charset import text_of
from zvon.formats.html import MAX_DEPTH, depth
from zvon.formats.intel.column import propose, weighed
from zvon.formats.intel.dialect import Row
from zvon.formats.intel.proposal import head_of
from zvon.formats.intel.table import items
from zvon.formats.plain import plain
from zvon.model.item import Bad, Format, Guess, Item, Options
from zvon.model.mapping import Mapping

MAX_BYTES = 50 * 1024 * 1024
MAX_ROWS = 200_000
LEAST_ROWS = 2
LOOKED_AT = 100

_TABLE = re.compile(rb"(?i)<table\b")
_ROW = re.compile(rb"(?i)<tr\b")
_PARAGRAPH = re.compile(rb"(?i)<p\b")
_SPACE = re.compile(r"\s+")


def sniff(sample: bytes, name: str) -> Guess | None:
    """A page with a table whose rows hold values, and more rows than paragraphs."""
    if not _TABLE.search(sample) or sample.lstrip()[:1] != b"<":
        return None
    rows, prose = len(_ROW.findall(sample)), len(_PARAGRAPH.findall(sample))
    if rows < LEAST_ROWS or prose > rows:
        return None
    best = _best(text_of(sample)[0])
    if best is None:
        return None
    mapping, table = best
    head = " | ".join(c.name for c in mapping.columns if c.name)[:80]
    if mapping.header:
        return Guess(86, "HEADER", {"header": head})
    return Guess(82, "LINES", {"matched": len(table), "of": rows})


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """One indicator for each row of the table that holds most values."""
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_BYTES:
            yield Bad("byte 0", f"A page has at most {MAX_BYTES >> 20} MB.", bytes(body[:200]))
            return
    best = _best(text_of(bytes(body))[0])
    if best is None:
        if body.strip():
            yield Bad("byte 0", "No table in the page holds values.", bytes(body[:200]))
        return
    mapping, table = best
    read = structs.replace(mapping, **_confirmed(options.mapping))
    yield from items(table, read, options, place="row")


def _confirmed(mapping: Mapping | None) -> dict[str, object]:
    return {} if mapping is None else {"columns": mapping.columns, "header": mapping.header}


def _best(html: str) -> tuple[Mapping, list[Row]] | None:
    """The table with most rows that hold a value, and what its columns mean."""
    if depth(html) > MAX_DEPTH:
        return None
    best: tuple[int, Mapping, list[Row]] | None = None
    for table in LexborHTMLParser(html).css("table")[:200]:
        if len(table.css("table")) > 1:
            continue  # it only lays out the page; those inside it may be lists
        rows: list[Row] = []
        for number, row in enumerate(table.css("tr")[:MAX_ROWS], 1):
            cells = [_text(cell.text(separator=" ")) for cell in row.css("td, th")]
            if any(cells):
                rows.append(Row(number, cells))
        if len(rows) < LEAST_ROWS:
            continue
        mapping = _mapping(rows)
        if any(c.means == "value" for c in mapping.columns) and (
            best is None or len(rows) > best[0]
        ):
            best = (len(rows), mapping, rows)
    return None if best is None else best[1:]


def _mapping(rows: list[Row]) -> Mapping:
    head = head_of(rows)
    body = rows[1 : LOOKED_AT + 1] if head else rows[:LOOKED_AT]
    width = max(len(row.cells or ()) for row in rows[: LOOKED_AT + 1])
    columns = [
        propose(index, head[index] if head and index < len(head) else "",
                [row.cells[index] for row in body if row.cells and index < len(row.cells)])
        for index in range(width)
    ]  # fmt: skip
    return Mapping(delimiter="|", quote="", comment="", header=head is not None,
                   columns=weighed(columns))  # fmt: skip


def _text(cell: str) -> str:
    return _SPACE.sub(" ", plain(cell)[0]).strip()


FORMAT = Format(name="html-table", sniff=sniff, decode=decode, media_type="text/html")
