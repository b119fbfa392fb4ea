"""What DNS says of a name, asked through the operator's resolver."""

import asyncio
from collections.abc import Awaitable

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.resolver
from msgspec import Struct

from zvon.config import host_port

MAX_ANSWERS = 20


class Facts(Struct, frozen=True, kw_only=True):
    """Answers about one name; `None` where there was no answer in time, empty for none.

    `ttl` is the least of the addresses' times to live, in seconds.
    """

    addresses: tuple[str, ...] | None = None
    ttl: int | None = None
    name_servers: tuple[str, ...] | None = None
    mail_servers: tuple[str, ...] | None = None
    absent: bool = False


def resolver(address: str | None, timeout_s: float) -> dns.asyncresolver.Resolver:
    """The operator's resolver at `host:port`, or the system's. Raises `ValueError`.

    A machine without a resolver of its own gives one that never answers.
    """
    if address is None:
        try:
            asking = dns.asyncresolver.Resolver()
        except dns.resolver.NoResolverConfiguration:
            asking = dns.asyncresolver.Resolver(configure=False)
    else:
        host, port = host_port(address)
        asking = dns.asyncresolver.Resolver(configure=False)
        asking.nameservers = [host]
        asking.port = port
    asking.timeout = asking.lifetime = timeout_s
    asking.cache = None
    return asking


async def ask(asking: dns.asyncresolver.Resolver, host: str, registered: str) -> Facts:
    """Ask for the addresses of `host`, and the name and mail servers of `registered`."""
    four, six, ns, mx = await asyncio.gather(
        _answer(asking, host, "A"),
        _answer(asking, host, "AAAA"),
        _answer(asking, registered, "NS"),
        _answer(asking, registered, "MX"),
    )
    found = [answer for answer in (four, six) if answer is not None]
    times = [answer.ttl for answer in found if answer.values]
    return Facts(
        addresses=tuple(v for answer in found for v in answer.values) if found else None,
        ttl=min(times) if times else None,
        name_servers=ns.values if ns else None,
        mail_servers=mx.values if mx else None,
        absent=four is not None and four.absent,
    )


async def addresses(asking: dns.asyncresolver.Resolver, host: str) -> tuple[str, ...]:
    """All addresses of `host`, IPv4 first; empty when it has none or nobody answers."""
    four, six = await asyncio.gather(_answer(asking, host, "A"), _answer(asking, host, "AAAA"))
    return tuple(v for answer in (four, six) if answer is not None for v in answer.values)


class _Answer(Struct, frozen=True):
    values: tuple[str, ...]
    ttl: int = 0
    absent: bool = False


async def _answer(asking: dns.asyncresolver.Resolver, name: str, kind: str) -> _Answer | None:
    lookup: Awaitable[dns.resolver.Answer] = asking.resolve(
        name + ".", kind, raise_on_no_answer=False, search=False
    )
    try:
        answer = await lookup
    except dns.resolver.NXDOMAIN:
        return _Answer((), absent=True)
    except (dns.exception.DNSException, OSError):
        return None
    if answer.rrset is None:
        return _Answer(())
    values = sorted({_text(record, kind) for record in answer.rrset})
    return _Answer(tuple(values[:MAX_ANSWERS]), answer.rrset.ttl)


def _text(record: object, kind: str) -> str:
    match kind:
        case "NS":
            return str(getattr(record, "target")).rstrip(".").lower()  # noqa: B009 -- untyped
        case "MX":
            return str(getattr(record, "exchange")).rstrip(".").lower()  # noqa: B009 -- untyped
        case _:
            return str(getattr(record, "address"))  # noqa: B009 -- untyped
