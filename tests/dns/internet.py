"""A small internet: a signed root and a signed `lab.`, and name servers that are up to no good.

Real NSDs on port 53 of loopback addresses of their own, because resolvers ask nobody elsewhere.
Every name under `lab.` that is not named here has an address, so that "not blocked" shows.
"""

import asyncio
import os
import shutil
import socket
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataclass
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from tests.programs import program
from zvon.cli.demo.resolvers import _end, _spawn

GOOD, BAD, BAD6 = "192.0.2.10", "192.0.2.66", "2001:db8:bad::1"
_LIFETIME = int(timedelta(days=2).total_seconds())
# Two test processes at the same time have other addresses.
_NET = f"127.{64 + os.getpid() % 128}.{os.getpid() // 128 % 250 + 1}"
ROOT, EVIL, HIDDEN = (f"{_NET}.{last}" for last in (1, 2, 3))

_ROOT_ZONE = f"""\
$TTL 300
. SOA ns.root. host.root. 1 3600 600 86400 60
. NS ns.root.
ns.root. A {ROOT}
lab. NS ns.lab.
ns.lab. A {ROOT}
"""
_LAB_ZONE = f"""\
$TTL 300
lab. SOA ns.lab. host.lab. 1 3600 600 86400 60
lab. NS ns.lab.
ns.lab. A {ROOT}
*.lab. A {GOOD}
*.lab. AAAA 2001:db8:600d::1
*.lab. TXT "open"
landing.lab. A 192.0.2.99
badip.lab. A {BAD}
badip6.lab. AAAA {BAD6}
ns.evilhosting.lab. A {EVIL}
evildns.lab. NS ns.evilhosting.lab.
hiddendns.lab. NS ns.plain.lab.
ns.plain.lab. A {HIDDEN}
"""


class Internet(Struct, frozen=True):
    """What a resolver has to know of it."""

    hints: str
    trust_anchor: str
    """The root's DS record, without the owner."""


def can_be_had() -> bool:
    """True when we may take port 53 of a loopback address, and NSD is here."""
    if program("nsd") is None:
        return False
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((ROOT, 53))
    except OSError:
        return False
    return True


@asynccontextmanager
async def internet() -> AsyncIterator[Internet]:
    """Serve until the block is left."""
    folder = Path(tempfile.mkdtemp(prefix="zvon-internet-"))
    lab, lab_ds = _signed("lab.", _LAB_ZONE)
    root, root_ds = _signed(".", f"{_ROOT_ZONE}lab. DS {lab_ds}\n")
    child = (
        "$TTL 300\n@ SOA ns host 1 3600 600 86400 60\n@ NS {ns}.\n@ A 192.0.2.20\n* A 192.0.2.20\n"
    )
    evil = child.format(ns="ns.evilhosting.lab")
    hidden = child.format(ns="ns.plain.lab")
    started = [
        await _nsd(folder / "root", [ROOT], {".": root, "lab": lab}),
        await _nsd(folder / "evil", [EVIL], {"evildns.lab": evil}),
        await _nsd(folder / "hidden", [HIDDEN], {"hiddendns.lab": hidden}),
    ]
    try:
        yield Internet(f". 300 IN NS ns.root.\nns.root. 300 IN A {ROOT}\n", root_ds)
    finally:
        await _end(started)
        shutil.rmtree(folder, ignore_errors=True)


def _signed(origin: str, text: str) -> tuple[str, str]:
    """The zone with signatures, and the DS record of its key."""
    zone = dns.zone.from_text(text, origin=origin, relativize=False)
    private = ec.generate_private_key(ec.SECP256R1())
    key = dns.dnssec.make_dnskey(private.public_key(), "ECDSAP256SHA256",
                                 flags=257)  # fmt: skip
    dns.dnssec.sign_zone(zone, keys=[(private, key)], lifetime=_LIFETIME, add_dnskey=True,
                         inception=time.time() - 3600)  # fmt: skip
    return zone.to_text(), dns.dnssec.make_ds(dns.name.from_text(origin), key, "SHA256").to_text()


async def _nsd(
    folder: Path, addresses: list[str], zones: dict[str, str]
) -> asyncio.subprocess.Process:
    folder.mkdir()
    listen = "".join(f"  ip-address: {one}@53\n" for one in addresses)
    conf = (
        f'server:\n{listen}  username: ""\n  chroot: ""\n  zonesdir: "{folder}"\n'
        f'  xfrdir: "{folder}"\n  xfrdfile: "{folder}/x"\n  zonelistfile: "{folder}/z"\n'
        f'  pidfile: "{folder}/nsd.pid"\n  database: ""\n  server-count: 1\n  do-ip6: no\n'
        "remote-control:\n  control-enable: no\n"
    )
    for number, (name, text) in enumerate(zones.items()):
        (folder / f"{number}.zone").write_text(text, encoding="utf-8")
        conf += f'zone:\n  name: "{name}"\n  zonefile: "{number}.zone"\n'
    (folder / "nsd.conf").write_text(conf, encoding="utf-8")
    return await _spawn(
        [program("nsd") or "nsd", "-d", "-c", str(folder / "nsd.conf")], folder, "nsd"
    )
