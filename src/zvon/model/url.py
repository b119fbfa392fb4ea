"""Web addresses: one spelling for each, which is its identity everywhere (RFC 3986, WHATWG URL).

The scheme, `www.`, the path's case and the whole query stay; what two programs could write
differently for the same page is made equal. The form for scoring is another one (`ml.url`).
"""

import re
import string
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Literal

from msgspec import Struct

from zvon.model import name as names
from zvon.model.tracking import is_tracking

MAX_URL = 8192
DEFAULT_PORT = {"http": 80, "https": 443, "ftp": 21}

HostKind = Literal["name", "ipv4", "ipv6"]

_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?P<slashes>[/\\]*)")
_AUTHORITY = re.compile(r"(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?", re.DOTALL)  # fmt: skip
_UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")
_PATH_OK = _UNRESERVED | frozenset("!$&'()*+,;=:@/[]|")
_QUERY_OK = _PATH_OK | frozenset("?{}\\^`")
_PATH_CHANGED, _QUERY_CHANGED = (
    # A pair is looked at; any other percent sign, and what is not allowed, is written as one.
    re.compile(f"%([0-9A-Fa-f]{{2}})|[^{re.escape(''.join(sorted(allowed)))}]")
    for allowed in (_PATH_OK, _QUERY_OK)
)
# Control, zero-width and bidirectional characters: browsers drop them or they only deceive.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")  # fmt: skip


class BadUrl(ValueError):
    """The text is not the address of a web page."""


class Url(Struct, frozen=True):
    """The parts of an address, each in its canonical spelling.

    `port` is `None` when it is the scheme's own; `userinfo` and `fragment` are kept as evidence
    and are no part of the identity.
    """

    scheme: str
    userinfo: str | None
    host: str
    host_kind: HostKind
    port: int | None
    path: str
    query: str | None
    fragment: str | None

    @property
    def authority(self) -> str:
        """Host and port as they stand in an address."""
        host = f"[{self.host}]" if self.host_kind == "ipv6" else self.host
        return host if self.port is None else f"{host}:{self.port}"

    def __str__(self) -> str:
        query = "" if self.query is None else "?" + self.query
        return f"{self.scheme}://{self.authority}{self.path}{query}"


def parse(text: str) -> Url:
    """Take an address apart; one without a scheme is read as `https`.

    Raises `BadUrl`, with the reason, for other schemes and for a host that is neither a name nor
    an address. Invisible characters are removed first.
    """
    if len(text) > MAX_URL:
        raise BadUrl(f"an address has at most {MAX_URL} characters")
    scheme, rest = _split_scheme(_INVISIBLE.sub("", text).strip())
    part = _AUTHORITY.fullmatch(rest.replace("\\", "/") if "?" not in rest else _slashes(rest))
    assert part is not None  # every text matches
    userinfo, at, hostport = part["authority"].rpartition("@")
    host, kind, port = _host_port(hostport)
    url = Url(
        scheme=scheme,
        userinfo=userinfo if at else None,
        host=host,
        host_kind=kind,
        port=None if port == DEFAULT_PORT[scheme] else port,
        path=_path(part["path"]),
        query=_escaped(part["query"], _QUERY_CHANGED) if part["query"] else None,
        fragment=part["fragment"],
    )
    if len(str(url)) > MAX_URL:
        raise BadUrl(f"an address has at most {MAX_URL} characters")
    return url


def canonical(text: str) -> str:
    """The one spelling of the address. Raises `BadUrl`."""
    return str(parse(text))


def defang(text: str) -> str:
    """The canonical address in a form that no program makes a link of: `hxxps://a[.]example/`."""
    url = parse(text)
    safe = names.defang(url.host) if url.host_kind != "ipv6" else url.host
    scheme = url.scheme.replace("tt", "xx").replace("ft", "fx")
    return scheme + str(url)[len(url.scheme) :].replace(url.host, safe, 1)


def tracking(text: str) -> tuple[str, dict[str, str]]:
    """Split an address into one without per-victim parameters, and those parameters.

    `https://a.example/i?t=7F3K9Q` gives `("https://a.example/i", {"t": "7F3K9Q"})`. Only a
    parameter that marks a person or a click is taken; `?page=2` stays. Raises `BadUrl`.
    """
    url = parse(text)
    kept: list[str] = []
    taken: dict[str, str] = {}
    for field in (url.query or "").split("&"):
        key, _, value = field.partition("=")
        if is_tracking(key, value):
            taken[key] = value
        elif field:
            kept.append(field)
    if not taken:
        return str(url), {}
    clean = Url(url.scheme, None, url.host, url.host_kind, url.port, url.path,
                "&".join(kept) or None, None)  # fmt: skip
    return str(clean), taken


