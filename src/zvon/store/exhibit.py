"""Exhibits: files of evidence in sealed pieces, and who had them when.

Nothing is opened, unpacked or believed: the name and the type are what somebody said. Every reading
is a line of custody, and what was deleted leaves its row with the hash.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from typing import Literal, LiteralString
from uuid import UUID

import zstandard
from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Denied, Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, spoken, uuid7
from zvon.store import data_key
from zvon.store import incident_decision as decision
from zvon.store.data_key import keys_of
from zvon.store.data_policy import require_reader
from zvon.store.incident_decision import Current
from zvon.store.incident_row import timeline
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

PIECE = 1 << 20  # bytes before compression
MOST = 500
Origin = Literal["upload", "message", "capture", "report", "run", "peer"]
Act = Literal["added", "opened", "verified", "handed_over", "held", "let_go", "deleted", "purged"]


class NoExhibit(LookupError):
    """There is no such exhibit, or not for this viewer."""


class ExhibitGone(LookupError):
    """The bytes of the exhibit were deleted; its row says when and by whom."""


class ExhibitHeld(ValueError):
    """A legal hold keeps the exhibit."""


class BadExhibit(ValueError):
    """The file is empty, too large, or does not fit any more into the incident."""


class OwnHold(Refused):
    """Whoever set a hold cannot let go alone."""


class Exhibit(Struct, frozen=True, kw_only=True):
    """A file of evidence. `media_type` is what was said of it; nothing is served as that."""

    id: int
    uuid: UUID
    number: str
    incident: UUID
    name: str
    media_type: str
    sha256: bytes
    size: int
    pieces: int
    origin: str
    note: str
    secured_at: datetime | None
    added_by: str | None
    at: datetime
    held_by: str | None
    held_at: datetime | None
    hold_reason: str
    deleted_at: datetime | None
    deleted_by: str | None
    delete_reason: str
    country: str


class Custody(Struct, frozen=True, kw_only=True):
    """One line: who did what with an exhibit, and its hash then. Without `person` this node itself."""

    id: int
    act: str
    person: str | None
    note: str
    sha256: bytes
    at: datetime


class Limits(Struct, frozen=True, kw_only=True):
    """How much one file, and all files of one incident together, may have, in bytes and files."""

    file_bytes: int
    incident_bytes: int
    incident_files: int


class NewExhibit(Struct, frozen=True, kw_only=True):
    """What is said of a file when it comes."""

    name: str
    media_type: str
    origin: Origin
    note: str = ""
    secured_at: datetime | None = None


_SELECT: LiteralString = """
select e.id, e.uuid, e.number, i.uuid as incident, e.name, e.media_type, e.sha256, e.size, e.pieces,
       e.origin, e.note, e.secured_at, a.login as added_by, e.at, h.login as held_by, e.held_at,
       e.hold_reason, e.deleted_at, d.login as deleted_by, e.delete_reason, y.country
