"""Response policy zones in wire form: owner names and records (draft-vixie-dnsop-dns-rpz; RFC 1035).

Names are taken strictly: what any resolver would drop is refused here, never cut to fit.
"""

import re
import struct
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

CNAME, SOA, NS, TXT = 5, 6, 2, 16
IN = 1
MAX_OWNER, MAX_LABEL = 255, 63

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
# The longest run of zero groups is written once, as `zz`, like `::` in RFC 5952.
_ZEROS = "zz"
_BY_ADDRESS = {"ip": "rpz-ip", "nsip": "rpz-nsip"}
_BY_NAME = {"nsdname": "rpz-nsdname"}


class Answer(StrEnum):
    """What the resolver answers instead of the truth: the target of the rule's CNAME."""

    NXDOMAIN = "."
    NODATA = "*."
    PASS = "rpz-passthru."  # noqa: S105


class RpzError(ValueError):
    """The text is not a rule that every resolver would load."""


def trigger_owner(trigger: str, name: str) -> str:
    """The owner of the rule that fires on `name`: a name, or a prefix for `ip` and `nsip`.

    `192.0.2.66/32` becomes `32.66.2.0.192.rpz-ip`, `2001:db8::/48` becomes
    `48.zz.db8.2001.rpz-ip`. Raises `RpzError`: an unknown trigger, host bits, a prefix of length
    0, or an IPv4 address in IPv6 clothes, which resolvers write as IPv4.
    """
    if trigger == "qname":
        return name
    if trigger in _BY_NAME:
        return f"{name}.{_BY_NAME[trigger]}"
    if trigger not in _BY_ADDRESS:
        raise RpzError(f"{trigger!r} is not a trigger that we offer")
    try:
        prefix = ip_network(name)
    except ValueError as problem:
        raise RpzError(str(problem)) from None
    return f"{_reversed(prefix)}.{_BY_ADDRESS[trigger]}"


def _reversed(prefix: IPv4Network | IPv6Network) -> str:
    if prefix.prefixlen == 0:
        raise RpzError("a prefix of length 0 is everything")
    if isinstance(prefix, IPv4Network):
        parts = str(prefix.network_address).split(".")
    else:
        if prefix.network_address.ipv4_mapped is not None:
            raise RpzError(f"{prefix} is to be written as an IPv4 prefix")
        head, run, rest = prefix.network_address.compressed.partition("::")
        parts = [part for part in head.split(":") if part]
        parts += [_ZEROS] * bool(run) + [part for part in rest.split(":") if part]
    return ".".join([str(prefix.prefixlen), *reversed(parts)])


def _prefix(length: str, parts: list[str]) -> str:
    """The text of the prefix in a trigger; the caller compares what it would have written."""
    if len(parts) == 4 and _ZEROS not in parts:
        return f"{'.'.join(reversed(parts))}/{length}"
    groups = ["" if part == _ZEROS else part for part in reversed(parts)]
    text = ":".join(groups)
    if groups[0] == "":
        text = ":" + text
    if groups[-1] == "":
        text += ":"
    return f"{text}/{length}"


def check_owner(owner: str, zone: str) -> str:
    """Give back `owner` (relative to `zone`, `*.` only leftmost) when it can be published.

    Raises `RpzError`: upper case, a dot at the end, a bad label, more than 255 octets with the
    zone, a trigger that we do not offer, or a prefix in another form than resolvers expect.
    """
    labels = owner.removeprefix("*.").split(".")
    for label in labels:
        if len(label) > MAX_LABEL or not _LABEL.fullmatch(label):
            raise RpzError(f"{owner!r}: the label {label!r} cannot stand in an owner name")
    kind = labels[-1]
    if kind in _BY_ADDRESS.values():
        _check_address(owner, labels)
    elif kind in _BY_NAME.values():
        labels = labels[:-1]
    if not labels or (kind not in _BY_ADDRESS.values() and labels[-1].startswith("rpz-")):
        raise RpzError(f"{owner!r} is neither a name nor a trigger that we offer")
    if len(owner) + 1 + len(zone) + 2 > MAX_OWNER:
        raise RpzError(f"{owner!r} is longer than an owner name in {zone} may be")
    return owner


