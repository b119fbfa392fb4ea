"""The kit: configuration that a resolver's operator can use as it is, for each brand we know.

What stands here ran against the real servers (BIND 9.18, Unbound 1.17 with NSD 4.6, PowerDNS
Recursor 4.8). The secret is shown once; without it the files hold a placeholder.
"""

from collections.abc import Callable

from msgspec import Struct

from zvon.config import host_port
from zvon.model.zone import test_name, zone_name
from zvon.store.subscriber import Subscriber

PLACEHOLDER = "@SECRET@"


class KitFile(Struct, frozen=True):
    """One file: where it belongs, what stands in it, and what to do with it."""

    path: str
    text: str
    note: str


class _Zone(Struct, frozen=True):
    kind: str
    name: str


def kit(subscriber: Subscriber, primary: str, secret: str | None) -> list[KitFile]:
    """The files for one subscriber; `primary` is `host:port` as the subscriber reaches it."""
    write: dict[str, Callable[[Subscriber, str, str], list[KitFile]]] = {
        "bind": _bind, "unbound": _unbound, "pdns": _pdns, "proof": _proof,
    }  # fmt: skip
    files = write[subscriber.brand](subscriber, primary, secret or PLACEHOLDER)
    return [*files, KitFile("README.txt", _readme(subscriber, primary), "what to do, in order")]


def _zones(subscriber: Subscriber) -> list[_Zone]:
    """In the order in which a resolver has to look at them."""
    return [
        _Zone("allow", zone_name("allow", subscriber.name)),
        _Zone("hot", zone_name("hot", subscriber.feed)),
        _Zone("cold", zone_name("cold", subscriber.feed)),
    ]


def _logs_only(subscriber: Subscriber) -> bool:
    return subscriber.mode == "log-only"


def _bind(subscriber: Subscriber, primary: str, secret: str) -> list[KitFile]:
    host, port = host_port(primary)
    key = subscriber.key_name
    off = " policy disabled" if _logs_only(subscriber) else ""
    policy = {
        "allow": "log no policy passthru min-update-interval 0",
        "hot": f"log yes max-policy-ttl 60 min-update-interval 0{off}",
        "cold": f"log yes max-policy-ttl 300 min-update-interval 60{off}",
    }
    lines = "\n".join(f'    zone "{z.name}" {policy[z.kind]};' for z in _zones(subscriber))
    options = (
        "// Inside options { }. Without min-update-interval 0 a block takes up to a minute.\n"
        "  min-refresh-time 1;\n  serial-query-rate 1000;\n"
        f"  response-policy {{\n{lines}\n"
        "  } qname-wait-recurse no nsip-wait-recurse no break-dnssec yes add-soa yes;\n"
    )
    zones = "".join(
        f'zone "{z.name}" {{ type secondary; file "{z.kind}.sec"; masterfile-format raw;\n'
        f'  primaries {{ {host} port {port} key "{key}"; }};\n'
        f"  allow-notify {{ {host}; }}; allow-query {{ none; }}; }};\n"
        for z in _zones(subscriber)
    )
    secret_text = f'key "{key}" {{ algorithm {subscriber.algorithm}; secret "{secret}"; }};\n'
    return [
        KitFile("zvon-options.conf", options, 'include "zvon-options.conf"; inside options { }'),
        KitFile("zvon-zones.conf", zones, 'include "zvon-zones.conf"; at the top level'),
        KitFile("zvon-key.conf", secret_text, "include at the top level; mode 0640, root:bind"),
    ]


def _unbound(subscriber: Subscriber, primary: str, secret: str) -> list[KitFile]:
    host, port = host_port(primary)
    source = (
        f"127.0.0.1@{host_port(subscriber.notify_address)[1]}"
        if subscriber.relay
        else f"{host}@{port}"
    )
    notifier = "127.0.0.1" if subscriber.relay else host
    parts = []
    for z in _zones(subscriber):
        part = (
            f'rpz:\n  name: "{z.name}"\n  primary: {source}\n  allow-notify: {notifier}\n'
            f'  zonefile: "{z.kind}.zone"\n'
        )
        if z.kind != "allow":
            part += f'  rpz-log: yes\n  rpz-log-name: "{z.kind}"\n'
            if _logs_only(subscriber):
                part += "  rpz-action-override: disabled\n"
        parts.append(part)
    server = 'server:\n  module-config: "respip validator iterator"\n  extended-statistics: yes\n'
    files = [
        KitFile("zvon-server.conf", server, "merge with your module-config: respip comes first"),
        KitFile("zvon-rpz.conf", "".join(parts), "include in unbound.conf, in this order of zones"),
    ]
    if subscriber.relay:
        files.append(_nsd(subscriber, primary, secret))
    return files


