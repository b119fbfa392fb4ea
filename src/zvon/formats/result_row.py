"""Rows of a result as lines: comma-separated values that no spreadsheet computes, or JSON."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from zvon.formats.blocklist.table import cell, instant


def csv_line(values: Sequence[Any]) -> bytes:
    """One line (RFC 4180); several values in a cell stand behind each other with `; `."""
    return (",".join(_text(value) for value in values) + "\r\n").encode()


def csv_head(columns: Iterable[str]) -> bytes:
    """The names of the columns."""
    return (",".join(columns) + "\r\n").encode()


def json_line(row: Any) -> bytes:
    """One row as JSON on a line of its own."""
    return msgspec.json.encode(row) + b"\n"


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return instant(value)
        case int():
            return str(value)
        case tuple() | list():
            return cell("; ".join(str(each) for each in value))
        case _:
            return cell(str(value))
