"""The models of this node beside those that ship: candidates, shadows, the champion, the retired.

At most one version of a name is champion; without one the model that ships decides. A person
promotes and rolls back; each is one transaction, so a crash leaves the champion that stood.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

CANDIDATE, SHADOW, CHAMPION, RETIRED, REFUSED = (
    "candidate", "shadow", "champion", "retired", "refused"
)  # fmt: skip
NAMES = ("phish-url", "phish-text", "evidence")


class NoModel(LookupError):
    """There is no such version of a model."""


class NotInState(ValueError):
    """A version in this state cannot go there."""


class VersionTaken(ValueError):
    """A version of that name is there already."""


class WrongHash(ValueError):
    """The weights are not those that their description names."""


class Version(Struct, frozen=True, kw_only=True):
    """A version without its weights. `refusals` say why the gate refused it."""

    uuid: UUID
    name: str
    version: str
    state: str
    sha256: bytes
    meta: dict[str, Any]
    card: str
    refusals: Sequence[str]
    made_at: datetime
    changed_at: datetime
    by: str | None


_COLUMNS = """
    m.uuid, m.name, m.version, m.state, m.sha256, m.meta, m.card, m.refusals, m.made_at,
    m.changed_at, p.login as by from model_version m left join person p on p.id = m.by_person
