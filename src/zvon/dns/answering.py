"""From a request to its answer, without sockets: who may ask, and what they get.

A zone that does not exist and one that the asker may not have are refused with the same octets.
"""

from collections.abc import Callable, Iterator

from msgspec import Struct

from zvon.dns import tsig, wire
from zvon.dns.page import Part
from zvon.dns.ram import RamZone
from zvon.dns.registry import Endpoint, Registry
from zvon.dns.replay import Replays
from zvon.dns.tsig import Signer, TsigFailure
from zvon.dns.wire import AXFR, IXFR, SOA_Q, Message, Rcode, WireError
from zvon.model.zone import serial_newer


class Asked(Struct, frozen=True, kw_only=True):
    """What a request told us of its sender: the serial it holds, its key, and what it was sent."""

    endpoint: Endpoint
    zone: RamZone
    held: int | None
    full: bool
    transfer: bool
    ahead: bool
    sending: int
    key: str | None


class Reply(Struct, frozen=True, kw_only=True):
    """Parts to be sent as messages, in order, signed when `signer` is there.

    `failure` is what is wrong with the signature of the request; `proven` says that it is good.
    """

    request: Message
    rcode: Rcode
    parts: Iterator[Part]
    signer: Signer | None = None
    plain: bytes | None = None
    asked: Asked | None = None
    failure: Rcode | None = None

    @property
    def proven(self) -> bool:
        """True when the asker signed, so that the source address is hardly forged."""
        return self.signer is not None

    def messages(self, clock: Callable[[], float]) -> Iterator[bytes]:
        """Each message in wire form."""
        if self.plain is not None:
            yield self.plain
            return
        for body, count in self.parts:
            message = wire.answer(self.request, self.rcode, body, count,
                                  authoritative=self.rcode == Rcode.NOERROR)  # fmt: skip
            yield message if self.signer is None else self.signer.sign(message, clock())


def respond(
    raw: bytes, address: str, registry: Registry, replays: Replays, clock: Callable[[], float],
    *, stream: bool,
) -> Reply | None:  # fmt: skip
    """Answer one request that came from `address`; `None` when it deserves no answer.

    Over UDP (`stream` false) a transfer request gets the SOA, which sends the asker to TCP.
    """
    try:
        request = wire.parse(raw)
    except WireError:
        return _formerr(raw)
    if request.flags & wire.QR:
        return None
    signer: Signer | None = None
    endpoint: Endpoint | None = None
    if request.tsig is not None:
        now = clock()
        try:
            key = tsig.verify(request, registry.keys, now)
            if not replays.fresh(request.tsig.mac, address, now, stream=stream):
                raise TsigFailure(Rcode.BADTIME)
        except TsigFailure as failure:
            message = wire.answer(request, failure.rcode, authoritative=False)
            return Reply(
                request=request, rcode=failure.rcode, parts=iter(()), failure=failure.error,
                plain=tsig.refusal(request, failure, message, registry.keys, now),
            )  # fmt: skip
        signer = Signer(key, request.tsig.mac)
        endpoint = registry.endpoints.get(key.subscriber)
    else:
        endpoint = registry.by_address(address, request.qname)
    zone = registry.zones.get(request.qname)
    if request.opcode not in {0, wire.OPCODE_NOTIFY}:
        return _empty(request, Rcode.NOTIMP, signer)
    if (
        endpoint is None
        or zone is None
        or request.opcode != 0
        or request.qname not in endpoint.zones
        or request.qclass != wire.IN_CLASS
        or request.qtype not in {SOA_Q, AXFR, IXFR}
        or (request.qtype == AXFR and not stream)
    ):
        return _empty(request, Rcode.REFUSED, signer)
    return _transfer(request, endpoint, zone, signer, stream=stream)


def _transfer(
    request: Message, endpoint: Endpoint, zone: RamZone, signer: Signer | None, *, stream: bool
) -> Reply:
    snapshot = zone.snapshot()
    held = request.soa_serial if request.qtype == IXFR else None
    ahead = held is not None and serial_newer(held, snapshot.serial)
    full = False
    parts: Iterator[Part]
    if request.qtype == AXFR:
        parts, full = snapshot.full(), True
    elif request.qtype == SOA_Q or not stream or held == snapshot.serial or ahead:
        parts = iter((snapshot.only_soa(),))
    else:
        difference = None if held is None else zone.difference(held)
        parts, full = (snapshot.full(), True) if difference is None else (iter(difference), False)
    asked = Asked(endpoint=endpoint, zone=zone, held=held, full=full, ahead=ahead,
                  transfer=stream and request.qtype != SOA_Q, sending=snapshot.serial,
                  key=None if signer is None else signer.key.name)  # fmt: skip
    return Reply(request=request, rcode=Rcode.NOERROR, parts=parts, signer=signer, asked=asked)


def truncated(request: Message) -> bytes:
    """An answer that sends the asker to TCP, where nobody can forge an address."""
    return wire.answer(request, Rcode.NOERROR, authoritative=False, truncated=True)


def _empty(request: Message, rcode: Rcode, signer: Signer | None) -> Reply:
    return Reply(request=request, rcode=rcode, parts=iter(((b"", 0),)), signer=signer)


def _formerr(raw: bytes) -> Reply | None:
    if len(raw) < wire.HEADER.size or raw[2] & 0x80:
        return None
    ident, flags = wire.HEADER.unpack_from(raw)[:2]
    plain = wire.HEADER.pack(ident, wire.QR | (flags & 0x7800) | Rcode.FORMERR, 0, 0, 0, 0)
    empty = Message(id=ident, flags=flags, qname="", qtype=0, qclass=0, question=b"")
    return Reply(request=empty, rcode=Rcode.FORMERR, parts=iter(()), plain=plain)
