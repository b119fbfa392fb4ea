"""A typed value that was seen somewhere; no judgement. One canonical form for each type."""

import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from ipaddress import AddressValueError, IPv6Address, ip_network

from msgspec import Struct

from zvon.model import iban, name, phone, url, value_hash, value_id, value_machine, wallet
from zvon.model.value_machine import storable


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
    REGISTRATION = "registration-batch"
    # Marks of pages and senders by which campaigns are found; derived by us and never shared.
    SKELETON = "page-skeleton"
    RESOURCES = "resource-set"
    FAVICON = "favicon"
    FORM_TARGET = "form-target"
    BOT = "bot-token"
    CERTIFICATE = "certificate-names"
    HOST = "lure-host"
    PATH = "path-shape"
    RANGE = "number-range"
    KIT_MARK = "kit-mark"
    # What reports, alerts and logs name beside addresses.
    SSDEEP = "ssdeep"
    TLSH = "tlsh"
    IMPHASH = "imphash"
    JA3 = "ja3"
    JA3S = "ja3s"
    JA4 = "ja4"
    JARM = "jarm"
    GHSA = "ghsa"
    CWE = "cwe"
    ATTACK_ID = "attack_id"
    FILEPATH = "filepath"
    REGKEY = "regkey"
    MUTEX = "mutex"
    PIPE = "pipe"
    SERVICE = "service"
    USERAGENT = "useragent"
    USERNAME = "username"
    MAC = "mac"
    MSG_ID = "msg_id"
    YARA_RULE = "yara_rule"
    SIGMA_ID = "sigma_id"
    HOSTNAME = "hostname"  # of a machine inside, not a name of the public DNS
    FINGERPRINT = "fingerprint"  # of a certificate, SHA-1 or SHA-256


DERIVED = frozenset(
    {
        ObservableType.TEMPLATE, ObservableType.SENDER, ObservableType.REGISTERED,
        ObservableType.REGISTRATION, ObservableType.SKELETON, ObservableType.RESOURCES,
        ObservableType.FAVICON, ObservableType.FORM_TARGET, ObservableType.BOT,
        ObservableType.CERTIFICATE, ObservableType.HOST, ObservableType.PATH,
        ObservableType.RANGE, ObservableType.KIT_MARK,
    }
)  # fmt: skip
"""Values that we derive; they say nothing to a person outside and stay here."""


CODE: dict[ObservableType, int] = {kind: n for n, kind in enumerate(ObservableType, start=1)}
TYPE: dict[int, ObservableType] = {n: kind for kind, n in CODE.items()}

HASH_LENGTH = {32: ObservableType.MD5, 40: ObservableType.SHA1, 64: ObservableType.SHA256,
               128: ObservableType.SHA512}  # fmt: skip
MAX_VALUE = 8192


class Observable(Struct, frozen=True, order=True, gc=False):
    """A canonical value: two observables are the same thing exactly when they are equal."""

    type: ObservableType
    value: str


class BadValue(ValueError):
    """The text has no canonical form of that type."""


def canonical(type: ObservableType, text: str, *, region: str = "SI") -> Observable:
    """Read `text` as a value of `type`. Raises `BadValue`.

    `region` is the country (ISO 3166) of telephone numbers without an international prefix.
    """
    stripped = text.strip()
    if not stripped or len(stripped) > MAX_VALUE:
        raise BadValue(f"a value has 1 to {MAX_VALUE} characters")
    try:
        if type is ObservableType.PHONE:
            return Observable(type, phone.canonical(stripped, region))
        return Observable(type, _FORMS.get(type, storable)(stripped))
    except ValueError as problem:
        raise BadValue(f"no {type}: {problem}") from None


def _ipv4(text: str) -> str:
    dotted = url.address(text)
    if dotted is None:
        raise ValueError(f"{text!r} is no address")
    return dotted


def _ipv6(text: str) -> str:
    try:
        return IPv6Address(text.removeprefix("[").removesuffix("]").partition("%")[0]).compressed
    except AddressValueError as problem:
        raise ValueError(str(problem)) from None


def _email(text: str) -> str:
    bare = re.sub(r"(?i)^mailto:", "", text).strip("<>")
    local, at, host = bare.rpartition("@")
    local = unicodedata.normalize("NFC", local.casefold())
    if not at or not re.fullmatch(r"[^\s@<>(),;:\\\"\[\]]{1,64}", local):
        raise ValueError(f"{text!r} is no mail address")
    return f"{local}@{name.canonical(host)}"


def _cidr(text: str) -> str:
    if "/" not in text:
        raise ValueError(f"{text!r} has no prefix length")
    return ip_network(text, strict=False).compressed


def _asn(text: str) -> str:
    found = re.fullmatch(r"(?i)(?:asn?)?\s*([0-9]{1,10})", text)
    if found is None or not found[1].isascii() or int(found[1]) >= 1 << 32:
        raise ValueError("expected AS and a number below 2^32")
    return f"AS{int(found[1])}"


def _filename(text: str) -> str:
    value = unicodedata.normalize("NFC", re.split(r"[/\\]", text)[-1]).strip()
    if not value:
        raise ValueError("the name is empty")
    return storable(value)


def _sender(text: str) -> str:
    value = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    if not value:
        raise ValueError("the sender is empty")
    return storable(unicodedata.normalize("NFKC", value))


_T = ObservableType
_FORMS: dict[ObservableType, Callable[[str], str]] = {
    _T.URL: url.canonical,
    _T.DOMAIN: name.canonical,
    _T.REGISTERED: name.canonical,
    _T.IPV4: _ipv4,
    _T.IPV6: _ipv6,
    _T.EMAIL: _email,
    _T.IBAN: iban.canonical,
    _T.CIDR: _cidr,
    _T.CVE: value_id.cve,
    _T.WALLET: wallet.canonical,
    _T.ASN: _asn,
    _T.FILENAME: _filename,
    _T.TEMPLATE: storable,
    _T.SENDER: _sender,
    **{kind: value_hash.digits(length) for length, kind in HASH_LENGTH.items()},
    _T.SSDEEP: value_hash.ssdeep,
    _T.TLSH: value_hash.tlsh,
    _T.IMPHASH: value_hash.digits(32),
    _T.JA3: value_hash.digits(32),
    _T.JA3S: value_hash.digits(32),
    _T.JA4: value_hash.ja4,
    _T.JARM: value_hash.digits(62),
    _T.FINGERPRINT: value_hash.fingerprint,
    _T.GHSA: value_id.ghsa,
    _T.CWE: value_id.cwe,
    _T.ATTACK_ID: value_id.attack,
    _T.YARA_RULE: value_id.rule,
    _T.SIGMA_ID: value_id.sigma,
    _T.FILEPATH: value_machine.path,
    _T.REGKEY: value_machine.regkey,
    _T.MUTEX: value_machine.spoken,
    _T.PIPE: value_machine.pipe,
    _T.SERVICE: value_machine.small,
    _T.USERAGENT: value_machine.spoken,
    _T.USERNAME: value_machine.small,
    _T.MAC: value_machine.mac,
    _T.MSG_ID: value_machine.message_id,
    _T.HOSTNAME: value_machine.hostname,
}


def printed_type(value: Observable) -> str:
    """The type as commands print it: a wallet by its coin, a Tor service as `onion`."""
    if value.type is ObservableType.WALLET:
        return wallet.coin(value.value)
    if value.type is ObservableType.DOMAIN and value.value.endswith(".onion"):
        return "onion"
    return value.type.value
