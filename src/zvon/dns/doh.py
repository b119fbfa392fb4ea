"""As much of HTTP/2 (RFC 9113) as a question over HTTPS (RFC 8484) takes; no sockets.

Resolvers speak DNS over HTTPS only in version 2. We send literal headers without compression, say
that we keep no dynamic table, and read of the answer's headers only whether they begin with
`:status 200`, which every encoder writes as the one octet of the static table.
"""

import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PATH = "/dns-query"
MAX_FRAME, MAX_ANSWER, WINDOW = 16_384, 65_535, 65_535
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, PADDED, PRIORITY, ACK = 0x1, 0x4, 0x8, 0x20, 0x1
_HEADER_TABLE_SIZE, _ENABLE_PUSH = 1, 2
_STATUS_200 = b"\x88"
_LAST_STREAM = 0x7FFFFFFF


class Http2Error(ValueError):
    """The server sent what we cannot follow; the connection is of no use any more."""


class Http2:
    """One connection: questions out as POST requests, answers in, in any order."""

    def __init__(self, authority: str, path: str = PATH) -> None:
        self._authority, self._path = authority, path
        self._next = 1
        self._buffer = bytearray()
        self._bodies: dict[int, bytearray | None] = {}

    def hello(self) -> bytes:
        """What the client says first."""
        settings = struct.pack("!HIHI", _HEADER_TABLE_SIZE, 0, _ENABLE_PUSH, 0)
        return PREFACE + _frame(SETTINGS, 0, 0, settings)

    def post(self, message: bytes) -> bytes:
        """The frames of one question. Raises `Http2Error` when the connection has no more room."""
        stream, self._next = self._next, self._next + 2
        if stream > _LAST_STREAM:
            raise Http2Error("too many questions on one connection")
        headers = b"".join(
            _literal(name, value)
            for name, value in (
                (":method", "POST"), (":scheme", "https"), (":authority", self._authority),
                (":path", self._path), ("accept", "application/dns-message"),
                ("content-type", "application/dns-message"), ("content-length", str(len(message))),
            )
        )  # fmt: skip
        self._bodies[stream] = bytearray()
        return _frame(HEADERS, END_HEADERS, stream, headers) + _frame(
            DATA, END_STREAM, stream, message
        )

    def feed(self, data: bytes) -> tuple[list[bytes], bytes]:
        """Take what came; give the answers that are whole, and what has to be sent back.

        Raises `Http2Error`.
        """
        self._buffer += data
        answers: list[bytes] = []
        back = bytearray()
        while len(self._buffer) >= 9:
            length = int.from_bytes(self._buffer[:3])
            if length > MAX_FRAME:
                raise Http2Error("a frame is too long")
            if len(self._buffer) < 9 + length:
                break
            kind, flags = self._buffer[3], self._buffer[4]
            stream = int.from_bytes(self._buffer[5:9]) & _LAST_STREAM
            payload = bytes(self._buffer[9 : 9 + length])
            del self._buffer[: 9 + length]
            back += self._take(kind, flags, stream, payload, answers)
        return answers, bytes(back)

    def _take(
        self, kind: int, flags: int, stream: int, payload: bytes, answers: list[bytes]
    ) -> bytes:
        back = b""
        if kind == SETTINGS and not flags & ACK:
            back = _frame(SETTINGS, ACK, 0, b"")
        elif kind == PING and not flags & ACK:
            back = _frame(PING, ACK, 0, payload)
        elif kind == GOAWAY:
            raise Http2Error("the server ends the connection")
        elif kind == RESET:
            self._bodies.pop(stream, None)
        elif kind == HEADERS:
            fields = _unpadded(payload, flags)[5 if flags & PRIORITY else 0 :]
            while fields and fields[0] & 0xE0 == 0x20:  # a size of the table that we do not keep
                fields = fields[1:]
            begun = self._bodies.get(stream)
            if begun is not None and not begun and fields[:1] != _STATUS_200:
                self._bodies[stream] = None
        elif kind == DATA:
            body = self._bodies.get(stream)
            if body is not None:
                body += _unpadded(payload, flags)
                if len(body) > MAX_ANSWER:
                    raise Http2Error("an answer is too long")
            if payload:
                credit = struct.pack("!I", len(payload))
                back = _frame(WINDOW_UPDATE, 0, 0, credit)
        if kind in {DATA, HEADERS} and flags & END_STREAM:
            body = self._bodies.pop(stream, None)
            if body:
                answers.append(bytes(body))
        return back


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes((kind, flags)) + stream.to_bytes(4) + payload


def _unpadded(payload: bytes, flags: int) -> bytes:
    if not flags & PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise Http2Error("more padding than frame")
    return payload[1 : len(payload) - payload[0]]


def _literal(name: str, value: str) -> bytes:
    """A header that is not to be indexed, without Huffman code (RFC 7541, 6.2.2)."""
    return b"\x00" + _string(name) + _string(value)


def _string(text: str) -> bytes:
    raw = text.encode("ascii")
    if len(raw) < 127:
        return bytes((len(raw),)) + raw
    rest, out = len(raw) - 127, bytearray((127,))
    while rest >= 128:
        out.append(rest & 127 | 128)
        rest >>= 7
    out.append(rest)
    return bytes(out) + raw
