"""What the opener takes from itself before it looks at a hostile file: time, memory, files, network.

Linux only; elsewhere what the system does not offer is left out.
"""

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress

MEMORY = 640 * 1024 * 1024
CPU_S = 30
FILES = 128

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_DEATH_SIGNAL, _DUMPABLE, _NO_NEW_PRIVILEGES = 1, 4, 38


def apply() -> None:
    """Bind this process and its children. A limit that the system refuses is not fatal: the
    parent's own limit on time and the size of the answer stands in any case.
    """
    if sys.platform == "linux":
        library = ctypes.CDLL(None, use_errno=True)
        library.prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        library.prctl(_DUMPABLE, 0, 0, 0, 0)
        # A network of its own has no way out. Root may have one at once, others with a user
        # space of their own, where the system allows it.
        if library.unshare(_NEW_NET) != 0:
            library.unshare(_NEW_USER | _NEW_NET)
    for what, limit in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (limit, limit))
    with suppress(OSError):
        os.chdir("/")
