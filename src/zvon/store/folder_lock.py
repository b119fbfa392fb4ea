"""Who owns a folder: one process at a time, known to all, free as soon as it ends."""

import fcntl
import os
from pathlib import Path


class FolderLock:
    """A lock on the file `path`, which holds the owner's process id.

    The kernel frees it when the owner dies, however that happens. Children do not inherit it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    @property
    def held(self) -> bool:
        """True while we own it."""
        return self._handle is not None

    def take(self) -> bool:
        """Own it from now on, or say no because another process does."""
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._handle = handle
        return True

    def give_up(self) -> None:
        """Own it no longer; idempotent."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def owner(self) -> int | None:
        """The process that owns it, when one does."""
        try:
            handle = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return first_line_pid(self.path)
        finally:
            os.close(handle)
        return None


def first_line_pid(path: Path) -> int | None:
    """The number on the first line of a pid file, or None."""
    try:
        return int(path.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
