"""What one cell of a table, or one entry of a list, says: its values, whatever it calls them."""

import json
import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from zvon.formats.defang import is_defanged, refang
from zvon.model import suffix
from zvon.model.name import MAX_NAME
from zvon.model.observable import (
    HASH_LENGTH,
    MAX_VALUE,
    BadValue,
    Observable,
    ObservableType,
    canonical,
)

_T = ObservableType

MOST = 100  # values of one cell

EMPTY = frozenset({"", "-", "--", "?", "n/a", "na", "null", "none", "unknown", "nil", "(none)",
                   "(null)", "not available", "."})  # fmt: skip
"""What stands in a cell that has nothing to say, in small letters."""

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
# What is canonical as it stands, apart from capital letters; most cells are.
_PLAIN = re.compile(
    rf"(?P<ipv4>{_OCTET}(?:\.{_OCTET}){{3}})"
    r"|(?P<url>(?:https?|ftp)://[!#-&*-;=?-Z^-z|~]+)"
    r"|(?P<hash>[0-9a-fA-F]{32}(?:[0-9a-fA-F]{8}(?:[0-9a-fA-F]{24}(?:[0-9a-fA-F]{64})?)?)?)"
    r"|(?P<name>(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z]{2,63})"
)
_IPV4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_IPV4_PORT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3}){3}):([0-9]{1,5})")
_IPV6_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\]:([0-9]{1,5})")
_CIDR = re.compile(r"[0-9a-fA-F.:]{3,45}/[0-9]{1,3}")
_HEX = re.compile(r"[0-9a-fA-F]+")
_URL = re.compile(r"(?i)(?:https?|ftp|h[tx*]{2}ps?|meow)(?::|\[:\])")
_EMAIL = re.compile(r"[^\s@<>(),;:\\\"\[\]]{1,64}@[^\s@<>(),;:\\\"/]+\.[^\s@<>(),;:\\\"/.]{2,}")
_NAME = re.compile(r"(?:[^\W_]|[_*-])(?:[\w-]{0,62})?(?:\.[\w-]{1,63}){1,20}\.?")
_HOST_PATH = re.compile(r"[\w.-]+\.(?:[^\W\d_]{2,24}|[0-9]{1,3})(?::[0-9]{1,5})?/\S*")
_CVE = re.compile(r"(?i)CVE-[0-9]{4}-[0-9]{4,19}")
_ASN = re.compile(r"(?i)ASN?\s?[0-9]{1,10}")
_PREFIXED = re.compile(r"(?i)(?:md5|sha-?(?:1|256|512))\s*[:=]\s*([0-9a-f]{32,128})")
_WRITTEN_OUT = {
    _T.URL: re.compile(r"[A-Za-z][\w+.*-]*\[?:\]?//\S+"),
    _T.DOMAIN: re.compile(r"[^\s/:@,;]+\.[^\s/:@,;.]+\.?"),
}
_BETWEEN = re.compile(r"[\s;,|]+")
_FILE_ENDINGS = frozenset({"zip", "mov", "sh", "py", "md", "ps", "exe", "dll", "bat", "cmd", "js",
                           "vbs", "scr", "doc", "docx", "xls", "xlsx", "pdf", "rar", "apk", "jar",
                           "lnk", "iso", "img", "msi", "ps1", "hta", "html", "php", "txt", "csv",
                           "json", "log", "dat", "bin", "elf", "gz", "tmp", "htm"})  # fmt: skip


def value_of(text: str) -> Observable | None:
    """The one value that the whole of `text` is, or `None`. Defanged forms are read too."""
    text = text.strip().strip("\"'")
    if not 3 <= len(text) <= MAX_VALUE:
        return None
    plain = _PLAIN.fullmatch(text)
    if plain is None:
        return _other(text)
    match plain.lastgroup:
        case "ipv4":
            return Observable(_T.IPV4, text)
        case "hash":
            return Observable(HASH_LENGTH[len(text)], text.lower())
        case "name" if len(text) <= MAX_NAME and "xn--" not in text:
            lowered = text.lower()
            return Observable(_T.DOMAIN, lowered) if _known(text) and not _is_file(text) else None
        case "url":
            return _as(_T.URL, text)
    return _other(text)


