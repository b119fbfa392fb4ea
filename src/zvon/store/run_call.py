"""Calls to other systems that runs ask for, and the receivers that administrators registered."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Struct
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.seal import NONCE_BYTES, seal, unseal
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

MOST_URL, MOST_NAME = 500, 100
Random = Callable[[int], bytes]


class BadTarget(ValueError):
    """A receiver that cannot be used: its name, its address or its secret."""


class NameTaken(ValueError):
    """Another receiver has this name."""


class NoTarget(LookupError):
    """There is no such receiver."""


class Target(Struct, frozen=True, kw_only=True):
    """A system that runs may tell something: up to which marking, and signed with its secret."""

    id: int
    uuid: UUID
    name: str
    url: str
    secret_sealed: bytes
    max_tlp: int
    enabled: bool
    made_at: datetime

    @property
    def host(self) -> str:
        """The host that is connected to."""
        return urlsplit(self.url).hostname or ""


class Call(Struct, frozen=True, kw_only=True):
    """One call that waits to be made."""

    step_run_id: int
    step: UUID
    run: str
    incident: UUID | None
    record_id: int | None
    tlp: int | None
    body: str
    target: Target
    state: str
    attempts: int


_TARGET = "select id, uuid, name, url, secret_sealed, max_tlp, enabled, made_at from webhook_target"


async def targets(db: Db, viewer: Viewer) -> list[Target]:
    """Every receiver."""
    viewer.require(Permission.PLAYBOOK_READ)
    async with db.cursor(row_factory=class_row(Target)) as cursor:
        await cursor.execute(_TARGET + " order by name")
        return await cursor.fetchall()


async def target(db: Db, name: str) -> Target | None:
    """The receiver with a name."""
    async with db.cursor(row_factory=class_row(Target)) as cursor:
        await cursor.execute(_TARGET + " where name = %s", (name,))
        return await cursor.fetchone()


async def put_target(
    tx: Tx, viewer: Viewer, *, name: str, url: str, secret: str, max_tlp: int, now: datetime,
    key: bytes, random: Random,
) -> Target:  # fmt: skip
    """Register a receiver; its secret is sealed and never shown again.

    Raises `Denied`, `BadTarget`, `NameTaken`.
    """
    viewer.require(Permission.RUN_MANAGE)
    name, url = name.strip(), url.strip()
    parts = _parts(url)
    if not 1 <= len(name) <= MOST_NAME or not name.isprintable():
        raise BadTarget(f"name: 1 to {MOST_NAME} characters that can be read")
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.fragment:
        raise BadTarget("url: https, with a host, without a user name and a fragment")
    if not 16 <= len(secret) <= 200 or not secret.isascii() or not secret.isprintable():
        raise BadTarget("secret: 16 to 200 characters of ASCII")
    if not 0 <= max_tlp <= 3:
        raise BadTarget("max_tlp: CLEAR to AMBER+STRICT; RED never leaves")
    uuid = uuid7(now, random(RANDOM_BYTES))
    sealed = seal(key, purpose(uuid), secret.encode(), random(NONCE_BYTES))
    try:
        await tx.execute(
            "insert into webhook_target (uuid, name, url, secret_sealed, max_tlp, made_by, made_at)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            (uuid, name, url, sealed, max_tlp, viewer.person_id, now),
        )
    except UniqueViolation:
        raise NameTaken(f"another receiver is called {name}") from None
    tx.audit(AuditEntry(actor=viewer.login, action="receiver:add", object=name,
                        detail={"host": parts.hostname, "max_tlp": max_tlp}))  # fmt: skip
    made = await target(tx.db, name)
    assert made is not None
    return made


async def enable(tx: Tx, viewer: Viewer, uuid: UUID, *, enabled: bool) -> None:
    """Stop calling a receiver, or go on. Raises `Denied`, `NoTarget`."""
    viewer.require(Permission.RUN_MANAGE)
    row = await (
        await tx.execute(
            "update webhook_target set enabled = %s where uuid = %s returning name",
            (enabled, uuid),
        )
    ).fetchone()
    if row is None:
        raise NoTarget(f"there is no receiver {uuid}")
    tx.audit(AuditEntry(actor=viewer.login, action="receiver:enable", object=row[0],
                        detail={"enabled": enabled}))  # fmt: skip


async def queue(
    tx: Tx, step_run_id: int, to: Target, body: str, *, key: bytes, random: Random, now: datetime
) -> None:
    """Write the call of a step; the same step calls once."""
    sealed = seal(key, _call(step_run_id), body.encode("utf-8", "replace"), random(NONCE_BYTES))
    await tx.execute(
        "insert into run_call (step_run_id, host, request_sealed, at, target_id)"
        " values (%s, %s, %s, %s, %s) on conflict (step_run_id) do update"
        " set state = 'queued', attempts = 0, at = excluded.at,"
        " request_sealed = excluded.request_sealed, target_id = excluded.target_id",
        (step_run_id, to.host, sealed, now, to.id),
    )


async def waiting(db: Db, step: UUID, key: bytes) -> Call | None:
    """The call of a step, while it is queued; `None` when it was made or nobody waits for it."""
    row = await (
        await db.execute(
            """
            select c.step_run_id, s.uuid, r.number, i.uuid, i.record_id, i.tlp, c.request_sealed,
                   c.state, c.attempts, t.name
            from run_call c join step_run s on s.id = c.step_run_id join run r on r.id = s.run_id
              join webhook_target t on t.id = c.target_id
              left join incident i on i.id = r.incident_id
            where s.uuid = %s and c.state = 'queued' and s.state = 'waiting' and t.enabled
            """,
            (step,),
        )
    ).fetchone()
    if row is None:
        return None
    to = await target(db, row[9])
    assert to is not None
    return Call(
        step_run_id=row[0], step=row[1], run=row[2], incident=row[3], record_id=row[4], tlp=row[5],
        body=unseal(key, _call(row[0]), bytes(row[6])).decode(), target=to, state=row[7],
        attempts=row[8],
    )  # fmt: skip


async def tried(
    tx: Tx, step_run_id: int, state: str, *, status: int | None, error: str, now: datetime
) -> None:
    """What came of a try."""
    await tx.execute(
        "update run_call set state = %s, status = %s, error = %s, at = %s,"
        " attempts = attempts + 1 where step_run_id = %s",
        (state, status, error[:300], now, step_run_id),
    )


def purpose(uuid: UUID) -> str:
    """What a receiver's secret is sealed for."""
    return f"webhook:{uuid}"


def _call(step_run_id: int) -> str:
    return f"run_call:{step_run_id}"


def _parts(url: str) -> Any:
    if len(url) > MOST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise BadTarget(f"url: at most {MOST_URL} characters of ASCII")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise BadTarget("url: this is no address") from None
    return parts
