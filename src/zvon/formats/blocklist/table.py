"""Comma-separated values with a line of column names (RFC 4180)."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from zvon.formats.blocklist.entry import About, Entry
from zvon.formats.blocklist.stream import pieces

COLUMNS = ("kind", "value", "scope", "action", "category", "added_at", "expires_at", "reference",
           "reason")  # fmt: skip
# A spreadsheet takes a cell with one of these first for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def encode(entries: Iterable[Entry], _about: About) -> Iterator[bytes]:
    """All that is known of each entry."""
    yield (",".join(COLUMNS) + "\r\n").encode()
    yield from pieces(map(_row, entries), "\r\n")


def difference(added: Iterable[Entry], removed: Iterable[str], _about: About) -> Iterator[bytes]:
    """The same columns behind `op`, which is `add` or `remove`; of the removed only the value."""
    yield ("op," + ",".join(COLUMNS) + "\r\n").encode()
    yield from pieces((f"remove,,{cell(value)},,,,,,," for value in removed), "\r\n")
    yield from pieces(("add," + _row(entry) for entry in added), "\r\n")


def cell(text: str) -> str:
    """One field: quoted where it must be, and never a formula."""
    if text.startswith(_FORMULA):
        text = "'" + text
    if any(c in text for c in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def instant(at: datetime | None) -> str:
    """A time in UTC to the second, or nothing."""
    return "" if at is None else at.astimezone(UTC).isoformat()[:19] + "Z"


def _row(entry: Entry) -> str:
    return (
        f"{entry.kind.value},{cell(entry.value)},{entry.scope.value},{entry.action},"
        f"{entry.category},{instant(entry.added_at)},{instant(entry.expires_at)},"
        f"{entry.reference},{entry.reason}"
    )
