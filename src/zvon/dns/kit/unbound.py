"""Unbound 1.17 and newer: it cannot sign transfers, so an NSD on the same machine does (nsd.py)."""

from zvon.config import host_port
from zvon.dns.kit import nsd
from zvon.dns.kit.layout import FOLDERS, KitFile, Layout, Zone

_SERVER = """\
server:
  # respip comes first, or no rule acts; a later module-config wins over an earlier one.
  module-config: "respip validator iterator"
  extended-statistics: yes
"""


def files(layout: Layout) -> list[KitFile]:
    """The server's modules, the policy zones, and the relay where it is used."""
    made = [
        KitFile("zvon-server.conf", _SERVER, "include it in unbound.conf after your own server:"),
        KitFile("zvon-rpz.conf", "".join(_zone(layout, z) for z in layout.zones),
                "include it in unbound.conf; the order of the zones matters"),
    ]  # fmt: skip
    return [*made, *nsd.relay(layout)] if layout.subscriber.relay else made


def _zone(layout: Layout, zone: Zone) -> str:
    if layout.subscriber.relay:
        sources = [("127.0.0.1", host_port(layout.subscriber.notify_address)[1])]
    else:
        sources = list(layout.primaries)
    text = f'rpz:\n  name: "{zone.name}"\n'
    for host, port in sources:
        text += f"  primary: {host}@{port}\n  allow-notify: {host}\n"
    text += f'  zonefile: "{FOLDERS["unbound"]}/{zone.name}.zone"\n'
    if zone.kind != "allow":
        text += f'  rpz-log: yes\n  rpz-log-name: "{zone.name}"\n'
        if layout.logs_only:
            text += "  rpz-action-override: disabled\n"
    return text
