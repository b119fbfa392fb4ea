"""The version of a playbook that a run is pinned to: its body never changes, so it is kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.model.playbook import Playbook, decode
from zvon.store.party import Db
from zvon.store.run_row import RunRow
from zvon.store.transaction import Tx

MOST_KEPT = 500


class NoVersion(LookupError):
    """There is no such version of a playbook, or none in force."""

    def __init__(self, uuid: object) -> None:
        super().__init__(f"there is no version {uuid} in force")


class Pinned(Struct, frozen=True, kw_only=True):
    """One version: what runs, and who answers for it."""

    id: int
    uuid: UUID
    playbook_id: int
    playbook_uuid: UUID
    number: int
    state: str
    authors: Sequence[int]
    published_by: int | None
    playbook: Playbook


class _Row(Struct, frozen=True, kw_only=True):
    id: int
    uuid: UUID
    playbook_id: int
    playbook_uuid: UUID
    number: int
    state: str
    authors: Sequence[int]
    published_by: int | None
    body: bytes


_SELECT = """
select v.id, v.uuid, v.playbook_id, p.uuid as playbook_uuid, v.number, v.state, v.authors,
       v.published_by, v.body
from playbook_version v join playbook p on p.id = v.playbook_id
"""


class Versions:
    """Versions that this process has read; a body is immutable under its id once published.

    Drafts are asked for by `by_uuid` and never kept.
    """

    def __init__(self) -> None:
        self._kept: dict[int, Pinned] = {}

    async def of(self, db: Db, ids: Sequence[int]) -> dict[int, Pinned]:
        """The versions of `ids`."""
        missing = sorted(set(ids) - self._kept.keys())
        if missing:
            if len(self._kept) > MOST_KEPT:
                self._kept.clear()
                missing = sorted(set(ids))
            for found in await _read(db, " where v.id = any(%s)", (missing,)):
                self._kept[found.id] = found
        return {n: self._kept[n] for n in ids if n in self._kept}


async def by_uuid(db: Db, uuid: UUID) -> Pinned:
    """One version in any state. Raises `NoVersion`."""
    found = await _read(db, " where v.uuid = %s", (uuid,))
    if not found:
        raise NoVersion(uuid)
    return found[0]


async def by_number(db: Db, playbook: UUID, number: int) -> Pinned:
    """A version of a playbook by its number, in any state. Raises `NoVersion`."""
    found = await _read(db, " where p.uuid = %s and v.number = %s", (playbook, number))
    if not found:
        raise NoVersion(number)
    return found[0]


async def of_same(db: Db, playbook_id: int, number: int) -> Pinned:
    """Another version of the playbook that a run is of. Raises `NoVersion`."""
    found = await _read(db, " where v.playbook_id = %s and v.number = %s", (playbook_id, number))
    if not found:
        raise NoVersion(number)
    return found[0]


async def in_force(db: Db, playbook: UUID | str) -> Pinned:
    """The published version of a playbook, by its uuid or its CACAO id. Raises `NoVersion`."""
    condition = " p.uuid = %s" if isinstance(playbook, UUID) else " p.cacao_id = %s"
    found = await _read(db, " where v.state = 'published' and" + condition, (playbook,))
    if not found:
        raise NoVersion(playbook)
    return found[0]


async def all_in_force(db: Db) -> list[Pinned]:
    """Every published version."""
    return await _read(db, " where v.state = 'published' order by v.playbook_id", ())


async def move(tx: Tx, run: RunRow, to: Pinned, now: datetime) -> None:
    """Pin an open run to another version; the database lets only this through."""
    await tx.execute("select set_config('zvon.run_move', %s, true)", (str(run.uuid),))
    await tx.execute(
        "update run set playbook_version_id = %s, version = version + 1, changed_at = %s"
        " where id = %s",
        (to.id, now, run.id),
    )
    await tx.execute("select set_config('zvon.run_move', '', true)")


async def _read(db: Db, rest: str, params: tuple[Any, ...]) -> list[Pinned]:
    async with db.cursor(row_factory=class_row(_Row)) as cursor:
        await cursor.execute(_SELECT + rest, params)
        rows = await cursor.fetchall()
    return [
        Pinned(
            id=row.id, uuid=row.uuid, playbook_id=row.playbook_id, playbook_uuid=row.playbook_uuid,
            number=row.number, state=row.state, authors=row.authors,
            published_by=row.published_by, playbook=decode(bytes(row.body)),
        )
        for row in rows
    ]  # fmt: skip
