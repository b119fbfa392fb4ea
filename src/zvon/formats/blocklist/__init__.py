"""Lists for those who take no policy zone: proxies, browsers, firewalls, other resolvers.

`FORMATS` is the whole choice. A format names the kinds of entries that its consumer can act on;
what a consumer could only take more widely than meant is left out.
"""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from zvon.formats.blocklist import (
    adblock,
    dnsdist,
    dnsmasq,
    edl,
    hosts,
    jsonlist,
    misp,
    nftables,
    plain,
    policy_zone,
    routeros,
    squid,
    stix,
    suricata,
    table,
    unbound,
    windows,
    xmllist,
)
from zvon.formats.blocklist.entry import About, BadEntry, Entry, Kind

__all__ = ["FORMATS", "About", "BadEntry", "Entry", "Format", "Kind", "takes"]

Encode = Callable[[Iterable[Entry], About], Iterator[bytes]]
Difference = Callable[[Iterable[Entry], Iterable[str], About], Iterator[bytes]]

_NAMES = frozenset({Kind.NAME})
_URLS = frozenset({Kind.URL})
_ADDRESSES = frozenset({Kind.IP})
_VALUES = _NAMES | _URLS | _ADDRESSES
_TEXT = "text/plain; charset=utf-8"


class Format(Struct, frozen=True, kw_only=True):
    """A kind of list: for whom, how it is written, and how the difference to an older one is.

    `version` rises with every change of what `encode` writes, so that no copy that somebody made
    before is taken for the new one. `tests` says whether the test name of the feed is in it.
    """

    media_type: str
    suffix: str
    encode: Encode
    kinds: frozenset[Kind]
    difference: Difference | None = None
    only: Callable[[Entry], bool] | None = None
    tests: bool = True
    version: int = 1


def takes(format: Format, entry: Entry) -> bool:
    """True when the entry belongs into lists of this format."""
    return (
        entry.kind in format.kinds
        and (format.only is None or format.only(entry))
        and (format.tests or entry.category != "test")
    )


FORMATS: dict[str, Format] = {
    "txt": Format(media_type=_TEXT, suffix="txt", encode=plain.encode, kinds=_VALUES,
                  difference=plain.difference),
    "csv": Format(media_type="text/csv; charset=utf-8", suffix="csv", encode=table.encode,
                  kinds=frozenset(Kind), difference=table.difference),
    "json": Format(media_type="application/json", suffix="json", encode=jsonlist.encode,
                   kinds=frozenset(Kind), difference=jsonlist.difference),
    "xml": Format(media_type="application/xml", suffix="xml", encode=xmllist.encode,
                  kinds=frozenset(Kind)),
    "hosts": Format(media_type=_TEXT, suffix="hosts", encode=hosts.encode, kinds=_NAMES),
    "adblock": Format(media_type=_TEXT, suffix="txt", encode=adblock.encode,
                      kinds=_NAMES | _URLS),
    "dnsmasq": Format(media_type=_TEXT, suffix="conf", encode=dnsmasq.encode, kinds=_NAMES),
    "unbound": Format(media_type=_TEXT, suffix="conf", encode=unbound.encode, kinds=_NAMES),
    "kresd": Format(media_type="text/dns", suffix="zone", encode=policy_zone.encode_kresd,
                    kinds=_NAMES),
    "rpz": Format(media_type="text/dns", suffix="zone", encode=policy_zone.encode,
                  kinds=frozenset(Kind) - _URLS),
    "dnsdist": Format(media_type=_TEXT, suffix="lua", encode=dnsdist.encode, kinds=_NAMES),
    "routeros": Format(media_type=_TEXT, suffix="rsc", encode=routeros.encode,
                       kinds=_NAMES | _ADDRESSES),
    "windows": Format(media_type="text/csv; charset=utf-8", suffix="csv", encode=windows.encode,
                      kinds=_NAMES),
    "squid-domains": Format(media_type=_TEXT, suffix="txt", encode=squid.encode_names,
                            kinds=_NAMES),
    "squid-urls": Format(media_type=_TEXT, suffix="txt", encode=squid.encode_urls, kinds=_URLS),
    "suricata-domains": Format(media_type=_TEXT, suffix="lst", encode=suricata.encode_names,
                               kinds=_NAMES),
    "suricata-urls": Format(media_type=_TEXT, suffix="lst", encode=suricata.encode_urls,
                            kinds=_URLS),
    "suricata-rules": Format(media_type=_TEXT, suffix="rules", encode=suricata.encode_rules,
                             kinds=_NAMES | _URLS),
    "nftables": Format(media_type=_TEXT, suffix="nft", encode=nftables.encode, kinds=_ADDRESSES),
    "edl-domains": Format(media_type=_TEXT, suffix="txt", encode=edl.encode_names, kinds=_NAMES),
    "edl-urls": Format(media_type=_TEXT, suffix="txt", encode=edl.encode_urls, kinds=_URLS,
                       only=edl.exact),
    "edl-ips": Format(media_type=_TEXT, suffix="txt", encode=edl.encode_addresses,
                      kinds=_ADDRESSES),
    "stix": Format(media_type="application/stix+json;version=2.1", suffix="json",
                   encode=stix.encode, kinds=_VALUES, tests=False),
    "misp": Format(media_type="application/json", suffix="json", encode=misp.encode,
                   kinds=_VALUES, tests=False),
}  # fmt: skip
