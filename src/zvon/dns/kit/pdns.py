"""PowerDNS Recursor 4.8 and newer: transfers with TSIG; it polls, because NOTIFY came with 5.1."""

from zvon.dns.kit.layout import FOLDERS, PDNS_CONF, KitFile, Layout, Zone, shown

_CONF = f"""\
lua-config-file={PDNS_CONF}/zvon.lua
# Recursor 4.8 would go on giving a cached answer.
disable-packetcache=yes
# Clients are told that the answer was blocked (RFC 8914).
extended-resolution-errors=yes
"""


def files(layout: Layout) -> list[KitFile]:
    """Lines for recursor.conf, and the zones in Lua."""
    return [
        KitFile("zvon-recursor.conf", _CONF, "append to recursor.conf"),
        KitFile("zvon.lua", "".join(_zone(layout, z) for z in layout.zones),
                f"to {PDNS_CONF}/zvon.lua; 0640 root:pdns; make {FOLDERS['pdns']}, owned by pdns"),
    ]  # fmt: skip


def _zone(layout: Layout, zone: Zone) -> str:
    subscriber = layout.subscriber
    primaries = ", ".join(f'"{shown(host, port)}"' for host, port in layout.primaries)
    refresh = 1 if zone.kind == "hot" else 60
    # What log-only dumped has other actions under the same serial.
    file = f"{FOLDERS['pdns']}/{zone.name}.{subscriber.mode}.rpz"
    # Seeded from a file, Recursor 4.8 asks only every 10 s until the zone changes (measured),
    # so the hot zone is not; a restart without us begins with the other zones.
    seed = "" if zone.kind == "hot" else f' dumpFile="{file}", seedFile="{file}",'
    off = ", defpol=Policy.NoAction" if layout.logs_only else ""
    label = f', tags={{"{zone.kind}"}}, overridesGettag=true{off}'
    label += f', extendedErrorCode=15, extendedErrorExtra="{layout.url}/check"'
    return (
        f'rpzPrimary({{{primaries}}}, "{zone.name}", {{tsigname="{subscriber.key_name}",'
        f' tsigalgo="{subscriber.algorithm}", tsigsecret="{layout.secret}", refresh={refresh},'
        f'{seed} policyName="{zone.name}"{"" if zone.kind == "allow" else label}}})\n'
    )
