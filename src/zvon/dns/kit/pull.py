"""Fetching lists over HTTP, for servers that take no zone: a shell script, its settings, a timer."""

from importlib.resources import files as resources

from zvon.dns.kit.layout import PLACEHOLDER, KitFile, Layout

FOLDER = "/var/lib/zvon"
_SERVICE = """\
[Unit]
Description=Fetch the block lists of zvon
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/zvon-pull /etc/zvon/pull.conf
StateDirectory=zvon
ProtectSystem=full
PrivateTmp=yes
NoNewPrivileges=yes
"""
_TIMER = """\
[Unit]
Description=Fetch the block lists of zvon, every ten seconds

[Timer]
OnBootSec=5
OnUnitInactiveSec=10
AccuracySec=1

[Install]
WantedBy=timers.target
"""


def script() -> KitFile:
    """The shell script; needs curl."""
    text = resources("zvon.dns.kit").joinpath("pull.sh").read_text(encoding="utf-8")
    return KitFile("zvon-pull.sh", text, "install -m 755 zvon-pull.sh /usr/local/sbin/zvon-pull")


def settings(layout: Layout, *, form: str, suffix: str, after: str, folder: str) -> list[KitFile]:
    """What the script reads, and the header with the API key, which curl takes from a file."""
    conf = (
        f"URL={layout.url}\nFEEDS='{' '.join(layout.subscriber.feeds)}'\nFORMAT={form}\n"
        f"SUFFIX={suffix}\nFOLDER={folder}\nHEADER_FILE=/etc/zvon/pull.header\n"
        f"# Run for each feed that changed; its name is $1.\nAFTER='{after}'\n"
    )
    header = f"Authorization: Bearer {PLACEHOLDER.replace('SECRET', 'API_KEY')}\n"
    return [
        KitFile("pull.conf", conf, "to /etc/zvon/pull.conf"),
        KitFile("pull.header", header, "to /etc/zvon/pull.header, mode 0600; your API key in it"),
    ]


def timer() -> list[KitFile]:
    """The systemd units that run the script."""
    return [
        KitFile("zvon-pull.service", _SERVICE, "to /etc/systemd/system"),
        KitFile("zvon-pull.timer", _TIMER,
                "to /etc/systemd/system, then: systemctl enable --now zvon-pull.timer"),
    ]  # fmt: skip
