"""One PostgreSQL server for a whole test run, one fresh database for each test that asks."""

import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from hypothesis.internal.conjecture.providers import HypothesisProvider
from hypothesis.internal.constants_ast import Constants

from tests import programs
from zvon.store.cluster import Cluster
from zvon.store.data_key import DataKeys
from zvon.store.migrate import migrate
from zvon.store.pool import open_pool
from zvon.store.transaction import Pool

# First calls load lists and weights, so a time limit for one example would fail at random.
# `make test` takes the same examples each time, so that a build fails for its change only.
settings.register_profile("default", deadline=None, derandomize=True)
# `make check` is a quick look, at other examples each time: a find becomes an `@example`.
settings.register_profile("quick", deadline=None, max_examples=20)
settings.load_profile("default")
NO_CONSTANTS = Constants()

TEMPLATE = "zvon_template"
SERVER = "ZVON_TEST_SERVER"
# Their tests start processes, or servers on loopback, and wait for them.
WAITING = ("tests/acceptance/", "tests/collect/")
MEMORY, MEMORY_LEFT = "/dev/shm", 4 * 2**30  # a whole run takes about 1 GiB of it
# A test server may forget everything on a power cut; that makes it several times faster.
FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
}


def pytest_configure(config: pytest.Config) -> None:
    """With xdist the controller starts the server before its workers, who inherit the variable."""
    if config.getoption("--hypothesis-profile") != "quick":
        # Else constants of all modules that a worker has loaded so far are examples, and which
        # these are depends on how files were dealt out.
        HypothesisProvider._local_constants = NO_CONSTANTS  # type: ignore[assignment, method-assign]
    parallel = getattr(config.option, "numprocesses", None) or getattr(config.option, "tx", None)
    if parallel and not hasattr(config, "workerinput") and SERVER not in os.environ:
        start_server(config.add_cleanup)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what talks to the database, so that `make check` can leave it out.

    What waits for other programs in real time is tried once more when it fails: on a busy machine
    a resolver may be starved past every limit. The run's last lines name each test that needed it.
    """
    for item in items:
        if "server" in getattr(item, "fixturenames", ()):
            item.add_marker("database")
        waits = item.nodeid.startswith(WAITING)
        if waits or any(any(item.iter_markers(name)) for name in ("server", "browser", "slow")):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """`@pytest.mark.server("named", "unbound")` and `@pytest.mark.browser` name real programs."""
    programs.check(item)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Where servers are required, no test of a real server may be skipped for any reason."""
    outcome = yield
    report: pytest.TestReport = outcome.get_result()  # type: ignore[attr-defined]
    marked = any(item.iter_markers("server")) or any(item.iter_markers("browser"))
    if report.skipped and marked and programs.required() and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but servers are required: {report.longrepr}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line for each missing program how many tests it cost, and how to get it."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.write_line(f"failed at first, tried again: {report.nodeid}", yellow=True)
    missing: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        said = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        if match := re.search(r"needs ([\w, ]+): apt-get", said):
            missing.update(match[1].split(", "))
    for name, count in sorted(missing.items()):
        get = programs.how_to_get([name])
        terminalreporter.write_line(f"skipped {count} tests with {name}: {get}")


def start_server(later: Callable[[Callable[[], None]], None]) -> None:
    """Start a server of this run in a folder of its own, and name it in the environment.

    `ZVON_TEST_PG_BIN` chooses another PostgreSQL. `later` registers the clean-up.
    """
    folder = Path(tempfile.mkdtemp(prefix="zvon-test-", dir=_fast_folder()))
    folder.chmod(0o755)  # PostgreSQL of a test run by root works as another user
    given = os.environ.get("ZVON_TEST_PG_BIN")
    cluster = Cluster(folder / "node", pg_bin=Path(given) if given else None, settings=FAST)

    def clean() -> None:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
        os.environ.pop(SERVER, None)

    later(clean)
    cluster.start()
    with psycopg.connect(cluster.dsn("postgres"), autocommit=True) as db:
        db.execute(f"create database {TEMPLATE}")
    migrate(cluster.dsn(TEMPLATE))
    os.environ[SERVER] = cluster.dsn("postgres")


def _fast_folder() -> str | None:
    """Where the server's files lie: in memory when there is room, which copies a template of
    1,500 files ten times as fast (measured: 0.12 s for 1.15 s); else where temporary files do.
    """
    room = Path(MEMORY).is_dir() and os.access(MEMORY, os.W_OK)
    return MEMORY if room and shutil.disk_usage(MEMORY).free >= MEMORY_LEFT else None


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> str:
    """The DSN of the test server's `postgres` database; the server starts with the first use."""
    if SERVER not in os.environ:
        start_server(request.config.add_cleanup)
    return os.environ[SERVER]


@pytest.fixture
def dsn(server: str) -> Iterator[str]:
    """A migrated database that nobody used before, as its owner; dropped after the test."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"create database {name} template {TEMPLATE} strategy file_copy")
    yield psycopg.conninfo.make_conninfo(server, dbname=name)
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"drop database {name} with (force)")


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[Pool]:
    """Connections in the application's role to a fresh database."""
    async with open_pool(dsn, size=6, keys=DataKeys(bytes(32), os.urandom)) as opened:
        yield opened


@pytest.fixture
def now() -> datetime:
    """The moment at which a test plays."""
    return datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


_numbers = iter(range(1, 1_000_000))
