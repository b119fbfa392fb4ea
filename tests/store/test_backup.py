"""A backup is whole or not there, and a restore proves it."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from zvon.store.backup import BadBackup, back_up, check, put_back
from zvon.store.cluster import Cluster, ClusterError

pytestmark = pytest.mark.slow
SMALL = {"shared_buffers": "16MB", "max_connections": "20"}


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="zvon-backup-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_what_was_copied_comes_back_and_what_came_later_does_not(folder: Path) -> None:
    first, second = (Cluster(folder / name, settings=SMALL) for name in ("first", "second"))
    try:
        first.start()
        with psycopg.connect(first.dsn(), autocommit=True) as db:
            db.execute("create table kept (n int)")
            db.execute("insert into kept values (1)")
            back_up(first, folder / "copy")
            db.execute("insert into kept values (2)")
        put_back(folder / "copy", second)
        second.start()
        with psycopg.connect(second.dsn()) as db:
            assert db.execute("select n from kept").fetchall() == [(1,)]
        with pytest.raises(FileExistsError):
            put_back(folder / "copy", second)
        with pytest.raises(FileExistsError):
            back_up(first, folder / "copy")

        damaged = next(p for p in (folder / "copy" / "base").rglob("*") if p.stat().st_size > 8000)
        with damaged.open("r+b") as file:
            file.seek(4000)
            file.write(b"\xff")
        with pytest.raises(BadBackup, match="pg_verifybackup"):
            check(folder / "copy")
    finally:
        first.stop()
        second.stop()


def test_a_stopped_node_is_not_copied(folder: Path) -> None:
    with pytest.raises(ClusterError, match="does not answer"):
        back_up(Cluster(folder / "node"), folder / "copy")
    assert not (folder / "copy").exists()


def test_any_other_folder_is_no_backup(folder: Path) -> None:
    with pytest.raises(BadBackup, match="no backup"):
        put_back(folder, Cluster(folder / "node"))
    assert not (folder / "node").exists()
