"""Knot DNS 3.2 and newer as a secondary that hands zones on, with TSIG on both sides."""

from collections.abc import Sequence

from zvon.config import host_port
from zvon.dns.kit.fanout import Client, entitled
from zvon.dns.kit.layout import KitFile, Layout, Zone

# Knot refuses refresh-min-interval 1. Zones live in the journal, so a restart without us serves on.
_ZONE = (
    "    zonefile-sync: -1\n    zonefile-load: none\n    journal-content: all\n"
    "    refresh-min-interval: 2\n"
)


def files(layout: Layout) -> list[KitFile]:
    """A secondary without clients yet; `zvon dns fanout` writes them into the second file."""
    port = host_port(layout.subscriber.notify_address)[1]
    text = (
        f"server:\n    listen: [ 0.0.0.0@{port}, ::@{port} ]\n"
        "include: knot-clients.conf\n"
    )  # fmt: skip
    return [
        KitFile("knot-zvon.conf", text, "merge with knot.conf"),
        KitFile("knot-clients.conf", clients(layout, ()),
                "beside knot.conf: zones and who may have them; 0640 root:knot"),
    ]  # fmt: skip


def clients(layout: Layout, those: Sequence[Client]) -> str:
    """Our key and those of the clients, and the zones with the keys that may have each."""
    key = layout.subscriber.key_name or ""
    addresses = ", ".join(f"{host}@{port}" for host, port in layout.primaries)
    sources = ", ".join(host for host, _ in layout.primaries)
    keys = _key(key, layout.subscriber.algorithm or "", layout.secret)
    remotes = f"  - id: zvon\n    address: [ {addresses} ]\n    key: {key}\n"
    acls = f"  - id: zvon\n    address: [ {sources} ]\n    key: {key}\n    action: notify\n"
    for one in those:
        host, port = host_port(one.address)
        keys += _key(one.key, one.algorithm, one.secret)
        remotes += f"  - id: {one.name}\n    address: {host}@{port}\n    key: {one.key}\n"
        acls += f"  - id: {one.name}\n    key: {one.key}\n    action: transfer\n"
    zones = "".join(_zone(zone, list(entitled(those, zone.name))) for zone in layout.feed_zones)
    return f"key:\n{keys}remote:\n{remotes}acl:\n{acls}zone:\n{zones}"


def _zone(zone: Zone, those: Sequence[Client]) -> str:
    names = [one.name for one in those]
    notify = f"    notify: [ {', '.join(names)} ]\n" if names else ""
    acl = ", ".join(["zvon", *names])
    return f"  - domain: {zone.name}\n    master: zvon\n{notify}    acl: [ {acl} ]\n{_ZONE}"


def _key(name: str, algorithm: str, secret: str) -> str:
    return f"  - id: {name}\n    algorithm: {algorithm}\n    secret: {secret}\n"
