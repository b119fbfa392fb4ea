"""Address prefixes as policy zones know them: one canonical text, one owner name.

`192.0.2.66/32` and `2001:db8::/48`; an address alone is its longest prefix.
"""

from ipaddress import IPv4Network, IPv6Network, ip_network

Network = IPv4Network | IPv6Network

_MAPPED = IPv6Network("::ffff:0:0/96")
# Nobody writes a rule shorter than these; a look-up need not go further up.
_SHORTEST = {4: 8, 6: 16}


class BadPrefix(ValueError):
    """The text is no prefix that a rule can have; the message says why."""


def network(text: str) -> Network:
    """Read a prefix or an address. Raises `BadPrefix`, also for host bits and for `/0`."""
    text = text.strip()
    if not text.isascii() or "%" in text:
        raise BadPrefix(f"not an address prefix: {text!r}")
    length = text.rpartition("/")[2]
    if "/" in text and not (length.isdigit() and len(length) <= 3):
        raise BadPrefix(f"not an address prefix: {text!r}")  # a netmask is no prefix length
    try:
        found = ip_network(text)
    except ValueError as problem:
        if "host bits" in str(problem):
            raise BadPrefix(f"bits beyond the prefix length are set: {text!r}") from None
        raise BadPrefix(f"not an address prefix: {text!r}") from None
    if found.prefixlen == 0:
        raise BadPrefix(f"every address there is: {text!r}")
    if isinstance(found, IPv6Network) and found.subnet_of(_MAPPED):
        raise BadPrefix(f"an IPv4 address written as IPv6: {text!r}")
    return found


def canonical(text: str) -> str:
    """The one text of a prefix (RFC 5952 for IPv6). Raises `BadPrefix`."""
    return str(network(text))


def owner(prefix: str, kind: str = "rpz-ip") -> str:
    """The owner name of a canonical prefix: length, then the address backwards, then `kind`.

    `192.0.2.66/32` gives `32.66.2.0.192.rpz-ip`. Of an IPv6 address the longest run of zero groups
    is `zz` (draft-vixie-dnsop-dns-rpz-00, 4.1.1); BIND drops a rule that is written otherwise.
    """
    address, _, length = prefix.partition("/")
    if ":" not in address:
        groups = address.split(".")
    else:
        head, run, tail = address.partition("::")
        groups = [part for part in head.split(":") if part]
        groups += ["zz"] * bool(run) + [part for part in tail.split(":") if part]
    return ".".join([length, *reversed(groups), kind])


def covering_owners(prefix: str, kind: str = "rpz-ip") -> list[str]:
    """The owners of this canonical prefix and of all shorter ones, the longest first."""
    net = network(prefix)
    shortest = min(_SHORTEST[net.version], net.prefixlen)
    return [
        owner(str(net.supernet(new_prefix=length)), kind)
        for length in range(net.prefixlen, shortest - 1, -1)
    ]
