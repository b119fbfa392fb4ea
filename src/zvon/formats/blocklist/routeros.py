"""A script for MikroTik RouterOS 7: `/import` runs it. What an earlier list set goes first."""

from collections.abc import Iterable, Iterator

from zvon.formats.blocklist.entry import About, Entry, Kind
from zvon.formats.blocklist.plain import heading
from zvon.formats.blocklist.stream import pieces


def encode(entries: Iterable[Entry], about: About) -> Iterator[bytes]:
    """Static DNS entries for names, and an address list for prefixes."""
    mark = f"zvon-{about.feed}"
    yield (
        f"{heading(about)}\n"
        f'/ip dns static remove [find comment="{mark}"]\n'
        f'/ip firewall address-list remove [find comment="{mark}"]\n'
        f'/ipv6 firewall address-list remove [find comment="{mark}"]\n'
    ).encode()
    yield from pieces(_line(entry, mark) for entry in entries)


def _line(entry: Entry, mark: str) -> str:
    if entry.kind is Kind.NAME:
        below = " match-subdomain=yes" if entry.below else ""
        return f'/ip dns static add name="{entry.value}" type=NXDOMAIN{below} comment="{mark}"'
    family = "ipv6" if ":" in entry.value else "ip"
    return (
        f"/{family} firewall address-list add list={mark} address={entry.value} comment={mark!r}"
    ).replace("'", '"')
