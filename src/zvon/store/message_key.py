"""Our own keys for mail: made or brought in by a person, sealed with the node key."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.seal import NONCE_BYTES, seal, unseal
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

Kind = Literal["pgp", "smime"]


class NoKey(LookupError):
    """There is no such key."""


class MessageKey(Struct, frozen=True, kw_only=True):
    """A key as others may see it: its public half."""

    kind: Kind
    fingerprint: str
    public: bytes
    made_at: datetime


class Secrets(Struct, frozen=True, kw_only=True):
    """What we sign and open with; a key that there is not is `None`."""

    pgp: bytes | None = None
    pgp_public: bytes | None = None
    smime: bytes | None = None
    smime_public: bytes | None = None

    def __repr__(self) -> str:
        return "Secrets(…)"


async def put(
    tx: Tx, viewer: Viewer, kind: Kind, *, public: bytes, secret: bytes, fingerprint: str,
    key: bytes, now: datetime, random: Callable[[int], bytes],
) -> MessageKey:  # fmt: skip
    """Take a key in use; the one before it is kept for what comes encrypted for it. `tx` is `system`.

    Raises `Denied`.
    """
    viewer.require(Permission.CONTACT_MANAGE)
    uuid = uuid7(now, random(RANDOM_BYTES))
    await tx.execute(
        "update message_key set ended_at = %s where kind = %s and ended_at is null", (now, kind)
    )
    await tx.execute(
        "insert into message_key (uuid, kind, public, sealed, fingerprint, made_at)"
        " values (%s, %s, %s, %s, %s, %s)",
        (uuid, kind, public, seal(key, _purpose(uuid), secret, random(NONCE_BYTES)), fingerprint, now),
    )  # fmt: skip
    tx.audit(AuditEntry(actor=viewer.login, action="contact:key", object=f"message_key:{fingerprint}",
                        detail={"kind": kind}))  # fmt: skip
    return MessageKey(kind=kind, fingerprint=fingerprint, public=public, made_at=now)


async def public(db: Db, viewer: Viewer) -> list[MessageKey]:
    """The keys in use, for those who write to us; read as `system`. Raises `Denied`."""
    viewer.require(Permission.CONTACT_READ)
    rows = await (
        await db.execute(
            "select kind, fingerprint, public, made_at from message_key where ended_at is null"
            " order by kind"
        )
    ).fetchall()
    return [MessageKey(kind=row[0], fingerprint=row[1], public=bytes(row[2]), made_at=row[3])
            for row in rows]  # fmt: skip


async def former(db: Db, viewer: Viewer) -> list[tuple[str, str, datetime]]:
    """Kind, fingerprint and end of keys that only open old mail, the newest first; as `system`."""
    viewer.require(Permission.CONTACT_READ)
    rows = await (
        await db.execute(
            "select kind, fingerprint, ended_at from message_key where ended_at is not null"
            " order by id desc limit 50"
        )
    ).fetchall()
    return [(row[0], row[1], row[2]) for row in rows]


async def current(db: Db, key: bytes) -> Secrets:
    """The keys in use, opened, for our own work. Raises `BadSeal` with another node key."""
    rows = await (
        await db.execute(
            "select kind, uuid, sealed, public from message_key where ended_at is null"
        )
    ).fetchall()
    found = {row[0]: (unseal(key, _purpose(row[1]), bytes(row[2])), bytes(row[3])) for row in rows}
    pgp, smime = found.get("pgp", (None, None)), found.get("smime", (None, None))
    return Secrets(pgp=pgp[0], pgp_public=pgp[1], smime=smime[0], smime_public=smime[1])


async def for_opening(db: Db, key: bytes) -> list[bytes]:
    """Every OpenPGP key that we ever had, the newest first: old mail stays readable."""
    rows = await (
        await db.execute("select uuid, sealed from message_key where kind = 'pgp' order by id desc")
    ).fetchall()
    return [unseal(key, _purpose(row[0]), bytes(row[1])) for row in rows]


def _purpose(uuid: UUID) -> str:
    return f"message_key:{uuid}"
