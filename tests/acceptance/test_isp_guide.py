"""The guide for engineers of resolvers, walked: its commands are run, its outputs compared."""

import asyncio
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.authority import authority
from tests.programs import SBIN, program
from zvon.cli.demo.justified import justification
from zvon.cli.demo.node import DemoNode
from zvon.cli.demo.resolvers import NSD_LAB, _end, _spawn, free_port, in_folder
from zvon.config import host_port

GUIDE = Path(__file__).parents[2] / "docs" / "isp-guide.md"
HOST = "127.0.0.1"


def section(title: str) -> list[tuple[str, str]]:
    """The fenced blocks of a section, as (language, text)."""
    text = GUIDE.read_text(encoding="utf-8").split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL)


def alike(text: str) -> list[str]:
    """Lines of an output without what differs from run to run: addresses and numbers."""
    return [
        re.sub(r"[\d.]+(:\d+)?", "#", line).strip() for line in text.splitlines() if line.strip()
    ]


class Walk:
    """One engineer at one machine: folders, servers, and the words that stand for others here."""

    def __init__(self, folder: Path, words: dict[str, str], node: str, key: str) -> None:
        self.folder, self.words = folder, words
        self.env = os.environ | {"ZVON_NODE": node, "ZVON_KEY": key, "ZVON_LANG": "en",
                                 "PATH": f"{os.environ['PATH']}:{SBIN}"}  # fmt: skip
        self.servers: dict[str, asyncio.subprocess.Process] = {}
        self.acts: dict[str, Callable[[], object]] = {}

    def here(self, text: str) -> str:
        for theirs, ours in self.words.items():
            text = text.replace(theirs, ours)
        return text

    async def run(self, command: str) -> str:
        """The output of one command of the guide."""
        for begins, act in self.acts.items():
            if command.startswith(begins):
                await act()  # type: ignore[misc]
                return ""
        words = shlex.split(self.here(command))
        if words[0] == "zvon":
            words = [sys.executable, "-m", "zvon", *words[1:]]
        said = await asyncio.to_thread(subprocess.run, words, env=self.env, capture_output=True,
                                       text=True, check=False, timeout=90)  # fmt: skip
        out: str = said.stdout
        if words[0] != "dig" and "check" not in words:
            assert said.returncode == 0, (words, out, said.stderr)
        self.adapt()
        return out + (f"\n{said.stderr}" if "check" in words and said.stderr else "")

    def adapt(self) -> None:
        """Files that name folders of Debian, which this test leaves alone."""
        for path in self.folder.rglob("zvon*.conf"):
            path.write_text(in_folder(path.read_text(encoding="utf-8")), encoding="utf-8")

    async def follow(self, title: str) -> int:
        """Walk a section; how many outputs were compared."""
        compared, last, command = 0, "", ""
        for language, text in section(title):
            if language == "sh":
                for command in filter(None, map(str.strip, text.splitlines())):
                    last = await self.run(command)
            elif language == "text" and not text.startswith("BAD"):
                for _ in range(8):  # zones need a moment to come
                    if await self.fits(command, text, last):
                        break
                    await asyncio.sleep(1.5)
                    last = await self.run(command)
                assert await self.fits(command, text, last), f"{command}\n{last}\n---\n{text}"
                compared += 1
        return compared

    async def fits(self, command: str, expected: str, said: str) -> bool:
        if command.startswith("dig"):
            return expected.strip() in said
        return alike(said) == alike(expected)

    async def start(self, name: str, *command: str) -> None:
        """Start a server, or start it anew."""
        if name in self.servers:
            await _end([self.servers.pop(name)])
        path = program(command[0])
        assert path is not None
        self.servers[name] = await _spawn([path, *command[1:]], self.folder, name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node() -> AsyncIterator[tuple[DemoNode, str]]:
    """A node as an operator starts it, and an administrator's key."""
    folder = Path(tempfile.mkdtemp(prefix="zvon-guide-"))
    folder.chmod(0o755)  # PostgreSQL of a test run by root works as another user
    made = DemoNode("guide", "SI", "en", folder / "node", {})
    try:
        await made.start()
        admin = await made.first_administrator()
        bor = await made.person(admin, "bor", "Bor M.", "approver")
        for feed in (await admin.get("/feeds"))["feeds"]:
            said = await admin.post("/justifications", justification(feed["name"]))
            await bor.post(f"/justifications/{said['id']}/approval")
        yield made, admin._http.headers["Authorization"].removeprefix("Bearer ")
    finally:
        await made.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.server("named", "dig")
async def test_the_section_on_bind(node: tuple[DemoNode, str], tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "bind"
    folder.mkdir()
    words = {"/etc/bind": str(folder), "192.0.2.7:53": f"{HOST}:{port}",
             "@192.0.2.7": f"@{HOST} -p {port}", "192.0.2.7": HOST}  # fmt: skip
    words = {"--address 192.0.2.7 ": f"--address {HOST} --notify {HOST}:{port} "} | words
    walk = Walk(folder, words, node[0].url, node[1])
    inside, top = [walk.here(text) for language, text in section("BIND") if language == "named"]
    async with authority() as forward:
        host, upstream = host_port(forward)
        (folder / "named.conf").write_text(
            f'options {{ directory "{folder}"; pid-file "named.pid"; session-keyfile "s.key";\n'
            f"  listen-on port {port} {{ {HOST}; }}; listen-on-v6 {{ none; }};\n"
            f"  dnssec-validation no; forward only; forwarders {{ {host} port {upstream}; }};\n"
            f"{inside} }};\ncontrols {{ }};\n{top}", encoding="utf-8",
        )  # fmt: skip

        async def reconfig() -> None:
            if "named" in walk.servers:
                walk.servers["named"].send_signal(signal.SIGHUP)
            else:
                await walk.start(
                    "named", "named", "-g", "-n", "1", "-c", str(folder / "named.conf")
                )
            await asyncio.sleep(1)

        async def nothing() -> None:
            """Rights on files need the user `bind`."""

        walk.acts = {"rndc reconfig": reconfig, "chgrp": nothing}
        try:
            assert await walk.follow("BIND") == 3
        finally:
            await _end(list(walk.servers.values()))


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.server("unbound", "nsd", "dig")
async def test_the_section_on_unbound(node: tuple[DemoNode, str], tmp_path: Path) -> None:
    port, relay, folder = free_port(), free_port(), tmp_path / "unbound"
    (folder / "nsd").mkdir(parents=True)
    words = {"/etc/unbound": str(folder), "/etc/nsd": str(folder / "nsd"),
             "192.0.2.8:5301": f"{HOST}:{relay}", "192.0.2.8:53": f"{HOST}:{port}",
             "@192.0.2.8": f"@{HOST} -p {port}", "192.0.2.8": HOST}  # fmt: skip
    walk = Walk(folder, words, node[0].url, node[1])
    (includes,) = [
        walk.here(text) for language, text in section("Unbound") if language == "unbound"
    ]
    async with authority() as forward:
        host, upstream = host_port(forward)
        (folder / "unbound.conf").write_text(
            f'server:\n  directory: "{folder}"\n  username: ""\n  chroot: ""\n  pidfile: "u.pid"\n'
            f'  use-syslog: no\n  logfile: ""\n  interface: {HOST}@{port}\n  do-ip6: no\n'
            f"  num-threads: 1\n  do-not-query-localhost: no\n"
            f'forward-zone:\n  name: "."\n  forward-addr: {host}@{upstream}\n{includes}',
            encoding="utf-8",
        )  # fmt: skip

        async def unbound() -> None:
            await walk.start("unbound", "unbound", "-d", "-p", "-c", str(folder / "unbound.conf"))

        async def nsd() -> None:
            conf = folder / "nsd" / "nsd.conf"
            text = in_folder(conf.read_text(encoding="utf-8"))
            conf.write_text(text + NSD_LAB.format(folder=folder / "nsd"), encoding="utf-8")
            await walk.start("nsd", "nsd", "-d", "-c", str(conf))
            await asyncio.sleep(2)

        async def nothing() -> None:
            """It is installed."""

        walk.acts = {"apt-get": nothing, "systemctl restart nsd": nsd,
                     "systemctl restart unbound": unbound}  # fmt: skip
        try:
            assert await walk.follow("Unbound") == 2
        finally:
            await _end(list(walk.servers.values()))
