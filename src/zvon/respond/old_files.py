"""Files of a class on the disk that had their time: logs, backups, what waited in folders."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path


def old_files(root: Path, folders: Sequence[str], cut_off: datetime) -> int:
    """Delete regular files below `folders` of `root` last written before `cut_off`; how many.

    Links are not followed, and nothing outside `root` is touched. A file that goes away meanwhile
    is no error; one that cannot be deleted is.
    """
    count = 0
    for name in folders:
        for top in root.glob(name):
            if top.is_symlink():
                continue
            for path in [top] if top.is_file() else sorted(top.rglob("*")):
                inside = path.resolve().is_relative_to(root.resolve())
                if path.is_symlink() or not path.is_file() or not inside:
                    continue
                try:
                    if path.stat().st_mtime < cut_off.timestamp():
                        path.unlink()
                        count += 1
                except FileNotFoundError:
                    continue
    return count