from exhibit e join incident i on i.id = e.incident_id join party y on y.id = i.orgc_id
left join person a on a.id = e.added_by left join person h on h.id = e.held_by
left join person d on d.id = e.deleted_by
"""


async def put(
    tx: Tx,
    viewer: Viewer | None,
    incident: UUID,
    new: NewExhibit,
    body: AsyncIterator[bytes],
    *,
    limits: Limits,
    now: datetime,
    random: Callable[[int], bytes],
) -> UUID:
    """Seal a file piece by piece as an exhibit of the incident; its identifier.

    Without a `viewer` this node itself secured it. Nothing is kept when the body breaks off or is
    over a limit. Raises `Denied`, `NotFound`, `BadExhibit`.
    """
    if viewer is not None:
        viewer.require(Permission.EXHIBIT_WRITE)
    current = await decision.lock(tx, incident)
    room = await _room(tx, current, limits)
    day = now.astimezone(UTC).date()
    key = await data_key.of_day(tx, keys_of(tx.db), data_key.EXHIBIT, day, now)
    row = await (await tx.execute("select nextval(pg_get_serial_sequence('exhibit', 'id')),"
                                  " nextval('exhibit_number')")).fetchone()  # fmt: skip
    assert row is not None
    exhibit_id, uuid = int(row[0]), uuid7(now, random(RANDOM_BYTES))
    number = spoken("X", now.year, int(row[1]))
    digest, size, sealed = hashlib.sha256(), 0, list[tuple[int, int, bytes, int]]()
    async for piece in _pieces(body):
        size += len(piece)
        if size > min(limits.file_bytes, room):
            raise BadExhibit(f"the file is too large: at most {min(limits.file_bytes, room)} bytes"
                             " fit here")  # fmt: skip
        digest.update(piece)
        n = len(sealed)
        packed = await asyncio.to_thread(_pack, key, exhibit_id, n, piece)
        sealed.append((exhibit_id, n, packed, key.id))
    if size == 0:
        raise BadExhibit("the file is empty")
    await tx.execute(
        """
        insert into exhibit (id, uuid, number, incident_id, name, media_type, sha256, size, pieces,
                             origin, note, secured_at, added_by, at)
          overriding system value
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (exhibit_id, uuid, number, current.id, new.name, new.media_type, digest.digest(), size,
         len(sealed), new.origin, new.note, new.secured_at,
         None if viewer is None else viewer.person_id, now),
    )  # fmt: skip
    async with tx.db.cursor() as cursor:
        await cursor.executemany(
            "insert into exhibit_piece (exhibit_id, n, body, key_id) values (%s, %s, %s, %s)",
            sealed,
        )
    await _keep(tx, viewer, exhibit_id, number, digest.digest(), "added", new.note, now)
    actor = "system" if viewer is None else viewer.login
    await timeline(tx, current.id, "exhibit", actor, "EXHIBIT_ADDED", {"number": number}, now)
    return uuid


async def get(db: Db, viewer: Viewer, uuid: UUID) -> Exhibit:
    """One exhibit without its bytes. Raises `Denied`, `NoExhibit`."""
    viewer.require(Permission.EXHIBIT_READ)
    return await _fetch(db, uuid)