def address(text: str) -> str | None:
    """The dotted form of a host that is an IPv4 address in any base, else `None`.

    `0xC6336407`, `3325256711`, `0306.0x33.25607` are all `198.51.100.7` (WHATWG URL, 3.5).
    Raises `BadUrl` for a host that ends in a number and yet is no address.
    """
    parts = text.split(".")
    if len(parts) > 1 and not parts[-1]:
        parts.pop()
    if not re.fullmatch(r"[0-9]+|0[xX][0-9a-fA-F]*", parts[-1]):
        return None
    if len(parts) > 4:
        raise BadUrl(f"the host {text!r} is no address")
    try:
        numbers = [_number(part) for part in parts]
    except ValueError:
        raise BadUrl(f"the host {text!r} is no address") from None
    *head, tail = numbers
    if any(n > 255 for n in head) or tail >= 256 ** (5 - len(numbers)):
        raise BadUrl(f"the host {text!r} is no address")
    return str(IPv4Address(sum(n << 8 * (3 - i) for i, n in enumerate(head)) + tail))


def _number(part: str) -> int:
    if len(part) > 40 or not part.isascii() or not part:
        raise ValueError(part)
    if part[:2].lower() == "0x":
        return int(part[2:] or "0", 16)
    if "_" in part:
        raise ValueError(part)
    return int(part, 8) if part[0] == "0" and len(part) > 1 else int(part, 10)


def _split_scheme(text: str) -> tuple[str, str]:
    found = _SCHEME.match(text)
    if found is None:
        return "https", text.removeprefix("//")
    scheme = found["scheme"].lower()
    if scheme in DEFAULT_PORT:
        return scheme, text[found.end() :]
    # `host.example:8080/path` looks like a scheme until the next character.
    if "." in scheme and text[found.end() :][:1].isdigit():
        return "https", text
    raise BadUrl(f"the scheme {scheme!r} is not one of a web page")


def _slashes(rest: str) -> str:
    head, mark, query = rest.partition("?")
    return head.replace("\\", "/") + mark + query


def _host_port(hostport: str) -> tuple[str, HostKind, int | None]:
    if hostport.startswith("["):
        inner, bracket, tail = hostport[1:].partition("]")
        if not bracket or (tail and tail[0] != ":"):
            raise BadUrl(f"the host {hostport!r} is not complete")
        host, kind = _ipv6(inner)
        return host, kind, _port(tail[1:])
    host, _, port = hostport.partition(":")
    host = _unquoted(host)
    if not host:
        raise BadUrl("there is no host")
    dotted = address(host.translate(_DOTS).lower())
    if dotted is not None:
        return dotted, "ipv4", _port(port)
    try:
        return names.canonical(host), "name", _port(port)
    except names.BadName as problem:
        raise BadUrl(str(problem)) from None


_DOTS = {0x3002: ".", 0xFF0E: ".", 0xFF61: "."} | {0xFF10 + n: str(n) for n in range(10)}


def _ipv6(text: str) -> tuple[str, HostKind]:
    try:
        six = IPv6Address(text.partition("%")[0])
    except (AddressValueError, ValueError):
        raise BadUrl(f"{text!r} is no IPv6 address") from None
    if six.ipv4_mapped is not None:
        return str(six.ipv4_mapped), "ipv4"
    return six.compressed, "ipv6"


def _port(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 5 or int(text) > 65535:
        raise BadUrl(f"{text!r} is no port")
    return int(text)


def _unquoted(host: str) -> str:
    if "%" not in host:
        return host
    raw = re.sub(
        b"%([0-9A-Fa-f]{2})",
        lambda pair: bytes([int(pair[1], 16)]),
        host.encode("utf-8", "surrogatepass"),
    )
    return raw.decode("utf-8", "replace")


def _path(path: str) -> str:
    out: list[str] = []
    segments = _escaped(path, _PATH_CHANGED).split("/")[1:]
    for segment in segments:
        if segment == "..":
            if out:
                out.pop()
        elif segment != ".":
            out.append(segment)
    if segments and segments[-1] in {".", ".."}:
        out.append("")
    return "/" + "/".join(out)


def _escaped(text: str, changed: re.Pattern[str]) -> str:
    """Percent-encode what must be, decode what need not be, write hex digits in upper case."""
    try:
        return changed.sub(_escape, text)
    except UnicodeEncodeError:
        raise BadUrl("the address is not Unicode text") from None


def _escape(found: re.Match[str]) -> str:
    if found[1] is None:
        return "".join(f"%{byte:02X}" for byte in found[0].encode())
    plain = chr(int(found[1], 16))
    return plain if plain in _UNRESERVED else found[0].upper()
