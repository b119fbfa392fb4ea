"""Hits in dnstap (dnstap.info): Frame Streams, and of its messages only answers to clients.

An answer is a hit when it carries the SOA of one of our policy zones, which BIND adds with
`add-soa yes`. Unbound adds none, so its `rpz-log` is read instead.
"""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime

from zvon.formats.answer import NXDOMAIN, Answer, BadAnswer
from zvon.formats.pdns_message import address
from zvon.formats.protobuf import BadMessage, fields
from zvon.formats.resolver_log import Hit, owner_of, zone_of

CONTENT_TYPE = b"protobuf:dnstap.Dnstap"
MAX_FRAME = 131_072
ACCEPT, START, STOP, READY, FINISH = 1, 2, 3, 4, 5
_CONTENT_FIELD = 1
_MESSAGE = 14
_KIND, _CLIENT, _SECONDS, _ANSWER = 1, 4, 12, 14
_CLIENT_RESPONSE = 6
_OURS = b"\x04zvon\x00"


class BadStream(ValueError):
    """The stream is not dnstap; nothing of it can be read on."""


class TapStream:
    """Octets in, hits out; `reply` gives what a sender that shakes hands waits for."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._reply = bytearray()
        self.bad = 0

    def feed(self, data: bytes) -> Iterator[Hit]:
        """The hits among the frames that are whole by now. Raises `BadStream`."""
        self._buffer += data
        while (frame := self._frame()) is not None:
            control, payload = frame
            if control:
                self._control(payload)
                continue
            try:
                hit = decode(payload)
            except BadMessage:
                self.bad += 1
                continue
            if hit is not None:
                yield hit

    def reply(self) -> bytes:
        """What has to be sent back now."""
        sent = bytes(self._reply)
        self._reply.clear()
        return sent

    def _frame(self) -> tuple[bool, bytes] | None:
        """The next whole frame: whether it is one of control, and what is in it."""
        if len(self._buffer) < 4:
            return None
        size, start = int.from_bytes(self._buffer[:4]), 4
        control = size == 0
        if control:
            if len(self._buffer) < 8:
                return None
            size, start = int.from_bytes(self._buffer[4:8]), 8
        if size > MAX_FRAME:
            raise BadStream(f"a frame of {size} octets")
        if len(self._buffer) < start + size:
            return None
        payload = bytes(self._buffer[start : start + size])
        del self._buffer[: start + size]
        return control, payload

    def _control(self, payload: bytes) -> None:
        if len(payload) < 4:
            raise BadStream("a control frame without a type")
        kind = int.from_bytes(payload[:4])
        if kind in {READY, START} and len(payload) > 4 and CONTENT_TYPE not in payload:
            raise BadStream("the stream holds something else than dnstap")
        if kind == READY:
            content = struct.pack("!II", _CONTENT_FIELD, len(CONTENT_TYPE)) + CONTENT_TYPE
            self._reply += _control_frame(ACCEPT, content)
        elif kind == STOP:
            self._reply += _control_frame(FINISH, b"")


def _control_frame(kind: int, content: bytes) -> bytes:
    body = struct.pack("!I", kind) + content
    return struct.pack("!II", 0, len(body)) + body


def decode(frame: bytes) -> Hit | None:
    """The hit in one `Dnstap` message, or `None`. Raises `BadMessage`."""
    inner = next((v for n, v in fields(frame) if n == _MESSAGE and isinstance(v, bytes)), None)
    if inner is None:
        return None
    kind, client, seconds, raw = 0, b"", 0, b""
    for number, value in fields(inner):
        if isinstance(value, int):
            kind = value if number == _KIND else kind
            seconds = value if number == _SECONDS else seconds
        elif number == _CLIENT:
            client = value
        elif number == _ANSWER:
            raw = value
    # Most answers are none of ours; that is told without taking them apart.
    if kind != _CLIENT_RESPONSE or _OURS not in raw.lower():
        return None
    try:
        answer = Answer.of(raw)
    except BadAnswer:
        return None
    zone = next((z for owner in sorted(answer.soa_owners) if (z := zone_of(owner))), None)
    asked = answer.question
    owner = owner_of(asked[0]) if asked is not None else None
    if zone is None or owner is None or owner.endswith(zone):
        return None
    action = "nxdomain" if answer.rcode == NXDOMAIN else "landing" if answer.answers else "nodata"
    at = datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 2**33 else None
    return Hit(zone=zone, owner=owner, action=action, client=address(client), at=at)
