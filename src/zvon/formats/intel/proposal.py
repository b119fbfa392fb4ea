"""How a table is read, proposed from its beginning; a person confirms or corrects it."""

import re
from collections.abc import Sequence
from typing import Literal

from zvon.formats.intel.cell import EMPTY, value_of
from zvon.formats.intel.column import meaning_of, propose, sites_of, weighed
from zvon.formats.intel.dialect import Row, comment_of, dialect_of, is_comment, rows
from zvon.formats.intel.moment import form_of
from zvon.formats.lines import Line, charset_of, fallback_of, lines
from zvon.model.mapping import Column, Mapping

SAMPLE = 65_536
LOOKED_AT = 100  # rows
MOST_LINES = 2_000
FEW_ROWS = 20  # too few to say whether their values repeat
REPEATING = 0.5  # share of distinct values up to which rows are things that happened

_NOISE = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_STRUCTURED = (b"{", b"<", b"[{", b"%PDF")


def mapping_of(sample: bytes) -> Mapping | None:
    """The mapping of the table that begins like `sample`; `None` when it begins no table.

    Each column has its meaning, how sure that is, and why.
    """
    sample = sample[:SAMPLE]
    charset = charset_of(sample)
    if charset in {"utf-8", "cp1250", "iso-8859-2"} and len(_NOISE.findall(sample)) > 2:
        return None
    if sample.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_STRUCTURED):
        return None
    read = list(lines([sample]))
    if len(sample) == SAMPLE:
        read = read[:-1]  # most likely cut
    read = read[:MOST_LINES]
    texts = [line.text for line in read if line.text and line.text.strip()]
    comment = comment_of(texts)
    data = [text for text in texts if not is_comment(text, comment)]
    if not data:
        return None
    dialect = dialect_of(data[:LOOKED_AT])
    if dialect is None:
        return None
    table = [
        row for row in rows(read, dialect.delimiter, comment=comment) if row.cells is not None
    ][: LOOKED_AT + 1]
    skip, table = _preamble(read, table, dialect.columns)
    head = head_of(table)
    body = table[1:] if head else table
    names = head or _remarked(read, comment, dialect.delimiter, dialect.columns)
    remarks = "\n".join(text for text in texts[:200] if is_comment(text, comment))
    columns = _columns(names or [], body, dialect.columns, sites_of(remarks))
    return Mapping(
        delimiter=dialect.delimiter,
        comment=comment,
        header=head is not None,
        skip=skip,
        encoding=charset if charset.startswith("utf") else fallback_of(sample),
        columns=columns,
        rows=_rows(columns, body),
    )


def _rows(columns: Sequence[Column], body: Sequence[Row]) -> Literal["indicator", "alert", "log"]:
    """What a row is: where the same values come again and again at other times, they happened."""
    by = {
        means: [c.index for c in columns if c.means == means]
        for means in ("value", "time", "title")
    }
    seen = [
        tuple(row.cells[i] for i in by["value"] if i < len(row.cells))
        for row in body if row.cells
    ]  # fmt: skip
    if not by["time"] or len(seen) < FEW_ROWS or len(set(seen)) > REPEATING * len(seen):
        return "indicator"
    return "alert" if by["title"] else "log"


def _columns(
    names: Sequence[str], body: Sequence[Row], width: int, own: frozenset[str]
) -> tuple[Column, ...]:
    found = []
    for index in range(max(len(names), width)):
        cells = [row.cells[index] for row in body if row.cells and index < len(row.cells)]
        name = names[index] if index < len(names) else ""
        found.append(propose(index, name, cells, own=own))
    return weighed(found)


def _preamble(read: Sequence[Line], table: list[Row], columns: int) -> tuple[int, list[Row]]:
    """How many lines stand before the table, and the table without them."""
    for at, row in enumerate(table[:20]):
        if row.cells and len(row.cells) > 1 and abs(len(row.cells) - columns) <= 1:
            return (row.number - read[0].number if at else 0), table[at:]
    return 0, table


def head_of(table: Sequence[Row]) -> list[str] | None:
    """The first row, when it names the columns and is not one of the others."""
    if not table or not table[0].cells:
        return None
    cells = table[0].cells
    named = [cell for cell in cells if cell]
    if not named or any(len(cell) > 100 for cell in named):
        return None
    words = sum(meaning_of(cell) is not None for cell in named)
    speaking = sum(
        value_of(cell) is not None or cell.lower() in EMPTY or form_of([cell])[0] is not None
        for cell in named
    )
    if speaking:
        return None
    return cells if words * 2 >= len(named) or (words and len(table) > 1) else None


def _remarked(read: Sequence[Line], comment: str, delimiter: str, columns: int) -> list[str] | None:
    """The names of the columns where a remark above the rows holds them: `# ip, asn, country`."""
    best: tuple[int, list[str]] | None = None
    for line in read[:300]:
        text = line.text or ""
        if text.strip() and not is_comment(text, comment):
            break
        bare = text.strip().lstrip(comment + " \t")
        bare = re.sub(r"(?i)^(?:format|columns|fields|stolpci|stupci)\s*:\s*", "", bare)
        cells = [cell.strip().strip('"') for cell in (
            bare.split() if delimiter == " " else bare.split(delimiter))]  # fmt: skip
        if not len(cells) >= 2 or abs(len(cells) - columns) > 1 or max(map(len, cells)) > 40:
            continue
        words = sum(meaning_of(cell) is not None for cell in cells if cell)
        if words * 2 >= len(cells) and (best is None or words >= best[0]):
            best = (words, cells)
    return best[1] if best else None
