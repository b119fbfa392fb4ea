"""Child processes that are kept alive: started, watched, started again after a rest."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from zvon.store.processes import die_with_parent

RESTS_S = (0.2, 0.5, 1.0, 2.0)
SLOW_S = 15.0
WINDOW_S = 60.0
DEATHS = 3
STOP_S = 15.0
READY_FD = "ZVON_READY_FD"


class Deaths:
    """How often something ended lately, and how long to rest before the next start."""

    def __init__(self) -> None:
        self._at: list[float] = []
        self.told = False

    def count(self, now: float) -> float:
        """Note one death at `now` (seconds); give the rest in seconds.

        From the third within a minute it is a long one: what dies that fast needs a person.
        """
        self._at = [at for at in self._at if now - at < WINDOW_S] + [now]
        return SLOW_S if self.often else RESTS_S[min(len(self._at), len(RESTS_S)) - 1]

    @property
    def often(self) -> bool:
        """True when a person should be told."""
        return len(self._at) >= DEATHS


class Part:
    """One process of a node: `zvon serve <name>`. Start it from the main thread."""

    def __init__(self, name: str, env: Mapping[str, str], logs: Path) -> None:
        self.name = name
        self.deaths = Deaths()
        self.ready = False
        self.start_at: float | None = 0.0
        """When to start next, on the caller's clock; None while it runs."""
        self._env = env
        self._errors = logs / f"{name}.err"
        self._log = logs / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._ready_fd: int | None = None

    def start(self) -> None:
        """Start the process; `ready` turns true once it says so."""
        reading, writing = os.pipe()
        with self._errors.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "zvon", "serve", self.name],
                env={**self._env, READY_FD: str(writing)},
                pass_fds=[writing],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        os.close(writing)
        self._close()
        self._ready_fd = reading
        self.ready = False
        self.start_at = None

    def look(self, now: float) -> int | None:
        """See how it is; the exit status when it has just ended."""
        if self._process is None or self.start_at is not None:
            return None
        if not self.ready and self._ready_fd is not None:
            told, _, _ = select.select([self._ready_fd], [], [], 0)
            self.ready = bool(told) and os.read(self._ready_fd, 1) == b"1"
        status = self._process.poll()
        if status is not None:
            self.ready = False
            self.start_at = now + self.deaths.count(now)
        return status

    def ask_to_stop(self) -> None:
        """Ask it to finish what it does."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait(self) -> None:
        """Wait for its end; kill it when that takes too long."""
        if self._process is not None:
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._close()

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        if self._process is None or self._process.poll() is not None:
            return None
        return self._process.pid

    def last_words(self, lines: int = 8) -> str:
        """The end of what it wrote, for a person."""
        return tail(self._errors, lines) or tail(self._log, lines)

    def _close(self) -> None:
        if self._ready_fd is not None:
            os.close(self._ready_fd)
            self._ready_fd = None


def tail(path: Path, lines: int) -> str:
    """The last `lines` lines of a file, empty when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16_384))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def say_ready() -> None:
    """Tell the process that started us that we work."""
    if (number := os.environ.pop(READY_FD, None)) is not None:
        os.write(int(number), b"1")
        os.close(int(number))


def stop_in_order(parts: Sequence[Part], then: Callable[[], None]) -> None:
    """Ask all `parts` to stop, wait for each, then do `then` (the database goes last)."""
    for part in parts:
        part.ask_to_stop()
    for part in parts:
        part.wait()
    then()
