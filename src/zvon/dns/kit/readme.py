"""What to do with the files, in order: install, look, a week of log-only, enforce, and back."""

from collections.abc import Sequence

from zvon.dns.kit.layout import KitFile, Layout, shown
from zvon.model.zone import test_name

_LOOK = {
    "bind": "named-checkconf && rndc reconfig",
    "unbound": "unbound-checkconf && unbound-control reload",
    "pdns": "rec_control reload-lua-config    (restart once for recursor.conf)",
    "kresd": "systemctl restart kresd@1",
    "knot": "knotc conf-check && knotc reload",
    "nsd": "nsd-checkconf /etc/nsd/nsd.conf && nsd-control reconfig",
    "windows": "powershell -File C:\\ProgramData\\zvon\\zvon.ps1 -LogOnly",
    "pfsense": "see STEPS.txt",
    "opnsense": "see STEPS.txt",
    "proof": "start it",
}
_BACK = {
    "bind": "remove the include of zvon-options.conf, then: rndc reconfig",
    "unbound": "remove the include of zvon-rpz.conf, then: unbound-control reload",
    "pdns": "remove lua-config-file=zvon.lua, then: rec_control reload-lua-config",
    "kresd": "remove the line with zvon.lua (6: the rpz entries), then: systemctl restart kresd@1",
    "knot": "remove the include of knot-clients.conf, then: knotc reload",
    "nsd": "remove the include of nsd-clients.conf, then: nsd-control reconfig",
    "windows": "powershell -File C:\\ProgramData\\zvon\\zvon.ps1 -Remove",
    "pfsense": "remove the line of Custom options, Save, Apply",
    "opnsense": "remove zvon-rpz.conf, then: configctl unbound restart",
    "proof": "stop it",
}


def text(layout: Layout, files: Sequence[KitFile]) -> str:
    """One page."""
    subscriber = layout.subscriber
    where = ", ".join(shown(host, port) for host, port in layout.primaries)
    mode = (
        "Log-only: rules are logged and change no answer. Ask for enforce when a week went well."
        if layout.logs_only
        else "Enforce: rules change answers."
    )
    if subscriber.known_by == "export":
        wall = f"Firewall: HTTPS from you to {layout.url}; nothing comes in."
    else:
        wall = (
            f"Firewall: TCP and UDP from {subscriber.address} to {where};\n"
            f"  UDP from the same addresses to {subscriber.notify_address}."
        )
    listed = "\n".join(f"  {file.path}: {file.note}" for file in files)
    tested = test_name(subscriber.feed)
    return (
        f"Subscriber {subscriber.name}, feeds {', '.join(subscriber.feeds)}, primary {where}.\n"
        f"{mode}\n{wall}\n\n1. Files\n{listed}\n\n2. Check and load\n  {_LOOK[subscriber.brand]}\n\n"
        f"3. Is it there? When you enforce, this says NXDOMAIN:\n  dig {tested}\n"
        f"  Ask us, or from where the node can be reached: zvon dns check {subscriber.name}\n\n"
        f"Back, without us\n  {_BACK[subscriber.brand]}\n\n"
        "When we are away your resolver goes on with the last zones for seven days.\n"
    )
