"""Lists of names: one a line, tables, zone files and what changed in them.

A list is read as a stream and may be of any length. What is no name is given back with its place,
and the rest goes on. An ill-formed `xn--` label stays as it was written, because that is a sign.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlsplit

from msgspec import Struct

from zvon.model.name import MAX_NAME, BadName, canonical

MAX_LINE = 16_384
SHOWN = 200  # of a bad line

_PLAIN = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?=[a-z0-9-]*[a-z])[a-z0-9-]{1,63}"
)
_HOSTS_LINE = re.compile(r"(?:0\.0\.0\.0|127\.0\.0\.1|::1?)\s+(\S+)")
_SCHEME = re.compile(r"(?i)(?:h[tx]{2}ps?|ftp)://")
_COLUMNS = ("domain", "name", "host", "hostname", "fqdn", "url", "domainaddress", "domain_name")


class Line(Struct, frozen=True):
    """One name, where it stood (from 1), and the address when the list gave a whole one."""

    position: int
    name: str
    url: str = ""


class BadLine(Struct, frozen=True):
    """What could not be read: its place, why, and its beginning."""

    position: int
    reason: str
    text: str


def lines(chunks: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    """The lines of a stream with their numbers; broken UTF-8 is replaced, what is too long is cut.

    A line is never kept longer than `MAX_LINE` characters, however long it is.
    """
    number, rest, cut = 0, b"", False
    for chunk in chunks:
        pieces = (rest + chunk).split(b"\n")
        rest = pieces.pop()
        for piece in pieces:
            number += 1
            if not cut:
                yield number, piece[:MAX_LINE].decode("utf-8", "replace").rstrip("\r")
            cut = False
        if len(rest) > MAX_LINE:
            if not cut:
                yield number + 1, rest[:MAX_LINE].decode("utf-8", "replace")
            rest, cut = b"", True
    if rest and not cut:
        yield number + 1, rest.decode("utf-8", "replace").rstrip("\r")


def host_of(text: str) -> str:
    """The name in `text`, which may be a whole address. Raises `BadName`."""
    name = text.strip().replace("[.]", ".")
    if match := _SCHEME.match(name):
        try:
            name = urlsplit("http://" + name[match.end() :]).hostname or ""
        except ValueError:
            raise BadName("this is no address") from None
    name = name.removeprefix("*.").rstrip(".").lower()
    if len(name) <= MAX_NAME and _PLAIN.fullmatch(name):
        return name
    made = canonical(name)
    if "." not in made:
        raise BadName("a single label is no name that somebody registered")
    return made


def bad_line(position: int, reason: str, text: str) -> BadLine:
    """A line that could not be read; what does not print is replaced, so that it can be shown."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:SHOWN])
    return BadLine(position, reason, shown)


def take(position: int, text: str) -> Line | BadLine:
    """`text` as a line of a list."""
    value = text.strip()
    try:
        name = host_of(value)
    except BadName as problem:
        return bad_line(position, str(problem), text)
    return Line(position, name, value if "://" in value else "")


def decode_text(chunks: Iterable[bytes]) -> Iterator[Line | BadLine]:
    """One name or address a line; `#` begins a remark, lines of a hosts file are read too."""
    for number, text in lines(chunks):
        value = text.strip()
        if not value or value[0] in "#!;":
            continue
        if match := _HOSTS_LINE.match(value):
            if match[1] != "localhost":
                yield take(number, match[1])
            continue
        yield take(number, value.split(" #", 1)[0].split("\t", 1)[0])


def decode_csv(chunks: Iterable[bytes]) -> Iterator[Line | BadLine]:
    """A table: the column that its first row calls `domain`, `name`, `host`, `url`, …

    Without such a row, the first cell of each row that is a name.
    """
    yield from table((number, text) for number, text in lines(chunks) if text[:1] != "#")


def table(numbered: Iterable[tuple[int, str]]) -> Iterator[Line | BadLine]:
    """The rows of a table, given as numbered lines."""
    column: int | None = None
    first = True
    for number, row in _rows(numbered):
        if isinstance(row, BadLine):
            yield row
            continue
        if not any(cell.strip() for cell in row):
            continue
        if first:
            first = False
            heads = [cell.strip().lower().replace(" ", "_") for cell in row]
            column = next((heads.index(c) for c in _COLUMNS if c in heads), None)
            if column is not None:
                continue
        if column is not None:
            cell = row[column] if column < len(row) else ""
            yield take(number, cell)
        else:
            found = [take(number, cell) for cell in row]
            yield next((f for f in found if isinstance(f, Line)), found[0])


def decode_zone(chunks: Iterable[bytes]) -> Iterator[Line | BadLine]:
    """The names of a zone file (RFC 1035 section 5), each once where its records stand together."""
    zone = _Zone()
    for number, text in lines(chunks):
        yield from zone.line(number, text)


def decode_diff(chunks: Iterable[bytes]) -> Iterator[Line | BadLine]:
    """What came new into a zone: lines that begin with `+`, `>` or `add`; all others are skipped."""
    zone = _Zone()
    for number, text in lines(chunks):
        if text.startswith("$"):
            yield from zone.line(number, text)
            continue
        new = _ADDED.match(text)
        if new is None:
            continue
        yield from zone.line(number, text[new.end() :])


_ADDED = re.compile(r"\+(?!\+\+)\s*|>\s*|(?i:add)\s+")


class _Zone:
    """The state of a zone file between lines: origin, brackets, and the owner before."""

    def __init__(self) -> None:
        self.origin = ""
        self.open = 0
        self.last = ""

    def line(self, number: int, text: str) -> Iterator[Line | BadLine]:
        inside = self.open > 0
        text = text.split(";", 1)[0]
        self.open = max(0, self.open + text.count("(") - text.count(")"))
        if inside or not text.strip():
            return
        words = text.split()
        if words[0].upper() == "$ORIGIN" and len(words) > 1:
            self.origin = words[1].strip(".").lower()
            return
        if text[0] in " \t$" or words[0] == "@":
            return
        owner = words[0].lower()
        if not owner.endswith(".") and self.origin:
            owner = f"{owner}.{self.origin}"
        owner = owner.rstrip(".")
        if owner in {self.last, self.origin}:
            return
        self.last = owner
        yield take(number, owner)


def _rows(numbered: Iterable[tuple[int, str]]) -> Iterator[tuple[int, list[str] | BadLine]]:
    """The rows of a table; one that is no row comes as a `BadLine`."""
    for number, text in numbered:
        try:
            row = next(csv.reader([text], strict=True), [])
        except csv.Error as problem:
            yield number, bad_line(number, f"no row of a table: {problem}", text)
            continue
        yield number, row


FORMATS: dict[str, Callable[[Iterable[bytes]], Iterator[Line | BadLine]]] = {
    "text": decode_text,
    "csv": decode_csv,
    "zone": decode_zone,
    "diff": decode_diff,
}
