"""A node and a collector as programs, a line between them that can be cut, and no mercy."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg

from zvon.access.key import create as create_key
from zvon.access.node import create_node
from zvon.access.permission import SHIPPED_ROLES
from zvon.cli.demo.resolvers import free_port
from zvon.config import Settings
from zvon.store import party, person
from zvon.store.pool import open_pool
from zvon.store.transaction import transaction

COMMAND = (sys.executable, "-c", "from zvon.cli import main; main()")


def event(n: int, began: int, span_s: int, of: int) -> str:
    """Event `n` of `of`, somewhere in `span_s` simulated seconds."""
    at = began + n * span_s // of
    return json.dumps({
        "timestamp": f"2026-11-22T{at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d}.000000+0000",
        "event_type": "alert", "src_ip": f"192.0.2.{n % 250}", "dest_ip": f"203.0.113.{n % 199}",
        "proto": "TCP", "n": n,
        "alert": {"signature": f"made up {n % 97}", "signature_id": 1, "category": "x",
                  "severity": 1},
    }, separators=(",", ":")) + "\n"  # fmt: skip


class Line:
    """Passes connections on to the node, until it is cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: set[asyncio.StreamWriter] = set()
        self.cut = False
        self.port = 0

    async def serve(self) -> asyncio.Server:
        server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def hang_up(self) -> None:
        """Cut it now, also in the middle of a request."""
        self.cut = True
        for each in list(self._open):
            each.transport.abort()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.cut:
            writer.transport.abort()
            return
        try:
            inner, out = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, out}
        await asyncio.gather(_pass(reader, out), _pass(inner, writer))
        self._open -= {writer, out}


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, ConnectionError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


class Play:
    """The node at `port`, the collector's folder `state`, its sources."""

    def __init__(self, folder: Path, dsn: str) -> None:
        self.folder, self.dsn = folder, dsn
        self.state = folder / "collector"
        self.port = free_port()
        self.line = Line(self.port)
        self.url = f"http://127.0.0.1:{self.port}"
        self.key = ""
        self._running: dict[str, asyncio.subprocess.Process] = {}

    async def prepare(self) -> None:
        """A node with an administrator who has a key."""
        now = datetime.now(UTC)
        settings = Settings(root=self.folder / "node")
        settings.root.mkdir()
        async with open_pool(self.dsn, size=2) as pool:
            async with transaction(pool, now) as tx:
                await create_node(tx, settings, now, os.urandom)
            async with transaction(pool, now) as tx:
                await person.put_roles(tx, SHIPPED_ROLES)
                home = await party.own(tx.db)
                uuid = uuid4()
                await person.add(
                    tx, uuid=uuid, party_id=home.id, login="ada", name="Ada", lang="en",
                    roles=["administrator"], password_hash="x", now=now,
                )  # fmt: skip
                viewer = await person.viewer(tx.db, (await person.get(tx.db, uuid)).id)
                assert viewer is not None
                self.key = await create_key(
                    tx, viewer, uuid, "play", now, os.urandom, now + timedelta(days=1)
                )

    async def start(self, name: str, *words: str, env: Mapping[str, str] | None = None) -> None:
        """Start a program; its words go to a file."""
        log = (self.folder / f"{name}.log").open("ab")
        self._running[name] = await asyncio.create_subprocess_exec(
            *COMMAND, *words, stdout=log, stderr=log, env={**os.environ, **(env or {})}
        )
        log.close()

    async def start_node(self) -> None:
        """Start the node and wait until it answers."""
        await self.start(
            "node", "serve", "web",
            env={"ZVON_ROOT": str(self.folder / "node"), "ZVON_DATABASE": self.dsn,
                 "ZVON_HTTP": f"127.0.0.1:{self.port}", "ZVON_PEER": f"127.0.0.1:{free_port()}"},
        )  # fmt: skip
        async with asyncio.timeout(120), httpx.AsyncClient() as http:
            while True:
                with suppress(httpx.HTTPError):
                    if (await http.get(f"{self.url}/api/v1/collectors")).status_code:
                        return
                await asyncio.sleep(0.1)

    async def start_collector(self) -> None:
        """Start the collector."""
        await self.start(
            "collector", "collector", "run", "--config", str(self.folder / "collector.toml"),
            "--state", str(self.state),
        )  # fmt: skip

    async def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """End a program without a word."""
        process = self._running.pop(name)
        process.send_signal(number)
        await process.wait()

    def rss(self, name: str) -> int:
        """The most memory that a program had, in MiB."""
        status = Path(f"/proc/{self._running[name].pid}/status").read_text(encoding="ascii")
        return int(status.split("VmHWM:")[1].split()[0]) // 1024

    async def enrol(self) -> None:
        """Make the collector and enrol it, over the line."""
        headers = {"authorization": f"Bearer {self.key}"}
        async with httpx.AsyncClient(headers=headers) as http:
            made = await http.post(f"{self.url}/api/v1/collectors", json={"name": "soc"})
            assert made.status_code == 201, made.text
        done = await asyncio.create_subprocess_exec(
            *COMMAND, "collector", "enrol", f"http://127.0.0.1:{self.line.port}",
            made.json()["token"], "--state", str(self.state),
        )  # fmt: skip
        assert await done.wait() == 0

    def count(self) -> int:
        """How many events arrived."""
        with psycopg.connect(self.dsn) as db:
            row = db.execute("select count(*) from record where kind = 'alert'").fetchone()
        return 0 if row is None else int(row[0])

    def arrived(self) -> dict[str, list[int]]:
        """The numbers of the events of each source, in the order in which they were stored."""
        with psycopg.connect(self.dsn) as db:
            rows = db.execute(
                "select s.name, (r.payload->'said'->>'n')::int from record r"
                " join source s on s.id = r.source_id where r.kind = 'alert' order by r.id"
            ).fetchall()
        found: dict[str, list[int]] = {}
        for name, n in rows:
            found.setdefault(name, []).append(n)
        return found

    async def until(self, count: int, within_s: float) -> None:
        """Wait until so many events are there."""
        async with asyncio.timeout(within_s):
            while await asyncio.to_thread(self.count) < count:
                await asyncio.sleep(0.2)

    async def end(self) -> None:
        """End all programs."""
        for name in list(self._running):
            await self.kill(name)


