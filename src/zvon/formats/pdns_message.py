"""Hits in the protobuf stream of PowerDNS Recursor (`protobufServer`, its `dnsmessage.proto`).

Each message is preceded by its length in two octets. Only answers that a policy of ours made are
hits; everything else of the stream is dropped where it is read.
"""

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime

from zvon.formats.protobuf import BadMessage, fields
from zvon.formats.resolver_log import Hit, owner_of, zone_of

MAX_MESSAGE = 65_535
_RESPONSE = 2
_TYPE, _FROM, _TIME, _ANSWER = 1, 6, 9, 13
_POLICY, _TRIGGER, _HIT, _KIND = 3, 8, 9, 10
_ACTIONS = {1: "disabled", 3: "nxdomain", 4: "nodata", 6: "landing"}
"""`PolicyKind`: NoAction, Drop, NXDOMAIN, NODATA, Truncate, Custom."""


class PdnsStream:
    """Octets in, hits out; a message that does not read is left out and counted."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.bad = 0

    def feed(self, data: bytes) -> Iterator[Hit]:
        """The hits among the messages that are whole by now."""
        self._buffer += data
        while len(self._buffer) >= 2:
            size = int.from_bytes(self._buffer[:2])
            if len(self._buffer) < 2 + size:
                return
            message = bytes(self._buffer[2 : 2 + size])
            del self._buffer[: 2 + size]
            try:
                hit = decode(message)
            except BadMessage:
                self.bad += 1
                continue
            if hit is not None:
                yield hit

    def reply(self) -> bytes:
        """What the sender waits for: nothing."""
        return b""


def decode(message: bytes) -> Hit | None:
    """The hit in one `PBDNSMessage`, or `None` when no policy of ours made the answer.

    Raises `BadMessage`.
    """
    kind, client, seconds, answer = 0, b"", 0, b""
    for number, value in fields(message):
        match number, value:
            case int(n), int(v) if n == _TYPE:
                kind = v
            case int(n), bytes(v) if n == _FROM:
                client = v
            case int(n), int(v) if n == _TIME:
                seconds = v
            case int(n), bytes(v) if n == _ANSWER:
                answer = v
    if kind != _RESPONSE or not answer:
        return None
    texts: dict[int, str] = {}
    policy = 0
    for number, value in fields(answer):
        if isinstance(value, bytes) and number in {_POLICY, _TRIGGER, _HIT}:
            texts[number] = value.decode("ascii", "replace")
        elif isinstance(value, int) and number == _KIND:
            policy = value
    zone, action = zone_of(texts.get(_POLICY, "")), _ACTIONS.get(policy)
    owner = owner_of(texts.get(_TRIGGER, "")) or owner_of(texts.get(_HIT, ""))
    if zone is None or action is None or owner is None:
        return None
    at = datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 2**33 else None
    return Hit(zone=zone, owner=owner, action=action, client=address(client), at=at)


def address(raw: bytes) -> str:
    """An address of 4 or 16 octets as text; empty for anything else."""
    return str(ipaddress.ip_address(raw)) if len(raw) in {4, 16} else ""
