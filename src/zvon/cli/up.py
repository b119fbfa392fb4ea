"""`zvon up`: one node on one machine, all its processes under one that watches them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from zvon import __version__
from zvon.cli.node import RUN_FILE, environment, settings_of, write_run_file
from zvon.cli.parts import Deaths, Part, stop_in_order
from zvon.cli.ports import claim
from zvon.cli.sentence import sentences
from zvon.config import Settings
from zvon.store.cluster import Cluster, ClusterError, Role
from zvon.store.folder_lock import FolderLock
from zvon.store.migrate import at_head

app = App(name="up", help="Start a node: database, console, worker, policy zones.")

LOOK_S = 0.2
SERVED = ("web", "dns", "worker")
TITLES = {
    "web": "console",
    "dns": "policy zones",
    "worker": "worker",
    "landing": "landing page",
}


class NotStarted(RuntimeError):
    """The node did not come up; the text says why."""


@app.default
def up(
    *,
    root: Annotated[Path | None, Parameter(help="Folder of the node.")] = None,
    database: Annotated[str | None, Parameter(help="DSN of a PostgreSQL 15 or later.")] = None,
    http: Annotated[str | None, Parameter(help="Console and API, host:port.")] = None,
    public_url: Annotated[str | None, Parameter(help="How people reach the console.")] = None,
    peer: Annotated[str | None, Parameter(help="Door for partners, host:port.")] = None,
    peer_url: Annotated[str | None, Parameter(help="How partners reach that door.")] = None,
    dns: Annotated[str | None, Parameter(help="Policy zones, host:port[,host:port…].")] = None,
    landing: Annotated[str | None, Parameter(help="Page for blocked names, host:port.")] = None,
    resolver: Annotated[str | None, Parameter(help="Resolver for enrichment.")] = None,
    rdap_url: Annotated[str | None, Parameter(help="RDAP service for enrichment.")] = None,
    name: Annotated[str | None, Parameter(help="Name of the node, for partners.")] = None,
    country: Annotated[str | None, Parameter(help="Country of the operator, ISO 3166.")] = None,
    lang: Annotated[str | None, Parameter(help="Language when a browser names none.")] = None,
    json: Annotated[bool, Parameter(help="One JSON object a line.")] = False,
) -> int:
    """Start everything and stay until Ctrl-C; port 0 means any free one.

    Every option can also be given as `ZVON_…` in the environment.
    """
    given = {key: value for key, value in locals().items() if key != "json"}
    settings = settings_of(given)
    settings = settings.model_copy(update={"root": settings.root.absolute()})
    return Node(settings, _teller(json)).run()


Tell = Callable[..., None]


def _teller(as_json: bool) -> Tell:
    def tell(event: str, text: str, **facts: Any) -> None:
        line = msgspec.json.encode({"event": event, **facts}).decode() if as_json else text
        print(line, flush=True)

    return tell


class Node:
    """The processes of one node, from the first line to the last. `tell` is for a person."""

    def __init__(self, settings: Settings, tell: Tell) -> None:
        self._settings = settings
        self._tell = tell
        self._say = sentences(settings.lang)
        self._stop = threading.Event()
        self._cluster: Cluster | None = None
        self._cluster_deaths = Deaths()
        self._cluster_again: float | None = None
        self._parts: list[Part] = []

    def run(self) -> int:
        """Start, watch until a signal, stop. Gives the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: self._stop.set())
        root = self._settings.root
        root.mkdir(parents=True, exist_ok=True)
        lock = FolderLock(root / "up.lock")
        if not lock.take():
            holder = lock.owner()
            said = self._say("{root} is run by process {pid}; zvon status --root {root} says "
                             "how it does", root=root, pid=holder)  # fmt: skip
            self._tell("owned", said, pid=holder, root=str(root))
            return 1
        try:
            self._start()
            self._watch()
        except (ClusterError, NotStarted) as problem:
            self._tell("failed", f"zvon: {problem}", problem=str(problem))
            return 1
        finally:
            self._end()
            lock.give_up()
        return 0

    def _start(self) -> None:
        settings = self._settings
        chosen = {
            "http": claim(settings.http),
            "peer": claim(settings.peer),
            "dns": ",".join(claim(each.strip(), udp=True) for each in settings.dns.split(",")),
        }
        served: tuple[str, ...] = SERVED
        if settings.landing is not None:
            served = (*SERVED, "landing")
            chosen["landing"] = ",".join(claim(a.strip()) for a in settings.landing.split(","))
        self._settings = settings = settings.model_copy(update=chosen)
        env = environment(settings)
        where = self._say("the given database")
        if settings.database is None:
            self._cluster = Cluster(settings.root, pg_bin=settings.pg_bin)
            if self._cluster.start() is not Role.OWNER:
                raise NotStarted(f"process {self._cluster.owner()} runs the database of this node")
            env["ZVON_DATABASE"] = self._cluster.dsn()
            found = self._cluster.binaries
            assert found is not None
            where = self._say("{version} from {folder}, socket in {socket}", version=found.version,
                              folder=found.folder, socket=self._cluster.run)  # fmt: skip
        logs = settings.root / "logs"
        logs.mkdir(exist_ok=True)
        known = at_head(env["ZVON_DATABASE"])
        if known:
            # Nothing of the schema is missing, so the parts need not wait for the rest.
            self._parts = [Part(name, env, logs) for name in served]
            self._look()
        prepared = self._prepare(env)
        self._tell("node", f"zvon {__version__} · {prepared['name']} ({prepared['country']}) · "
                   f"{settings.root}", root=str(settings.root), **prepared | {"link": None})  # fmt: skip
        self._tell("part", f"{'PostgreSQL':<22} {where}", part="postgres", at=where)
        if not known:
            self._parts = [Part(name, env, logs) for name in served]
        write_run_file(settings, os.getpid())
        self._open(prepared["link"])

    def _prepare(self, env: dict[str, str]) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "zvon.cli.prepare"],
            env=env, check=False, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] or ["no message"]
            raise NotStarted(f"the database could not be made ready: {last[0]}")
        told: dict[str, Any] = msgspec.json.decode(done.stdout)
        return told

    def _open(self, link: str | None) -> None:
        """Start the parts, and say what is where once all of them answer."""
        settings = self._settings
        places = {
            "web": self._say(
                "{url}, partners: {peer}",
                url=settings.console_url,
                peer=settings.peer_url or f"https://{settings.peer}",
            ),
            "dns": self._say("{address} (UDP and TCP)", address=settings.dns),
            "worker": self._say("one process"),
            "landing": f"http://{settings.landing}",
        }
        told: set[str] = set()
        while len(told) < len(self._parts) and not self._stop.is_set():
            self._look()
            for part in self._parts:
                if part.ready and part.name not in told:
                    told.add(part.name)
                    self._tell("part", f"{self._say(TITLES[part.name]):<22} {places[part.name]}",
                               part=part.name, at=places[part.name], pid=part.pid)  # fmt: skip
            self._stop.wait(LOOK_S / 4)
        if self._stop.is_set():
            return
        sign_in = f"{settings.console_url}/link/{link}" if link else None
        if sign_in:
            once = f"{self._say('first administrator'):<22} {sign_in}   ({self._say('works once')})"
            self._tell("link", once, link=sign_in)
        self._tell("ready", self._say("ready; Ctrl-C stops"), console=settings.console_url,
                   peer=settings.peer_url or f"https://{settings.peer}", dns=settings.dns,
                   link=sign_in, root=str(settings.root), pid=os.getpid())  # fmt: skip

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_S):
            self._look()

    def _look(self) -> None:
        now = time.monotonic()
        self._look_at_cluster(now)
        for part in self._parts:
            status = part.look(now)
            if status is not None:
                self._tell_death(part.name, part.deaths, status, part.last_words())
            if part.start_at is not None and now >= part.start_at:
                part.start()

    def _look_at_cluster(self, now: float) -> None:
        if self._cluster is None:
            return
        if self._cluster_again is None:
            status = self._cluster.poll()
            if status is None:
                return
            self._cluster_again = now + self._cluster_deaths.count(now)
            self._tell_death("postgres", self._cluster_deaths, status, self._cluster.last_log())
        if now >= self._cluster_again:
            try:
                self._cluster.restart()
                self._cluster_again = None
            except ClusterError as problem:
                self._cluster_again = now + self._cluster_deaths.count(now)
                self._tell("part_failed", f"PostgreSQL: {problem}", part="postgres")

    def _tell_death(self, name: str, deaths: Deaths, status: int, words: str) -> None:
        how = signal.Signals(-status).name if status < 0 else f"exit {status}"
        text = self._say("{part} ended ({how}); starting it again", part=name, how=how)
        if deaths.often:
            text = self._say("{part} keeps ending ({how}); trying again slowly. Its last lines:",
                             part=name, how=how) + f"\n{words}"  # fmt: skip
        self._tell("part_ended", text, part=name, how=how, often=deaths.often)

    def _end(self) -> None:
        stop_in_order(self._parts, self._cluster.stop if self._cluster else lambda: None)
        (self._settings.root / RUN_FILE).unlink(missing_ok=True)
