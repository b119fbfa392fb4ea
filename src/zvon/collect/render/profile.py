"""Where a browser lives: a folder of its own for one look, gone with it.

A worker that was killed could not clear up. Its folders are told by their lock, which died with it,
and go when the next browser starts.
"""

import json
import os
import pwd
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from zvon.collect.render.arguments import PREFERENCES
from zvon.store.folder_lock import FolderLock

PREFIX = "zvon-look-"
# A uid that no account has: as `nobody` the browser could open what other services of `nobody` own.
BROWSER_UID = 64_817


class Profile(Struct, frozen=True):
    """The browser's folder, and the uid that it belongs to: `None` when that is our own."""

    folder: Path
    uid: int | None


@contextmanager
def made() -> Iterator[Profile]:
    """A fresh profile; only root can give it away to somebody else."""
    clear()
    place = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = FolderLock(place / "lock")
    try:
        lock.take()
        yield _furnished(place)
    finally:
        _remove(place)
        lock.give_up()


def clear() -> None:
    """Remove what killed workers left behind."""
    for place in Path(tempfile.gettempdir()).glob(PREFIX + "*"):
        with suppress(OSError):
            lock = FolderLock(place / "lock")
            # A folder without a lock is being made, or another user's.
            if (place / "lock").exists() and lock.take():
                _remove(place)
                lock.give_up()


def _furnished(place: Path) -> Profile:
    folder = place / "profile"
    default = folder / "Default"
    default.mkdir(parents=True)
    folder.chmod(0o700)
    (default / "Preferences").write_text(json.dumps(PREFERENCES))
    if os.geteuid() != 0:
        return Profile(folder, None)
    place.chmod(0o711)  # the browser's user passes through
    uid = _free_uid()
    for path in (folder, default, default / "Preferences"):
        os.chown(path, uid, uid)
    return Profile(folder, uid)


def _free_uid() -> int:
    uid = BROWSER_UID
    while True:
        try:
            pwd.getpwuid(uid)
        except KeyError:
            return uid
        uid += 1


def _remove(place: Path) -> None:
    """Children of a killed browser may still write for a moment."""
    for _ in range(20):
        shutil.rmtree(place, ignore_errors=True)
        if not place.exists():
            return
        time.sleep(0.05)
