"""NSD 4.6 and newer: a relay in front of Unbound, or a secondary for many resolvers."""

from collections.abc import Iterable, Sequence

from zvon.config import host_port
from zvon.dns.kit.fanout import Client, entitled
from zvon.dns.kit.layout import FOLDERS, KitFile, Layout, Zone

# By default NSD puts transfers into force once a second at most.
_SERVER = '  database: ""\n  xfrd-reload-timeout: 0\n'
_ZONE = "  min-refresh-time: 1\n  store-ixfr: yes\n  ixfr-number: 50\n"


def relay(layout: Layout) -> list[KitFile]:
    """The TSIG relay of an Unbound on the same machine.

    It takes NOTIFY where the subscriber said, and gives zones to loopback only.
    """
    subscriber = layout.subscriber
    outside, port = host_port(subscriber.notify_address)
    listening = dict.fromkeys((f"127.0.0.1@{port}", f"{outside}@{port}"))
    unbound = host_port(subscriber.probe_address)[1] if subscriber.probe_address else 53
    down = f"  notify: 127.0.0.1@{unbound} NOKEY\n  provide-xfr: 127.0.0.1 NOKEY\n"
    text = "server:\n" + "".join(f"  ip-address: {one}\n" for one in listening) + _SERVER
    text += _key(subscriber.key_name or "", subscriber.algorithm or "", layout.secret)
    text += "".join(_zone(layout, zone, down) for zone in layout.zones)
    return [KitFile("nsd-zvon.conf", text, "nsd.conf of the relay on the same machine; 0640")]


def files(layout: Layout) -> list[KitFile]:
    """A secondary without clients yet; `zvon dns fanout` writes them into the second file."""
    listening = host_port(layout.subscriber.notify_address)[1]
    text = f"server:\n  ip-address: 0.0.0.0@{listening}\n  ip-address: ::0@{listening}\n"
    text += _SERVER + _key(
        layout.subscriber.key_name or "", layout.subscriber.algorithm or "", layout.secret
    )
    return [
        KitFile("nsd-zvon.conf", text + 'include: "nsd-clients.conf"\n', "nsd.conf; 0640"),
        KitFile("nsd-clients.conf", clients(layout, ()), "zones and who may have them; 0640"),
    ]


def clients(layout: Layout, those: Sequence[Client]) -> str:
    """Keys of `those`, and the zones with the keys that may have each."""
    keys = "".join(_key(one.key, one.algorithm, one.secret) for one in those)
    zones = "".join(
        _zone(layout, zone, _down(entitled(those, zone.name))) for zone in layout.feed_zones
    )
    return keys + zones


def _down(those: Iterable[Client]) -> str:
    text = ""
    for one in those:
        host, port = host_port(one.address)
        text += f"  notify: {host}@{port} {one.key}\n  provide-xfr: {host} {one.key}\n"
    return text


def _zone(layout: Layout, zone: Zone, down: str) -> str:
    key = layout.subscriber.key_name
    up = "".join(
        f"  allow-notify: {host} {key}\n  request-xfr: {host}@{port} {key}\n"
        for host, port in layout.primaries
    )
    file = f"{FOLDERS['nsd']}/{zone.name}.zone"
    return f'zone:\n  name: "{zone.name}"\n  zonefile: "{file}"\n{up}{down}{_ZONE}'


def _key(name: str, algorithm: str, secret: str) -> str:
    return f'key:\n  name: "{name}"\n  algorithm: {algorithm}\n  secret: "{secret}"\n'
