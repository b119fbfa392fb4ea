"""A typed value that was seen somewhere; no judgement."""

from enum import StrEnum

from msgspec import Struct


class ObservableType(StrEnum):
    """What the value is. The database stores `CODE[type]`, so numbers are never reused."""

    URL = "url"
    DOMAIN = "domain"
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    EMAIL = "email"
    PHONE = "phone"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA512 = "sha512"
    IBAN = "iban"
    REGISTERED = "registered-domain"
    TEMPLATE = "text-template"
    SENDER = "sender"
    CIDR = "cidr"
    CVE = "cve"
    FILENAME = "filename"
    WALLET = "wallet"
    ASN = "asn"


CODE: dict[ObservableType, int] = {kind: n for n, kind in enumerate(ObservableType, start=1)}
TYPE: dict[int, ObservableType] = {n: kind for kind, n in CODE.items()}


class Observable(Struct, frozen=True, order=True):
    """A canonical value: two observables are the same thing exactly when they are equal."""

    type: ObservableType
    value: str


class BadValue(ValueError):
    """The text has no canonical form of that type."""
