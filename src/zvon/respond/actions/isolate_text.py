"""Commands that take hosts off the network, as text for a person: nothing here runs them.

Wazuh: bodies of `PUT /active-response` (Wazuh server API 4.x). nftables: a script for `nft -f`.
Suricata: rules with `drop`, in the range of local rule numbers (1,000,000 to 1,999,999).
"""

import hashlib
import ipaddress
import json
from collections.abc import Callable, Sequence

from msgspec import Struct

LOCAL_SIDS = (1_000_000, 1_000_000)  # first, how many

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class BadHost(ValueError):
    """Not addresses of hosts that could be taken off a network."""


class Export(Struct, frozen=True):
    """A file for a person."""

    name: str
    media_type: str
    text: str


def export(tool: str, hosts: str, number: str) -> Export:
    """The file for a tool (`wazuh`, `nftables`, `suricata`). Raises `BadHost`.

    `hosts` are addresses with commas between them, each written once; only they get into a command.
    `number` is the run's, and stands in the file.
    """
    addresses = list(dict.fromkeys(_address(each) for each in hosts.split(",")))
    name, media_type, write = _TOOLS[tool]
    return Export(f"{number}-{name}", media_type, write(addresses, number))


def _address(host: str) -> Address:
    try:
        address = ipaddress.ip_address(host.strip())
    except ValueError:
        raise BadHost("addresses of single hosts, not names or networks") from None
    if address.is_multicast or address.is_unspecified or address.is_loopback:
        raise BadHost("not an address that one host has")
    return address


def _wazuh(addresses: Sequence[Address], number: str) -> str:
    bodies = [
        {"command": "!firewall-drop", "custom": False, "arguments": [],
         "alert": {"data": {"srcip": str(address)}}}
        for address in addresses
    ]  # fmt: skip
    made = {"zvon": number, "request": "PUT /active-response", "bodies": bodies}
    return json.dumps(made, indent=2)


def _nftables(addresses: Sequence[Address], number: str) -> str:
    rules = "".join(
        f"    {family} saddr {address} drop\n    {family} daddr {address} drop\n"
        for address in addresses
        for family in ["ip" if address.version == 4 else "ip6"]
    )
    return (
        f"# {number}: review, then: nft -f FILE; to take it back: nft delete table inet zvon_isolate\n"
        "table inet zvon_isolate {\n"
        "  chain forward {\n"
        "    type filter hook forward priority -10; policy accept;\n"
        f"{rules}"
        "  }\n"
        "}\n"
    )


def _suricata(addresses: Sequence[Address], number: str) -> str:
    return "".join(_drops(address, number) for address in addresses)


def _drops(address: Address, number: str) -> str:
    first, many = LOCAL_SIDS
    sid = first + int.from_bytes(hashlib.sha256(address.packed).digest()[:4], "big") % (many - 1)
    there, back = sid, sid + 1
    target = f"[{address}]" if address.version == 6 else str(address)
    return (
        f'drop ip {target} any -> any any (msg:"zvon {number} isolate"; sid:{there}; rev:1;)\n'
        f'drop ip any any -> {target} any (msg:"zvon {number} isolate"; sid:{back}; rev:1;)\n'
    )


_TOOLS: dict[str, tuple[str, str, Callable[[Sequence[Address], str], str]]] = {
    "wazuh": ("wazuh-active-response.json", "application/json", _wazuh),
    "nftables": ("isolate.nft", "text/plain", _nftables),
    "suricata": ("isolate.rules", "text/plain", _suricata),
}
