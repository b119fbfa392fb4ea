"""A folder into which others put files, or logs that grow there.

A file is taken once it is finished: renamed into place, or unchanged for a while.
"""

import asyncio
import fnmatch
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from zvon.collect.source.kind import Failed, Kind, Reading
from zvon.collect.source.logs import follow_logs
from zvon.config import Settings

AT_ONCE = 200
MOST_KEPT = 10_000
CHUNK = 1 << 20
DONE, FAILED = "done", "failed"
UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")


class Folder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A folder of this machine, and which files of it.

    `files` are taken whole: `move` puts them into `done` or `failed` below the folder, `keep`
    leaves them. `follow` reads the lines that are added to logs, through rotation.
    `settle_s`: a file that did not change for so long is finished.
    """

    path: Annotated[str, Meta(min_length=1, max_length=1000)]
    pattern: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^/]+$")] = "*"
    mode: Literal["files", "follow"] = "files"
    after: Literal["move", "keep"] = "move"
    settle_s: Annotated[float, Meta(ge=0, le=86_400)] = 10.0


class _File(Struct, frozen=True):
    name: str
    size: int
    changed_ns: int
    inode: int

    @property
    def mark(self) -> list[int]:
        """What is another file, or another content, when it differs."""
        return [self.size, self.changed_ns, self.inode]


async def read(reading: Reading) -> bool:
    """Take finished files, oldest first, or what was added to logs."""
    settings: Folder = reading.settings
    folder = await asyncio.to_thread(permitted, reading.context.settings, settings.path)
    if settings.mode == "follow":
        return await follow_logs(reading, folder, settings.pattern)
    if settings.after == "move":
        return await _move(reading, folder, settings)
    return await _keep(reading, folder, settings)


def permitted(settings: Settings, path: str) -> Path:
    """The folder, if sources may read there. Raises `Failed`.

    Whoever sets up sources through the API must not read the node's own key with one.
    """
    try:
        folder = Path(path).resolve(strict=True)
        allowed = [base.resolve() for base in settings.folders]
    except OSError as problem:
        raise Failed(f"{path}: {problem.strerror}") from None
    if not folder.is_dir():
        raise Failed(f"{path} is no folder")
    if not any(folder.is_relative_to(base) for base in allowed):
        raise Failed(
            f"{path} is not below {' or '.join(map(str, allowed))}; ZVON_SOURCE_FOLDERS adds others"
        )
    return folder


async def _move(reading: Reading, folder: Path, settings: Folder) -> bool:
    found, ripe = await asyncio.to_thread(_ripe, reading, folder, settings)
    for file in ripe[:AT_ONCE]:
        try:
            taken = await _take(reading, folder, file)
        except OSError as problem:
            reading.skip(f"{file.name}: {problem.strerror}")
            continue
        await asyncio.to_thread(_put_away, folder, file.name, DONE if taken else FAILED)
    await reading.advance({"seen": {f.name: f.mark for f in found[:MOST_KEPT] if f not in ripe}})
    return len(ripe) > AT_ONCE


async def _keep(reading: Reading, folder: Path, settings: Folder) -> bool:
    found, ripe = await asyncio.to_thread(_ripe, reading, folder, settings)
    if len(found) > MOST_KEPT:
        raise Failed(f"{folder} has more than {MOST_KEPT} files; let it move them")
    known = reading.cursor.get("taken", {})
    fresh = [file for file in ripe if known.get(file.name) != file.mark]
    for file in fresh[:AT_ONCE]:
        try:
            await _take(reading, folder, file)
        except OSError as problem:
            reading.skip(f"{file.name}: {problem.strerror}")
            continue
        known = {**known, file.name: file.mark}
    here = {file.name for file in found}
    waiting = {file.name: file.mark for file in found if file not in ripe}
    taken = {name: mark for name, mark in known.items() if name in here}
    await reading.advance({"taken": taken, "seen": waiting})
    return len(fresh) > AT_ONCE


async def _take(reading: Reading, folder: Path, file: _File) -> bool:
    opened = await asyncio.to_thread(_open, folder / file.name)
    size, changed, inode = file.mark
    made = await reading.take(
        _pieces(opened), name=file.name, external=f"{file.name}#{inode}.{changed}.{size}"
    )
    return made is not None


def _open(path: Path) -> int:
    """A descriptor that is no link's: a link could lead out of the folder."""
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)


async def _pieces(opened: int) -> AsyncIterator[bytes]:
    try:
        while piece := await asyncio.to_thread(os.read, opened, CHUNK):
            yield piece
    finally:
        os.close(opened)


def _ripe(reading: Reading, folder: Path, settings: Folder) -> tuple[list[_File], list[_File]]:
    """All files by age, and those of them that are finished."""
    now = reading.context.clock().timestamp()
    seen = reading.cursor.get("seen", {})
    try:
        found = sorted(_files(folder, settings.pattern), key=lambda f: (f.changed_ns, f.name))
    except OSError as problem:
        raise Failed(f"{folder}: {problem.strerror}") from None
    # A clock that is ahead must not keep a file waiting: then two looks that agree will do.
    ripe = [
        file
        for file in found
        if now - file.changed_ns / 1e9 >= settings.settle_s
        or (file.changed_ns / 1e9 > now and seen.get(file.name) == file.mark)
    ]
    return found, ripe


def _files(folder: Path, pattern: str) -> Iterator[_File]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith(".") or name.endswith(UNFINISHED) or not _text(name):
                continue
            if fnmatch.fnmatchcase(name, pattern) and entry.is_file(follow_symlinks=False):
                info = entry.stat(follow_symlinks=False)
                yield _File(name, info.st_size, info.st_mtime_ns, info.st_ino)


def _text(name: str) -> bool:
    """Names that are no UTF-8 cannot be kept; they stay where they are."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _put_away(folder: Path, name: str, where: str) -> None:
    target = folder / where
    target.mkdir(exist_ok=True)
    place, n = target / name, 1
    while place.exists():
        place, n = target / f"{name}.{n}", n + 1
    (folder / name).rename(place)


FOLDER = Kind(name="folder", how="pull", settings=Folder, read=read, every_s=15)
