"""`zvon serve web|worker|dns|landing`: one part of a node in a process of its own."""

import asyncio
import hashlib
import os
import shutil
import signal
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from socket import gethostname
from typing import TYPE_CHECKING, Any

from cyclopts import App

from zvon.cli.node import dsn_of_node, open_settings, utc_now
from zvon.cli.parts import say_ready
from zvon.cli.ports import answers
from zvon.config import Settings, host_port

if TYPE_CHECKING:
    from zvon.jobs import Context
    from zvon.jobs.context import Handler
    from zvon.store.transaction import Pool

app = App(name="serve", help="Run one part of a node (`up` does that for you).")

JOB_PACKAGES = ("collect", "assess", "respond", "dns", "share")
BEAT_S = 10.0
GRACE_S = 3.0

Serve = Callable[[Settings, asyncio.Event], Awaitable[None]]


@app.command
def web() -> None:
    """Serve the console, the forms, the API, and the door for partners."""
    _run("web", _web)


@app.command
def worker() -> None:
    """Do the jobs: decode, enrich, assess, share; listen to sources and follow them."""
    _run("worker", _worker)


@app.command
def dns() -> None:
    """Serve the policy zones to resolvers."""
    _run("dns", _dns)


@app.command
def landing() -> None:
    """Serve the page that visitors of blocked names see (`ZVON_LANDING` says where)."""
    _run("landing", _landing)


def _run(role: str, serve: Serve) -> None:
    from zvon.cli.log import log_to

    settings = Settings()
    log_to(settings.root / "logs", role, settings.log)
    asyncio.run(_until_stopped(settings, serve))


async def _until_stopped(settings: Settings, serve: Serve) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(settings, stop)


async def _worker(settings: Settings, stop: asyncio.Event) -> None:
    from zvon.collect.collector.stream import serve as listen_to_collectors
    from zvon.collect.source.listen import run as listen_to_sources
    from zvon.jobs import run_worker
    from zvon.respond.run_work import serve as work_off_runs

    handlers, schedule = collected_jobs()
    limits = collected_limits()
    async with open_settings(settings) as context:
        await policies_fit(context)
        say_ready()
        await asyncio.gather(
            run_worker(context, handlers, schedule, stop, limits=limits),
            listen_to_sources(context, stop),
            listen_to_collectors(context, stop),
            work_off_runs(context, f"{gethostname()}:{os.getpid()}", stop),
        )


async def policies_fit(context: "Context") -> None:
    """Raise `BadPolicy` when a data policy no longer says all that this version's store asks."""
    from zvon.store.data_policy import newest
    from zvon.store.visibility import SYSTEM, read

    async with read(context.pool, SYSTEM) as db:
        await newest(db)


def collected_jobs() -> tuple[dict[str, "Handler"], dict[str, timedelta]]:
    """All handlers and schedules of the packages that have jobs. A name is handled once."""
    handlers: dict[str, Handler] = {}
    schedule: dict[str, timedelta] = {}
    for package in JOB_PACKAGES:
        if find_spec(f"zvon.{package}.jobs") is None:
            continue
        module = import_module(f"zvon.{package}.jobs")
        if twice := handlers.keys() & module.JOBS.keys():
            raise RuntimeError(f"jobs with two handlers: {', '.join(sorted(twice))}")
        handlers |= module.JOBS
        schedule |= getattr(module, "SCHEDULE", {})
    if unknown := schedule.keys() - handlers.keys():
        raise RuntimeError(f"schedules without a handler: {', '.join(sorted(unknown))}")
    return handlers, schedule


def collected_limits() -> dict[str, int]:
    """How many jobs of a name run at once, where a package says so."""
    limits: dict[str, int] = {}
    for package in JOB_PACKAGES:
        if find_spec(f"zvon.{package}.jobs") is not None:
            limits |= getattr(import_module(f"zvon.{package}.jobs"), "LIMITS", {})
    return limits


async def _dns(settings: Settings, stop: asyncio.Event) -> None:
    """Resolvers must be answered while the database is away, so nothing here waits for it."""
    from zvon.dns.serve import run
    from zvon.store.pool import open_pool

    async with open_pool(dsn_of_node(settings), size=4) as pool:
        serving = asyncio.create_task(
            run(pool, settings, None, clock=utc_now, random=os.urandom), name="dns"
        )
        await _alongside("dns", pool, stop, [serving], settings.dns.split(","))


