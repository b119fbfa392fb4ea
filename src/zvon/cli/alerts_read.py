"""Files of alerts for `zvon alerts`: table, EVE of Suricata, events of Wazuh; packed or not."""

import codecs
import csv
import math
import sys
from array import array
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from msgspec import Struct

from zvon.formats.clock import instant
from zvon.formats.inflate import Bounds, Inflated
from zvon.formats.json_objects import HEAD, MAX_LINE, objects
from zvon.formats.json_stream import Piece
from zvon.formats.json_value import BadJson, value_of
from zvon.formats.line_stream import blocks, lines
from zvon.formats.log import eve, wazuh
from zvon.formats.packing import packing
from zvon.ml.correlate.alert import Alert
from zvon.ml.correlate.reading import alert_of, title_of
from zvon.ml.correlate.words import severity_of
from zvon.model.item import Bad, Item, Options, ValueRole

STEP = 1 << 18
# Alerts of a storm pack a thousand to one; they are read as a stream, so what counts is the end.
BOUNDS = Bounds(most=256 * 1024**3, ratio=20_000, floor=1024**3)
EXAMPLES = 20  # of bad records that are said one by one
LATEST = 1e10  # seconds since 1970; larger numbers count thousandths or less
NEEDED = "time, host, and short or name"


class Kind(Struct, frozen=True):
    """Everything of an alert but its time; most alerts share it with thousands."""

    signature: str
    host: str
    actor: str
    severity: int
    observables: tuple[tuple[str, str], ...]

    def at(self, time: float) -> Alert:
        """The alert at a time."""
        return Alert(time, self.signature, self.host, self.actor, self.severity, self.observables)


class Records:
    """What was read: for each record of each file its time and kind; -1 is no alert.

    Holds 12 bytes for each record, and each kind once.
    """

    def __init__(self, received_at: datetime | None = None) -> None:
        self.files: list[tuple[str, int]] = []
        self.times = array("d")
        self.kinds = array("i")
        self.known: list[Kind] = []
        self.titles: dict[str, str] = {}
        self.bad = 0
        self.others = 0
        self._ids: dict[Kind, int] = {}
        self._rows: dict[tuple[str, str, str], int] = {}
        self._options = Options(received_at=received_at or datetime.now(UTC))

    @property
    def alerts(self) -> int:
        """Records that are alerts."""
        return len(self.kinds) - self.bad - self.others

    def read(self, path: Path) -> None:
        """Read a file. Raises `ValueError` when it holds nothing that can be read, `OSError`."""
        before, bad = len(self.kinds), self.bad
        with path.open("rb") as file:
            pieces = iter(lambda: file.read(STEP), b"")
            head = next(pieces, b"")
            packed = packing(head)
            whole: Iterable[bytes] = chain((head,), pieces)
            stream: Inflated | None = None
            if packed is not None:
                if packed.holds_files:
                    raise ValueError(f"{path}: an archive of files; unpack it first")
                whole = stream = Inflated(whole, packed, BOUNDS)
            self._read(str(path), iter(whole))
        if stream is not None and stream.problem:
            self._say(str(path), "end", f"the rest is not read: {stream.problem}")
        read = len(self.kinds) - before
        if read and read == self.bad - bad:
            raise ValueError(f"{path}: no record of it can be read")
        self.files.append((str(path), read))

    def _read(self, name: str, chunks: Iterator[bytes]) -> None:
        first = b""
        for chunk in chunks:
            first += chunk
            if first.lstrip(b"\xef\xbb\xbf \t\r\n"):
                break
        start = first.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if not start:
            return
        if start in {b"{", b"["}:
            self._json(name, chain((first,), chunks))
        else:
            self._table(name, chain((first,), chunks))

    def _table(self, name: str, chunks: Iterable[bytes]) -> None:
        """Rows of a table with names of columns."""
        place = [0]
        rows = csv.reader(_texts(chunks, place))
        try:
            head = [each.strip().casefold() for each in next(rows, [])]
        except csv.Error as problem:
            raise ValueError(f"{name}: {problem}") from None
        columns = {
            each: head.index(each)
            for each in ("time", "name", "ip", "host", "short")
            if each in head
        }
        if not {"time", "host"} <= columns.keys() or not {"short", "name"} & columns.keys():
            raise ValueError(f"{name}: neither JSON nor a table with the columns {NEEDED}")
        time, host = columns["time"], columns["host"]
        title = columns.get("name", columns.get("short", 0))
        short, address = columns.get("short", title), columns.get("ip", host)
        most = max(time, host, title, short, address)
        while True:
            try:
                row = next(rows, None)
            except csv.Error as problem:
                self._wrong(name, f"line {place[0]}", str(problem))
                continue
            if row is None:
                return
            if not row:
                continue
            at = _seconds(row[time]) if len(row) > most else None
            if at is None:
                self._wrong(name, f"line {place[0]}", _why(row, most, time))
                continue
            key = (row[short] or row[title], row[host] or row[address], row[title])
            kind = self._rows.get(key)
            if kind is None:
                kind = self._rows[key] = self._table_kind(*key)
            if kind < 0:
                self._wrong(name, f"line {place[0]}", "it names no signature or no host")
                continue
            self.times.append(at)
            self.kinds.append(kind)

    def _table_kind(self, signature: str, host: str, title: str) -> int:
        if not signature.strip() or not host.strip():
            return -1
        self.titles.setdefault(signature, title or signature)
        return self._kind(Kind(signature, host, "", severity_of(title or signature), ()))

    def _json(self, name: str, chunks: Iterable[bytes]) -> None:
        """Objects, one a line or in a list."""
        for count, piece in enumerate(_pieces(chunks)):
            if isinstance(piece, Bad):
                self._wrong(name, piece.position, piece.reason)
            elif not isinstance(piece.value, dict):
                self._wrong(name, piece.position or f"record {count}", "it is no object")
            else:
                self._object(name, piece.position, piece.value)

    def _object(self, name: str, position: str, said: dict[str, Any]) -> None:
        reads = (("eve", eve.read_object), ("wazuh", wazuh.read_object))
        for kind_of, read in reads:
            item = read(said, position, self._options)
            if item is None:
                continue
            # The sensor's clock is believed here: the files may be from any year.
            at = instant(said.get("timestamp") or said.get("@timestamp"))
            alert = alert_of(kind_of, said, at.timestamp() if at else 0.0, _values(item))
            if alert is None:
                self._skip()
            elif at is None or not 0 <= at.timestamp() < LATEST:
                self._wrong(name, position, "it has no time that can be read")
            else:
                self.titles.setdefault(alert.signature, title_of(kind_of, said) or alert.signature)
                kind = Kind(
                    alert.signature, alert.host, alert.actor, alert.severity, alert.observables
                )
                self.times.append(alert.at)
                self.kinds.append(self._kind(kind))
            return
        self._wrong(name, position, "neither an event of Suricata nor one of Wazuh")

    def _kind(self, kind: Kind) -> int:
        found = self._ids.get(kind)
        if found is None:
            found = self._ids[kind] = len(self.known)
            self.known.append(kind)
        return found

    def _skip(self) -> None:
        self.times.append(math.nan)
        self.kinds.append(-1)
        self.others += 1

    def _wrong(self, name: str, position: str, reason: str) -> None:
        self.times.append(math.nan)
        self.kinds.append(-1)
        self.bad += 1
        if self.bad <= EXAMPLES:
            self._say(name, position, reason)

    def _say(self, name: str, position: str, reason: str) -> None:
        where = position.removeprefix("line ").strip()
        # Foreign text on a terminal: control characters would speak to it.
        plain = "".join(c if c.isprintable() else "�" for c in reason)
        print(f"{name}:{where}: {plain}", file=sys.stderr)


