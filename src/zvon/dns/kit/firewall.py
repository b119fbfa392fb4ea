"""pfSense and OPNsense: their Unbound reads the list from a file that cron fetches.

A firewall with an address of its own can also be added as an `unbound` known by its address; then
blocks come by transfer, at once. This way works behind any address, within a minute.
"""

from zvon.dns.kit import pull
from zvon.dns.kit.layout import KitFile, Layout

# Unbound of both runs with this folder as its root directory.
_FOLDER = "/var/unbound/zvon"
_RELOAD = "unbound-control -c /var/unbound/unbound.conf auth_zone_reload $1.zvon"
_STEPS = {
    "pfsense": """\
pfSense (2.6 and newer), as root in Diagnostics > Command Prompt or over SSH:
  mkdir -p /var/unbound/zvon /etc/zvon
  install the files as their notes say; run: sh /usr/local/sbin/zvon-pull
  Services > DNS Resolver > General > Custom options:
    server:include: /var/unbound/zvon/zvon-rpz.conf
  Save, Apply. Leave the Python module off: it would take the place of module-config.
  Cron package: */1 * * * * root /usr/local/sbin/zvon-pull
""",
    "opnsense": """\
OPNsense (22 and newer), as root over SSH:
  mkdir -p /var/unbound/zvon /etc/zvon
  install the files as their notes say; run: sh /usr/local/sbin/zvon-pull
  cp zvon-rpz.conf /usr/local/etc/unbound.opnsense.d/zvon-rpz.conf
  configctl unbound restart
  /usr/local/opnsense/service/conf/actions.d/actions_zvon.conf, so that System > Settings > Cron has it:
    [pull]
    command:/usr/local/sbin/zvon-pull
    type:script
    message:fetching block lists
    description:zvon block lists
""",
}


def files(layout: Layout) -> list[KitFile]:
    """The include of Unbound, the puller and the steps."""
    brand = layout.subscriber.brand
    off = "  rpz-action-override: disabled\n" if layout.logs_only else ""
    text = 'server:\n  module-config: "respip validator iterator"\n' + "".join(
        f'rpz:\n  name: "{feed}.zvon"\n  zonefile: "{_FOLDER}/{feed}.rpz"\n'
        f'  rpz-log: yes\n  rpz-log-name: "{feed}.zvon"\n{off}'
        for feed in layout.subscriber.feeds
    )
    return [
        KitFile("zvon-rpz.conf", text, f"to {_FOLDER}/zvon-rpz.conf"),
        KitFile("STEPS.txt", _STEPS[brand], "the way through the pages of the firewall"),
        pull.script(),
        *pull.settings(layout, form="rpz", suffix="rpz", after=_RELOAD, folder=_FOLDER),
    ]