@asynccontextmanager
async def played(folder: Path, dsn: str, sources: int) -> AsyncIterator[Play]:
    """A node and an enrolled collector of `sources` files, both not running but the node."""
    play = Play(folder, dsn)
    server = await play.line.serve()
    try:
        await play.prepare()
        await play.start_node()
        await play.enrol()
        (folder / "collector.toml").write_text(
            "flush_s = 0.2\n"
            + "".join(
                f'[[source]]\nname = "s{n}"\nkind = "file"\nformat = "eve"\n'
                f'path = "{folder}/s{n}.json"\n'
                for n in range(sources)
            )
        )
        yield play
    finally:
        await play.end()
        play.line.hang_up()
        server.close()


async def two_hours(play: Play, events: int, sources: int, within_s: float) -> None:
    """Write `events` in all while the line is cut and both programs are killed; wait for all.

    In simulated time: an hour with the line, two hours without it in which half of the events
    fall, and an hour with it again. Files are rotated on the way.
    """
    each = events // sources
    quarter = each // 4

    def write(start: int, end: int) -> None:
        for n in range(sources):
            with (play.folder / f"s{n}.json").open("a") as out:
                out.writelines(event(i, 0, 14_400, each) for i in range(start, end))

    await asyncio.to_thread(write, 0, quarter)
    await play.start_collector()
    await play.until(quarter * sources // 3, within_s)
    await play.kill("collector")
    await play.start_collector()
    await play.until(quarter * sources // 2, within_s)
    play.line.hang_up()
    await asyncio.to_thread(write, quarter, 2 * quarter)
    await asyncio.sleep(1)
    await play.kill("collector")
    (play.folder / "s0.json").rename(play.folder / "s0.json.1")
    await asyncio.to_thread(write, 2 * quarter, 3 * quarter)
    await play.start_collector()
    await asyncio.sleep(1)
    play.line.cut = False
    await play.until(quarter * sources * 3 // 2, within_s)
    await play.kill("node")
    await asyncio.to_thread(write, 3 * quarter, each)
    await play.start_node()
    await play.until(each * sources, within_s)
