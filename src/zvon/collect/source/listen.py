"""What a worker does beside its jobs: takes what is sent to us, and follows streams.

Set-ups are looked up again every few seconds. While the database is away listeners go on with
those that they know. A stream that fails rests alone.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial

import structlog
from msgspec import Struct
from psycopg import Error as DatabaseError
from psycopg_pool import PoolTimeout

from zvon.collect.source import lmtp, syslog
from zvon.collect.source.gather import Gatherer
from zvon.collect.source.kind import BadSettings, Failed, checked
from zvon.collect.source.kinds import kinds
from zvon.collect.source.pull import reading_of
from zvon.collect.source.syslog import Route
from zvon.config import Settings, host_port
from zvon.jobs import Context
from zvon.store import source, source_reading
from zvon.store.source import Setup
from zvon.store.source_reading import Moved
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read

log = structlog.get_logger("zvon.collect.source")

LOOK_S = 5.0
REST_S = 10.0
FINISH_S = 3.0
FIRST_REST_S, LONGEST_REST_S = 2.0, 300.0


class _Running(Struct):
    """A task for a source, and the set-up that it was started for."""

    changed_at: datetime
    task: asyncio.Task[None]
    gatherer: Gatherer | None = None


class Listening:
    """Sources that listeners take for, and the tasks that take for them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.routes: list[Route] = []
        self.mail: dict[str, Setup] = {}
        self._gathering: dict[int, _Running] = {}
        self._following: dict[int, _Running] = {}
        self._ended: list[_Running] = []

    async def look(self) -> None:
        """Take up what was set up, paused or removed since."""
        streams = [name for name, each in kinds().items() if each.how == "stream"]
        async with read(self._context.pool, SYSTEM) as db:
            found = await source.of_kinds(db, ["syslog", "lmtp", *streams])
        self._look_at_syslog([s for s in found if s.kind == "syslog" and not s.paused])
        mail: dict[str, Setup] = {}
        for each in found:
            if each.kind == "lmtp" and isinstance(settings := _settings(each), lmtp.Lmtp):
                for address in settings.addresses:
                    mail.setdefault(address.lower(), each)
        self.mail = mail
        self._look_at_streams({s.id: s for s in found if s.kind in streams and not s.paused})

    def _look_at_syslog(self, found: list[Setup]) -> None:
        routes = []
        for each in found:
            settings = _settings(each)
            if not isinstance(settings, syslog.Syslog):
                continue
            running = self._gathering.get(each.id)
            if running is None or running.gatherer is None:
                gatherer = Gatherer(self._context, each, name="syslog")
                running = _Running(each.changed_at, asyncio.create_task(gatherer.work()), gatherer)
                self._gathering[each.id] = running
            assert running.gatherer is not None
            running.gatherer.source = each
            routes.append(Route(settings, running.gatherer))
        self.routes = routes
        kept = {route.gatherer.source.id for route in routes}
        for gone in [self._gathering.pop(i) for i in list(self._gathering) if i not in kept]:
            gone.task.cancel()
            self._ended.append(gone)

    async def finish(self) -> None:
        """Take what sources that are gone had gathered."""
        while self._ended:
            gone = self._ended.pop()
            await asyncio.gather(gone.task, return_exceptions=True)
            if gone.gatherer is not None:
                await gone.gatherer.finish(FINISH_S)

    def _look_at_streams(self, found: Mapping[int, Setup]) -> None:
        for number, running in list(self._following.items()):
            now = found.get(number)
            if now is None or now.changed_at != running.changed_at or running.task.done():
                running.task.cancel()
                del self._following[number]
        for number, each in found.items():
            if number not in self._following:
                task = asyncio.create_task(_follow(self._context, number))
                self._following[number] = _Running(each.changed_at, task)

    def find(self, peer: str, transport: syslog.Transport, port: int) -> Gatherer | None:
        """The source of a sender of syslog."""
        return syslog.find(self.routes, peer, transport, port)

    def recipient(self, address: str) -> Setup | None:
        """The source of a mail address in lower case, a paused one too."""
        return self.mail.get(address)

    async def end(self) -> None:
        """Stop all tasks; what was gathered is still taken, if that is quick."""
        self._ended += [*self._gathering.values(), *self._following.values()]
        for each in self._ended:
            each.task.cancel()
        await self.finish()


