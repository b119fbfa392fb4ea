"""One entry of the register of what is ours, and the one form of its value."""

import re
from ipaddress import ip_network
from typing import Any, Literal, get_args

from msgspec import Struct

from zvon.model.name import BadName, canonical

Kind = Literal[
    "domain", "prefix", "asn", "bic", "phone", "organisation", "person", "mail", "host", "internal"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
MAX_VALUE = 300


class BadEntry(ValueError):
    """A value cannot stand in the register under its kind; the message does not repeat it."""


class Entry(Struct, frozen=True, kw_only=True):
    """One thing that is ours. `weak`: shared hosting, a CDN, carrier NAT: ours, and others' too."""

    kind: Kind
    value: str
    country: str | None = None
    sector: str = ""
    weak: bool = False


def canonical_value(kind: str, value: str) -> str:
    """The one form of a value in the register. Raises `BadEntry`."""
    text = value.strip()
    if not text or len(text) > MAX_VALUE or not text.isprintable():
        raise BadEntry("the value is empty, too long, or holds signs that cannot be read")
    made = _CANONICAL.get(kind)
    if made is None:
        raise BadEntry(f"kind: one of {', '.join(KINDS)}")
    try:
        return str(made(text))
    except (ValueError, BadName):
        raise BadEntry(f"this is no {kind}") from None


def _domain(text: str) -> str:
    name = canonical(text)
    if "." not in name:
        raise ValueError("one label is an inside ending, no domain")
    return name


def _asn(text: str) -> str:
    number = int(text.upper().removeprefix("AS"))
    if not 0 < number < 2**32:
        raise ValueError("no AS number")
    return str(number)


def _bic(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{6}[A-Za-z0-9]{2}(?:[A-Za-z0-9]{3})?", text):
        raise ValueError("no BIC")
    return text.upper()[:8]


def _mail(text: str) -> str:
    local, at, domain = text.lower().rpartition("@")
    if not at or not local:
        raise ValueError("no mail address")
    return f"{local}@{canonical(domain)}"


def _internal(text: str) -> str:
    label = text.lower().strip(".")
    if not re.fullmatch(r"[a-z0-9-]{1,63}", label):
        raise ValueError("no label")
    return label


def _phone(text: str) -> str:
    """A number in E.164 form, or the beginning that a range of numbers shares."""
    bare = re.sub(r"[ ()/.-]", "", text).rstrip("*")
    if not re.fullmatch(r"\+\d{4,15}", bare):
        raise ValueError("no number with a country code")
    return bare


def _host(text: str) -> str:
    pattern = text.lower()
    if not re.fullmatch(r"[a-z0-9.*?_-]+", pattern) or not re.search(r"[a-z0-9]{2}", pattern):
        raise ValueError("no host pattern")
    return pattern


_CANONICAL: dict[str, Any] = {
    "domain": _domain,
    "prefix": lambda text: ip_network(text, strict=False),
    "asn": _asn, "bic": _bic, "phone": _phone, "mail": _mail, "host": _host,
    "internal": _internal,
    "organisation": lambda text: " ".join(text.split()),
    "person": lambda text: " ".join(text.split()),
}  # fmt: skip
