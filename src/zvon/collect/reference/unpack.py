"""Files of a folder, a ZIP or a tar archive, one after the other, within limits."""

import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

MAX_FILES = 200_000
MAX_FILE = 256 * 1024 * 1024
MAX_TOTAL = 4 * 1024 * 1024 * 1024
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")


class TooMuch(ValueError):
    """The folder or archive holds more than reference data would."""


def files(place: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Path inside and bytes of each file, archives in a folder opened too.

    Links and names that lead out are passed over. Raises `TooMuch` and `FileNotFoundError`.
    """
    count = total = 0
    for path, size, body in _files(place):
        count, total = count + 1, total + size
        if count > MAX_FILES or size > MAX_FILE or total > MAX_TOTAL:
            raise TooMuch(f"{place}: more than reference data would hold, at {path}")
        yield path, body


def _files(place: Path) -> Iterator[tuple[PurePosixPath, int, bytes]]:
    if not place.exists():
        raise FileNotFoundError(f"{place}: there is no such file or folder")
    if place.is_file():
        yield from _archive(place)
        return
    for path in sorted(place.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        if path.name.endswith(ARCHIVES):
            yield from _archive(path)
        else:
            yield PurePosixPath(path.relative_to(place)), path.stat().st_size, _bounded(path)


def _bounded(path: Path) -> bytes:
    if path.stat().st_size > MAX_FILE:
        raise TooMuch(f"{path} has more than {MAX_FILE} bytes")
    return path.read_bytes()


def _archive(path: Path) -> Iterator[tuple[PurePosixPath, int, bytes]]:
    if path.name.endswith(".zip"):
        with zipfile.ZipFile(path) as opened:
            for info in opened.infolist():
                if not info.is_dir() and info.file_size <= MAX_FILE:
                    with opened.open(info) as one:
                        body = one.read(MAX_FILE + 1)  # what it says of its size may be wrong
                    yield PurePosixPath(info.filename), len(body), body
    elif path.name.endswith(ARCHIVES):
        with tarfile.open(path, "r|*") as stream:
            for member in stream:
                if member.isreg() and member.size <= MAX_FILE:
                    taken = stream.extractfile(member)
                    assert taken is not None
                    yield PurePosixPath(member.name), member.size, taken.read()
    else:
        yield PurePosixPath(path.name), path.stat().st_size, _bounded(path)
