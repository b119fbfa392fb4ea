"""Lists as files: each edition is written once, and served from there as often as it is asked for.

A thousand appliances that poll cost one writing for each change. The file's name carries the hash
of its content, so a new edition never changes one that somebody is reading.
"""

import asyncio
import gzip
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import aclosing, suppress
from datetime import datetime
from pathlib import Path
from weakref import WeakKeyDictionary

import msgspec
from msgspec import Struct

from zvon.formats.blocklist import FORMATS, About, Entry, Format, takes
from zvon.jobs import Context
from zvon.store import export
from zvon.store.export import State

FOLDER = "lists"
GZIP_LEVEL = 4


class Listed(Struct, frozen=True, kw_only=True):
    """One edition of a list as it lies on disk; sizes are in octets."""

    format: str
    edition: str
    version: int
    seq: int
    at: datetime
    sha256: str
    size: int
    packed_size: int

    def path(self, folder: Path, *, packed: bool = False) -> Path:
        """Where the content is; `packed` by gzip (RFC 1952)."""
        return folder / f"{self.format}.{self.sha256[:32]}{'.gz' if packed else ''}"


_writing: WeakKeyDictionary[object, asyncio.Lock] = WeakKeyDictionary()
_tasks: set[asyncio.Task[Listed]] = set()


def folder_of(context: Context, feed: str) -> Path:
    """Where the lists of a feed lie. `feed` is a name that the store knows."""
    return context.settings.root / FOLDER / feed


def about(context: Context, state: State) -> About:
    """The heading of a list in this state."""
    return About(
        feed=state.feed, seq=state.seq, at=state.at, node=context.node.uuid,
        node_name=context.node.name, landing=context.settings.landing_name,
    )  # fmt: skip


async def listed(context: Context, state: State, name: str) -> Listed:
    """The list of `state`, or of a newer one, in the format `name`; written when it is not there.

    One list is written at a time, so that a burst of requests does not take all connections.
    """
    folder = folder_of(context, state.feed)
    found = await asyncio.to_thread(_known, folder, name)
    if found is not None and found.edition == state.edition:
        return found
    # A client that goes away must not stop what the next one will ask for.
    task = asyncio.create_task(_fresh(context, state, name))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return await asyncio.shield(task)


async def _fresh(context: Context, state: State, name: str) -> Listed:
    folder = folder_of(context, state.feed)
    async with _writing.setdefault(context.pool, asyncio.Lock()):
        found = await asyncio.to_thread(_known, folder, name)
        if found is not None and found.edition == state.edition:
            return found
        async with aclosing(export.edition(context.pool, state.feed)) as read:
            first = await anext(read)
            assert isinstance(first, State)
            loop = asyncio.get_running_loop()
            return await asyncio.to_thread(
                _write, folder, name, first, about(context, first), _pulled(loop, read)
            )


def known_formats(context: Context, feed: str) -> list[str]:
    """The formats in which somebody has asked for this feed."""
    return [name for name in FORMATS if (folder_of(context, feed) / f"{name}.json").exists()]


def _known(folder: Path, name: str) -> Listed | None:
    try:
        found = msgspec.json.decode((folder / f"{name}.json").read_bytes(), type=Listed)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None
    there = found.path(folder).exists() and found.path(folder, packed=True).exists()
    return found if there and found.version == FORMATS[name].version else None


def _pulled(
    loop: asyncio.AbstractEventLoop, read: AsyncIterator[State | Sequence[Entry]]
) -> Iterator[Entry]:
    """Entries of an asynchronous reader, for the thread that writes."""

    async def following() -> Sequence[Entry]:
        async for batch in read:
            assert not isinstance(batch, State)
            return batch
        return []

    while batch := asyncio.run_coroutine_threadsafe(following(), loop).result():
        yield from batch


def _write(
    folder: Path, name: str, state: State, about: About, entries: Iterable[Entry]
) -> Listed:  # fmt: skip
    """Write beside, then rename: a reader finds a whole list or none."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    chosen = FORMATS[name]
    digest, size = hashlib.sha256(), 0
    plain, packed = _temporary(folder), _temporary(folder)
    try:
        with (
            plain.open("wb") as whole,
            packed.open("wb") as small,
            gzip.GzipFile("", "wb", GZIP_LEVEL, small, mtime=0) as squeezed,
        ):
            for piece in _encoded(chosen, entries, about):
                digest.update(piece)
                size += len(piece)
                whole.write(piece)
                squeezed.write(piece)
        made = Listed(
            format=name, edition=state.edition, version=chosen.version, seq=state.seq, at=state.at,
            sha256=digest.hexdigest(), size=size, packed_size=packed.stat().st_size,
        )  # fmt: skip
        plain.rename(made.path(folder))
        packed.rename(made.path(folder, packed=True))
    except BaseException:
        plain.unlink(missing_ok=True)
        packed.unlink(missing_ok=True)
        raise
    note = _temporary(folder)
    note.write_bytes(msgspec.json.encode(made))
    note.rename(folder / f"{name}.json")
    _tidy(folder, made)
    return made


def _encoded(format: Format, entries: Iterable[Entry], about: About) -> Iterator[bytes]:
    return format.encode((entry for entry in entries if takes(format, entry)), about)


def _temporary(folder: Path) -> Path:
    handle, path = tempfile.mkstemp(prefix=".writing-", dir=folder)
    os.close(handle)
    return Path(path)


def _tidy(folder: Path, kept: Listed) -> None:
    """Remove older editions; who reads one has it open and goes on."""
    keep = {kept.path(folder), kept.path(folder, packed=True)}
    for file in folder.glob(f"{kept.format}.*"):
        if file not in keep and file.suffix != ".json":
            with suppress(FileNotFoundError):
                file.unlink()
