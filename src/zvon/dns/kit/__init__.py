"""The kit: configuration that a resolver's operator can use as it is, one file for each brand.

What stands here ran against the real servers: BIND 9.18, Unbound 1.17 with NSD 4.6, PowerDNS
Recursor 4.8, Knot Resolver 5.6, Knot DNS 3.2. The secret is shown once; without it the files hold
a placeholder.
"""

from collections.abc import Callable, Sequence

from zvon.dns.kit import (
    bind,
    fanout,
    firewall,
    knot,
    kresd,
    nsd,
    pdns,
    proof,
    readme,
    unbound,
    units,
)
from zvon.dns.kit import windows as windows_dns
from zvon.dns.kit.fanout import Client
from zvon.dns.kit.layout import PLACEHOLDER, KitFile, Layout, primaries_of
from zvon.store.subscriber import Subscriber

__all__ = ["PLACEHOLDER", "KitFile", "fanned_out", "kit"]

_FILES: dict[str, Callable[[Layout], list[KitFile]]] = {
    "bind": bind.files,
    "unbound": unbound.files,
    "pdns": pdns.files,
    "kresd": kresd.files,
    "knot": knot.files,
    "nsd": nsd.files,
    "windows": windows_dns.files,
    "pfsense": firewall.files,
    "opnsense": firewall.files,
    "proof": proof.files,
}


def kit(
    subscriber: Subscriber, primary: str, secret: str | None, *, url: str = "http://127.0.0.1:8080"
) -> list[KitFile]:
    """The files for one subscriber.

    `primary` is `host:port` as the subscriber reaches it, several with commas between; `url` is
    where the node's API and pages are.
    """
    layout = _layout(subscriber, primary, secret, url)
    files = [*_FILES[subscriber.brand](layout), *units.files(layout)]
    return [*files, KitFile("README.txt", readme.text(layout, files), "what to do, in order")]


def fanned_out(subscriber: Subscriber, primary: str, clients: Sequence[Client]) -> list[KitFile]:
    """The second file of a Knot or NSD secondary with the resolvers behind it, and their secrets.

    Raises `BadClient` for a subscriber that is no secondary.
    """
    write = {"knot": knot.clients, "nsd": nsd.clients}.get(subscriber.brand)
    if write is None:
        raise fanout.BadClient(f"{subscriber.name} is no secondary of brand knot or nsd")
    text = write(_layout(subscriber, primary, None, ""), clients)
    return [
        KitFile(f"{subscriber.brand}-clients.conf", text, "takes the place of the one of the kit"),
        KitFile("clients.csv", fanout.written(clients), "keep it: their secrets; give it again"),
    ]


def _layout(subscriber: Subscriber, primary: str, secret: str | None, url: str) -> Layout:
    return Layout(subscriber=subscriber, primaries=primaries_of(primary),
                  secret=secret or PLACEHOLDER, url=url.rstrip("/"))  # fmt: skip
