"""One line of a list of bad names or addresses, in the syntax of the program that it is made for.

Each reader gives the values that the line calls bad, `None` for one that says nothing bad (it
allows something, sets an option, hides an element of a page), or a sentence when it cannot be read.
Reading is the other direction of `formats.blocklist`, and knows what others write too.
"""

import re
from collections.abc import Callable
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
    summarize_address_range,
)

from zvon.formats.intel.cell import value_of, values
from zvon.model.observable import BadValue, Observable, ObservableType, canonical

NO_RANGE = "It is no range of addresses."
NEITHER = "It is neither a name nor an address."

Said = tuple[Observable, ...] | str | None
Reader = Callable[[str], Said]

NOWHERE = frozenset({"0.0.0.0", "127.0.0.1", "::", "::1", "0", "#", ""})  # noqa: S104  an answer
MOST_NETS = 64  # that a range may need
_OWN_HOST = frozenset({"localhost", "localhost.localdomain", "local", "broadcasthost",
                       "ip6-localhost", "ip6-loopback", "ip6-localnet", "ip6-mcastprefix",
                       "ip6-allnodes", "ip6-allrouters", "ip6-allhosts"})  # fmt: skip

_HOSTS = re.compile(r"(0\.0\.0\.0|127\.0\.0\.1|::1?|0)\s+(\S.*)")
_ADBLOCK = re.compile(r"\|\|([^\s/^*$|]+)(/[^\s^*$|]*)?\^?(?:\$([\w,~=.|-]*))?\|?")
_ADBLOCK_URL = re.compile(r"\|(https?://[^\s*^$|]+)\^?\|?(?:\$([\w,~=.|-]*))?")
_COSMETIC = re.compile(r"#[@?$%]{0,2}#|\$\$|%%|\+js\(")
_RPZ = re.compile(
    r"(?i)(\S+)\s+(?:[0-9]+[smhdw]?\s+)?(?:IN\s+)?(CNAME|A|AAAA|TXT|NS|SOA|MX|DNAME)\s+(\S+).*"
)
_DNSMASQ = re.compile(r"(address|server|local|host-record|cname)\s*=\s*(.+)")
_UNBOUND = re.compile(r"local-(zone|data|data-ptr)\s*:\s*(.+)")
_ZONE = re.compile(r"\"?([^\s\"]+)\"?\s+\"?([\w-]+)\"?")
_DATA = re.compile(r"[\"']([^\s\"']+)\s+(?:[0-9]+\s+)?(?:IN\s+)?(?:A|AAAA)\s+([0-9a-f.:]+)[\"']")
_BAD_ZONES = frozenset({"always_nxdomain", "always_refuse", "always_nodata", "always_null",
                        "always_deny", "refuse", "static", "deny", "inform_deny",
                        "redirect"})  # fmt: skip
_RANGE = re.compile(r"([0-9a-fA-F.:]+)\s*(?:-|\t|\s)\s*([0-9a-fA-F.:]+)(?:[\s,;].*)?")
_IPSET = re.compile(r"(?:ipset\s+(?:-A|add)|add)\s+(?:-exist\s+)?\S+\s+(\S+).*")
_IPTABLES = re.compile(r"(?:ip6?tables\s+.*)?-(?:A|I)\s+\S+\s+.*-(?:s|d)\s+(\S+)\s.*-j\s+(\w+).*")
_DENY = re.compile(r"(?i)(?:deny(?: from)?|blackhole|null-?route|block)\s+([^\s;]+)\s*;?")
_PATTERN = re.compile(r"[\\\[\](){}*^$|]")
_PORT_LIST = re.compile(r":[0-9]{1,5}(?:[#,].*)?$")


def plain(text: str) -> Said:
    """A value by itself, several of them, or one with a number or a word behind it."""
    words = text.split()
    first = value_of(words[0]) if words else None
    if first is not None and (
        len(words) == 1 or (len(words) <= 3 and not any(map(value_of, words[1:])))
    ):
        return (first,)
    return values(text) or (_name(text) if "." in text else NEITHER)


def hosts(text: str) -> Said:
    """A line of a hosts file that sends names nowhere; others give names their real addresses."""
    found = _HOSTS.fullmatch(text.partition("#")[0].strip())
    if found is None:
        first = text.split()[:1]
        return (
            None if first and value_of(first[0]) is not None else "It is no line of a hosts file."
        )
    names = [name for name in found[2].split() if name.lower() not in _OWN_HOST]
    return _each(names) if names else None


def adblock(text: str) -> Said:
    """A network rule for a whole host or one address; `@@` allows, `##` hides elements."""
    if text.startswith(("@@", "[", "!", "#")) or _COSMETIC.search(text):
        return None
    found = _ADBLOCK.fullmatch(text)
    if found is not None:
        if "badfilter" in (found[3] or "") or "domain=" in (found[3] or ""):
            return None
        return _each([found[1] + (found[2] or "")])
    found = _ADBLOCK_URL.fullmatch(text)
    if found is not None:
        return None if "badfilter" in (found[2] or "") else _each([found[1]])
    plain_name = value_of(text) if "/" not in text and "*" not in text else None
    return (plain_name,) if plain_name is not None else None