def _nsd(subscriber: Subscriber, primary: str, secret: str) -> KitFile:
    """The TSIG relay: Unbound cannot sign, NSD on the same machine does it for it.

    It takes NOTIFY where the subscriber said, and gives zones to loopback only.
    """
    host, port = host_port(primary)
    key = subscriber.key_name
    outside, relay_port = host_port(subscriber.notify_address)
    listening = dict.fromkeys((f"127.0.0.1@{relay_port}", f"{outside}@{relay_port}"))
    unbound_port = host_port(subscriber.probe_address)[1] if subscriber.probe_address else 53
    text = "server:\n" + "".join(f"  ip-address: {one}\n" for one in listening)
    # By default NSD puts transfers into force once a second at most.
    text += '  database: ""\n  xfrd-reload-timeout: 0\n'
    text += f'key:\n  name: "{key}"\n  algorithm: {subscriber.algorithm}\n  secret: "{secret}"\n'
    for z in _zones(subscriber):
        text += (
            f'zone:\n  name: "{z.name}"\n  zonefile: "{z.kind}.zone"\n'
            f"  allow-notify: {host} {key}\n  request-xfr: {host}@{port} {key}\n"
            f"  notify: 127.0.0.1@{unbound_port} NOKEY\n  provide-xfr: 127.0.0.1 NOKEY\n"
            "  min-refresh-time: 1\n  store-ixfr: yes\n  ixfr-number: 50\n"
        )
    return KitFile("nsd-zvon.conf", text, "nsd.conf of the relay on the same machine")


def _pdns(subscriber: Subscriber, primary: str, secret: str) -> list[KitFile]:
    off = ", defpol=Policy.NoAction" if _logs_only(subscriber) else ""
    lines = []
    for z in _zones(subscriber):
        refresh = 1 if z.kind == "hot" else 60
        # What log-only dumped has other actions under the same serial.
        file = f"{z.kind}.{subscriber.mode}.rpz"
        # Seeded from a file, Recursor 4.8 asks only every 10 s until the zone changes (measured),
        # so the hot zone is not; a restart without us begins with the allow and cold zones.
        files = "" if z.kind == "hot" else f' dumpFile="{file}", seedFile="{file}",'
        tail = "" if z.kind == "allow" else f', tags={{"{z.kind}"}}, overridesGettag=true{off}'
        lines.append(
            f'rpzPrimary({{"{primary}"}}, "{z.name}", {{tsigname="{subscriber.key_name}",'
            f' tsigalgo="{subscriber.algorithm}", tsigsecret="{secret}", refresh={refresh},'
            f"{files}"
            f' policyName="{z.kind}"{tail}}})\n'
        )
    conf = "lua-config-file=zvon.lua\n# Recursor 4.8 would go on giving a cached answer.\n"
    return [
        KitFile(
            "zvon-recursor.conf", conf + "disable-packetcache=yes\n", "append to recursor.conf"
        ),
        KitFile("zvon.lua", "".join(lines), "beside recursor.conf; mode 0640"),
    ]


def _proof(subscriber: Subscriber, primary: str, secret: str) -> list[KitFile]:
    zones = ", ".join(f'"{z.name}"' for z in _zones(subscriber))
    text = (
        f'primary = "{primary}"\nzones = [{zones}]\nmode = "{subscriber.mode}"\n'
        f'key = "{subscriber.key_name}"\nalgorithm = "{subscriber.algorithm}"\n'
        f'secret = "{secret}"\n'
    )
    return [KitFile("proof.toml", text, "for the built-in proof resolver, not for production")]


def _readme(subscriber: Subscriber, primary: str) -> str:
    mode = (
        "Log-only: rules are logged and change no answer. Ask for enforce when a week went well."
        if _logs_only(subscriber)
        else "Enforce: rules change answers."
    )
    lift = {
        "bind": "remove the include of zvon-options.conf and run: rndc reconfig",
        "unbound": "remove the include of zvon-rpz.conf and run: unbound-control reload",
        "pdns": "remove lua-config-file=zvon.lua and run: rec_control reload-lua-config",
        "proof": "stop it",
    }[subscriber.brand]
    return (
        f"Subscriber {subscriber.name}, feed {subscriber.feed}, primary {primary} (TCP and UDP).\n"
        f"{mode}\n\n"
        f"Firewall: TCP and UDP from {subscriber.address} to {primary};"
        f" UDP from {primary.rpartition(':')[0]} to {subscriber.notify_address}.\n"
        f"Test: {test_name(subscriber.feed)} has to be answered with NXDOMAIN when you enforce.\n"
        f"Switch off, without us: {lift}\n"
        "When we are away your resolver goes on with the last zones for seven days.\n"
    )
