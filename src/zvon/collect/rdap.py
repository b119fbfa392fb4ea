"""When a name was registered and by whom: a client of the operator's RDAP service (RFC 9083).

The service is an operator setting, not an untrusted address. Redirects are not followed.
"""

import re
import ssl
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any

import httpx
import msgspec
from msgspec import Struct

MAX_BYTES = 256 * 1024
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{3,253}")


class Registration(Struct, frozen=True):
    """What the registry says; `None` where it says nothing."""

    registered_at: datetime | None
    registrar: str | None
    abuse: str | None = None


class NoAnswer(LookupError):
    """The service did not answer in time, or not with what RFC 9083 describes."""


class Silent(NoAnswer):
    """The service did not answer in time, or is overloaded: ask again later."""


def client(timeout_s: float) -> httpx.AsyncClient:
    """A connection pool for `registration`; close it after use."""
    return httpx.AsyncClient(
        verify=_trust(),
        timeout=timeout_s,
        trust_env=False,
        follow_redirects=False,
        headers={"Accept": "application/rdap+json", "User-Agent": "zvon"},
    )


@cache
def _trust() -> ssl.SSLContext:
    """The machine's certificates; reading them takes longer than a whole enrichment."""
    return ssl.create_default_context()


class Network(Struct, frozen=True):
    """What a regional registry says of an address: the network it lies in, and whom to tell."""

    cidr: str
    name: str
    country: str
    abuse: str | None


async def registration(http: httpx.AsyncClient, rdap_url: str, name: str) -> Registration:
    """Ask for one registered domain. Raises `NoAnswer`, and `Silent` where later may help."""
    return parse(await _asked(http, f"{rdap_url.rstrip('/')}/domain/{name}", name), name)


async def network(http: httpx.AsyncClient, rdap_url: str, address: str) -> Network:
    """Ask for the network of one address. Raises `NoAnswer`, and `Silent` where later may help."""
    return parse_network(
        await _asked(http, f"{rdap_url.rstrip('/')}/ip/{address}", address), address
    )


async def _asked(http: httpx.AsyncClient, url: str, name: str) -> bytes:
    body = b""
    try:
        async with http.stream("GET", url) as answer:
            if answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error:
                raise Silent(f"{name}: RDAP answered {answer.status_code}")
            if answer.status_code != httpx.codes.OK:
                raise NoAnswer(f"{name}: RDAP answered {answer.status_code}")
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > MAX_BYTES:
                    raise NoAnswer(f"{name}: the RDAP answer is over {MAX_BYTES} bytes")
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        raise Silent(f"{name}: {problem}") from problem
    return body


def parse_network(body: bytes, address: str) -> Network:
    """Read the answer about an address (RFC 9083 section 5.4). Raises `NoAnswer`.

    The network is the narrowest that holds the whole range that the registry names.
    """
    try:
        facts = msgspec.json.decode(body)
    except msgspec.DecodeError:
        raise NoAnswer(f"{address}: the RDAP answer is no JSON") from None
    if not isinstance(facts, dict) or facts.get("objectClassName") != "ip network":
        raise NoAnswer(f"{address}: the RDAP answer is about something else")
    try:
        asked = ip_address(address)
        first, last = ip_address(str(facts.get("startAddress"))), ip_address(str(facts.get("endAddress")))  # fmt: skip
    except ValueError:
        raise NoAnswer(f"{address}: the RDAP answer names no range") from None
    if not asked.version == first.version == last.version or not int(first) <= int(asked) <= int(last):  # fmt: skip
        raise NoAnswer(f"{address}: the RDAP answer is about another range")
    bits = (int(first) ^ int(last)).bit_length()
    held = ip_network((int(first), asked.max_prefixlen - bits), strict=False)
    country = str(facts.get("country") or "")[:2].upper()
    name = "".join(c for c in str(facts.get("name") or "")[:120] if c.isprintable())
    return Network(str(held), name, country if country.isalpha() else "", _abuse(facts))


def parse(body: bytes, name: str) -> Registration:
    """Read the answer about `name`. Raises `NoAnswer` when it is no domain object about it."""
    try:
        facts = msgspec.json.decode(body)
    except msgspec.DecodeError:
        raise NoAnswer(f"{name}: the RDAP answer is no JSON") from None
    if not isinstance(facts, dict) or str(facts.get("ldhName", "")).lower().rstrip(".") != name:
        raise NoAnswer(f"{name}: the RDAP answer is about something else")
    return Registration(_registered_at(facts), _registrar(facts), _abuse(facts))


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _registered_at(facts: dict[str, Any]) -> datetime | None:
    for event in _dicts(facts.get("events")):
        if event.get("eventAction") == "registration":
            try:
                at = datetime.fromisoformat(str(event.get("eventDate")))
            except ValueError:
                return None
            return at if at.tzinfo else at.replace(tzinfo=UTC)
    return None


def _registrar(facts: dict[str, Any]) -> str | None:
    for entity in _dicts(facts.get("entities")):
        roles = entity.get("roles")
        if isinstance(roles, list) and "registrar" in roles:
            return _full_name(entity.get("vcardArray")) or str(entity.get("handle") or "") or None
    return None


def _abuse(facts: dict[str, Any]) -> str | None:
    """The address for complaints: an entity of its own, or one inside the registrar's (RFC 9083)."""
    outer = _dicts(facts.get("entities"))
    for entity in [*outer, *(inner for one in outer for inner in _dicts(one.get("entities")))]:
        roles = entity.get("roles")
        if isinstance(roles, list) and "abuse" in roles:
            return _mail(entity.get("vcardArray"))
    return None


def _mail(card: Any) -> str | None:
    """The first `email` property of a jCard, when it is one that a letter can be sent to."""
    match card:
        case ["vcard", [*properties]]:
            for item in properties:
                match item:
                    case ["email", _, _, str(address)] if _ADDRESS.fullmatch(address):
                        return address
    return None


def _full_name(card: Any) -> str | None:
    """The `fn` property of a jCard (RFC 7095)."""
    match card:
        case ["vcard", [*properties]]:
            for item in properties:
                match item:
                    case ["fn", _, _, str(name)] if name:
                        return "".join(c for c in name[:200] if c.isprintable()) or None
    return None