def policy_zone(text: str) -> Said:
    """A rule of a response policy zone: passed-through names are allowed, all else is bad."""
    bare = text.partition(";")[0].strip()
    if not bare or bare.startswith("$") or bare[0] in "()@" or text[:1].isspace():
        return None
    found = _RPZ.fullmatch(bare)
    if found is None:
        return "It is no rule of a policy zone." if len(bare.split()) > 1 else None
    owner, kind, target = found[1].rstrip("."), found[2].upper(), found[3].lower()
    if kind in {"SOA", "NS", "TXT", "MX"} or target.startswith(("rpz-passthru", "rpz-tcp-only")):
        return None
    if kind == "CNAME" and target.rstrip(".") == owner.lower():
        return None  # the older way to let a name pass
    for mark in (".rpz-ip", ".rpz-nsip", ".rpz-client-ip"):
        if mark in owner + ".":
            if mark == ".rpz-client-ip":
                return None
            return _reversed(owner[: owner.index(mark)])
    return _each([owner.partition(".rpz-nsdname")[0].removeprefix("*.")])


def dnsmasq(text: str) -> Said:
    """An option that leaves a name without an answer; one that forwards it is nothing bad."""
    found = _DNSMASQ.fullmatch(text.partition(" #")[0].strip())
    if found is None:
        return None
    option, said = found[1], found[2].strip()
    if option == "host-record":
        names = [part for part in said.split(",") if not _is_address(part)]
        return _each(names) if NOWHERE & set(said.split(",")) else None
    if option == "cname" or not said.startswith("/"):
        return None
    *names, target = said[1:].split("/")
    return _each([name for name in names if name and name != "#"]) if target in NOWHERE else None


def unbound(text: str) -> Said:
    """A local zone that refuses, or local data that lead nowhere."""
    found = _UNBOUND.match(text)
    if found is None:
        return None
    if found[1] == "zone":
        zone = _ZONE.match(found[2])
        if zone is None:
            return "It is no local zone."
        return _each([zone[1]]) if zone[2].lower() in _BAD_ZONES else None
    data = _DATA.match(found[2])
    return _each([data[1]]) if data is not None and data[2] in NOWHERE else None


def address_range(text: str) -> Said:
    """The first and the last address of a range, as the prefixes that make it up."""
    found = _RANGE.fullmatch(text)
    if found is None:
        return None if text[:1].isalpha() else NO_RANGE
    try:
        nets = _nets(found[1], found[2])
    except (AddressValueError, ValueError, TypeError):
        return NO_RANGE
    if len(nets) > MOST_NETS:
        return "The range is no sum of a few prefixes."
    return tuple(map(_prefix, nets))


def _nets(first: str, last: str) -> list[IPv4Network | IPv6Network]:
    if ":" in first:
        return list(summarize_address_range(IPv6Address(first), IPv6Address(last)))
    return list(summarize_address_range(IPv4Address(first), IPv4Address(last)))


def _prefix(net: IPv4Network | IPv6Network) -> Observable:
    """A prefix, or an address when it is only one."""
    if net.num_addresses > 1:
        return canonical(ObservableType.CIDR, str(net))
    kind = ObservableType.IPV4 if net.version == 4 else ObservableType.IPV6
    return canonical(kind, str(net.network_address))


def firewall(text: str) -> Said:
    """A command that adds to a set or drops packets; those that only prepare say nothing."""
    for form in (_IPSET, _IPTABLES, _DENY):
        found = form.fullmatch(text)
        if found is not None:
            if form is _IPTABLES and found[2].upper() in {"ACCEPT", "RETURN", "LOG"}:
                return None
            value = value_of(found[1].removesuffix("/32"))
            return (value,) if value is not None else f"{found[1]!r} is no address."
    return None


def rbldns(text: str) -> Said:
    """An entry of rbldnsd: `.name` stands for all below, `:` sets the answer, `!` excludes."""
    if text[0] in ":!$@":
        return None
    entry = text.partition(":")[0].strip().removeprefix("*.").lstrip(".")
    return _each([entry])


def trail(text: str) -> Said:
    """An entry of Maltrail; a path or a part of an address is a pattern and no value."""
    if text.startswith(("/", ".", "?", "&", "=")) or _PATTERN.search(text):
        return ()
    found = value_of(text)
    if found is not None:
        return (found,)
    bare = _PORT_LIST.sub("", text)
    found = value_of(bare) if bare != text else None
    if found is not None:
        return (found,)
    return _name(text) if "." in text else ()


def _each(texts: list[str]) -> Said:
    found: list[Observable] = []
    for text in texts:
        said = _name(text.strip().strip('"').rstrip("."))
        if isinstance(said, str) or said is None:
            return said
        found += said
    return tuple(dict.fromkeys(found))


def _name(text: str) -> Said:
    """A value, or a name under a top-level label that is not in the public list."""
    found = value_of(text)
    if found is not None:
        return (found,)
    if "/" in text or "." not in text:
        return f"{text[:80]!r} is neither a name nor an address."
    try:
        return (canonical(ObservableType.DOMAIN, text.removeprefix("*.")),)
    except BadValue as problem:
        return f"It cannot be read: {problem}."


def _reversed(owner: str) -> Said:
    """`24.0.2.0.192` is 192.0.2.0/24 (draft-vixie-dnsop-dns-rpz-00, 4.1.1)."""
    length, *parts = owner.split(".")
    sign = ":" if len(parts) > 4 or "zz" in parts else "."
    joined = sign.join(reversed(parts))
    if sign == ":" and "zz" in parts:
        left, _, right = joined.partition("zz")
        joined = f"{left.rstrip(':')}::{right.lstrip(':')}"
    try:
        net = ip_network(f"{joined}/{length}")
    except ValueError:
        return f"{owner!r} is no prefix."
    return (_prefix(net),)


def _is_address(text: str) -> bool:
    try:
        ip_address(text.strip())
    except ValueError:
        return False
    return True
