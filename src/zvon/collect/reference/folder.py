"""The folder of reference data: sets written whole, and taken into use by one small file.

`current.json` names the folder of each set. A set that is replaced stays until the next one, so
that a process which has it mapped goes on reading.
"""

import os
import shutil
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
import zstandard
from msgspec import Struct

from zvon.collect.reference.build import Built, encoded
from zvon.formats.reference.named import Named
from zvon.formats.reference.network import Network, Networks, NetworkTable
from zvon.formats.reference.tag import Tag
from zvon.formats.reference.technique import Technique, by_id
from zvon.formats.reference.template import Template
from zvon.formats.reference.warning_list import Meta, WarningLists

_S = TypeVar("_S", bound=Struct)

CURRENT = "current.json"
MAX_SMALL = 256 * 1024 * 1024


class SetUsed(Struct, frozen=True, kw_only=True):
    """A set in use: its folder, its version, how many entries, and what it was made from."""

    folder: str
    version: str
    entries: int
    sha256: str
    made_at: datetime


class Current(Struct, frozen=True, kw_only=True):
    """What is in use. `disabled` are slugs of warning lists that the operator switched off."""

    sets: dict[str, SetUsed] = {}
    disabled: tuple[str, ...] = ()


def current(root: Path) -> Current:
    """What is in use in `root`; nothing where nothing was built."""
    try:
        return msgspec.json.decode((root / CURRENT).read_bytes(), type=Current)
    except FileNotFoundError:
        return Current()


def install(root: Path, built: Built, now: datetime) -> Current:
    """Write the sets of `built` and take them into use; sets that it lacks stay as they are."""
    root.mkdir(parents=True, exist_ok=True)
    old = current(root)
    made = dict(old.sets)
    for name, version, entries, write in _sets(built):
        digest = built.digests[name]
        folder = f"{name}-{digest.hex()[:16]}"
        if not (root / folder).is_dir():
            _write(root, folder, write)
        made[name] = SetUsed(folder=folder, version=version, entries=entries,
                             sha256=digest.hex(), made_at=now)  # fmt: skip
    new = Current(sets=made, disabled=old.disabled)
    use(root, new)
    kept = {each.folder for each in (*old.sets.values(), *made.values())}
    for path in root.iterdir():
        if path.is_dir() and path.name not in kept:
            shutil.rmtree(path)
    return new


def use(root: Path, new: Current) -> None:
    """Put `new` in place of what is in use."""
    fresh = root / f"{CURRENT}.new"
    with fresh.open("wb") as opened:
        opened.write(msgspec.json.encode(new))
        opened.flush()
        os.fsync(opened.fileno())
    fresh.replace(root / CURRENT)


_Files = dict[str, bytes | np.ndarray[Any, Any]]


def _sets(built: Built) -> Iterable[tuple[str, str, int, _Files]]:
    if built.warning_lists is not None:
        lists = built.warning_lists
        total = sum(each.entries for each in lists.meta.lists)
        newest = max((each.version for each in lists.meta.lists), key=_number, default="")
        yield "warning-lists", newest, total, {
            "keys.npy": lists.keys, "numbers.npy": lists.numbers,
            "meta.json": msgspec.json.encode(lists.meta),
        }  # fmt: skip
    for name, version, values in (
        ("tags", "", built.tags), ("names", "", built.names), ("templates", "", built.templates),
        ("techniques", built.attack_version, built.techniques),
    ):  # fmt: skip
        if values:
            yield name, version, len(values), {"data.zst": zstandard.compress(encoded(values), 9)}
    if built.networks is not None:
        of = built.networks
        yield "networks", "", len(of.v4) + len(of.v6), {
            "v4.npy": of.v4, "v6.npy": of.v6, "meta.json": msgspec.json.encode(of.networks),
        }  # fmt: skip


def _number(version: str) -> int:
    return int(version) if version.isdigit() else 0


def _write(root: Path, folder: str, files: _Files) -> None:
    fresh = root / f".{folder}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for name, body in files.items():
        if isinstance(body, np.ndarray):
            np.save(fresh / name, body, allow_pickle=False)
        else:
            (fresh / name).write_bytes(body)
    fresh.replace(root / folder)


class Reference:
    """The sets in use, each read when it is first asked for."""

    def __init__(self, root: Path, used: Current) -> None:
        self._root, self.used = root, used

    @cached_property
    def warning_lists(self) -> WarningLists:
        """The warning lists; none where none were built."""
        at = self._at("warning-lists")
        if at is None:
            return WarningLists(np.zeros(0, np.uint64), np.zeros(0, np.uint16), Meta(lists=()))
        return WarningLists(
            np.load(at / "keys.npy", mmap_mode="r", allow_pickle=False),
            np.load(at / "numbers.npy", mmap_mode="r", allow_pickle=False),
            msgspec.json.decode((at / "meta.json").read_bytes(), type=Meta),
            self.used.disabled,
        )

    @cached_property
    def tags(self) -> dict[str, str]:
        """What each tag means, by the tag."""
        return {each.name: each.expanded for each in self._small("tags", Tag)}

    @cached_property
    def names(self) -> tuple[Named, ...]:
        """Actors, malware and tools."""
        return tuple(self._small("names", Named))

    @cached_property
    def templates(self) -> dict[str, Template]:
        """Object templates by name."""
        return {each.name: each for each in self._small("templates", Template)}

    @cached_property
    def techniques(self) -> dict[str, Technique]:
        """ATT&CK techniques by id."""
        return by_id(self._small("techniques", Technique))

    @cached_property
    def networks(self) -> NetworkTable | None:
        """Which network an address is in, where the operator gave a table."""
        at = self._at("networks")
        if at is None:
            return None
        known = msgspec.json.decode((at / "meta.json").read_bytes(), type=tuple[Network, ...])
        return NetworkTable(
            Networks(
                v4=np.load(at / "v4.npy", mmap_mode="r", allow_pickle=False),
                v6=np.load(at / "v6.npy", mmap_mode="r", allow_pickle=False),
                networks=known,
            )
        )

    def _at(self, name: str) -> Path | None:
        used = self.used.sets.get(name)
        return None if used is None else self._root / used.folder

    def _small(self, name: str, kind: type[_S]) -> list[_S]:
        at = self._at(name)
        if at is None:
            return []
        packed = (at / "data.zst").read_bytes()
        lines = zstandard.ZstdDecompressor().decompress(packed, max_output_size=MAX_SMALL)
        return msgspec.json.Decoder(kind).decode_lines(lines)


_read: dict[Path, tuple[int, Reference]] = {}


def reference(root: Path) -> Reference:
    """The sets in use in `root`, read anew when others were taken into use."""
    try:
        stamp = (root / CURRENT).stat().st_mtime_ns
    except FileNotFoundError:
        stamp = 0
    known = _read.get(root)
    if known is None or known[0] != stamp:
        known = (stamp, Reference(root, current(root)))
        _read[root] = known
    return known[1]
