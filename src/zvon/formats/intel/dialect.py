"""Rows of a table: by which sign its cells are told apart, and the cells of each line (RFC 4180).

A quoted cell may run over lines, but not without end: a quote that nobody closes costs one row.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from zvon.formats.lines import Line

MOST_LINES = 200  # that one row runs over
MOST_ROW = 1 << 18  # characters
MOST_COLUMNS = 500

DELIMITERS = ("\t", "|", ";", ",", " ")
COMMENTS = ("#", ";", "//")


class Row(Struct, frozen=True, gc=False):
    """The cells of a row and the line that it begins at. Without `cells` it could not be read:
    `problem` says why, and `raw` is its beginning.
    """

    number: int
    cells: list[str] | None
    problem: str = ""
    raw: str = ""


class Dialect(Struct, frozen=True):
    """`share` is that of the rows looked at that have the usual number of `columns`."""

    delimiter: str
    columns: int
    share: float


def is_comment(text: str, sign: str) -> bool:
    """True for a line that says something to people."""
    return bool(sign) and text.lstrip().startswith(sign)


def cells_of(text: str, delimiter: str, quote: str = '"') -> list[str] | None:
    """The cells of a whole row; `None` when it is not one row by the rules of quoting."""
    if delimiter == " ":
        return text.split()
    if not quote or quote not in text:
        return text.split(delimiter)
    try:
        read = list(
            csv.reader(
                text.splitlines(keepends=True), delimiter=delimiter, quotechar=quote,
                skipinitialspace=True, strict=True,
            )
        )  # fmt: skip
    except csv.Error:
        return None
    return read[0] if len(read) == 1 else None


def _loose(text: str, delimiter: str, quote: str) -> list[str]:
    """A line whose quotes are not where they should be: read as most programs do."""
    try:
        return next(csv.reader([text], delimiter=delimiter, quotechar=quote), [])
    except csv.Error:
        return text.split(delimiter)


def rows(lines: Iterable[Line], delimiter: str, *, quote: str = '"', comment: str = "#",
         skip: int = 0) -> Iterator[Row]:  # fmt: skip
    """The rows of a table, without its remarks and empty lines.

    A quoted cell that is still open after `MOST_LINES` lines makes one row that could not be read;
    reading goes on at the line after its first.
    """
    opens = re.compile(rf"(?:^|{re.escape(delimiter)})\s*{re.escape(quote)}") if quote else None
    stream, again = iter(lines), list[Line]()
    held, size, is_open = list[Line](), 0, False
    while True:
        line = again.pop() if again else next(stream, None)
        if line is None:
            if not held:
                return
            yield _unclosed(held[0])
            again += reversed(held[1:])
            held, size, is_open = [], 0, False
            continue
        if skip:
            skip -= 1
            continue
        text = line.text
        if text is None:
            shown = line.raw.decode("utf-8", "replace")
            yield Row(line.number, None, "The line is longer than a row may be.", shown)
            continue
        if not held and (not text.strip() or is_comment(text, comment)):
            continue
        held.append(line)
        size += len(text)
        if quote and delimiter != " " and text.count(quote) % 2 and (
            is_open or (opens is not None and opens.search(text))
        ):  # fmt: skip
            is_open = not is_open
        if is_open and len(held) < MOST_LINES and size < MOST_ROW:
            continue
        first, rest = held[0], held[1:]
        cells = None
        if not is_open:
            cells = cells_of("\n".join(each.text or "" for each in held), delimiter, quote)
            if cells is None:
                cells = _loose(first.text or "", delimiter, quote)
                again += reversed(rest)
        held, size = [], 0
        if is_open:
            is_open = False
            yield _unclosed(first)
            again += reversed(rest)
        elif cells is not None and len(cells) <= MOST_COLUMNS:
            yield Row(first.number, [cell.strip() for cell in cells])
        else:
            yield Row(first.number, None, f"A row has at most {MOST_COLUMNS} cells.", text[:200])


def _unclosed(line: Line) -> Row:
    return Row(line.number, None, "A quoted cell is never closed.", (line.text or "")[:200])


def comment_of(lines: Sequence[str]) -> str:
    """The sign that begins remarks in these lines, or nothing."""
    heads = Counter(sign for line in lines for sign in COMMENTS if is_comment(line, sign))
    if not heads:
        return "#"
    sign, times = heads.most_common(1)[0]
    # A semicolon in front of every row is an empty first cell, not a remark.
    return sign if sign != ";" or times < len(lines) or times == 1 else "#"


def dialect_of(lines: Sequence[str]) -> Dialect | None:
    """The sign between cells that gives the same number of them in nearly every line; lines are
    without remarks. `None` when there is one column.
    """
    best: tuple[float, Dialect] | None = None
    for delimiter in DELIMITERS:
        numbered = [Line(number, text) for number, text in enumerate(lines, 1)]
        counts = Counter(
            len(row.cells) for row in rows(numbered, delimiter, comment="") if row.cells
        )
        if not counts:
            continue
        columns, times = max(counts.items(), key=lambda pair: (pair[1], pair[0]))
        share = times / sum(counts.values())
        if columns < 2 or (delimiter == " " and (share < 0.9 or columns > 12)):
            continue
        # Blanks tell cells apart only where nothing better does, more columns mean less chance.
        weight = share * (1 - 0.5 / columns) - (0.3 if delimiter == " " else 0)
        if best is None or weight > best[0]:
            best = (weight, Dialect(delimiter, columns, share))
    return best[1] if best and best[1].share >= 0.5 else None
