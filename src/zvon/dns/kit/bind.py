"""BIND 9.18 and newer: transfers with TSIG, rules through `response-policy`."""

from zvon.dns.kit.layout import KitFile, Layout, Zone

# `policy disabled` logs and changes nothing. No other override is ever written: it would also
# turn the records that let a name pass into blocks.
_OFF = " policy disabled"
_POLICY = {
    "allow": "log no min-update-interval 0",
    "hot": "log yes max-policy-ttl 60 min-update-interval 0",
    "cold": "log yes max-policy-ttl 300 min-update-interval 60",
    "ip": "log yes max-policy-ttl 300 min-update-interval 5",
}
_LOGGING = """\
// At the top level. When you have a logging { } of your own, put these two into it instead.
logging {
  channel zvon_rpz { file "rpz.log" versions 3 size 50m; print-time iso8601-utc; print-category yes; severity info; };
  category rpz { zvon_rpz; };
};
"""


def files(layout: Layout) -> list[KitFile]:
    """Three includes: inside `options`, at the top level, and the key."""
    key = layout.subscriber.key_name
    secret = (
        f'key "{key}" {{ algorithm {layout.subscriber.algorithm}; secret "{layout.secret}"; }};\n'
    )
    return [
        KitFile("zvon-key.conf", secret, 'include "…/zvon-key.conf"; at the top; 0640 root:bind'),
        KitFile("zvon-options.conf", _options(layout), "include it inside options { }"),
        KitFile("zvon-zones.conf", "".join(_zone(layout, z) for z in layout.zones),
                "include it at the top level"),
        KitFile("zvon-logging.conf", _LOGGING, "include it at the top level: hits are logged"),
    ]  # fmt: skip


def _options(layout: Layout) -> str:
    lines = []
    for zone in layout.zones:
        off = _OFF if layout.logs_only and zone.kind != "allow" else ""
        lines.append(f'    zone "{zone.name}" {_POLICY[zone.kind]}{off};\n')
    return (
        "// Inside options { }. Without min-update-interval 0 a block takes up to a minute.\n"
        "  min-refresh-time 1;\n  serial-query-rate 1000;\n"
        f"  response-policy {{\n{''.join(lines)}"
        "  } qname-wait-recurse no nsip-wait-recurse no break-dnssec yes add-soa yes;\n"
    )


def _zone(layout: Layout, zone: Zone) -> str:
    key = layout.subscriber.key_name
    primaries = " ".join(f'{host} port {port} key "{key}";' for host, port in layout.primaries)
    notifiers = " ".join(f"{host};" for host, _ in layout.primaries)
    return (
        f'zone "{zone.name}" {{ type secondary; file "{zone.name}.sec"; masterfile-format raw;\n'
        f"  primaries {{ {primaries} }};\n"
        f"  allow-notify {{ {notifiers} }}; allow-query {{ none; }}; }};\n"
    )
