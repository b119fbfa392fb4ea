"""One Chromium with its own user, profile and process group, and its sure end."""

import asyncio
import fcntl
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from zvon.collect.render.arguments import arguments
from zvon.collect.render.pipe import MOST_BYTES, Gone, Pipe, Said
from zvon.collect.render.profile import Profile, made
from zvon.store.processes import die_with_parent

START_S = 10.0
# A binary beside its library is better than the distribution's shell script around it, which adds
# flags of its own.
PLACES = ("/usr/lib/chromium/chromium", "/usr/lib/chromium-browser/chromium-browser")
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
MOST_MEMORY = 512 * 1024 * 1024
WATCH_S = 0.25


class NoBrowser(RuntimeError):
    """No browser, or none that starts in its sandbox; `reason` is the word that evidence keeps."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Browser:
    """A running Chromium. `stopped` says why it was killed, if it was."""

    def __init__(self, process: subprocess.Popen[bytes], pipe: Pipe, version: str) -> None:
        self.process, self.pipe, self.version = process, pipe, version
        self.stopped: str | None = None
        self.peak = 0

    @property
    def group(self) -> int:
        """Its process group, which is also its session."""
        return self.process.pid

    def kill(self, why: str) -> None:
        """End it and all its children at once."""
        self.stopped = self.stopped or why
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.group, signal.SIGKILL)


def find(chosen: Path | None) -> Path:
    """The browser's program. Raises `NoBrowser` (`missing`)."""
    if chosen is not None:
        if os.access(chosen, os.X_OK):
            return chosen
        raise NoBrowser("missing")
    for place in PLACES:
        if os.access(place, os.X_OK):
            return Path(place)
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    raise NoBrowser("missing")


@asynccontextmanager
async def running(program: Path, *, most_memory: int = MOST_MEMORY) -> AsyncIterator[Browser]:
    """A fresh Chromium without a page, gone with its profile at the end whatever happens.

    As root it runs under a uid that owns nothing else. Raises `NoBrowser` (`sandbox`: it does not
    start in its sandbox, and we never start it without).
    """
    home = made()
    profile = await asyncio.to_thread(home.__enter__)
    try:
        browser = await _start(program, profile)
        watching = asyncio.create_task(_watch(browser, most_memory))
        try:
            yield browser
        finally:
            watching.cancel()
            browser.kill("done")
            await browser.pipe.close()
            await asyncio.to_thread(browser.process.wait)
    finally:
        await asyncio.to_thread(home.__exit__, None, None, None)


async def _start(program: Path, profile: Profile) -> Browser:
    loop = asyncio.get_running_loop()
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    last_wish = die_with_parent(signal.SIGKILL)

    def child() -> None:
        # Chromium reads commands from descriptor 3 and answers on 4; first out of the way of both.
        read = fcntl.fcntl(theirs_in, fcntl.F_DUPFD_CLOEXEC, 10)
        write = fcntl.fcntl(theirs_out, fcntl.F_DUPFD_CLOEXEC, 10)
        os.dup2(read, 3)
        os.dup2(write, 4)
        if last_wish is not None:
            last_wish()

    home, uid = str(profile.folder), profile.uid
    other: dict[str, Any] = {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
    try:
        # Not asyncio's: uvloop's cannot change the user. It takes milliseconds.
        process = subprocess.Popen(  # noqa: ASYNC220
            [str(program), *arguments(profile.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"HOME": home, "TMPDIR": home, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            cwd=home,
            start_new_session=True,
            close_fds=False,
            preexec_fn=child,  # noqa: PLW1509 -- it only moves descriptors and calls prctl
            **other,
        )
    except OSError:
        os.close(ours_in)
        os.close(ours_out)
        raise NoBrowser("missing") from None
    finally:
        os.close(theirs_in)
        os.close(theirs_out)
    reader = asyncio.StreamReader(limit=MOST_BYTES)
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(ours_in, "rb", 0)
    )
    writer, _ = await loop.connect_write_pipe(asyncio.Protocol, os.fdopen(ours_out, "wb", 0))
    pipe = Pipe(reader, writer)
    browser = Browser(process, pipe, "")
    try:
        answer = await pipe.ask("Browser.getVersion", timeout_s=START_S)
    except (Gone, Said, TimeoutError):
        browser.kill("start")
        await pipe.close()
        await asyncio.to_thread(process.wait)
        raise NoBrowser("sandbox") from None
    browser.version = str(answer.get("product", "")).partition("/")[2]
    return browser


async def _watch(browser: Browser, most: int) -> None:
    """Kill the browser when its processes hold more than `most` bytes together.

    An address-space limit is no way: Chromium reserves terabytes that it never uses.
    """
    while browser.process.poll() is None:
        used = await asyncio.to_thread(memory, browser.group)
        browser.peak = max(browser.peak, used)
        if used > most:
            browser.kill("memory")
            return
        await asyncio.sleep(WATCH_S)


def memory(group: int) -> int:
    """Bytes that the processes of a session hold for themselves.

    Pages of the program's own file are left out: they are the same for each browser.
    """
    total = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                total += _held(folder, group)
            except (OSError, ValueError, IndexError):
                continue  # it ended meanwhile
    return total


def _held(folder: Path, group: int) -> int:
    if int((folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[3]) != group:
        return 0
    # `smaps_rollup` would share out what they share, but it takes the kernel milliseconds each.
    lines = (folder / "status").read_text(errors="replace").splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines
               if line.startswith(("RssAnon:", "RssShmem:")))  # fmt: skip