def _check_address(owner: str, labels: list[str]) -> None:
    trigger = next(name for name, label in _BY_ADDRESS.items() if label == labels[-1])
    if len(labels) < 3 or trigger_owner(trigger, _prefix(labels[0], labels[1:-1])) != owner:
        raise RpzError(f"{owner!r} is not a prefix as resolvers expect it")


@lru_cache(maxsize=1024)
def check_target(target: str) -> str:
    """Give back `target` when a rule may point there: an `Answer`, or a host with its final dot.

    Raises `RpzError` for anything else; `rpz-drop.`, `rpz-tcp-only.` and other words of the
    draft are not offered, because they hide from the user that something was blocked.
    """
    if target in RDATA:
        return target
    labels = target.removesuffix(".").split(".")
    if (
        not target.endswith(".")
        or any(len(each) > MAX_LABEL or not _LABEL.fullmatch(each) for each in labels)
        or labels[-1].startswith("rpz-")
        or len(target) + 1 > MAX_OWNER
    ):
        raise RpzError(f"a rule cannot point to {target!r}")
    return target


def name_wire(name: str) -> bytes:
    """A name in wire form, without compression; `.` or the empty text is the root."""
    out = bytearray()
    for label in name.strip(".").split(".") if name.strip(".") else []:
        raw = label.encode("ascii")
        if not 0 < len(raw) <= MAX_LABEL:
            raise RpzError(f"{name!r}: a label has 1 to {MAX_LABEL} octets")
        out += bytes((len(raw),)) + raw
    out.append(0)
    if len(out) > MAX_OWNER:
        raise RpzError(f"{name!r} has more than {MAX_OWNER} octets")
    return bytes(out)


def name_text(wire: bytes) -> str:
    """The text of an uncompressed wire name, without the dot at the end; the root is `.`."""
    labels, at = [], 0
    while wire[at]:
        labels.append(wire[at + 1 : at + 1 + wire[at]].decode("ascii"))
        at += 1 + wire[at]
    return ".".join(labels) or "."


RDATA: dict[str, bytes] = {answer.value: name_wire(answer.value) for answer in Answer}


@lru_cache(maxsize=1024)
def target_wire(target: str) -> bytes:
    """The target of a rule in wire form. Raises `RpzError` for one that we do not offer."""
    return RDATA.get(target) or name_wire(check_target(target))


@lru_cache(maxsize=1024)
def tail(target: str, ttl: int) -> bytes:
    """What follows the owner name in a rule's record. Raises `RpzError` for a bad target."""
    return record(CNAME, ttl, target_wire(target))


def record(rtype: int, ttl: int, data: bytes) -> bytes:
    """What follows the owner name of any record."""
    return struct.pack("!HHIH", rtype, IN, ttl, len(data)) + data


MNAME, RNAME = "localhost", "hostmaster.localhost"
"""The names in the SOA of every policy zone; `MNAME` is its only name server too."""


def soa_numbers(serial: int) -> bytes:
    """What follows the names in the SOA: refresh 60, retry 30, expire 604800, minimum 60.

    The long expiry keeps resolvers blocking for a week while we are away.
    """
    return struct.pack("!IIIII", serial, 60, 30, 604_800, 60)


def soa_rdata(serial: int) -> bytes:
    """The data of the SOA of every policy zone, without compression."""
    return name_wire(MNAME) + name_wire(RNAME) + soa_numbers(serial)


def txt_rdata(text: str) -> bytes:
    """One character string (RFC 1035, 3.3.14)."""
    raw = text.encode("ascii")
    return bytes((len(raw),)) + raw