"""


async def put(
    tx: Tx,
    *,
    uuid: UUID,
    name: str,
    version: str,
    weights: bytes,
    meta: dict[str, Any],
    card: str,
    refusals: Sequence[str],
    now: datetime,
    actor: str = "system",
) -> None:
    """Keep a trained version: a candidate, or refused when the gate had reasons.

    Raises `WrongHash`; the same version again is left as it is.
    """
    digest = hashlib.sha256(weights).digest()
    if digest.hex() != meta.get("sha256"):
        raise WrongHash(f"the weights of {name} {version} are not those of their description")
    await tx.execute(
        """
        insert into model_version (uuid, name, version, state, sha256, weights, meta, card,
                                   refusals, made_at, changed_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (name, version) do nothing
        """,
        (uuid, name, version, REFUSED if refusals else CANDIDATE, digest, weights, Jsonb(meta),
         card, Jsonb(list(refusals)), now, now),
    )  # fmt: skip
    tx.audit(AuditEntry(actor=actor, action="model:put", object=f"model:{name}@{version}",
                        detail={"refusals": list(refusals)}))  # fmt: skip


async def add(
    tx: Tx,
    viewer: Viewer,
    *,
    uuid: UUID,
    name: str,
    version: str,
    weights: bytes,
    meta: dict[str, Any],
    card: str,
    refusals: Sequence[str],
    now: datetime,
) -> None:
    """Like `put`, by a person. Raises `VersionTaken` when the version is there already."""
    viewer.require(Permission.MODEL_MANAGE)
    await _lock_name(tx, name)
    known = await (
        await tx.execute(
            "select from model_version where name = %s and version = %s", (name, version)
        )
    ).fetchone()
    if known is not None:
        raise VersionTaken(f"{name} {version} is there already")
    await put(tx, uuid=uuid, name=name, version=version, weights=weights, meta=meta, card=card,
              refusals=refusals, now=now, actor=viewer.login)  # fmt: skip


async def all_of(db: Db, viewer: Viewer, name: str | None = None) -> list[Version]:
    """Versions, newest first, of one name or of all."""
    viewer.require(Permission.MODEL_READ)
    async with db.cursor(row_factory=class_row(Version)) as cursor:
        await cursor.execute(
            f"select {_COLUMNS} where %(name)s::text is null or m.name = %(name)s"
            " order by m.made_at desc, m.id desc limit 200",
            {"name": name},
        )
        return await cursor.fetchall()


async def standing(db: Db, name: str, state: str = CHAMPION) -> tuple[bytes, dict[str, Any]] | None:
    """SHA-256 and description of the version of `name` in `state`; `None` without one."""
    row = await (
        await db.execute(
            "select sha256, meta from model_version where name = %s and state = %s"
            " order by changed_at desc limit 1",
            (name, state),
        )
    ).fetchone()
    return (row[0], row[1]) if row else None


async def weights(db: Db, sha256: bytes) -> bytes:
    """The weights with this hash, checked. Raises `NoModel`, `WrongHash`."""
    row = await (
        await db.execute("select weights from model_version where sha256 = %s limit 1", (sha256,))
    ).fetchone()
    if row is None:
        raise NoModel(f"no weights {sha256.hex()[:16]}")
    if hashlib.sha256(row[0]).digest() != sha256:
        raise WrongHash(f"the weights {sha256.hex()[:16]} were changed in the database")
    return bytes(row[0])


async def shadow(tx: Tx, viewer: Viewer, name: str, version: str, now: datetime) -> None:
    """Let a candidate score beside the champion; the shadow before it steps back."""
    viewer.require(Permission.MODEL_MANAGE)
    await _locked(tx, name, version, {CANDIDATE, RETIRED})
    await tx.execute(
        "update model_version set state = 'candidate', changed_at = %s"
        " where name = %s and state = 'shadow'",
        (now, name),
    )
    await _move(tx, viewer, name, version, SHADOW, now)


async def promote(tx: Tx, viewer: Viewer, name: str, version: str, now: datetime) -> None:
    """Make a version the champion; the one before it retires. Raises `NoModel`, `NotInState`.

    One that the gate refused cannot be promoted: train another.
    """
    viewer.require(Permission.MODEL_MANAGE)
    await _locked(tx, name, version, {CANDIDATE, SHADOW, RETIRED})
    await tx.execute(
        "update model_version set state = 'retired', changed_at = %s"
        " where name = %s and state = 'champion'",
        (now, name),
    )
    await _move(tx, viewer, name, version, CHAMPION, now)


async def rollback(tx: Tx, viewer: Viewer, name: str, now: datetime) -> str | None:
    """Put the champion before this one back; its version, `None` for the model that ships.

    Raises `NotInState` when no version of ours is champion.
    """
    viewer.require(Permission.MODEL_MANAGE)
    await _lock_name(tx, name)
    row = await (
        await tx.execute(
            "update model_version set state = 'refused', changed_at = %s,"
            " refusals = refusals || '[\"rolled_back\"]'"
            " where name = %s and state = 'champion' returning version",
            (now, name),
        )
    ).fetchone()
    if row is None:
        raise NotInState(f"{name}: the model that ships decides; there is nothing to roll back")
    tx.audit(AuditEntry(actor=viewer.login, action="model:rollback",
                        object=f"model:{name}@{row[0]}"))  # fmt: skip
    before = await (
        await tx.execute(
            "select version from model_version where name = %s and state = 'retired'"
            " order by changed_at desc, id desc limit 1",
            (name,),
        )
    ).fetchone()
    if before is None:
        return None
    await _move(tx, viewer, name, before[0], CHAMPION, now)
    return str(before[0])


async def _lock_name(tx: Tx, name: str) -> None:
    await tx.execute(
        "select pg_advisory_xact_lock(hashtextextended('zvon.model ' || %s, 0))", (name,)
    )


async def _locked(tx: Tx, name: str, version: str, fit: set[str]) -> None:
    await _lock_name(tx, name)
    row = await (
        await tx.execute(
            "select state from model_version where name = %s and version = %s", (name, version)
        )
    ).fetchone()
    if row is None:
        raise NoModel(f"there is no version {version!r} of {name}")
    if row[0] not in fit:
        raise NotInState(f"{name} {version} is {row[0]}")


async def _move(tx: Tx, viewer: Viewer, name: str, version: str, state: str, now: datetime) -> None:
    await tx.execute(
        "update model_version set state = %s, changed_at = %s, by_person = %s"
        " where name = %s and version = %s",
        (state, now, viewer.person_id, name, version),
    )
    tx.audit(AuditEntry(actor=viewer.login, action=f"model:{state}",
                        object=f"model:{name}@{version}"))  # fmt: skip
