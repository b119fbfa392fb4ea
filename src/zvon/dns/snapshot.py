"""The zones on disk: what the primary starts from when the database is down.

A zone is a file of rules with a checksum, and a tail of the changes after it, one line each with
a checksum of its own. What does not verify is not used.
"""

import hashlib
import os
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Literal
from zlib import crc32

import msgspec
from msgspec import Struct

from zvon.dns.ram import Gap, Op, RamZone, Snapshot
from zvon.model.zone import serial_newer

TAIL_LINES = 2_000


class ZoneHead(Struct, frozen=True, kw_only=True):
    """The first line of a zone file; the lines of the pages follow (see `dns.page`)."""

    form: Literal[2]
    name: str
    id: int
    ttl: int
    serial: int
    marker: str | None


class Damaged(ValueError):
    """The file is not what was written."""


class Shelf:
    """The folder with one file for each zone, and one for the subscribers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._tail: dict[str, int] = {}

    def put(self, snapshot: Snapshot) -> None:
        """Write one zone whole; slow for a large zone, so run in a thread."""
        zone = snapshot.zone
        head = ZoneHead(form=2, name=zone.name, id=zone.id, ttl=zone.ttl, serial=snapshot.serial,
                        marker=zone.marker)  # fmt: skip
        digest = hashlib.sha256()
        path = self.folder / f"{zone.name}.zone"
        beside = path.with_suffix(".new")
        with beside.open("wb") as file:
            texts = (page.text[1:].encode() for page in snapshot.pages)
            for chunk in chain((msgspec.json.encode(head) + b"\n",), texts):
                digest.update(chunk)
                file.write(chunk)
            file.write(b"sha256 " + digest.hexdigest().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)

    def extend(self, zone: RamZone, serial: int, ops: Sequence[Op]) -> bool:
        """Append a change; true when the tail is so long that the zone should be put anew."""
        line = msgspec.json.encode([serial, ops])
        with (self.folder / f"{zone.name}.tail").open("ab") as file:
            file.write(f"{crc32(line):08x} ".encode() + line + b"\n")
        self._tail[zone.name] = self._tail.get(zone.name, 0) + 1
        return self._tail[zone.name] >= TAIL_LINES

    def cut(self, zone: RamZone, serial: int) -> None:
        """Drop the changes up to `serial`, which the zone file contains."""
        path = self.folder / f"{zone.name}.tail"
        if not path.exists():
            return
        lines = path.read_bytes().splitlines(keepends=True)
        newer = [line for line in lines if serial_newer(_serial(line), serial)]
        beside = path.with_suffix(".cut")
        beside.write_bytes(b"".join(newer))
        beside.replace(path)
        self._tail[zone.name] = len(newer)

    def drop(self, name: str) -> None:
        """Forget a zone that is no more."""
        for suffix in ("zone", "tail"):
            (self.folder / f"{name}.{suffix}").unlink(missing_ok=True)
        self._tail.pop(name, None)

    def zones(self) -> list[RamZone]:
        """Every zone that verifies, with its tail applied."""
        found = []
        for path in sorted(self.folder.glob("*.zone")):
            try:
                found.append(self._zone(path))
            except (Damaged, OSError, msgspec.DecodeError, ValueError):
                continue
        return found

    def _zone(self, path: Path) -> RamZone:
        raw = path.read_bytes()
        body, _, last = raw[:-1].rpartition(b"\n")
        body += b"\n"
        if last != b"sha256 " + hashlib.sha256(body).hexdigest().encode():
            raise Damaged(path.name)
        first, _, rest = body.partition(b"\n")
        head = msgspec.json.decode(first, type=ZoneHead)
        zone = RamZone(head.name, zone_id=head.id, ttl=head.ttl, serial=head.serial,
                       marker=head.marker, text=rest.decode())  # fmt: skip
        tail = self.folder / f"{zone.name}.tail"
        for line in tail.read_bytes().splitlines() if tail.exists() else []:
            if line[:8] != f"{crc32(line[9:]):08x}".encode():
                break
            serial, ops = msgspec.json.decode(line[9:], type=tuple[int, list[Op]])
            try:
                zone.apply(serial, ops)
            except Gap:
                continue
        return zone

    def put_subscribers(self, body: bytes) -> None:
        """Keep who may ask; secrets stay sealed."""
        path = self.folder / "subscribers.json"
        beside = path.with_suffix(".new")
        beside.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        beside.chmod(0o600)
        beside.replace(path)

    def subscribers(self) -> bytes | None:
        """What `put_subscribers` kept, or `None`."""
        try:
            digest, _, body = (self.folder / "subscribers.json").read_bytes().partition(b"\n")
        except OSError:
            return None
        return body if hashlib.sha256(body).hexdigest().encode() == digest else None


def _serial(line: bytes) -> int:
    try:
        return int(msgspec.json.decode(line[9:], type=tuple[int, list[Op]])[0])
    except msgspec.DecodeError:
        return 0
