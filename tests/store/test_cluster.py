"""The supervisor with real processes: every state that a data folder can be found in."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from zvon.store.binaries import NoBinaries, candidates, choose
from zvon.store.cluster import Cluster, ClusterError, Role, run_folder
from zvon.store.processes import in_folder

pytestmark = pytest.mark.slow  # each test makes a cluster of its own
PG_BIN = Path(given) if (given := os.environ.get("ZVON_TEST_PG_BIN")) else None
SMALL = {"shared_buffers": "16MB", "max_connections": "20"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user may enter; pytest's own are closed to others."""
    made = Path(tempfile.mkdtemp(prefix="zvon-cluster-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def cluster(folder: Path) -> Iterator[Cluster]:
    made = of(folder / "node")
    yield made
    made.stop()


def of(root: Path) -> Cluster:
    return Cluster(root, pg_bin=PG_BIN, settings=SMALL)


def until(done: Callable[[], bool], limit_s: float = 20) -> None:
    end = time.monotonic() + limit_s
    while not done():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def count(cluster: Cluster) -> int:
    with psycopg.connect(cluster.dsn()) as db:
        row = db.execute("select count(*) from kept").fetchone()
        assert row is not None
        return int(row[0])


def fill(cluster: Cluster) -> None:
    with psycopg.connect(cluster.dsn(), autocommit=True) as db:
        db.execute("create table kept (n bigint)")
        db.execute("insert into kept values (1)")


def test_a_free_folder_becomes_a_server_with_the_extensions_we_need(cluster: Cluster) -> None:
    assert cluster.start() is Role.OWNER
    assert cluster.owner() == os.getpid()
    with psycopg.connect(cluster.dsn(), autocommit=True) as db:
        db.execute("create extension pg_trgm")
        db.execute("create extension btree_gist")
        row = db.execute("select lower('ČŠŽĐ'), current_setting('listen_addresses')").fetchone()
    assert row == ("čšžđ", "")
    assert oct(cluster.run.stat().st_mode & 0o777) == "0o700"


def test_as_root_the_server_is_somebody_else(cluster: Cluster) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root must step back")
    cluster.start()
    assert Path(f"/proc/{cluster.pid}").stat().st_uid != 0


def test_stopping_frees_the_folder_and_starting_again_keeps_the_rows(cluster: Cluster) -> None:
    cluster.start()
    fill(cluster)
    cluster.stop()
    assert (cluster.pid, cluster.owner(), cluster.run.exists()) == (None, None, False)
    assert cluster.start() is Role.OWNER
    assert count(cluster) == 1


def test_the_second_one_joins_and_starts_no_server(cluster: Cluster) -> None:
    cluster.start()
    guest = of(cluster.root)
    assert guest.start() is Role.GUEST
    assert guest.pid == cluster.pid
    guest.stop()
    assert cluster.ready()


def test_a_killed_server_is_started_again_with_every_row(cluster: Cluster) -> None:
    cluster.start()
    fill(cluster)
    assert cluster.pid is not None
    os.kill(cluster.pid, signal.SIGKILL)
    until(lambda: cluster.poll() is not None)
    started = time.monotonic()
    cluster.restart()
    assert count(cluster) == 1
    assert time.monotonic() - started < 20


def test_no_acknowledged_row_is_lost_when_the_server_is_killed_under_load(
    cluster: Cluster,
) -> None:
    cluster.start()
    fill(cluster)
    acknowledged = []

    def write() -> None:
        try:
            with psycopg.connect(cluster.dsn(), autocommit=True) as db:
                for n in range(2, 1_000_000):
                    db.execute("insert into kept values (%s)", (n,))
                    acknowledged.append(n)
        except psycopg.OperationalError:
            pass

    writer = threading.Thread(target=write)
    writer.start()
    until(lambda: len(acknowledged) > 100)
    assert cluster.pid is not None
    os.kill(cluster.pid, signal.SIGKILL)
    writer.join()
    until(lambda: cluster.poll() is not None)
    cluster.restart()
    with psycopg.connect(cluster.dsn()) as db:
        kept = {row[0] for row in db.execute("select n from kept")}
    assert set(acknowledged) <= kept


def test_a_server_that_nobody_reaped_does_not_stand_in_the_way(folder: Path) -> None:
    first = of(folder / "node")
    first.start()
    fill(first)
    pid = first.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z")
    first._lock.give_up()  # its owner died too; the zombie stays, because `first` lives
    second = of(folder / "node")
    try:
        assert second.start() is Role.OWNER
        assert count(second) == 1
    finally:
        second.stop()
        first.stop()


ORPHAN = """
import os, sys
from pathlib import Path
import zvon.store.cluster as cluster
if sys.argv[3] == "orphan":
    cluster.die_with_parent = lambda number: None
server = cluster.Cluster(Path(sys.argv[1]), pg_bin=Path(sys.argv[2]) if sys.argv[2] else None)
server.start()
print(server.pid, flush=True)
sys.stdin.read()
"""


def owned_elsewhere(root: Path, how: str) -> tuple[subprocess.Popen[str], int]:
    owner = subprocess.Popen(
        [sys.executable, "-c", ORPHAN, str(root), str(PG_BIN or ""), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    return owner, int(owner.stdout.readline())


def kill(owner: subprocess.Popen[str]) -> None:
    owner.kill()
    owner.communicate()


def test_an_orphan_whose_owner_was_killed_is_replaced(cluster: Cluster) -> None:
    owner, pid = owned_elsewhere(cluster.root, "orphan")
    fill(cluster)
    kill(owner)
    assert pid in in_folder(cluster.data)
    assert cluster.start() is Role.OWNER
    assert cluster.pid != pid
    assert count(cluster) == 1


def test_the_server_stops_by_itself_when_its_owner_is_killed(cluster: Cluster) -> None:
    owner, pid = owned_elsewhere(cluster.root, "child")
    kill(owner)
    until(lambda: pid not in in_folder(cluster.data))
    assert cluster.pid is None


def test_owner_and_server_killed_together_lose_nothing(cluster: Cluster) -> None:
    owner, pid = owned_elsewhere(cluster.root, "orphan")
    fill(cluster)
    os.kill(pid, signal.SIGKILL)
    kill(owner)
    assert cluster.start() is Role.OWNER
    assert count(cluster) == 1


def test_a_pid_file_that_names_a_stranger_is_not_believed(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    (cluster.data / "postmaster.pid").write_text(f"{os.getpid()}\n")
    assert cluster.start() is Role.OWNER


def test_a_path_longer_than_a_socket_may_have_works(folder: Path) -> None:
    root = folder / ("long-" * 24)
    assert len(str(root)) > 120
    long = of(root)
    try:
        long.start()
        assert len(str(long.run / ".s.PGSQL.5432")) < 100
        assert long.ready()
    finally:
        long.stop()


def test_an_unfinished_first_start_is_begun_anew(cluster: Cluster) -> None:
    (cluster.root / "data.new").mkdir(parents=True)
    (cluster.root / "data.new" / "half").touch()
    assert cluster.start() is Role.OWNER


def test_data_of_another_version_is_refused_with_the_command_to_run(cluster: Cluster) -> None:
    cluster.data.mkdir(parents=True)
    (cluster.data / "PG_VERSION").write_text("14\n")
    with pytest.raises(NoBinaries, match=r"PostgreSQL 14.*pg_upgrade -b"):
        cluster.start()
    assert cluster.owner() is None


def test_existing_data_chooses_its_own_version(folder: Path) -> None:
    for one in candidates():
        assert choose(None, one.major).major == one.major


def test_a_folder_closed_to_the_servers_user_is_named(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root steps back")
    folder.chmod(0o700)
    with pytest.raises(ClusterError, match=f"{folder} is closed"):
        of(folder / "node").start()


def test_a_copy_is_used_when_the_programs_cannot_be_reached(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root steps back")
    closed = folder / "closed"
    found = choose(PG_BIN, None)
    package = found.folder.parent.parent
    if not (package.parent / f"{package.name}.libs").exists():
        pytest.skip("only the wheel can be copied")
    closed.mkdir(mode=0o700)
    shutil.copytree(package, closed / package.name)
    shutil.copytree(package.parent / f"{package.name}.libs", closed / f"{package.name}.libs")
    copied = Cluster(
        folder / "node", pg_bin=closed / package.name / "pginstall" / "bin", settings=SMALL
    )
    try:
        copied.start()
        assert copied.binaries is not None
        assert copied.binaries.folder.is_relative_to(folder / "node" / "pg" / found.version)
    finally:
        copied.stop()


def test_a_server_that_cannot_start_says_what_its_log_says(folder: Path) -> None:
    broken = Cluster(folder / "node", pg_bin=PG_BIN, settings={"shared_buffers": "nonsense"})
    with pytest.raises(ClusterError, match="shared_buffers"):
        broken.start()
    assert broken.owner() is None


def test_two_folders_never_share_a_socket(folder: Path) -> None:
    assert run_folder(folder / "a") != run_folder(folder / "b")