async def _fetch(db: Db, uuid: UUID) -> Exhibit:
    async with db.cursor(row_factory=class_row(Exhibit)) as cursor:
        await cursor.execute(_SELECT + "where e.uuid = %s", (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoExhibit(f"there is no exhibit {uuid}")
    return found


async def of_incident(db: Db, viewer: Viewer, incident_id: int) -> list[Exhibit]:
    """The exhibits of an incident, tombstones included. Raises `Denied`."""
    viewer.require(Permission.EXHIBIT_READ)
    async with db.cursor(row_factory=class_row(Exhibit)) as cursor:
        await cursor.execute(
            _SELECT + "where e.incident_id = %s order by e.id limit %s", (incident_id, MOST)
        )
        return await cursor.fetchall()


async def with_hash(db: Db, incident_id: int, sha256: bytes) -> UUID | None:
    """The exhibit of an incident that has these bytes and was not deleted."""
    row = await (
        await db.execute(
            "select uuid from exhibit where incident_id = %s and sha256 = %s"
            " and deleted_at is null order by id limit 1",
            (incident_id, sha256),
        )
    ).fetchone()
    return None if row is None else UUID(str(row[0]))


async def known_hashes(db: Db, viewer: Viewer, incident: UUID) -> dict[str, tuple[UUID, str]]:
    """Identifier and number of each exhibit of an incident by SHA-256 (hex). Raises `Denied`."""
    viewer.require(Permission.EXHIBIT_READ)
    rows = await (
        await db.execute(
            "select encode(e.sha256, 'hex'), e.uuid, e.number from exhibit e"
            " join incident i on i.id = e.incident_id"
            " where i.uuid = %s and e.deleted_at is null order by e.id desc limit %s",
            (incident, MOST),
        )
    ).fetchall()
    return {row[0]: (row[1], row[2]) for row in rows}


async def custody(db: Db, viewer: Viewer, exhibit: Exhibit) -> list[Custody]:
    """Who had it, oldest first. Raises `Denied`."""
    viewer.require(Permission.EXHIBIT_READ)
    async with db.cursor(row_factory=class_row(Custody)) as cursor:
        await cursor.execute(
            """
            select c.id, c.act, p.login as person, c.note, c.sha256, c.at
            from custody c left join person p on p.id = c.person_id
            where c.exhibit_id = %s order by c.id limit %s
            """,
            (exhibit.id, MOST),
        )
        return await cursor.fetchall()


async def open_(tx: Tx, viewer: Viewer, uuid: UUID, act: Act, note: str, now: datetime) -> Exhibit:
    """An exhibit whose bytes the viewer is about to read; that is in its custody now.

    Raises `Denied`, `NoExhibit`, `ExhibitGone`.
    """
    found = await get(tx.db, viewer, uuid)
    await require_reader(tx.db, viewer, data_key.EXHIBIT, found.country)
    if found.deleted_at is not None:
        raise ExhibitGone(f"{found.number} was deleted")
    await _keep(tx, viewer, found.id, found.number, found.sha256, act, note, now)
    return found


async def piece(db: Db, exhibit: Exhibit, n: int) -> bytes | None:
    """One piece of the bytes, from 0; `None` after the last. Raises `BadSeal` for a changed one."""
    row = await (
        await db.execute(
            """
            select p.body, k.country, k.class, k.day, k.key_sealed
            from exhibit_piece p join data_key k on k.id = p.key_id
            where p.exhibit_id = %s and p.n = %s
            """,
            (exhibit.id, n),
        )
    ).fetchone()
    if row is None:
        return None
    key = (row[1], row[2], row[3], row[4])
    return await asyncio.to_thread(_unpack, keys_of(db), key, exhibit.id, n, bytes(row[0]))


async def hold(tx: Tx, viewer: Viewer, uuid: UUID, reason: str, now: datetime) -> Exhibit:
    """Keep an exhibit whatever its age until two people let go. Raises `Denied`, `ExhibitHeld`."""
    viewer.require(Permission.EXHIBIT_WRITE)
    found = await _lock(tx, uuid)
    if found.held_by is not None:
        raise ExhibitHeld(f"{found.number} is held already")
    await tx.execute(
        "update exhibit set held_by = %s, held_at = %s, hold_reason = %s where id = %s",
        (viewer.person_id, now, reason, found.id),
    )
    await _keep(tx, viewer, found.id, found.number, found.sha256, "held", reason, now)
    return await _fetch(tx.db, uuid)


async def let_go(tx: Tx, viewer: Viewer, uuid: UUID, reason: str, now: datetime) -> Exhibit:
    """End a hold that somebody else set. Raises `Denied`, `OwnHold`, `NoExhibit`."""
    viewer.require(Permission.HOLD_APPROVE)
    found = await _lock(tx, uuid)
    if found.held_by is None:
        raise NoExhibit(f"{found.number} is not held")
    if found.held_by == viewer.login:
        raise OwnHold(
            "you set the hold; another person lets go",
            AuditEntry(actor=viewer.login, action="exhibit:let_go",
                       object=f"exhibit:{found.number}", outcome="refused", rule="four_eyes"),
        )  # fmt: skip
    await tx.execute(
        "update exhibit set held_by = null, held_at = null, hold_reason = '' where id = %s",
        (found.id,),
    )
    await _keep(tx, viewer, found.id, found.number, found.sha256, "let_go", reason, now)
    return await _fetch(tx.db, uuid)


async def delete(tx: Tx, viewer: Viewer, uuid: UUID, reason: str, now: datetime) -> Exhibit:
    """Destroy the bytes; the row stays with its hash and says who and why. It cannot be undone.

    Needs `incident:settle`, and somebody else than who brought it. Raises `ExhibitHeld`.
    """
    if not viewer.may(Permission.INCIDENT_SETTLE):
        raise Denied(Permission.INCIDENT_SETTLE)
    found = await _lock(tx, uuid)
    if found.held_by is not None:
        raise ExhibitHeld(f"a legal hold keeps {found.number}")
    if found.added_by == viewer.login:
        raise OwnHold(
            "you brought it; another person deletes it",
            AuditEntry(actor=viewer.login, action="exhibit:delete",
                       object=f"exhibit:{found.number}", outcome="refused", rule="four_eyes"),
        )  # fmt: skip
    await tx.execute("delete from exhibit_piece where exhibit_id = %s", (found.id,))
    await tx.execute(
        "update exhibit set deleted_at = %s, deleted_by = %s, delete_reason = %s where id = %s",
        (now, viewer.person_id, reason, found.id),
    )
    await _keep(tx, viewer, found.id, found.number, found.sha256, "deleted", reason, now)
    return await _fetch(tx.db, uuid)


async def note(tx: Tx, viewer: Viewer, uuid: UUID, act: Act, text: str, now: datetime) -> None:
    """Add a line of custody: handed over to somebody, or verified. Raises `Denied`, `NoExhibit`."""
    viewer.require(Permission.EXHIBIT_WRITE)
    found = await _lock(tx, uuid)
    await _keep(tx, viewer, found.id, found.number, found.sha256, act, text, now)


async def _lock(tx: Tx, uuid: UUID) -> Exhibit:
    await tx.execute("select from exhibit where uuid = %s for update", (uuid,))
    found = await _fetch(tx.db, uuid)
    if found.deleted_at is not None:
        raise ExhibitGone(f"{found.number} was deleted")
    return found


async def _room(tx: Tx, current: Current, limits: Limits) -> int:
    row = await (
        await tx.execute(
            "select count(*), coalesce(sum(size), 0) from exhibit"
            " where incident_id = %s and deleted_at is null",
            (current.id,),
        )
    ).fetchone()
    assert row is not None
    if row[0] >= limits.incident_files:
        raise BadExhibit(f"{current.number} has {row[0]} exhibits already, which is the most")
    return max(0, limits.incident_bytes - int(row[1]))


async def _keep(
    tx: Tx, viewer: Viewer | None, exhibit_id: int, number: str, sha256: bytes, act: Act,
    text: str, now: datetime,
) -> None:  # fmt: skip
    await tx.execute(
        "insert into custody (exhibit_id, act, person_id, note, sha256, at)"
        " values (%s, %s, %s, %s, %s, %s)",
        (exhibit_id, act, None if viewer is None else viewer.person_id, text, sha256, now),
    )
    tx.audit(
        AuditEntry(actor="system" if viewer is None else viewer.login, action=f"exhibit:{act}",
                   object=f"exhibit:{number}", detail={"sha256": sha256.hex(), "note": text})
    )  # fmt: skip


async def _pieces(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of `PIECE`, whatever sizes they come in."""
    left = bytearray()
    async for part in body:
        left += part
        while len(left) >= PIECE:
            yield bytes(left[:PIECE])
            del left[:PIECE]
    if left:
        yield bytes(left)


def _pack(key: data_key.DataKey, exhibit_id: int, n: int, body: bytes) -> bytes:
    packed = zstandard.ZstdCompressor(level=3).compress(body)
    return key.seal(_purpose(exhibit_id, n), packed)


def _unpack(
    keys: data_key.DataKeys, key: tuple[str, str, date, bytes | None], exhibit_id: int, n: int,
    sealed: bytes,
) -> bytes:  # fmt: skip
    packed = data_key.read(keys, key, _purpose(exhibit_id, n), sealed)
    return zstandard.ZstdDecompressor().decompress(packed, max_output_size=PIECE)


def _purpose(exhibit_id: int, n: int) -> str:
    return f"exhibit_piece:{exhibit_id}:{n}"
