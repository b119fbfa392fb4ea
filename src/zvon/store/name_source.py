"""Where names come from, and how far we have read; a reading is one transaction with its finds."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Denied, Permission
from zvon.access.viewer import Viewer
from zvon.model.ids import uuid7
from zvon.store.party import Db
from zvon.store.savepoint import savepoint
from zvon.store.transaction import AuditEntry, Tx

LOGS = frozenset({"static-ct", "rfc6962"})
BAD_KEPT = 50
REST = timedelta(minutes=1)
LONGEST_REST = timedelta(hours=6)
MAX_PROBLEM = 500


class NoSource(LookupError):
    """There is no such source."""


class SourceTaken(ValueError):
    """A source with this name exists."""


class Moved(RuntimeError):
    """Somebody else has read the source meanwhile; what was found here is found there too."""


class Source(Struct, frozen=True, kw_only=True):
    """A log, a list or a feed. `cursor` is how far it was read, in the words of its reader.

    `lag` is the number of entries that a log is ahead of us.
    """

    id: int
    uuid: UUID
    name: str
    kind: str
    url: str
    format: str
    operator: str
    key: bytes | None
    every_s: int
    cursor: dict[str, Any]
    enabled: bool
    read_at: datetime | None
    next_at: datetime
    failed_at: datetime | None
    failures: int
    problem: str
    names: int
    bad: int
    bad_last: list[dict[str, Any]]
    lag: int | None


class NewSource(Struct, frozen=True, kw_only=True):
    """A source to add."""

    name: str
    kind: str
    url: str
    format: str = ""
    operator: str = ""
    key: bytes | None = None
    every_s: int = 3600


class Reading(Struct, frozen=True, kw_only=True):
    """What one reading changes: the cursor, counts, and when to come again."""

    cursor: dict[str, Any]
    next_at: datetime
    names: int = 0
    bad: int = 0
    bad_last: Sequence[dict[str, Any]] = ()
    lag: int | None = None
    problem: str = ""


_SELECT: LiteralString = """
select id, uuid, name, kind, url, format, operator, key, every_s, cursor, enabled, read_at, next_at,
       failed_at, failures, problem, names, bad, bad_last, lag
from name_source """


async def _select(db: Db, rest: LiteralString, params: dict[str, Any]) -> list[Source]:
    async with db.cursor(row_factory=class_row(Source)) as cursor:
        await cursor.execute(_SELECT + rest, params)
        return await cursor.fetchall()


async def list_all(db: Db, viewer: Viewer) -> list[Source]:
    """Every source by name, for the operator's people. Raises `Denied`."""
    _operator(viewer, Permission.WATCH_READ)
    return await _select(db, "order by name limit 1000", {})


async def get(db: Db, source_id: int) -> Source:
    """One source, for its reader. Raises `NoSource`."""
    found = await _select(db, "where id = %(id)s", {"id": source_id})
    if not found:
        raise NoSource(f"there is no source number {source_id}")
    return found[0]


async def add(tx: Tx, viewer: Viewer, new: NewSource, now: datetime, random: bytes) -> Source:
    """Read names from somewhere new. Raises `Denied`, `SourceTaken`."""
    _operator(viewer, Permission.WATCH_WRITE)
    try:
        async with savepoint(tx):
            await tx.execute(
                """
                insert into name_source (uuid, name, kind, url, format, operator, key, every_s,
                                         next_at, made_at)
                values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
                """,
                (uuid7(now, random), new.name, new.kind, new.url, new.format, new.operator,
                 new.key, new.every_s, now, now),
            )  # fmt: skip
    except UniqueViolation:
        raise SourceTaken(f"there is a source named {new.name!r}") from None
    _audit(tx, viewer, "source:add", new.name, {"url": new.url, "kind": new.kind})
    [made] = await _select(tx.db, "where name = %(name)s", {"name": new.name})
    return made


async def set_enabled(
    tx: Tx, viewer: Viewer, uuid: UUID, now: datetime, *, enabled: bool
) -> Source:
    """Read a source from now on, or no longer. Raises `Denied`, `NoSource`."""
    _operator(viewer, Permission.WATCH_WRITE)
    await tx.execute(
        """
        update name_source set enabled = %(on)s, failures = 0,
          problem = case when %(on)s then '' else problem end,
          next_at = case when %(on)s then %(now)s else next_at end
        where uuid = %(uuid)s
        """,
        {"uuid": uuid, "on": enabled, "now": now},
    )
    found = await _select(tx.db, "where uuid = %(u)s", {"u": uuid})
    if not found:
        raise NoSource(f"there is no source {uuid}")
    _audit(tx, viewer, "source:on" if enabled else "source:off", found[0].name, {})
    return found[0]


