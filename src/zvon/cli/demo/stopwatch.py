"""How long until a resolver answers as ordered: asked at least twenty times a second."""

import asyncio
import time
from collections.abc import Callable

import dns.asyncquery
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
from msgspec import Struct

EVERY_S = 0.01
ASK_S = 0.5


class Target(Struct, frozen=True):
    """A resolver that is asked."""

    label: str
    brand: str
    version: str
    port: int


class Timed(Struct, frozen=True, kw_only=True):
    """When `target` first answered as wanted, in seconds from `began`; `None` = never in time."""

    target: Target
    seconds: float | None
    asked: int
    answer: bytes | None


async def ask(port: int, name: str) -> dns.message.Message | None:
    """One A query over UDP to loopback; `None` without an answer."""
    query = dns.message.make_query(name, dns.rdatatype.A)
    query.flags |= dns.flags.RD
    try:
        return await dns.asyncquery.udp(query, "127.0.0.1", timeout=ASK_S, port=port)
    except (TimeoutError, dns.exception.DNSException, OSError):
        return None


def blocked(answer: dns.message.Message) -> bool:
    """The resolver refuses the name as a policy zone orders: no such name."""
    return answer.rcode() == dns.rcode.NXDOMAIN


def addresses(answer: dns.message.Message) -> list[str]:
    """The IPv4 addresses in the answer."""
    return sorted(
        str(record)
        for rrset in answer.answer
        if rrset.rdtype == dns.rdatatype.A
        for record in rrset
    )


async def until(
    target: Target,
    name: str,
    wanted: Callable[[dns.message.Message], bool],
    *,
    began: float,
    limit_s: float,
) -> Timed:
    """Ask `target` for `name` until `wanted` holds; `began` is on the monotonic clock."""
    asked = 0
    while True:
        sent = time.monotonic()
        answer = await ask(target.port, name)
        asked += 1
        now = time.monotonic()
        if answer is not None and wanted(answer):
            return Timed(target=target, seconds=now - began, asked=asked, answer=answer.to_wire())
        if now - began > limit_s:
            wire = answer.to_wire() if answer is not None else None
            return Timed(target=target, seconds=None, asked=asked, answer=wire)
        await asyncio.sleep(max(0.0, EVERY_S - (now - sent)))
