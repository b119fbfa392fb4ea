"""From the bytes of a local source to batches in its spool: decoded and cleaned on this machine."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import chain, islice
from threading import Lock
from uuid import UUID

import msgspec
import structlog

from zvon.collect.collector.config import Source
from zvon.collect.collector.piece import Piece
from zvon.collect.collector.policy import Cleaner
from zvon.collect.spool import Spool
from zvon.formats.batch import MOST_BYTES, MOST_ITEMS, BadBatch, body, line
from zvon.formats.detect import choose
from zvon.formats.kind import SAMPLE
from zvon.formats.registry import formats
from zvon.model.item import Bad, Format, Item, Options

BAD_PIECE = 4096

log = structlog.get_logger("zvon.collector")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What stands before the body of a record: how the batch was made, and the place after it."""

    format: str = ""
    policy: str = ""
    at: datetime
    source: msgspec.Raw = msgspec.Raw(b"null")


class Reading:
    """Keeps what one source gave. `room` is asked to make some before each write, under `lock`."""

    def __init__(
        self, source: Source, spool: Spool, clock: Callable[[], datetime],
        room: Callable[[int], None], lock: Lock,
    ) -> None:  # fmt: skip
        self.source, self.spool = source, spool
        self.cleaner: Cleaner | None = None
        self.problem = ""
        self.read_at: datetime | None = None
        self._clock, self._room, self._lock = clock, room, lock
        self._formats: dict[str, Format] = {}

    @property
    def place(self) -> bytes | None:
        """Where reading of the source goes on; `None` when it was never read."""
        if self.spool.place is None:
            return None
        found = msgspec.json.decode(self.spool.place, type=Place).source
        return None if found == b"null" else bytes(found)

    def keep(self, piece: Piece) -> int:
        """Decode a piece and keep what is in it; it is on the disk when this returns how much.

        Raises `OSError` when the disk does not take it; then the piece has to be given again.
        """
        now = self._clock()
        name, entries = self._entries(piece, now)
        lines, size, kept = list[bytes](), 0, piece.skip
        for entry in islice(entries, piece.skip, None):
            made = self._line(entry, piece.label)
            if lines and (len(lines) == MOST_ITEMS or size + len(made) > MOST_BYTES):
                self._write(lines, name, piece.place(kept), now)
                lines, size = [], 0
            lines.append(made)
            size += len(made)
            kept += 1
        self._write(lines, name, piece.place(None), now)
        if piece.done is not None:
            piece.done()
        self.read_at = now
        return kept - piece.skip

    def _entries(self, piece: Piece, now: datetime) -> tuple[str, Iterator[Item | Bad]]:
        """The decoder's name, and what it makes of the piece."""
        if piece.bad is not None:
            return "", iter((piece.bad,))
        chunks = iter(piece.chunks)
        sample = b""
        seen = []
        for chunk in chunks:
            seen.append(chunk)
            sample += chunk[: SAMPLE - len(sample)]
            if len(sample) >= SAMPLE:
                break
        if not sample:
            return "", iter(())
        whole = chain(seen, chunks)
        found = self._format(sample, piece.name)
        if found is None:
            self.problem = f"no decoder reads {piece.name}; say `format` in the configuration"
            bad = Bad("byte 0", "no decoder reads this", sample[:BAD_PIECE])
            return "", iter((bad,))
        self.problem = ""
        options = Options(
            received_at=now, zone=self.source.zone, region=self.source.region, name=piece.name
        )
        return found.name, _safe(found, whole, options)

    def _format(self, sample: bytes, name: str) -> Format | None:
        if self.source.format:
            return formats()[self.source.format]
        if name not in self._formats:
            chosen = choose(sample, name)
            if chosen is None:
                return None
            if len(self._formats) > 1000:
                self._formats.clear()
            self._formats[name] = chosen[0]
        return self._formats[name]

    def _line(self, entry: Item | Bad, label: str) -> bytes:
        entry = msgspec.structs.replace(entry, position=f"{label}{entry.position}")
        try:
            if self.cleaner is not None:
                entry = (
                    self.cleaner.clean(entry)
                    if isinstance(entry, Item)
                    else self.cleaner.bad(entry)
                )
            return line(entry)
        except BadBatch as problem:
            return line(Bad(ascii(entry.position)[1:-1], str(problem)))

    def _write(self, lines: list[bytes], name: str, place: bytes, now: datetime) -> None:
        """One record; without lines only where the place says more than before."""
        if not lines and place in {self.place, b"null"}:
            return
        head = Place(
            format=name, policy=self.cleaner.name if self.cleaner else "", at=now,
            source=msgspec.Raw(place),
        )  # fmt: skip
        octets = body(UUID(self.spool.identifier), self.spool.number, lines)
        with self._lock:
            self._room(len(octets))
            self.spool.append(octets, msgspec.json.encode(head), len(lines))


def _safe(format: Format, chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """A stranger's decoder may raise; a file may become unreadable while it is read."""
    try:
        yield from format.decode(chunks, options)
    except OSError as problem:
        yield Bad("", f"the file cannot be read on: {problem.strerror}")
    except Exception as problem:
        log.exception("a decoder failed", format=format.name, file=options.name)
        yield Bad("", f"the decoder {format.name} failed: {type(problem).__name__}")
