"""systemd units for proof: a probe that asks the resolver, a collector that counts hits.

Both run at the resolver's operator and only open connections to us; no client's address leaves.
"""

from zvon.dns.kit.layout import KitFile, Layout

_STATE = "/var/lib/zvon-probe"
_UNIT = """\
[Unit]
Description=@WHAT@
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=@COMMAND@
Restart=always
RestartSec=5
DynamicUser=yes
@GROUPS@StateDirectory=zvon-probe
ProtectSystem=strict
ProtectHome=yes
NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
"""
# Where hits are read: the log of the server, or what PowerDNS sends.
_LOGS = {
    "bind": ("bind", "--log /var/cache/bind/rpz.log", "bind"),
    "unbound": ("unbound", "--log /var/log/unbound/unbound.log", "unbound"),
    "pdns": ("pdns", "--listen 127.0.0.1:4242", ""),
}


def files(layout: Layout) -> list[KitFile]:
    """The probe for all that answer queries, the collector for those that log hits."""
    brand = layout.subscriber.brand
    if brand in ("knot", "nsd", "windows", "pfsense", "opnsense", "proof"):
        return []
    made = [
        KitFile("zvon-probe.service", _unit(
            "Probe of zvon: proves that this resolver blocks",
            f"/usr/local/bin/zvon probe run --state {_STATE} --resolver 127.0.0.1:53",
        ), f"first: zvon probe enrol --node {layout.url} --key TOKEN --state {_STATE}"),
    ]  # fmt: skip
    if brand in _LOGS:
        name, source, group = _LOGS[brand]
        made.append(KitFile("zvon-collector.service", _unit(
            "Collector of zvon: counts hits, keeps addresses here",
            f"/usr/local/bin/zvon collector run --state {_STATE} --brand {name} {source}", group,
        ), "uses the enrolment of the probe"))  # fmt: skip
    if brand == "pdns":
        lua = 'protobufServer("127.0.0.1:4242", {logQueries=false, logResponses=true})\n'
        made.append(KitFile("zvon-collector.lua", lua, "append to zvon.lua with the collector on"))
    return made


def _unit(what: str, command: str, group: str = "") -> str:
    groups = f"SupplementaryGroups={group}\n" if group else ""
    return _UNIT.replace("@WHAT@", what).replace("@COMMAND@", command).replace("@GROUPS@", groups)
