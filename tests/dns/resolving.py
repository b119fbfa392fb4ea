"""Real resolvers that walk the small internet from its root, validate, and use a kit."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from tests.dns.internet import Internet
from tests.programs import program
from zvon.cli.demo.resolvers import _end, _spawn, in_folder
from zvon.dns.kit import KitFile
from zvon.dns.kit.pull import FOLDER

HOST = "127.0.0.1"
START_S = 15.0


class Resolver:
    """A resolver that runs, and what it answers."""

    def __init__(self, brand: str, folder: Path, port: int) -> None:
        self.brand, self.folder, self.port = brand, folder, port

    async def ask(self, name: str, rtype: str = "A", *, do: bool = False) -> dns.message.Message:
        """Its answer; raises `dns.exception.Timeout` after five seconds."""
        query = dns.message.make_query(name, rtype, want_dnssec=do, use_edns=True)
        answer, _ = await dns.asyncquery.udp_with_fallback(query, HOST, timeout=5, port=self.port)
        return answer

    async def says(self, name: str, rtype: str = "A", *, do: bool = False) -> str:
        """In one word: the return code, NODATA, or the last answer."""
        try:
            answer = await self.ask(name, rtype, do=do)
        except dns.exception.Timeout:
            return "TIMEOUT"
        if answer.rcode() != dns.rcode.NOERROR:
            return dns.rcode.to_text(answer.rcode())
        wanted = dns.rdatatype.from_text(rtype)
        found = [rrset for rrset in answer.answer if rrset.rdtype == wanted]
        return found[-1][0].to_text() if found else "NODATA"

    async def becomes(self, name: str, wanted: str, *, seconds: float = START_S) -> str:
        """What it says once it says `wanted`, or what it says at the end."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (said := await self.says(name)) != wanted and loop.time() < end:
            await asyncio.sleep(0.1)
        return said

    def log(self) -> str:
        """What it logged."""
        return (self.folder / f"{self.brand}.log").read_text(encoding="utf-8", errors="replace")


@asynccontextmanager
async def resolving(
    brand: str, folder: Path, port: int, net: Internet, files: Sequence[KitFile]
) -> AsyncIterator[Resolver]:
    """Start `brand` with the kit's `files` on `port`; it answers when the block is entered."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        (folder / file.path).write_text(
            in_folder(file.text.replace(FOLDER, str(folder))), encoding="utf-8"
        )
    (folder / "root.hints").write_text(net.hints, encoding="utf-8")
    write = {"bind": _bind, "unbound": _unbound, "pdns": _pdns, "kresd": _kresd}[brand]
    process = await _spawn(write(folder, port, net), folder, brand)
    made = Resolver(brand, folder, port)
    try:
        loop = asyncio.get_running_loop()
        end = loop.time() + START_S
        while await made.says("ready.lab") in ("TIMEOUT", "SERVFAIL", "REFUSED"):
            if process.returncode is not None or loop.time() > end:
                raise AssertionError(f"{brand} does not resolve\n{made.log()[-3000:]}")
            await asyncio.sleep(0.1)
        yield made
    finally:
        await _end([process])


def _bind(folder: Path, port: int, net: Internet) -> list[str]:
    tag, algorithm, kind, digest = net.trust_anchor.split()
    (folder / "named.conf").write_text(f"""
include "zvon-key.conf";
options {{
  directory "{folder}"; pid-file "named.pid"; session-keyfile "session.key";
  listen-on port {port} {{ {HOST}; }}; listen-on-v6 {{ none; }};
  transfer-source {HOST}; recursion yes; allow-query {{ any; }};
  dnssec-validation yes;
  include "zvon-options.conf";
}};
trust-anchors {{ . static-ds {tag} {algorithm} {kind} "{digest}"; }};
zone "." {{ type hint; file "root.hints"; }};
controls {{ }};
include "zvon-logging.conf";
include "zvon-zones.conf";
""", encoding="utf-8")  # fmt: skip
    return [program("named") or "named", "-g", "-n", "1", "-c", str(folder / "named.conf")]


def _unbound(folder: Path, port: int, net: Internet) -> list[str]:
    (folder / "unbound.conf").write_text(f"""
server:
  directory: "{folder}"
  username: ""
  chroot: ""
  pidfile: "unbound.pid"
  use-syslog: no
  logfile: ""
  interface: {HOST}@{port}
  access-control: 127.0.0.0/8 allow
  do-ip6: no
  num-threads: 1
  do-not-query-localhost: no
  root-hints: "root.hints"
  trust-anchor: ". DS {net.trust_anchor}"
include: "{folder}/zvon-server.conf"
include: "{folder}/zvon-rpz.conf"
remote-control:
  control-enable: no
""", encoding="utf-8")  # fmt: skip
    return [program("unbound") or "unbound", "-d", "-p", "-c", str(folder / "unbound.conf")]


def _pdns(folder: Path, port: int, net: Internet) -> list[str]:
    kit = (folder / "zvon-recursor.conf").read_text(encoding="utf-8")
    (folder / "recursor.conf").write_text(f"""
local-address={HOST}
local-port={port}
query-local-address={HOST}
socket-dir=.
hint-file={folder}/root.hints
dont-query=
dnssec=validate
daemon=no
disable-syslog=yes
write-pid=no
security-poll-suffix=
threads=1
{kit}""", encoding="utf-8")  # fmt: skip
    lua = folder / "zvon.lua"
    lua.write_text(f'clearTA(".")\naddTA(".", "{net.trust_anchor}")\n'
                   + lua.read_text(encoding="utf-8"), encoding="utf-8")  # fmt: skip
    return [program("pdns_recursor") or "pdns_recursor", f"--config-dir={folder}"]


def _kresd(folder: Path, port: int, net: Internet) -> list[str]:
    (folder / "kresd.conf").write_text(f"""
net.listen('{HOST}', {port}, {{ kind = 'dns' }})
net.ipv6 = false
cache.open(10 * MB, 'lmdb://{folder}/cache')
modules.unload('ta_update')
modules.unload('ta_signal_query')
modules.unload('priming')
modules.unload('detect_time_skew')
modules.load('hints')
hints.root_file('{folder}/root.hints')
trust_anchors.remove('.')
trust_anchors.add('. IN DS {net.trust_anchor}')
-- Name servers of the small internet have loopback addresses.
policy.add(policy.all(policy.FLAGS('ALLOW_LOCAL')))
dofile('{folder}/zvon.lua')
""", encoding="utf-8")  # fmt: skip
    return [program("kresd") or "kresd", "-n", "-c", str(folder / "kresd.conf"), str(folder)]