async def _web(settings: Settings, stop: asyncio.Event) -> None:
    from granian.constants import Interfaces
    from granian.server.embed import Server

    from zvon.web.app import create_app, create_peer_app

    def listener(target: Any, address: str, **options: Any) -> Server:
        host, port = host_port(address)
        return Server(target, host, port, interface=Interfaces.ASGI, websockets=False,
                      log_enabled=False, **options)  # fmt: skip

    async with open_settings(settings) as context:
        await policies_fit(context)
        texts = {"cert": context.node.tls_certificate, "key": context.node.tls_key}
        with _files(settings.root, texts) as pem:
            console = listener(create_app(context), settings.http)
            door = listener(
                create_peer_app(context), settings.peer, ssl_cert=pem["cert"], ssl_key=pem["key"]
            )

            async def close() -> None:
                await asyncio.gather(console.shutdown(), door.shutdown())  # type: ignore[no-untyped-call]

            tasks = [asyncio.create_task(server.serve()) for server in (console, door)]
            addresses = [settings.http, settings.peer]
            await _alongside("web", context.pool, stop, tasks, addresses, close)


async def _landing(settings: Settings, stop: asyncio.Event) -> None:
    """Victims get their page while the database is away, so nothing here waits for it."""
    from time import monotonic

    from zvon.store.pool import open_pool
    from zvon.web.landing import Landing
    from zvon.web.landing_listener import listeners

    addresses, servers = [], []
    async with open_pool(dsn_of_node(settings), size=4) as pool:
        page = Landing(pool, settings, clock=utc_now, seconds=monotonic)
        for address, server in listeners(page, settings):
            addresses.append(address)
            servers.append(server)

        async def close() -> None:
            await asyncio.gather(*(s.shutdown() for s in servers))  # type: ignore[no-untyped-call]

        tasks = [asyncio.create_task(server.serve()) for server in servers]
        tasks.append(asyncio.create_task(page.keep(), name="counts"))
        await _alongside("landing", pool, stop, tasks, addresses, close)


@contextmanager
def _files(root: Path, texts: Mapping[str, str]) -> Iterator[dict[str, Path]]:
    """Texts as files that only this user can read, while the context lasts.

    In memory where Linux offers a folder for that; the server resolves the paths, so that an
    anonymous file would not do. What a killed predecessor left behind is removed.
    """
    memory = Path("/dev/shm")  # noqa: S108 -- only as the parent of a private folder
    base = memory if os.access(memory, os.W_OK) else root
    prefix = f"zvon-{hashlib.sha256(os.fsencode(root.absolute())).hexdigest()[:12]}-"
    for left in base.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=base) as folder:
        paths = {name: Path(folder) / f"{name}.pem" for name in texts}
        for name, path in paths.items():
            path.touch(mode=0o600)
            path.write_text(texts[name], encoding="ascii")
        yield paths


async def _alongside(
    role: str,
    pool: "Pool",
    stop: asyncio.Event,
    tasks: list[asyncio.Task[None]],
    addresses: list[str],
    close: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Let `tasks` run until `stop` (then `close` them), show that we live, and say once when all addresses answer.

    A task that ends by itself ends us, so that the supervisor starts us anew.
    """
    beating = asyncio.create_task(_beat(role, pool))
    opening = asyncio.create_task(_say_when_open(addresses))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (beating, opening, stopping):
            task.cancel()
        if stop.is_set():
            if close is not None:
                with suppress(TimeoutError):
                    await asyncio.wait_for(close(), GRACE_S)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=GRACE_S)
    if not stop.is_set():
        for task in tasks:
            if task.done():
                task.result()
        raise RuntimeError(f"{role} ended by itself")


async def _say_when_open(addresses: list[str]) -> None:
    for address in addresses:
        while not await asyncio.to_thread(answers, address):
            await asyncio.sleep(0.05)  # the listeners do not say when they listen
    say_ready()


async def _beat(role: str, pool: "Pool") -> None:
    from psycopg import OperationalError
    from psycopg_pool import PoolTimeout

    from zvon.store.job import beat
    from zvon.store.transaction import transaction

    while True:
        now = utc_now()
        with suppress(OperationalError, PoolTimeout):  # the database comes back, we go on
            async with transaction(pool, now) as tx:
                await beat(tx, role, os.getpid(), now)
        await asyncio.sleep(BEAT_S)
