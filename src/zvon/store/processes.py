"""The operating system's side of a child server: its user, its parent's death, who sits where."""

import ctypes
import os
import pwd
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

PR_SET_PDEATHSIG = 1


class Service(Struct, frozen=True):
    """The user who runs PostgreSQL, which refuses to run as root."""

    name: str
    uid: int
    gid: int

    def popen(self) -> dict[str, Any]:
        """Arguments for `subprocess` that start a child as this user."""
        if os.geteuid() != 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def service_user() -> Service:
    """Ourselves; as root the system user `zvon`, else `nobody`.

    `nobody` is a fallback: any other process of that user could open the socket.
    """
    if os.geteuid() != 0:
        return Service(str(os.geteuid()), os.geteuid(), os.getegid())
    for name in ("zvon", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Service(name, entry.pw_uid, entry.pw_gid)
    return Service("65534", 65534, 65534)


def traversable(folder: Path, service: Service) -> bool:
    """True when `service` may pass through `folder` (permission bits; ACLs are not read)."""
    try:
        seen = folder.stat()
    except PermissionError:
        return False
    if seen.st_uid == service.uid:
        return bool(seen.st_mode & 0o100)
    if seen.st_gid == service.gid:
        return bool(seen.st_mode & 0o010)
    return bool(seen.st_mode & 0o001)


def die_with_parent(number: int) -> Callable[[], None] | None:
    """A function for `preexec_fn`: the child gets signal `number` when its parent ends.

    Linux only; elsewhere None, and a server may outlive its owner (see `Cluster._take_over`).
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:  # it ended before we asked
            os.kill(os.getpid(), number)

    return ask


def in_folder(folder: Path) -> set[int]:
    """The living processes whose working folder is `folder` or below, as PostgreSQL's is its data.

    A zombie has no working folder, so it is never among them; a process id alone proves nothing.
    """
    inside = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            where = (entry / "cwd").readlink()
        except OSError:
            continue
        if where == folder or folder in where.parents:
            inside.add(int(entry.name))
    return inside
