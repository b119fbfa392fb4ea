"""Columns of tables in a text: a value stands under the word that its column is called."""

import re
from bisect import bisect_right

_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")
MAX_LINE = 2_000
MAX_HEAD = 40


class Columns:
    """The heads of the columns of every table, looked up by offset."""

    __slots__ = ("_rows", "_starts")

    def __init__(self, rows: list[tuple[int, list[int], list[str]]]) -> None:
        self._rows = rows
        self._starts = [row[0] for row in rows]

    def over(self, at: int) -> str:
        """The head of the column in which offset `at` stands, empty when there is none."""
        i = bisect_right(self._starts, at) - 1
        if i < 0:
            return ""
        _, cells, heads = self._rows[i]
        column = bisect_right(cells, at) - 1
        return heads[column] if cells and at < cells[-1] and column < len(heads) else ""


def columns(text: str) -> Columns:
    """Read the tables of `text`: a line of words, then lines with as many separators of its kind.

    A separator is a semicolon, comma, bar or tab; the line of heads has no digits.
    """
    rows: list[tuple[int, list[int], list[str]]] = []
    heads: list[str] = []
    mark, count, start = "", 0, 0
    for line in text.splitlines(keepends=True):
        if len(line) <= MAX_LINE:
            if heads and line.count(mark) == count:
                cells = [start]
                cells += [start + i + 1 for i, c in enumerate(line) if c == mark]
                cells.append(start + len(line))
                rows.append((start, cells, heads))
            else:
                heads, mark, count = _heads(line)
        else:
            heads = []
        start += len(line)
    return Columns(rows)


def _heads(line: str) -> tuple[list[str], str, int]:
    """The cells of a line that can be the head of a table, its separator and how many there are."""
    for mark in ";|\t,":
        count = line.count(mark)
        if count >= 2 or (count == 1 and mark in ";\t|"):
            cells = [
                " ".join(re.findall(r"[^\W_]+", cell)) for cell in line.strip("\n").split(mark)
            ]
            short = all(len(cell) <= MAX_HEAD for cell in cells)
            if short and not _DIGIT.search(line) and any(map(_LETTER.search, cells)):
                return cells, mark, count
            return [], "", 0
    return [], "", 0
