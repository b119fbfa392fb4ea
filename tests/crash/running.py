"""A real node: `zvon up` in a process of its own, its parts found by what they are."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zvon.store.cluster import Cluster
from zvon.store.folder_lock import first_line_pid

START_S = 120.0


class Running:
    """The node in `root`. Start it, hurt it, ask it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.dsn = Cluster(root).dsn()
        self.ready: dict[str, Any] = {}
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start `zvon up` and wait until all parts answer."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "zvon", "up", "--json", "--root", str(self.root),
             "--http", "127.0.0.1:0", "--peer", "127.0.0.1:0", "--dns", "127.0.0.1:0"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        said: list[dict[str, Any]] = []
        assert self._process.stdout is not None
        limit = threading.Timer(START_S, self._process.kill)
        limit.start()
        for line in self._process.stdout:
            said.append(json.loads(line))
            if said[-1]["event"] == "ready":
                break
        limit.cancel()
        assert said, "zvon up said nothing"
        assert said[-1]["event"] == "ready", said
        self.ready = said[-1]
        # Nobody may block on a full pipe; what it still says is not needed.
        self._draining = threading.Thread(target=self._process.stdout.read)
        self._draining.start()

    def _gone(self) -> int:
        """Wait for the end of `zvon up`; its exit code."""
        assert self._process is not None
        assert self._process.stdout is not None
        code = self._process.wait(60)
        self._draining.join()
        self._process.stdout.close()
        return code

    def pid(self, part: str) -> int | None:
        """The process id of `up`, `postgres`, `web`, `worker` or `dns`, when it lives."""
        if part == "postgres":
            return first_line_pid(self.root / "data" / "postmaster.pid")
        assert self._process is not None
        if part == "up":
            return self._process.pid
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                line = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if parent == self._process.pid and line[-3:-1] == [b"serve", part.encode()]:
                return int(folder.name)
        return None

    def kill(self, part: str) -> None:
        """Send SIGKILL to a part; for all but `up`, wait until another process has its place."""
        before = self.pid(part)
        assert before is not None, f"no {part} to kill"
        os.kill(before, signal.SIGKILL)
        if part == "up":
            self._gone()
        else:
            until(lambda: self.pid(part) not in {None, before})

    def stop(self) -> int:
        """Ask it to stop, as Ctrl-C does; its exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._gone()

    def report(self, text: str) -> str | None:
        """Hand in a report; its number when the node acknowledged it, else None."""
        request = urllib.request.Request(
            f"{self.ready['console']}/api/v1/reports",
            json.dumps({"text": text, "channel": "sms", "lang": "sl"}).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return str(json.load(answer)["report"])
        except (urllib.error.URLError, OSError, ValueError):
            return None


def until(done: Callable[[], bool], limit_s: float = 90) -> None:
    """Wait for `done`, else fail."""
    end = time.monotonic() + limit_s
    while not done():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)
