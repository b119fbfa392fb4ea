"""What the opener takes from itself before it looks at a hostile file: time, memory, files, network,
and the rights of root where the program itself lies in the open.

Linux only; elsewhere what the system does not offer is left out.
"""

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

MEMORY = 640 * 1024 * 1024
CPU_S = 30
FILES = 128
NOBODY = 65534

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_DEATH_SIGNAL, _DUMPABLE, _NO_NEW_PRIVILEGES = 1, 4, 38


def open_to_all(path: str) -> bool:
    """True when any user may read what lies at `path`, on the way there too."""
    place = Path(path).resolve()
    if not place.stat().st_mode & 0o004:
        return False
    return all(
        folder.stat().st_mode & 0o001 for folder in (place, *place.parents) if folder.is_dir()
    )


def apply(memory: int = MEMORY, cpu_s: int = CPU_S, file_size: int = 0) -> None:
    """Bind this process and its children: bytes of memory, seconds of work, bytes of a file.

    A limit that the system refuses is not fatal: the parent's own limit on time and the size of
    the answer stands in any case.
    """
    library = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    # A network of its own has no way out. Root may have one at once, others with a user space of
    # their own, where the system allows it.
    if library is not None and library.unshare(_NEW_NET) != 0:
        library.unshare(_NEW_USER | _NEW_NET)
    if os.geteuid() == 0 and all(map(open_to_all, (sys.prefix, sys.base_prefix, __file__))):
        # Nothing of ours belongs to this user: not the node's key, not its data.
        with suppress(OSError):
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
    if library is not None:  # after the change of user, which resets these
        library.prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        library.prctl(_DUMPABLE, 0, 0, 0, 0)
    for what, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (limit, limit))
    with suppress(OSError):
        os.chdir("/")
