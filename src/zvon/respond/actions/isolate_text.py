"""Commands that take a host off the network, as text for a person: nothing here runs them.

Wazuh: body of `PUT /active-response` (Wazuh server API 4.x). nftables: a script for `nft -f`.
Suricata: rules with `drop`, in the range of local rule numbers (1,000,000 to 1,999,999).
"""

import hashlib
import ipaddress
import json
from collections.abc import Callable

from msgspec import Struct

LOCAL_SIDS = (1_000_000, 1_000_000)  # first, how many

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class BadHost(ValueError):
    """Not an address of one host that could be taken off a network."""


class Export(Struct, frozen=True):
    """A file for a person."""

    name: str
    media_type: str
    text: str


def export(tool: str, host: str, number: str) -> Export:
    """The file for a tool (`wazuh`, `nftables`, `suricata`). Raises `BadHost`.

    `number` is the run's, and stands in the file; only the address of `host` gets into a command.
    """
    try:
        address = ipaddress.ip_address(host.strip())
    except ValueError:
        raise BadHost("the address of one host, not a name or a network") from None
    if address.is_multicast or address.is_unspecified or address.is_loopback:
        raise BadHost("not an address that one host has")
    name, media_type, write = _TOOLS[tool]
    return Export(f"{number}-{name}", media_type, write(address, number))


def _wazuh(address: Address, number: str) -> str:
    body = {"command": "!firewall-drop", "custom": False, "arguments": [],
            "alert": {"data": {"srcip": str(address)}}}  # fmt: skip
    return json.dumps({"zvon": number, "request": "PUT /active-response", "body": body}, indent=2)


def _nftables(address: Address, number: str) -> str:
    family = "ip" if address.version == 4 else "ip6"
    return (
        f"# {number}: review, then: nft -f FILE; to take it back: nft delete table inet zvon_isolate\n"
        "table inet zvon_isolate {\n"
        "  chain forward {\n"
        "    type filter hook forward priority -10; policy accept;\n"
        f"    {family} saddr {address} drop\n"
        f"    {family} daddr {address} drop\n"
        "  }\n"
        "}\n"
    )


def _suricata(address: Address, number: str) -> str:
    first, many = LOCAL_SIDS
    sid = first + int.from_bytes(hashlib.sha256(address.packed).digest()[:4], "big") % (many - 1)
    there, back = sid, sid + 1
    target = f"[{address}]" if address.version == 6 else str(address)
    return (
        f'drop ip {target} any -> any any (msg:"zvon {number} isolate"; sid:{there}; rev:1;)\n'
        f'drop ip any any -> {target} any (msg:"zvon {number} isolate"; sid:{back}; rev:1;)\n'
    )


_TOOLS: dict[str, tuple[str, str, Callable[[Address, str], str]]] = {
    "wazuh": ("wazuh-active-response.json", "application/json", _wazuh),
    "nftables": ("isolate.nft", "text/plain", _nftables),
    "suricata": ("isolate.rules", "text/plain", _suricata),
}