async def remove(tx: Tx, viewer: Viewer, uuid: UUID) -> None:
    """Forget a source and how far it was read; what it found stays. Raises `Denied`, `NoSource`."""
    _operator(viewer, Permission.WATCH_WRITE)
    row = await (
        await tx.execute("delete from name_source where uuid = %s returning name", (uuid,))
    ).fetchone()
    if row is None:
        raise NoSource(f"there is no source {uuid}")
    _audit(tx, viewer, "source:remove", str(row[0]), {})


async def retire(tx: Tx, urls: Sequence[str], problem: str, now: datetime) -> list[str]:
    """Stop reading the logs at these addresses; gives the names of those that were read."""
    rows = await (
        await tx.execute(
            """
            update name_source set enabled = false, problem = %s, failed_at = %s
            where enabled and kind in ('static-ct', 'rfc6962') and url = any(%s) returning name
            """,
            (problem[:MAX_PROBLEM], now, list(urls)),
        )
    ).fetchall()
    names = sorted(str(row[0]) for row in rows)
    for name in names:
        tx.audit(AuditEntry(actor="system", action="source:off", object=name,
                            detail={"problem": problem}))  # fmt: skip
    return names


async def due(db: Db, now: datetime) -> list[int]:
    """Sources whose time has come."""
    rows = await (
        await db.execute(
            "select id from name_source where enabled and next_at <= %s order by next_at limit 200",
            (now,),
        )
    ).fetchall()
    return [int(row[0]) for row in rows]


async def advance(tx: Tx, source: Source, reading: Reading, now: datetime) -> None:
    """Write how far `source` was read, in the transaction of what was found.

    Raises `Moved` when the source was read by somebody else since it was loaded: then nothing of
    this transaction may stay.
    """
    done = await tx.execute(
        """
        update name_source set cursor = %(new)s, next_at = %(next)s, read_at = %(now)s,
          failures = 0, problem = %(problem)s, names = names + %(names)s, bad = bad + %(bad)s,
          bad_last = case when %(bad)s = 0 then bad_last else
            (select coalesce(jsonb_agg(x order by o), '[]') from (
               select x, o from jsonb_array_elements(%(last)s::jsonb || bad_last)
               with ordinality t(x, o) order by o limit %(kept)s) newest) end,
          lag = %(lag)s
        where id = %(id)s and cursor = %(old)s
        """,
        {"id": source.id, "old": Jsonb(source.cursor), "new": Jsonb(reading.cursor),
         "next": reading.next_at, "now": now, "problem": reading.problem[:MAX_PROBLEM],
         "names": reading.names, "bad": reading.bad, "last": Jsonb(list(reading.bad_last)),
         "kept": BAD_KEPT, "lag": reading.lag},
    )  # fmt: skip
    if done.rowcount != 1:
        raise Moved(f"{source.name} was read by another worker")


async def failed(
    tx: Tx, source: Source, problem: str, now: datetime, *, after: timedelta | None = None
) -> None:
    """Note that `source` did not answer; it rests `after`, or longer with each failure."""
    rest = after or min(REST * 2 ** min(source.failures, 12), LONGEST_REST)
    await tx.execute(
        """
        update name_source set failed_at = %s, failures = failures + 1, problem = %s,
          next_at = greatest(next_at, %s) where id = %s
        """,
        (now, problem[:MAX_PROBLEM], now + rest, source.id),
    )


async def rest(tx: Tx, source: Source, until: datetime) -> None:
    """Leave all logs of the same operator alone until then; it asked for it."""
    await tx.execute(
        """
        update name_source set next_at = greatest(next_at, %(until)s)
        where id = %(id)s or (%(operator)s <> '' and operator = %(operator)s)
        """,
        {"id": source.id, "operator": source.operator, "until": until},
    )


async def stop(tx: Tx, source: Source, problem: str, now: datetime) -> None:
    """Read a source no longer, because it is gone for good; a person may turn it on again."""
    await tx.execute(
        """
        update name_source set enabled = false, failed_at = %s, failures = failures + 1,
          problem = %s where id = %s
        """,
        (now, problem[:MAX_PROBLEM], source.id),
    )
    tx.audit(AuditEntry(actor="system", action="source:off", object=source.name,
                        detail={"problem": problem}))  # fmt: skip


def _operator(viewer: Viewer, permission: Permission) -> None:
    """Where the operator gets names from is nobody else's to see or to change."""
    viewer.require(permission)
    if not viewer.party_own:
        raise Denied(permission)


def _audit(tx: Tx, viewer: Viewer, action: str, name: str, detail: dict[str, Any]) -> None:
    tx.audit(AuditEntry(actor=viewer.login, action=action, object=name, detail=detail))
