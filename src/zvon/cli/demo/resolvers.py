"""Starting every real resolver that is installed, with the kit's own files plus lab settings.

The lab settings only say where to listen on loopback, where to forward, and that nothing outside
the folder is touched. They need no rights, and work as root too.
"""

import asyncio
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from zvon.config import host_port
from zvon.dns.ask import Asker
from zvon.dns.kit.layout import FOLDERS, PDNS_CONF

PROGRAMS = {"bind": "named", "unbound": "unbound", "pdns": "pdns_recursor"}
RELAY = "nsd"
START_S, STOP_S = 20.0, 5.0
HOST = "127.0.0.1"
_PR_SET_PDEATHSIG = 1
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/sbin"))
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None

# What an NSD needs to run in a folder of ours, beside what the kit says.
NSD_LAB = """
server:
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  xfrdir: "{folder}"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  pidfile: "{folder}/nsd.pid"
  server-count: 1
  do-ip6: no
remote-control:
  control-enable: no
"""


class NotStarted(RuntimeError):
    """A resolver did not answer in time; the message has the end of its log."""


def program(name: str) -> str | None:
    """Where a server's program is, also when `sbin` is not on the path."""
    return shutil.which(name, path=_PATH)


def found() -> list[tuple[str, str]]:
    """Every real brand that is installed, with its version. Unbound counts with or without NSD."""
    return [(brand, version(brand)) for brand, name in PROGRAMS.items() if program(name)]


def version(brand: str) -> str:
    """The version that the program itself gives."""
    path = program(PROGRAMS.get(brand, ""))
    if path is None:
        return "ours" if brand == "proof" else "absent"
    flag = "--version" if brand == "pdns" else "-V"
    said = subprocess.run([path, flag], capture_output=True, text=True, check=False, timeout=10)
    numbers = re.search(r"\d+\.\d+\.\d+", said.stdout + said.stderr)
    return numbers[0] if numbers else "unknown"


class Wanted(Struct, frozen=True, kw_only=True):
    """A resolver to be started: its ports are chosen before it subscribes."""

    label: str
    brand: str
    folder: Path
    forward: str
    port: int
    relay: bool
    relay_port: int

    @property
    def probe_address(self) -> str:
        """Where it answers queries."""
        return f"{HOST}:{self.port}"

    @property
    def notify_address(self) -> str:
        """Where it takes NOTIFY."""
        return f"{HOST}:{self.relay_port if self.relay else self.port}"

    @classmethod
    async def plan(
        cls, label: str, brand: str, folder: Path, forward: str, *, relay: bool | None = None
    ) -> "Wanted":
        """Choose free ports; an Unbound takes the relay when NSD is installed."""
        if relay is None:
            relay = brand == "unbound" and program(RELAY) is not None
        return cls(label=label, brand=brand, folder=folder, forward=forward, port=free_port(),
                   relay=relay, relay_port=free_port())  # fmt: skip


class Running:
    """A resolver that answers."""

    def __init__(self, wanted: Wanted, processes: Sequence[asyncio.subprocess.Process]) -> None:
        self.wanted = wanted
        self.brand, self.port = wanted.brand, wanted.port
        self.version = version(wanted.brand)
        self.processes = list(processes)

    @property
    def pids(self) -> list[int]:
        """The processes of the resolver and of its relay."""
        return [one.pid for one in self.processes]

    async def stop(self) -> None:
        """End it; waits until it has gone."""
        await _end(self.processes)


def free_port() -> int:
    """A port that is free on loopback for UDP and TCP now."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind((HOST, 0))
            port = int(udp.getsockname()[1])
            with socket.socket() as tcp:
                try:
                    tcp.bind((HOST, port))
                except OSError:
                    continue
                return port


async def start_resolver(wanted: Wanted, files: Sequence[Mapping[str, str]]) -> Running:
    """Write the kit's `files` (`path`, `text`) and the lab settings, and start what they need.

    Returns when the resolver answers. Raises `NotStarted`.
    """
    wanted.folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        path = wanted.folder / Path(file["path"]).name
        path.write_text(in_folder(file["text"]), encoding="utf-8")
        path.chmod(0o600)
    started: list[asyncio.subprocess.Process] = []
    try:
        if wanted.relay:
            started.append(await _start_relay(wanted))
        command = {"bind": _bind, "unbound": _unbound, "pdns": _pdns, "proof": _proof}[
            wanted.brand
        ](wanted)
        started.append(await _spawn(command, wanted.folder, wanted.brand))
        await _answers(wanted, wanted.port, started)
    except BaseException:
        await _end(started)
        raise
    return Running(wanted, started)


def in_folder(text: str) -> str:
    """A file of the kit with names of files in place of Debian's folders."""
    for folder in (*FOLDERS.values(), PDNS_CONF):
        text = text.replace(f"{folder}/", "")
    return text


async def restart(running: Running, files: Sequence[Mapping[str, str]]) -> Running:
    """Stop it and start it again with other files, on the same ports."""
    await running.stop()
    return await start_resolver(running.wanted, files)


