"""Every setting of a node, in one class; thresholds and policies are data in the database."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read from `ZVON_…` environment variables; the command line wins over them."""

    model_config = SettingsConfigDict(env_prefix="ZVON_", extra="ignore")

    root: Path = Field(default_factory=lambda: default_root(os.geteuid()))
    """Folder of this node: database, key file, logs, zone snapshots."""
    database: SecretStr | None = None
    """DSN of a PostgreSQL 15 or later; without it the node runs its own."""
    pg_bin: Path | None = None
    """Folder with `postgres` and `initdb`, when not the first that is found."""

    name: str = "zvon"
    """Name of this node as partners see it."""
    country: str = "SI"
    """Country of the operator, two letters (ISO 3166)."""
    contact: str | None = None
    """Mail address that answers for letters to providers; without it no takedown package is made."""
    lang: str = "en"
    """Language for a visitor whose browser names none of ours."""

    http: str = "127.0.0.1:8080"
    """Address of the console, the forms and the API."""
    public_url: str | None = None
    """How people reach `http` from outside (behind a proxy); defaults to that address."""
    peer: str = "127.0.0.1:8443"
    """Address of the peer door (HTTPS with the node's own certificate)."""
    peer_url: str | None = None
    """How partners reach `peer` from outside."""
    dns: str = "127.0.0.1:5300"
    """Addresses of the policy-zone primary, UDP and TCP, separated by commas."""
    dns_public: str | None = None
    """The same as subscribers reach them (behind NAT, or for `0.0.0.0`); defaults to `dns`."""
    dns_tls: str | None = None
    """Addresses of zone transfer over TLS (RFC 9103, usually port 853), separated by commas."""
    dns_tls_cert: Path | None = None
    """Certificate chain for `dns_tls`."""
    dns_tls_key: Path | None = None
    """Private key for `dns_tls`."""
    dns_tls_ca: Path | None = None
    """Who issues the certificates of subscribers; with it nobody comes in without one."""

    landing: str | None = None
    """Addresses of the landing page (HTTP), separated by commas: `0.0.0.0:80,[::]:80`; off when not set."""
    landing_name: str | None = None
    """Name of the landing page: where blocked names with the action `landing` lead."""
    landing_https: str = "0.0.0.0:443"
    """Addresses of the landing page over HTTPS, when a certificate is given."""
    landing_tls_cert: Path | None = None
    """Certificate (PEM) for `landing_https`; browsers that don't trust it for the name warn."""
    landing_tls_key: Path | None = None
    """Key (PEM) of that certificate."""
    landing_help: Path | None = None
    """File (TOML) with the numbers at which banks block cards: `[[bank]]`, `name`, `phone`."""

    resolver: str | None = None
    """`host:port` of the resolver for enrichment; the system's when not set."""
    rdap_url: str | None = None
    """Base URL of an RDAP service; registration data is missing when not set."""

    fetch: bool = True
    """Whether pages that reports lead to are looked at, without their scripts."""
    render: bool = True
    """Whether they are opened in a browser too, where Chromium is installed."""
    chromium: Path | None = None
    """The browser's program, when not the first Chromium that is found."""
    egress_proxy: str | None = None
    """Proxy that looks leave through: `http://host:port` (CONNECT) or `socks5://host:port`."""
    egress_source: str | None = None
    """Address of this machine that looks leave from."""
    egress_refuse: str = ""
    """Prefixes of your own that are never looked at, separated by commas; private ones never are."""

    name_caches: str = ""
    """Own caches of certificate logs and name lists, `host:port` separated by commas; they may lie
    inside the network, every other source is asked like a stranger's page."""
    source_hosts: str = ""
    """Own servers that sources are read from, `host:port` separated by commas; they may lie inside
    the network, every other source is asked like a stranger's page."""
    source_ca: Path | None = None
    """Certificates (PEM) that own servers are trusted by, beside the machine's."""
    source_folders: str = ""
    """Folders below which sources may read files, separated by commas; `inbox` in `root` always."""
    syslog: str | None = None
    """Where syslog is taken, separated by commas: `udp:0.0.0.0:5514,tcp:[::]:5514`; off when not set."""
    syslog_tls: str | None = None
    """Addresses of syslog over TLS (RFC 5425, usually port 6514), separated by commas."""
    syslog_tls_cert: Path | None = None
    """Certificate chain for `syslog_tls`."""
    syslog_tls_key: Path | None = None
    """Private key for `syslog_tls`."""
    syslog_tls_ca: Path | None = None
    """Who issues the certificates of senders; with it nobody comes in without one."""
    lmtp: str | None = None
    """Where mail for sources is taken from your mail server (LMTP): `127.0.0.1:2424`; off when not set."""
    probe_kits: bool = False
    """Whether looks also ask for archives of kits that nobody named (`folder.zip`)."""

    mailbox: str | None = None
    """Mailbox for reports: `imaps://user@host/FOLDER` (`INBOX` when not said); off when not set."""
    mailbox_password: SecretStr | None = None
    """Its password."""
    mailbox_address: str | None = None
    """The mail address of that mailbox, which answers come from; needed for answers."""
    smtp: str | None = None
    """Where answers are sent: `smtp://host:25` (STARTTLS where offered) or `smtps://user@host`."""
    smtp_password: SecretStr | None = None
    """The password of its user."""

    message_address: str | None = None
    """Mail address that letters to contacts come from, with plus-addresses; `mailbox_address` when not set."""
    message_mailbox: str | None = None
    """Mailbox of that address, when it is another than `mailbox`: `imaps://user@host/FOLDER`."""
    message_mailbox_password: SecretStr | None = None
    """Its password."""

    collector_nats: str | None = None
    """NATS server (JetStream) that collectors send batches through: `nats://host:port`."""
    collector_nats_creds: Path | None = None
    """Credentials file for it."""

    popularity: Path | None = None
    """A list of popular names (`rank,name` lines, gzip or not) that nobody can block."""
    popularity_top: int = Field(default=1_000_000, ge=1, le=10_000_000)
    """How many names of it count."""

    intake_most: int = Field(default=2 * 1024**3, ge=1024, le=1 << 40)
    """How many bytes one delivery of a source may have."""

    train_data: Path | None = None
    """Folder with `phishing/urls/` for the weekly training; without it models are not retrained."""

    data_policies: Path | None = None
    """Folder of data policies, one TOML file a country; those that ship when not set."""
    reference: Path | None = None
    """Folder of reference data (`zvon reference update`); inside the node's folder when not set."""
    network_db: Path | None = None
    """Database of networks and countries in MaxMind's format, for enrichment."""
    passive_dns_url: str | None = None
    """Base URL of a passive DNS service (common output format); not asked when not set."""
    passive_dns_key: SecretStr | None = None
    """Its key, sent as `X-API-Key`."""

    oidc_issuer: str | None = None
    """Issuer of the OpenID provider that people may sign in with; off when not set."""
    oidc_client_id: str | None = None
    """What the provider knows this node by."""
    oidc_client_secret: Path | None = None
    """File that holds the secret of that client; a public client has none."""
    oidc_name: str = "OpenID"
    """What the button on the sign-in page calls the provider."""
    oidc_groups_claim: str = "groups"
    """Claim of the ID token that lists a person's groups."""

    workers: int = 1
    """Worker processes."""
    log: str = "info"
    """Least level that is logged."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """Folders below which sources may read files."""
        given = [Path(each.strip()) for each in self.source_folders.split(",") if each.strip()]
        return (self.root / "inbox", *given)

    @property
    def console_url(self) -> str:
        """Where people open the console."""
        return self.public_url or f"http://{self.http}"

    @property
    def own_hosts(self) -> tuple[str, ...]:
        """Hosts of this node that nobody may block: console, partners' door, landing page."""
        found = [urlsplit(self.console_url).hostname, urlsplit(self.peer_url or "").hostname]
        found += [host_port(each.strip())[0] for each in self.dns.split(",")]
        return tuple(host for host in (*found, self.landing_name) if host)

    @property
    def primary_address(self) -> str:
        """What stands in the configuration that we write for subscribers."""
        return self.dns_public or self.dns

    @property
    def reference_folder(self) -> Path:
        """Where reference data is."""
        return self.reference or self.root / "reference"

    @property
    def key_file(self) -> Path:
        """The node key: 32 bytes that seal every secret in the database."""
        return self.root / "node.key"


def default_root(uid: int) -> Path:
    """`zvon-data` here; for root a place that PostgreSQL's own user may enter."""
    return Path("/var/lib/zvon") if uid == 0 else Path("zvon-data")


def host_port(address: str) -> tuple[str, int]:
    """Split `127.0.0.1:80` or `[::1]:80`. Raises `ValueError` with the bad text."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or not 0 <= int(port) < 1 << 16:
        raise ValueError(f"expected host:port, got {address!r}")
    return host.strip("[]") or "127.0.0.1", int(port)
