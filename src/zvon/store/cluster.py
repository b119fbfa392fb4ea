"""The PostgreSQL server of a node that has none: found, started, watched and taken over by us.

One process owns a data folder, held by a lock on `owner.lock`. The server is its direct child, so
that its death is seen at once and no `pg_ctl` has to guess. All other processes only connect.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from zvon.store.binaries import Binaries, choose, reachable_copy
from zvon.store.folder_lock import FolderLock, first_line_pid
from zvon.store.processes import Service, die_with_parent, in_folder, service_user, traversable

PORT = 5432
USER = "zvon"
DATABASE = "zvon"
START_S = 60.0
STOP_S = 20.0
SETTINGS: Mapping[str, str] = {
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "wal_compression": "pglz",  # the wheel has neither lz4 nor zstd
    "checkpoint_timeout": "15min",
    "max_connections": "100",
    "random_page_cost": "1.1",
    "effective_io_concurrency": "64",
    "jit": "off",
    # After a crash one sync of the file system instead of one of each of some thousand files.
    "recovery_init_sync_method": "syncfs",
    "shared_preload_libraries": "pg_stat_statements",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A broken rule names the row that broke it, with its values: they do not belong into a log.
    "log_error_verbosity": "terse",
}


class ClusterError(RuntimeError):
    """The server cannot be started here; the text says what to do."""


class Role(StrEnum):
    """What `start` made of us: the one that runs the server, or a guest of another process."""

    OWNER = "owner"
    GUEST = "guest"


class Cluster:
    """One data folder and the server on it. `root` is the node's folder; create one per process.

    The owner calls `start`, then `poll` now and then, then `stop`. Not safe for threads, and
    `start` must run on a thread that lives as long as the server may: on Linux the server stops
    when that thread ends.
    """

    def __init__(
        self,
        root: Path,
        *,
        pg_bin: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.root = root.absolute()
        self.data = self.root / "data"
        self.log = self.root / "postgres.log"
        self.binaries: Binaries | None = None
        self._pg_bin = pg_bin
        self._settings = {**SETTINGS, **(settings or {})}
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = FolderLock(self.root / "owner.lock")
        self._service: Service = service_user()
        self.run = run_folder(self.data)

    def dsn(self, database: str = DATABASE) -> str:
        """How to connect, as the owner of the database; no secret in it."""
        return f"host={self.run} port={PORT} user={USER} dbname={database}"

    @property
    def pid(self) -> int | None:
        """The process id in `postmaster.pid`, alive or not."""
        return first_line_pid(self.data / "postmaster.pid")

    def start(self) -> Role:
        """Own the folder and run the server on it, or join the process that does.

        Raises `ClusterError`. Afterwards `dsn()` answers.
        """
        self._make_root()
        if not self._lock.take():
            self._wait(self.ready, START_S, "the server of the other process does not answer")
            return Role.GUEST
        try:
            self.binaries = self._find()
            self._make_run()
            if not (self.data / "PG_VERSION").exists():
                self._initdb()
            self._take_over()
            self._launch()
            self._make_database()
        except BaseException:
            self.stop()
            raise
        return Role.OWNER

    def poll(self) -> int | None:
        """None while our server runs, else its exit status."""
        return None if self._child is None else self._child.poll()

    def restart(self) -> None:
        """Start the server again after `poll` said that it is gone. Raises `ClusterError`."""
        self._take_over()
        self._launch()

    def stop(self) -> None:
        """Shut down fast (open transactions roll back) and give the folder up; idempotent."""
        child, self._child = self._child, None
        if child is not None:
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                if child.poll() is None:
                    child.send_signal(number)
                try:
                    child.wait(STOP_S)
                    break
                except subprocess.TimeoutExpired:
                    continue
        if self._lock.held:
            self._lock.give_up()
            if self.pid is None:
                shutil.rmtree(self.run, ignore_errors=True)

    def owner(self) -> int | None:
        """The process that owns the folder, when one does."""
        return self._lock.owner()

    def ready(self) -> bool:
        """True when the server on our socket takes connections."""
        if self.binaries is None:
            self.binaries = choose(self._pg_bin, major_of(self.data))
        asked = subprocess.run(
            [self.binaries.folder / "pg_isready", "-q", "-h", self.run, "-p", str(PORT), "-t", "2"],
            check=False,
        )
        return asked.returncode == 0

    def last_log(self, lines: int = 10) -> str:
        """The end of the server's log, for a person."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return "(no log)"

    def _make_root(self) -> None:
        made = not self.root.exists()
        self.root.mkdir(parents=True, exist_ok=True)
        if made:
            self.root.chmod(0o755)
        closed = [p for p in (self.root, *self.root.parents) if not traversable(p, self._service)]
        if closed:
            raise ClusterError(
                f"{closed[-1]} is closed to the user {self._service.name!r}, who runs PostgreSQL; "
                f"choose another --root, or: chmod o+x {closed[-1]}"
            )

    def _find(self) -> Binaries:
        found = choose(self._pg_bin, major_of(self.data))
        return reachable_copy(found, self.root / "pg", self._service)

    def _make_run(self) -> None:
        parent = self.run.parent
        if not parent.exists():
            parent.mkdir(mode=0o755)
        self.run.mkdir(mode=0o700, exist_ok=True)
        seen = self.run.lstat()
        if seen.st_uid not in (self._service.uid, os.geteuid()) or not self.run.is_dir():
            raise ClusterError(f"{self.run} belongs to somebody else; remove it")
        self._give(self.run)
        self.run.chmod(0o700)

    def _give(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self._service.uid, self._service.gid)

    def _initdb(self) -> None:
        assert self.binaries is not None
        fresh = self.root / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._give(fresh)
        # The built-in provider needs no ICU and exists from 17 on.
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            if self.binaries.major >= 17
            else ["--locale=C.UTF-8"]
        )
        made = subprocess.run(
            [self.binaries.folder / "initdb", "-D", fresh, "-U", USER, "-E", "UTF8", *locale,
             "--auth-local=trust", "--auth-host=reject", "--no-instructions"],
            check=False, capture_output=True, text=True, cwd="/", **self._service.popen(),
        )  # fmt: skip
        if made.returncode:
            raise ClusterError(f"initdb failed: {made.stderr.strip()[-2000:]}")
        fresh.rename(self.data)

    def _take_over(self) -> None:
        """Make the folder free: stop an orphan, or clear what a dead server left behind."""
        pid = self.pid
        if pid is None:
            return
        if pid in in_folder(self.data):
            os.kill(pid, signal.SIGINT)
            self._wait(lambda: self.pid is None, START_S, f"PostgreSQL (pid {pid}) does not stop")
            return
        # A killed server whose parent never reaped it still answers kill(pid, 0), and PostgreSQL
        # would refuse to start. Its backends leave by themselves; then nothing holds the folder.
        self._wait(
            lambda: not in_folder(self.data), START_S, "backends of a dead server do not leave"
        )
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for left in self.run.glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)

    def _launch(self) -> None:
        assert self.binaries is not None
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                [self.binaries.folder / "postgres", "-D", self.data, "-k", self.run,
                 "-p", str(PORT), "--listen_addresses=", *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGINT),
                **self._service.popen(),
            )  # fmt: skip
        child = self._child

        def up() -> bool:
            if child.poll() is not None:
                raise ClusterError(
                    f"PostgreSQL ended with {child.returncode}; {self.log}:\n{self.last_log()}"
                )
            return self.pid == child.pid and self.ready()

        self._wait(up, START_S, f"PostgreSQL does not answer; {self.log}")

    def _make_database(self) -> None:
        import psycopg

        with psycopg.connect(self.dsn("postgres"), autocommit=True) as db:
            known = db.execute("select 1 from pg_database where datname = %s", (DATABASE,))
            if known.fetchone() is None:
                db.execute(f"create database {DATABASE}")

    def _wait(self, done: Callable[[], bool], limit_s: float, otherwise: str) -> None:
        end = time.monotonic() + limit_s
        while not done():
            if time.monotonic() > end:
                raise ClusterError(otherwise)
            time.sleep(0.02)


def run_folder(data: Path) -> Path:
    """A short folder for the socket of `data`: a socket path may have 107 bytes, `data` is longer.

    It lies outside `data`, because a base backup would copy the socket's lock file.
    """
    if os.geteuid() == 0 and Path("/run").is_dir():
        base, prefix = Path("/run/zvon"), ""
    elif (given := os.environ.get("XDG_RUNTIME_DIR")) and os.access(given, os.W_OK):
        base, prefix = Path(given) / "zvon", ""
    else:
        base, prefix = Path(tempfile.gettempdir()), "zvon-"
    if len(os.fsencode(base)) > 70:
        base, prefix = Path("/tmp"), "zvon-"
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return base / f"{prefix}{os.geteuid()}-{name}"


def major_of(data: Path) -> int | None:
    """The major version that made `data`, or None when there is nothing yet."""
    try:
        return int((data / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None