def _bind(wanted: Wanted) -> list[str]:
    host, port = host_port(wanted.forward)
    conf = f"""
include "zvon-key.conf";
options {{
  directory "{wanted.folder}"; pid-file "named.pid"; session-keyfile "session.key";
  listen-on port {wanted.port} {{ {HOST}; }}; listen-on-v6 {{ none; }};
  transfer-source {HOST}; query-source address {HOST};
  recursion yes; allow-query {{ 127.0.0.0/8; }}; allow-recursion {{ 127.0.0.0/8; }};
  forward only; forwarders {{ {host} port {port}; }};
  dnssec-validation no; empty-zones-enable no;
  include "zvon-options.conf";
}};
controls {{ }};
include "zvon-zones.conf";
"""
    path = wanted.folder / "named.conf"
    path.write_text(conf, encoding="utf-8")
    return [program("named") or "named", "-g", "-n", "1", "-c", str(path)]


def _unbound(wanted: Wanted) -> list[str]:
    host, port = host_port(wanted.forward)
    conf = f"""
server:
  directory: "{wanted.folder}"
  username: ""
  chroot: ""
  pidfile: "unbound.pid"
  use-syslog: no
  logfile: ""
  interface: {HOST}@{wanted.port}
  access-control: {HOST}/32 allow
  do-ip6: no
  num-threads: 1
  do-not-query-localhost: no
  outgoing-interface: {HOST}
include: "{wanted.folder}/zvon-server.conf"
include: "{wanted.folder}/zvon-rpz.conf"
forward-zone:
  name: "."
  forward-addr: {host}@{port}
remote-control:
  control-enable: no
"""
    path = wanted.folder / "unbound.conf"
    path.write_text(conf, encoding="utf-8")
    return [program("unbound") or "unbound", "-d", "-p", "-c", str(path)]


def _pdns(wanted: Wanted) -> list[str]:
    # It runs in its folder: the whole path of a socket may be no longer than 107 bytes.
    conf = f"""
local-address={HOST}
local-port={wanted.port}
query-local-address={HOST}
socket-dir=.
forward-zones=.={wanted.forward}
dont-query=
dnssec=off
daemon=no
disable-syslog=yes
write-pid=no
security-poll-suffix=
threads=1
"""
    kit = (wanted.folder / "zvon-recursor.conf").read_text(encoding="utf-8")
    (wanted.folder / "recursor.conf").write_text(conf + kit, encoding="utf-8")
    return [program("pdns_recursor") or "pdns_recursor", f"--config-dir={wanted.folder}"]


def _proof(wanted: Wanted) -> list[str]:
    return [sys.executable, "-m", "zvon.dns.proof", str(wanted.folder / "proof.toml"),
            "--listen", wanted.probe_address, "--forward", wanted.forward]  # fmt: skip


async def _start_relay(wanted: Wanted) -> asyncio.subprocess.Process:
    folder = wanted.folder / "relay"
    folder.mkdir(exist_ok=True)
    kit = (wanted.folder / "nsd-zvon.conf").read_text(encoding="utf-8")
    path = folder / "nsd.conf"
    path.write_text(kit + NSD_LAB.format(folder=folder), encoding="utf-8")
    path.chmod(0o600)
    process = await _spawn([program(RELAY) or RELAY, "-d", "-c", str(path)], wanted.folder, RELAY)
    zone = re.search(r'name: "(hot\.[^"]+)"', kit)
    asker = await Asker.to(HOST, wanted.relay_port)
    try:
        # Unbound waits long after a relay that has nothing yet.
        for _ in range(int(START_S / 0.1)):
            answer = await asker.ask(zone[1] if zone else ".", 6, timeout=0.5)
            if answer is not None and answer.resolves:
                break
            await _still(process, wanted.folder, RELAY)
            await asyncio.sleep(0.1)
    finally:
        asker.close()
    return process


async def _spawn(command: Sequence[str], folder: Path, name: str) -> asyncio.subprocess.Process:
    """Start a server that ends with us, however we end."""
    with (folder / f"{name}.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *command, cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, preexec_fn=_die_with_parent,
        )  # fmt: skip


def _die_with_parent() -> None:
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


async def _answers(
    wanted: Wanted, port: int, processes: Sequence[asyncio.subprocess.Process]
) -> None:
    asker = await Asker.to(HOST, port)
    loop = asyncio.get_running_loop()
    end = loop.time() + START_S
    try:
        while await asker.ask("ready.example", timeout=0.3) is None:
            for process in processes:
                await _still(process, wanted.folder, wanted.brand)
            if loop.time() > end:
                raise NotStarted(
                    f"{wanted.brand} does not answer\n{_log(wanted.folder, wanted.brand)}"
                )
            await asyncio.sleep(0.05)
    finally:
        asker.close()


async def _still(process: asyncio.subprocess.Process, folder: Path, name: str) -> None:
    if process.returncode is not None:
        raise NotStarted(f"{name} ended with {process.returncode}\n{_log(folder, name)}")


def _log(folder: Path, name: str) -> str:
    path = folder / f"{name}.log"
    return path.read_text(encoding="utf-8", errors="replace")[-1500:] if path.exists() else ""


async def _end(processes: Sequence[asyncio.subprocess.Process]) -> None:
    """Ask each to stop, then make it; NSD and its children share a process group."""
    for process in reversed(processes):
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                break
            try:
                async with asyncio.timeout(STOP_S):
                    await process.wait()
            except TimeoutError:
                continue
            else:
                break
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
