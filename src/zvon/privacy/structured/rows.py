"""Tables (CSV, RFC 4180) through the gate: the name of a column says what its cells hold."""

import csv
import io
import re
from typing import Any

from zvon.privacy.engine import Outcome, Part
from zvon.privacy.pseudonym import Domain
from zvon.privacy.structured.alert import AlertItem
from zvon.privacy.structured.rule import table
from zvon.privacy.structured.walk import BadStructure

MAX_ROWS = 100_000
MAX_COLUMNS = 500


class RowsItem:
    """A table on its way through the gate. Raises `BadStructure` when it is none."""

    def __init__(self, text: str) -> None:
        try:
            dialect: Any = csv.Sniffer().sniff(text[:8192], delimiters=",;\t|")
        except csv.Error:
            dialect = csv.excel
        self._delimiter = dialect.delimiter
        try:
            rows = list(csv.reader(io.StringIO(text), delimiter=self._delimiter, strict=True))
        except csv.Error as problem:
            raise BadStructure(f"no table: {problem}") from None
        if len(rows) > MAX_ROWS or any(len(row) > MAX_COLUMNS for row in rows):
            raise BadStructure(f"a table has at most {MAX_ROWS} rows and {MAX_COLUMNS} columns")
        self._header, self._rows = (rows[0], rows[1:]) if rows else ([], [])
        self._columns = [_key(name) or f"column {i}" for i, name in enumerate(self._header)]
        cells = [{self._column(i): cell for i, cell in enumerate(row)} for row in self._rows]
        known = table("alert").names
        self._strange = [name for name in self._header if _key(name) not in known]
        self._item = AlertItem([{"columns": self._strange}, *cells], "alert")

    def _column(self, i: int) -> str:
        """The key of a cell; equal names of columns stay apart."""
        if i >= len(self._columns):
            return f"column {i}"
        name = self._columns[i]
        return name if name not in self._columns[:i] else f"column {i}"

    @property
    def parts(self) -> list[Part]:
        """The texts for the gate."""
        return self._item.parts

    @property
    def dropped(self) -> list[str]:
        """Columns that do not leave."""
        return self._item.dropped

    @property
    def markings(self) -> list[str]:
        """None: what is marked says so in its texts."""
        return []

    def build(self, outcome: Outcome, keys: Domain) -> str:
        """The table as it may leave, with the columns in their order."""
        head, *rows = self._item.build(outcome, keys)
        out = io.StringIO()
        writer = csv.writer(out, delimiter=self._delimiter, lineterminator="\n")
        gated = iter(head["columns"])
        known = table("alert").names
        writer.writerow([n if _key(n) in known else next(gated) for n in self._header])
        for row, before in zip(rows, self._rows, strict=True):
            values = list(row.values())
            # A column that does not leave is empty, so that the others keep their place.
            writer.writerow(values if len(values) == len(before) else self._placed(row, before))
        return out.getvalue()

    def _placed(self, row: dict[str, str], before: list[str]) -> list[str]:
        return [row.get(self._column(i), "") for i in range(len(before))]


def _key(name: str) -> str:
    """`Source IP` is `source_ip`."""
    return re.sub(r"[^a-z0-9@.]+", "_", name.strip().lower()).strip("_")
