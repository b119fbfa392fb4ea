"""Sources that somebody set up: what each is, how it is read, and how it does."""

from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import dict_row

from zvon.access.permission import Denied, Permission
from zvon.access.seal import BadSeal, unseal
from zvon.access.viewer import Viewer
from zvon.model.marking import Pap, Tlp
from zvon.store.party import Db

MOST = 2000


class NoSource(LookupError):
    """There is no such source, or it was removed."""


class Setup(Struct, frozen=True, kw_only=True):
    """A source as it is set up, and its state.

    `party_id` is the organisation that it belongs to, ours when `None`. `settings` are of its
    kind, without secrets; `has_secret` says whether there is one. An empty `format` means: by
    content. `tlp` and `pap` are of items that say none. `every_s` is `None` for what is not
    fetched. `cursor` is how far it was read, in the words of its reader. `failures` are in a row.
    `lag_s` is the age of the newest entry when it came.
    """

    id: int
    uuid: UUID
    name: str
    kind: str
    party_id: int | None
    about: str
    format: str
    mapping_id: int | None
    settings: dict[str, Any]
    has_secret: bool
    keep: str
    tlp: Tlp
    pap: Pap
    lang: str
    zone: str
    region: str
    every_s: int | None
    cursor: dict[str, Any]
    paused: bool
    collector_id: int | None
    tried_at: datetime | None
    read_at: datetime | None
    delivered_at: datetime | None
    next_at: datetime | None
    failed_at: datetime | None
    failures: int
    problem: str
    lag_s: float | None
    made_at: datetime
    changed_at: datetime


_SELECT: LiteralString = """
select s.id, s.uuid, s.name, s.kind, s.party_id, p.about, p.format, p.mapping_id, p.settings,
       p.secret is not null as has_secret, p.keep, p.tlp, p.pap, p.lang, p.zone, p.region,
       p.every_s, p.cursor, p.paused, p.collector_id, p.tried_at, p.read_at, p.delivered_at,
       p.next_at, p.failed_at, p.failures, p.problem, p.lag_s, p.made_at,
       coalesce(p.changed_at, p.made_at) as changed_at
from source_setup p join source s on s.id = p.source_id
where p.removed_at is null and """


async def select(db: Db, rest: LiteralString, params: dict[str, Any]) -> list[Setup]:
    """Sources that fit the condition `rest`, in its order; for this package."""
    async with db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_SELECT + rest, params)
        return [
            Setup(**{**row, "tlp": Tlp(row["tlp"]), "pap": Pap(row["pap"])})
            for row in await cursor.fetchall()
        ]


async def setup(db: Db, source_id: int) -> Setup:
    """One source by its number, for our own jobs. Raises `NoSource`."""
    return _one(await select(db, "s.id = %(id)s", {"id": source_id}), source_id)


async def by_uuid(db: Db, uuid: UUID) -> Setup:
    """One source by its identifier, for our own jobs and listeners. Raises `NoSource`."""
    return _one(await select(db, "s.uuid = %(uuid)s", {"uuid": uuid}), uuid)


async def by_name(db: Db, name: str) -> Setup:
    """One source by its name, for our own jobs. Raises `NoSource`."""
    return _one(await select(db, "s.name = %(name)s", {"name": name}), name)


async def of_kinds(db: Db, kinds: list[str]) -> list[Setup]:
    """Sources of these kinds that this node takes for itself, paused ones too, for listeners."""
    return await select(
        db, "s.kind = any(%(kinds)s) and p.collector_id is null order by s.id", {"kinds": kinds}
    )


async def list_all(db: Db, viewer: Viewer) -> list[Setup]:
    """Every source by name, for the operator's people; at most `MOST`. Raises `Denied`."""
    operator(viewer, Permission.SOURCE_READ)
    return await select(db, "true order by s.name limit %(most)s", {"most": MOST})


async def get(db: Db, viewer: Viewer, uuid: UUID) -> Setup:
    """One source for a reader. Raises `Denied`, `NoSource`."""
    operator(viewer, Permission.SOURCE_READ)
    return await by_uuid(db, uuid)


async def for_sending(db: Db, viewer: Viewer, uuid: UUID) -> Setup:
    """The source that `viewer` sends into: any for our own people, else their party's.

    Raises `Denied`, and `NoSource` also for a source of others.
    """
    viewer.require(Permission.INTAKE_WRITE)
    found = await by_uuid(db, uuid)
    if not viewer.party_own and found.party_id != viewer.party_id:
        raise NoSource(f"there is no source {uuid}")
    return found


async def secret(db: Db, key: bytes, source: Setup) -> str:
    """The secret of a source for its reader, empty when it has none; `key` is the node's.

    Raises `BadSeal` when it was sealed with another key.
    """
    row = await (
        await db.execute("select secret from source_setup where source_id = %s", (source.id,))
    ).fetchone()
    if row is None or row[0] is None:
        return ""
    try:
        return unseal(key, purpose(source.uuid), bytes(row[0])).decode()
    except UnicodeDecodeError:
        raise BadSeal(purpose(source.uuid)) from None


def purpose(uuid: UUID) -> str:
    """What a source's secret is sealed for."""
    return f"source:{uuid}"


def operator(viewer: Viewer, permission: Permission) -> None:
    """Where the operator's data comes from is nobody else's to see or to change."""
    viewer.require(permission)
    if not viewer.party_own:
        raise Denied(permission)


def _one(found: list[Setup], asked: object) -> Setup:
    if not found:
        raise NoSource(f"there is no source {asked}")
    return found[0]