async def run(context: Context, stop: asyncio.Event) -> None:
    """Listen where the settings say so, and follow streams, until `stop`."""
    listening = Listening(context)
    doors = [asyncio.create_task(_door(door)) for door in _doors(context, listening)]
    try:
        while not stop.is_set():
            try:
                await listening.look()
                await listening.finish()
            except (DatabaseError, PoolTimeout, OSError) as problem:
                log.warning("sources were not looked up", problem=type(problem).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_S)
    finally:
        for door in doors:
            door.cancel()
        await asyncio.gather(*doors, return_exceptions=True)
        await listening.end()


Door = Callable[[], Awaitable[asyncio.Server | asyncio.DatagramTransport]]


def _doors(context: Context, listening: Listening) -> list[tuple[str, Door]]:
    """What is to be opened, by its address. Raises `ValueError` for a bad setting."""
    settings = context.settings
    doors: list[tuple[str, Door]] = []
    for each in _split(settings.syslog):
        transport, _, address = each.partition(":")
        host_port(address)
        if transport == "udp":
            doors.append((each, partial(syslog.listen_udp, address, listening.find)))
        elif transport == "tcp":
            doors.append((each, partial(syslog.listen_stream, address, listening.find)))
        else:
            raise ValueError(f"ZVON_SYSLOG: expected udp:host:port or tcp:host:port, got {each!r}")
    for each in _split(settings.syslog_tls):
        host_port(each)
        tls = _tls(settings)
        doors.append((each, partial(syslog.listen_stream, each, listening.find, tls)))
    for each in _split(settings.lmtp):
        if not each.startswith(lmtp.UNIX):
            host_port(each)
        doors.append((each, partial(lmtp.listen, each, context, listening.recipient)))
    return doors


def _split(addresses: str | None) -> list[str]:
    return [each.strip() for each in (addresses or "").split(",") if each.strip()]


def _tls(settings: Settings) -> ssl.SSLContext:
    if settings.syslog_tls_cert is None or settings.syslog_tls_key is None:
        raise ValueError("ZVON_SYSLOG_TLS needs ZVON_SYSLOG_TLS_CERT and ZVON_SYSLOG_TLS_KEY")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.syslog_tls_cert, settings.syslog_tls_key)
    if settings.syslog_tls_ca is not None:
        context.load_verify_locations(settings.syslog_tls_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


async def _door(named: tuple[str, Door]) -> None:
    """Keep a door open; where another worker listens already, wait until it is gone."""
    address, door = named
    said = False
    while True:
        try:
            opened = await door()
        except OSError as problem:
            if not said:
                log.warning("cannot listen", address=address, problem=problem.strerror)
            said = True
            await asyncio.sleep(REST_S)
            continue
        log.info("listening", address=address)
        try:
            await asyncio.Event().wait()
        finally:
            opened.close()


async def _follow(context: Context, number: int) -> None:
    """Follow one stream, and begin again after each failure, later each time."""
    failures = 0
    while True:
        try:
            async with read(context.pool, SYSTEM) as db:
                found = await source.setup(db, number)
            reading = await reading_of(context, found)
            follow = kinds()[found.kind].follow
            assert follow is not None
            await follow(reading)
        except (Failed, BadSettings) as problem:
            await _failed(context, number, str(problem))
        except (Moved, DatabaseError, PoolTimeout, OSError) as problem:
            log.warning("a stream waits", source=number, problem=type(problem).__name__)
        except source.NoSource:
            return
        except Exception as problem:  # a kind may be a stranger's: its source rests like any other
            log.exception("a kind of source raised", source=number)
            await _failed(context, number, f"an error of ours: {type(problem).__name__}")
        rest = min(FIRST_REST_S * 2 ** min(failures, 10), LONGEST_REST_S)
        failures += 1
        await asyncio.sleep(rest * (1 - context.random(1)[0] / 510))


async def _failed(context: Context, number: int, problem: str) -> None:
    log.warning("source failed", source=number, problem=problem[:200])
    now = context.clock()
    with suppress(DatabaseError, PoolTimeout, OSError):
        async with transaction(context.pool, now) as tx:
            await source_reading.failed(tx, number, problem, now, 0.0)


def _settings(found: Setup) -> Struct | None:
    """The settings of a source, `None` for ones that no longer fit its kind."""
    try:
        return checked(kinds()[found.kind], found.settings)
    except BadSettings as problem:
        log.warning("source left out", source=found.name, problem=str(problem))
        return None
