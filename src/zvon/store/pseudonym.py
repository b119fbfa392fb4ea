"""Keys of pseudonym domains and the originator's vault; everything here is sealed by the caller."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from zvon.store.party import Db
from zvon.store.transaction import Tx


class DestroyedEpoch(LookupError):
    """The key of this epoch was destroyed; its pseudonyms can never be made or reversed again."""

    def __init__(self, epoch: str) -> None:
        super().__init__(f"the pseudonym key of epoch {epoch} was destroyed")


async def sealed_key(db: Db, group_uuid: UUID, epoch: str) -> bytes | None:
    """The sealed key of a group and epoch, `None` when none was made. Raises `DestroyedEpoch`."""
    row = await (
        await db.execute(
            "select key_sealed from pseudonym_key where group_uuid = %s and epoch = %s",
            (group_uuid, epoch),
        )
    ).fetchone()
    if row is None:
        return None
    if row[0] is None:
        raise DestroyedEpoch(epoch)
    return bytes(row[0])


async def put_key(tx: Tx, group_uuid: UUID, epoch: str, sealed: bytes, now: datetime) -> bytes:
    """Store a new sealed key unless another transaction was faster; returns the one that holds."""
    await tx.execute(
        "insert into pseudonym_key (group_uuid, epoch, key_sealed, created_at)"
        " values (%s, %s, %s, %s) on conflict do nothing",
        (group_uuid, epoch, sealed, now),
    )
    held = await sealed_key(tx.db, group_uuid, epoch)
    assert held is not None
    return held


async def destroy_key(tx: Tx, group_uuid: UUID, epoch: str, now: datetime) -> bool:
    """Forget a key and the vault of its epoch; true when there was one."""
    done = await tx.execute(
        "update pseudonym_key set key_sealed = null, destroyed_at = %s"
        " where group_uuid = %s and epoch = %s and key_sealed is not null",
        (now, group_uuid, epoch),
    )
    await tx.execute(
        "delete from pseudonym where group_uuid = %s and epoch = %s", (group_uuid, epoch)
    )
    return done.rowcount == 1


async def put_vault(tx: Tx, group_uuid: UUID, epoch: str, sealed: Mapping[str, bytes]) -> None:
    """Keep the sealed original of each pseudonym; one that is there stays as it is."""
    tokens = sorted(sealed)
    await tx.execute(
        "insert into pseudonym (group_uuid, epoch, token, sealed)"
        " select %s, %s, t, s from unnest(%s::text[], %s::bytea[]) x(t, s) on conflict do nothing",
        (group_uuid, epoch, tokens, [sealed[token] for token in tokens]),
    )


async def sealed_original(db: Db, group_uuid: UUID, epoch: str, token: str) -> bytes | None:
    """The sealed original of a pseudonym, or `None` when this node never made it."""
    row = await (
        await db.execute(
            "select sealed from pseudonym where group_uuid = %s and epoch = %s and token = %s",
            (group_uuid, epoch, token),
        )
    ).fetchone()
    return None if row is None else bytes(row[0])
