"""The program that runs on a SOC's machine: reads its sources, keeps, sends, says how it is."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack, suppress
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

import httpx
import msgspec
import structlog

from zvon.collect.collector.client import Node, WrongNode
from zvon.collect.collector.config import Config, Source
from zvon.collect.collector.disk import Disk
from zvon.collect.collector.folder import Folder
from zvon.collect.collector.follow import Follow
from zvon.collect.collector.listen import Inbox, listening, standard_input
from zvon.collect.collector.piece import Piece
from zvon.collect.collector.policy import Cleaner, Keys
from zvon.collect.collector.reading import Reading
from zvon.collect.collector.sender import Deliver, Sender
from zvon.collect.signed import NotTaken, Random
from zvon.collect.spool import Spool
from zvon.formats.batch import MOST_BYTES
from zvon.model.collector import SKEW_S, Orders, Sharing, SourceStatus, Status
from zvon.privacy.facts import Facts

STATUS_S, AGAIN_S = 30.0, 5.0
LEAST_SEGMENT, MOST_SEGMENT = 64 << 10, 8 << 20
_FIRST_YEAR = 2026
"""This program did not exist before, so that a clock which says so is wrong."""

log = structlog.get_logger("zvon.collector")


class Line:
    """One source: how it is read, where it is kept, who sends it."""

    def __init__(self, source: Source, reading: Reading, sender: Sender) -> None:
        self.source, self.reading, self.sender = source, reading, sender
        self.inbox = Inbox()
        self.problem = ""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.source.name

    @property
    def priority(self) -> int:
        """From 0, which loses first, to 9."""
        return self.source.priority

    @property
    def spool(self) -> Spool:
        """What it holds."""
        return self.reading.spool


class Program:
    """Everything of one collector. `facts` say what is ours, `keys` gives pseudonym keys."""

    def __init__(
        self, config: Config, folder: Path, node: Node, *, clock: Callable[[], datetime],
        random: Random, facts: Callable[[], Facts], keys: Keys, deliver: Deliver | None = None,
    ) -> None:  # fmt: skip
        self._config, self._node, self._clock, self._random = config, node, clock, random
        self._facts, self._keys = facts, keys
        self._lock = Lock()
        self._started = clock()
        self._cleaner: Cleaner | None = None
        self._sharing: Sharing | None = None
        self.problems: dict[str, str] = {}
        spools = folder / "spool"
        spools.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.disk = Disk(spools, config.most_bytes, clock)
        segment = config.most_bytes // (64 * len(config.source))
        self._segment = min(max(segment, LEAST_SEGMENT), MOST_SEGMENT)
        self.lines: list[Line] = []
        with ExitStack() as undo:
            for source in config.source:
                spool = Spool(spools / source.name, random(16).hex(), segment_bytes=self._segment)
                undo.callback(spool.close)
                reading = Reading(source, spool, node.now, self.disk.make_room, self._lock)
                sender = Sender(node.identity, node.key, reading, deliver or node.hand_in, self._lock)  # fmt: skip
                self.lines.append(Line(source, reading, sender))
            undo.pop_all()
        self.disk.kept = self.lines
        self._apply(node.told.policy)
        self._check_clock()

    async def run(self, stop: asyncio.Event) -> None:
        """Read, keep and send until `stop`; what came until then is on the disk."""
        async with AsyncExitStack() as stack:
            for line in self.lines:
                if line.source.kind == "syslog":
                    await stack.enter_async_context(listening(line.source, line.inbox))
            readers = [asyncio.create_task(self._read(line, stop)) for line in self.lines]
            others = [asyncio.create_task(self._talk())]
            waiting = asyncio.create_task(stop.wait())
            pending: set[asyncio.Task[Any]] = {waiting, *readers, *others}
            try:
                while not waiting.done():
                    done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()  # whatever ends by an error of ours ends us
                await asyncio.gather(*readers)
            finally:
                stop.set()
                for task in (waiting, *readers, *others):
                    task.cancel()
                await asyncio.gather(*readers, *others, return_exceptions=True)

    def close(self) -> None:
        """Close the spools."""
        for line in self.lines:
            line.spool.close()

    async def hello(self) -> Orders:
        """Say how we are once; learn the policy and what the node has."""
        orders = await self._node.tell(self.status())
        self._check_clock()
        self._apply(orders.policy)
        for line in self.lines:
            n = orders.taken.get(str(UUID(line.spool.identifier)))
            if n is not None:
                await asyncio.to_thread(line.sender.confirmed, n)
        return orders

    def status(self) -> Status:
        """What we say of ourselves."""
        use = self.disk.use
        return Status(
            nonce=self._random(16).hex(), at=self._clock(), started_at=self._started,
            version=version("zvon"), used=use.used, most=use.most, free=max(0, use.free),
            level=self.disk.level, next_loss=self.disk.next_loss(),
            sources=tuple(self._of(line) for line in self.lines),
            problems=tuple(text[:500] for text in self.problems.values() if text),
        )  # fmt: skip

    def _of(self, line: Line) -> SourceStatus:
        reading = line.reading
        return SourceStatus(
            name=line.name, kind=line.source.kind, spool=UUID(line.spool.identifier),
            n=line.spool.number - 1, waiting=line.spool.waiting, bytes=line.spool.size,
            lost=line.spool.dropped + line.inbox.dropped, refused=line.sender.refused,
            priority=line.priority, read_at=reading.read_at,
            problem=(line.problem or reading.problem or line.sender.problem)[:500],
        )  # fmt: skip

    async def _talk(self) -> None:
        """Senders begin when the node has said what it has; we say how we are from time to time."""
        senders: list[asyncio.Task[None]] = []
        try:
            while True:
                wait = STATUS_S
                try:
                    await self.hello()
                    self.problems.pop("node", None)
                except (httpx.HTTPError, NotTaken, WrongNode, msgspec.MsgspecError) as problem:
                    wait = AGAIN_S if not senders else STATUS_S
                    said = str(problem) or type(problem).__name__
                    if self.problems.get("node") != said:
                        log.warning("the node is away", problem=said)
                    self.problems["node"] = said
                if not senders and ("node" not in self.problems or self._config.via != "https"):
                    senders = [asyncio.create_task(line.sender.run()) for line in self.lines]
                await asyncio.sleep(wait)
        finally:
            for task in senders:
                task.cancel()
            await asyncio.gather(*senders, return_exceptions=True)

    def _apply(self, sharing: Sharing | None) -> None:
        """Clean by this policy from now on. Without the means to do so nothing is read."""
        if sharing == self._sharing and (sharing is None or self._cleaner is not None):
            return
        cleaner = None if sharing is None else Cleaner(sharing, self._facts(), self._keys)
        self._sharing, self._cleaner = sharing, cleaner
        for line in self.lines:
            line.reading.cleaner = cleaner
        log.info("policy", name=sharing.name if sharing else "none")

    def _check_clock(self) -> None:
        ahead, now = self._node.told.ahead_s, self._clock()
        text = ""
        if abs(ahead) > SKEW_S:
            text = (
                f"the clock of this machine is {_span(ahead)} {'ahead' if ahead > 0 else 'behind'}"
            )
        elif now.year < _FIRST_YEAR:
            text = f"the clock of this machine is wrong: it says {now:%Y-%m-%d}"
        if text and text != self.problems.get("clock"):
            log.warning("clock", problem=text)
        self.problems["clock"] = text

    async def _read(self, line: Line, stop: asyncio.Event) -> None:
        match line.source.kind:
            case "file" | "folder":
                await self._files(line, stop)
            case _:
                await self._stream(line, stop)

    async def _files(self, line: Line, stop: asyncio.Event) -> None:
        """Read what files have now, again and again."""
        reader: Follow | Folder | None = None
        while not stop.is_set():
            wait = self._config.flush_s
            try:
                reader = reader or _reader(line, self._clock)
                await asyncio.to_thread(self._turn, line, reader, stop)
                line.problem = ""
            except OSError as problem:
                # What was given and is not on the disk has to be given again.
                _close(reader)
                reader, wait = None, AGAIN_S
                self._trouble(line, problem)
            await _sleep(wait, stop)
        _close(reader)

    def _turn(self, line: Line, reader: Follow | Folder, stop: asyncio.Event) -> None:
        for piece in reader.pieces():
            line.reading.keep(piece)
            if stop.is_set():
                return

    async def _stream(self, line: Line, stop: asyncio.Event) -> None:
        """Keep what comes by itself, a little at a time."""
        source = None
        if line.source.kind == "stdin":
            source = asyncio.create_task(standard_input(line.inbox))
        data = b""
        while True:
            ended = stop.is_set() or (source is not None and source.done())
            data = data or line.inbox.take(MOST_BYTES)
            if data:
                try:
                    await asyncio.to_thread(line.reading.keep, _given(line.source, data))
                    data, line.problem = b"", ""
                except OSError as problem:
                    self._trouble(line, problem)
                    await _sleep(AGAIN_S, stop)
            elif ended:
                break
            if stop.is_set() and line.problem:
                break
            if line.inbox.size < MOST_BYTES and not ended:
                await _sleep(self._config.flush_s, stop)
        if source is not None:
            source.cancel()
            if not stop.is_set():
                await self._empty(stop)

    async def _empty(self, stop: asyncio.Event) -> None:
        """Standard input has ended: when it is the only source, end once all of it is sent."""
        while len(self.lines) == 1 and not stop.is_set():
            if not self.lines[0].spool.waiting:
                stop.set()
            await _sleep(self._config.flush_s, stop)

    def _trouble(self, line: Line, problem: OSError) -> None:
        said = problem.strerror or str(problem)
        where = f": {problem.filename}" if problem.filename else ""
        if line.problem != said + where:
            log.warning("not read", source=line.name, problem=said + where)
        line.problem = said + where


def _reader(line: Line, clock: Callable[[], datetime]) -> Follow | Folder:
    source, place = line.source, line.reading.place
    if source.kind == "file":
        return Follow(source.path, place, source.begin)
    return Folder(Path(source.path), place, clock, settle_s=source.settle_s,
                  delete=source.after == "delete")  # fmt: skip


def _close(reader: Follow | Folder | None) -> None:
    if isinstance(reader, Follow):
        reader.close()


def _given(source: Source, data: bytes) -> Piece:
    return Piece(chunks=(data,), name=source.kind, label="", skip=0, place=lambda _: b"null")


async def _sleep(seconds: float, stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


def _span(seconds: float) -> str:
    """How long that is, for people, roughly."""
    seconds = abs(seconds)
    for name, size in (("years", 31_557_600), ("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} seconds"
