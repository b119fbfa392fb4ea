"""Playbooks and their versions, as they are read: lists, one of them, what is in force."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.playbook import Playbook, decode
from zvon.store.party import Db

OPEN_STATES = ("draft", "validated", "dry_run")
MOST_VERSIONS = 50


class NoPlaybook(LookupError):
    """There is no such playbook, or no such version of it."""


class PlaybookRow(Struct, frozen=True, kw_only=True):
    """A playbook in a list. `in_force` and `working` are numbers of versions, `state` is that of
    the one people work on, else `published` or `retired`. `version` counts changes.
    """

    id: int
    uuid: UUID
    cacao_id: str
    name: str
    titles: dict[str, str]
    shipped: bool
    version: int
    made_by: str | None
    made_at: datetime
    changed_at: datetime
    in_force: int | None
    working: int | None
    state: str
    errors: int

    def title(self, lang: str) -> str:
        """The name in a language, else the plain one."""
        return self.titles.get(lang) or self.name


class VersionRow(Struct, frozen=True, kw_only=True):
    """One version. `hash` is the SHA-256 of `body`, in hex; `authors` are logins."""

    id: int
    uuid: UUID
    playbook_id: int
    playbook_uuid: UUID
    number: int
    hash: str
    body: bytes
    state: str
    errors: int
    authors: list[str]
    author_ids: list[int]
    made_by: str | None
    made_at: datetime
    changed_at: datetime
    dry_run: dict[str, Any] | None
    published_by: str | None
    published_at: datetime | None
    reason: str
    retired_at: datetime | None

    @property
    def playbook(self) -> Playbook:
        """The playbook itself, read from the body."""
        return decode(self.body)


_SELECT: LiteralString = """
select p.id, p.uuid, p.cacao_id, p.name, p.titles, p.shipped, p.version, m.login as made_by,
       p.made_at, p.changed_at, f.number as in_force, w.number as working,
       coalesce(w.state, f.state, 'retired') as state, coalesce(w.errors, f.errors, 0) as errors
from playbook p
left join person m on m.id = p.made_by
left join playbook_version f on f.playbook_id = p.id and f.state = 'published'
left join playbook_version w on w.playbook_id = p.id and w.state in ('draft', 'validated', 'dry_run')
"""
_VERSION: LiteralString = """
select v.id, v.uuid, v.playbook_id, p.uuid as playbook_uuid, v.number, encode(v.hash, 'hex') as hash,
       v.body, v.state, v.errors,
       array(select a.login from person a where a.id = any (v.authors) order by a.login) as authors,
       v.authors as author_ids, m.login as made_by, v.made_at, v.changed_at, v.dry_run,
       b.login as published_by, v.published_at, v.reason, v.retired_at
from playbook_version v join playbook p on p.id = v.playbook_id
left join person m on m.id = v.made_by
left join person b on b.id = v.published_by
"""


async def list_all(db: Db, viewer: Viewer) -> list[PlaybookRow]:
    """All playbooks: those in work or in force first, then by name."""
    viewer.require(Permission.PLAYBOOK_READ)
    async with db.cursor(row_factory=class_row(PlaybookRow)) as cursor:
        await cursor.execute(
            _SELECT + " order by (f.number is null and w.number is null), p.name, p.id limit 1000"
        )
        return await cursor.fetchall()


async def get(db: Db, viewer: Viewer, uuid: UUID) -> PlaybookRow:
    """One playbook. Raises `NoPlaybook`."""
    viewer.require(Permission.PLAYBOOK_READ)
    return await known(db, uuid)


async def known(db: Db, uuid: UUID) -> PlaybookRow:
    """One playbook, for a caller that was let in. Raises `NoPlaybook`."""
    async with db.cursor(row_factory=class_row(PlaybookRow)) as cursor:
        await cursor.execute(_SELECT + " where p.uuid = %s", (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoPlaybook(f"there is no playbook {uuid}")
    return found


async def by_cacao_id(db: Db, cacao_id: str) -> PlaybookRow | None:
    """The playbook that a document calls so."""
    async with db.cursor(row_factory=class_row(PlaybookRow)) as cursor:
        await cursor.execute(_SELECT + " where p.cacao_id = %s", (cacao_id,))
        return await cursor.fetchone()


async def versions(db: Db, viewer: Viewer, row: PlaybookRow) -> list[VersionRow]:
    """The versions of a playbook, the newest first, the latest fifty."""
    viewer.require(Permission.PLAYBOOK_READ)
    return await _versions(
        db, " where v.playbook_id = %s order by v.number desc limit %s", (row.id, MOST_VERSIONS)
    )


async def of_number(
    db: Db, viewer: Viewer, row: PlaybookRow, number: int | None = None
) -> VersionRow:
    """A version by its number; without one that in work, else in force, else the newest.

    Raises `NoPlaybook`.
    """
    viewer.require(Permission.PLAYBOOK_READ)
    if number is None:
        number = row.working or row.in_force
    if number is None:
        found = await _versions(
            db, " where v.playbook_id = %s order by v.number desc limit 1", (row.id,)
        )
    else:
        found = await _versions(db, " where v.playbook_id = %s and v.number = %s", (row.id, number))
    if not found:
        raise NoPlaybook(f"there is no version {number} of this playbook")
    return found[0]


async def version(db: Db, version_id: int) -> VersionRow:
    """A version by its row, for runs that are pinned to it. Raises `NoPlaybook`."""
    found = await _versions(db, " where v.id = %s", (version_id,))
    if not found:
        raise NoPlaybook(f"there is no version {version_id}")
    return found[0]


async def published(db: Db) -> list[VersionRow]:
    """The versions in force, by the name of the playbook."""
    return await _versions(db, " where v.state = 'published' order by p.name, p.id", ())


async def in_force(db: Db, cacao_id: str) -> VersionRow | None:
    """The version in force of the playbook that a document calls so."""
    found = await _versions(db, " where v.state = 'published' and p.cacao_id = %s", (cacao_id,))
    return found[0] if found else None


async def calls(db: Db) -> dict[str, Collection[str]]:
    """Which playbooks there are, and which others each calls in its newest live version."""
    rows = await (
        await db.execute(
            """
            select p.cacao_id, array(select distinct c from playbook_version v, unnest(v.calls) c
                                     where v.playbook_id = p.id and v.state <> 'retired')
            from playbook p
            where exists (select from playbook_version v
                          where v.playbook_id = p.id and v.state <> 'retired')
            """
        )
    ).fetchall()
    return {str(row[0]): list(row[1]) for row in rows}


async def _versions(db: Db, where: LiteralString, params: tuple[object, ...]) -> list[VersionRow]:
    async with db.cursor(row_factory=class_row(VersionRow)) as cursor:
        await cursor.execute(_VERSION + where, params)
        return await cursor.fetchall()
