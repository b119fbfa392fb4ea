"""Content encodings, decoded within bounds: a small answer can hold gigabytes (RFC 9110, 8.4)."""

import zlib

from zvon.collect.fetch.limits import LimitHit, Limits

ACCEPTED = "gzip, deflate"
BAD_ENCODING = "bad-encoding"
UNKNOWN_ENCODING = "unknown-encoding"

_GZIP_OR_ZLIB = 47
_RAW = -15
_MEMBER = b"\x1f\x8b"  # how another member of a gzip file begins
_STEP = 65_536


class Body:
    """A body as it comes in; `data` is what was decoded so far, also after a limit was hit."""

    def __init__(self, encoding: str, limits: Limits) -> None:
        self.data = bytearray()
        self.warnings: list[str] = []
        self._limits = limits
        self._in = 0
        self._rest = b""
        self._zip: zlib._Decompress | None = None
        match encoding.strip().lower():
            case "" | "identity":
                pass
            case "gzip" | "x-gzip" | "deflate":
                self._zip = zlib.decompressobj(_GZIP_OR_ZLIB)
            case _:
                self.warnings.append(UNKNOWN_ENCODING)

    def feed(self, piece: bytes) -> None:
        """Take in the next bytes of the wire. Raises `LimitHit` (`size`, `ratio`)."""
        first = not self._in
        self._in += len(piece)
        if self._in > self._limits.body:  # the wire counts too: empty members decode to nothing
            self._add(piece if self._zip is None else b"")
            raise LimitHit("size")
        if self._zip is None:
            self._add(piece)
            return
        try:
            self._inflate(piece)
        except zlib.error:
            self._mend(piece, first=first)

    def _mend(self, piece: bytes, *, first: bool) -> None:
        """What calls itself compressed and is not is raw deflate, or plain; later it is broken."""
        self._zip = None
        if first and not self.data:
            self._zip = zlib.decompressobj(_RAW)
            try:
                self._inflate(piece)
            except zlib.error:
                self._zip = None
            else:
                return
        self.warnings.append(BAD_ENCODING)
        if first:
            self.data.clear()
            self._add(piece)

    def _inflate(self, piece: bytes) -> None:
        piece, self._rest = self._rest + piece, b""
        while piece and self._zip is not None:
            if self._zip.eof:
                if len(piece) < len(_MEMBER):
                    self._rest = piece
                    return
                if not piece.startswith(_MEMBER):
                    return  # padding after the last member
                self._zip = zlib.decompressobj(_GZIP_OR_ZLIB)
            self._add(self._zip.decompress(piece, _STEP))
            # At the end of a member `unconsumed_tail` may repeat what `unused_data` holds.
            piece = self._zip.unused_data if self._zip.eof else self._zip.unconsumed_tail

    def _add(self, piece: bytes) -> None:
        room = self._limits.body - len(self.data)
        self.data += piece[:room]
        if len(piece) > room:
            raise LimitHit("size")
        if len(self.data) > self._limits.floor + self._limits.ratio * self._in:
            raise LimitHit("ratio")
