"""A copy of the running server's data folder, and its way back; PostgreSQL's own programs do it."""

import os
import shutil
import subprocess
from pathlib import Path

from zvon.store.binaries import Binaries, choose
from zvon.store.cluster import Cluster, ClusterError, major_of
from zvon.store.processes import service_user


class BadBackup(ValueError):
    """The copy is not whole, or not a copy; nothing was changed."""


def back_up(cluster: Cluster, target: Path) -> None:
    """Copy the running `cluster` to the new folder `target` and check every file of the copy.

    The copy is complete or not there. Raises `FileExistsError`, `ClusterError`.
    """
    if target.exists():
        raise FileExistsError(f"{target} exists; a backup needs a new folder")
    if not cluster.ready():
        raise ClusterError(f"the server of {cluster.root} does not answer; is `zvon up` running?")
    assert cluster.binaries is not None
    fresh = target.with_name(f"{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    _run(cluster.binaries, "pg_basebackup", "-d", cluster.dsn("postgres"), "-D", str(fresh),
         "-X", "stream", "-c", "fast", "--manifest-checksums=SHA256")  # fmt: skip
    check(fresh)
    fresh.rename(target)


def check(backup: Path) -> None:
    """Compare every file with the manifest of the copy. Raises `BadBackup`."""
    if not (backup / "backup_manifest").exists():
        raise BadBackup(f"{backup} has no backup_manifest: it is no backup")
    _run(choose(None, major_of(backup)), "pg_verifybackup", "-q", str(backup))


def put_back(backup: Path, cluster: Cluster) -> None:
    """Make the checked copy the data of the new folder of `cluster`, which is not started.

    Raises `FileExistsError` when there is data already: a restore never overwrites.
    """
    check(backup)
    if cluster.data.exists():
        raise FileExistsError(f"{cluster.data} exists; restore into a new --root")
    cluster.root.mkdir(parents=True, exist_ok=True)
    fresh = cluster.root / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(backup, fresh)
    fresh.chmod(0o700)
    if os.geteuid() == 0:
        service = service_user()
        for path in (fresh, *fresh.rglob("*")):
            os.chown(path, service.uid, service.gid)
    fresh.rename(cluster.data)


def _run(programs: Binaries, name: str, *arguments: str) -> None:
    done = subprocess.run(
        [programs.folder / name, *arguments], check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise BadBackup(f"{name}: {done.stderr.strip()[-1000:]}")