def _other(text: str) -> Observable | None:
    """A value in a less usual form."""
    for form, kind in _FORMS:
        if form.fullmatch(text) and (found := _as(kind, text)) is not None:
            return found
    if hashed := _PREFIXED.fullmatch(text):
        text = hashed[1]
    if _HEX.fullmatch(text):
        kind_of_hash = HASH_LENGTH.get(len(text))
        return _as(kind_of_hash, text) if kind_of_hash else None
    if ":" in text and (found := _ipv6(text)) is not None:
        return found
    if _URL.match(text) and not re.search(r"\s\w+://", text):
        return _as(_T.URL, refang(text) if is_defanged(text) else text)
    if is_defanged(text):
        live = refang(text)
        return value_of(live) if live != text else None
    if _HOST_PATH.fullmatch(text):
        host = re.split(r"[:/]", text, maxsplit=1)[0]
        if _known(host) or _IPV4.fullmatch(host):
            return _as(_T.URL, text)
    if _NAME.fullmatch(text) and _known(text) and not _is_file(text):
        return _as(_T.DOMAIN, text.removeprefix("*."))
    return None


def values(
    text: str, kind: ObservableType | None = None, *, region: str = "SI"
) -> tuple[Observable, ...]:
    """All values in `text`: it is one, or several with commas, blanks or bars between them, or a
    JSON list of them. With a `kind`, those of that kind; empty when any piece of it is none.
    """
    text = text.strip()
    if text.lower() in EMPTY:
        return ()
    one = _one(kind, region)
    found = one(text)
    if found is not None:
        return (found,)
    if text[:1] == "[" and text[-1:] == "]":
        pieces = _listed(text)
    else:
        pieces = [piece for piece in _BETWEEN.split(text) if piece]
    if not 2 <= len(pieces) <= MOST:
        return ()
    read = [one(piece) for piece in pieces if piece.lower() not in EMPTY]
    whole = tuple(dict.fromkeys(value for value in read if value is not None))
    return whole if None not in read else ()


def _one(kind: ObservableType | None, region: str) -> Callable[[str], Observable | None]:
    if kind is None:
        return value_of

    def read(text: str) -> Observable | None:
        """A value of that kind; an address with a port, or a name in quotes, is one too."""
        bare = text.strip().strip("\"'")
        if kind in _BY_FORM:
            found = value_of(bare)
            if found is not None:
                return found
            # What only the head of the column makes a value must at least look like one.
            if kind not in {_T.URL, _T.DOMAIN} or not _WRITTEN_OUT[kind].fullmatch(bare):
                return None
        return _as(kind, refang(bare) if is_defanged(bare) else bare, region)

    return read


def _listed(text: str) -> list[str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = text[1:-1].split(",")
    return [str(each).strip().strip("\"'") for each in found if isinstance(each, str | int)]


def _as(kind: ObservableType, text: str, region: str = "SI") -> Observable | None:
    try:
        return canonical(kind, text, region=region)
    except BadValue:
        return None


def _ipv6(text: str) -> Observable | None:
    port = _IPV6_PORT.fullmatch(text)
    bare = port[1] if port else text.strip("[]").replace("[:]", ":").partition("%")[0]
    try:
        address = IPv6Address(bare)
    except (AddressValueError, ValueError):
        found = _IPV4_PORT.fullmatch(text)
        return _as(_T.IPV4, found[1]) if found and int(found[2]) < 65536 else _name_port(text)
    if address.ipv4_mapped is not None:
        return Observable(_T.IPV4, str(IPv4Address(address.ipv4_mapped)))
    return Observable(_T.IPV6, address.compressed)


def _name_port(text: str) -> Observable | None:
    name, _, port = text.rpartition(":")
    if port.isdigit() and len(port) <= 5 and _NAME.fullmatch(name) and _known(name):
        return _as(_T.DOMAIN, name)
    return None


def _known(name: str) -> bool:
    """True under a suffix of the public list; of `co.za` only the whole is one."""
    lowered = name.rstrip(".").lower()
    return "." in lowered and (
        _known_tld(lowered.rpartition(".")[2])
        or "." in suffix.public_suffix(lowered.removeprefix("*."))
    )


@lru_cache(maxsize=4096)
def _known_tld(label: str) -> bool:
    return suffix.known(label)


def _is_file(text: str) -> bool:
    return text.rpartition(".")[2].lower() in _FILE_ENDINGS


_FORMS = (
    (_IPV4, _T.IPV4),
    (_CIDR, _T.CIDR),
    (_CVE, _T.CVE),
    (_ASN, _T.ASN),
    (_EMAIL, _T.EMAIL),
)
_BY_FORM = frozenset({_T.IPV4, _T.IPV6, _T.CIDR, _T.DOMAIN, _T.URL, _T.MD5, _T.SHA1, _T.SHA256,
                      _T.SHA512, _T.EMAIL})  # fmt: skip