def _pieces(chunks: Iterable[bytes]) -> Iterator[Piece | Bad]:
    """The values of a file of JSON. Once the first line is an object, each line is by itself, so
    that a broken one never takes the rest of the file with it.
    """
    stream = blocks(chunks, HEAD)
    head = next(stream)
    everything = chain((head,), stream)
    first, _, _ = head.removeprefix(codecs.BOM_UTF8).lstrip().partition(b"\n")
    try:
        by_lines = isinstance(value_of(first), dict)
    except BadJson:
        by_lines = False
    if not by_lines:
        yield from objects(everything)
        return
    for line in lines(everything, MAX_LINE):
        if isinstance(line, Bad):
            yield line
            continue
        number, raw = line
        try:
            yield Piece("", f"line {number}", value_of(raw), len(raw))
        except BadJson as problem:
            if not raw.isspace():
                yield Bad(f"line {number}", str(problem), raw[:EXAMPLES])


def _texts(chunks: Iterable[bytes], place: list[int]) -> Iterator[str]:
    """Lines as text; `place` holds the number of the last one."""
    for line in lines(chunks):
        if isinstance(line, Bad):
            place[0] += 1
            yield "\x00"  # a record that has too few columns, so that it is counted
            continue
        place[0], raw = line
        yield raw.decode("utf-8", "replace") + "\n"


def _seconds(said: str) -> float | None:
    """Seconds since 1970, from a number or ISO 8601; none for what is no time."""
    try:
        at = float(said)
    except ValueError:
        found = instant(said)
        return None if found is None else _seconds(str(found.timestamp()))
    if 0 <= at < LATEST:
        return at
    found = instant(said) if at >= LATEST else None
    return found.timestamp() if found is not None else None


def _why(row: list[str], most: int, time: int) -> str:
    if len(row) <= most:
        return f"it has {len(row)} columns and needs {most + 1}"
    return f"no time: {row[time][:40]!r}"


def _values(item: Item) -> tuple[tuple[str, str], ...]:
    return tuple(
        (str(each.observable.type), each.observable.value)
        for each in item.values
        if each.role is not ValueRole.REPORTER
    )
