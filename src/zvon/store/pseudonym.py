"""Keys of pseudonym domains and the originator's vault; everything here is sealed by the caller."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.party import Db
from zvon.store.transaction import Tx

PAGE = 200


class DestroyedEpoch(LookupError):
    """The key of this epoch was destroyed; its pseudonyms can never be made or reversed again."""

    def __init__(self, epoch: str) -> None:
        super().__init__(f"the pseudonym key of epoch {epoch} was destroyed")


class Epoch(Struct, frozen=True, kw_only=True):
    """One epoch of a group: how many pseudonyms lead back, and when the way back ends or ended."""

    group: UUID
    group_name: str
    epoch: str
    pseudonyms: int
    created_at: datetime
    destroy_at: datetime | None
    destroyed_at: datetime | None
    destroyed_by: str
    rewritten_at: datetime | None


class Destroyed(Struct, frozen=True, kw_only=True):
    """What became irreversible: pseudonyms by kind, and the releases that lost their originals.

    `closed` of them had not left and never will under this epoch.
    """

    pseudonyms: dict[str, int]
    releases: int
    closed: int


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


async def put_key(
    tx: Tx, group_uuid: UUID, epoch: str, sealed: bytes, now: datetime, destroy_at: datetime
) -> bytes:
    """Store a new sealed key unless another transaction was faster; returns the one that holds."""
    await tx.execute(
        "insert into pseudonym_key (group_uuid, epoch, key_sealed, created_at, destroy_at)"
        " values (%s, %s, %s, %s, %s) on conflict do nothing",
        (group_uuid, epoch, sealed, now, destroy_at),
    )
    held = await sealed_key(tx.db, group_uuid, epoch)
    assert held is not None
    return held


async def epochs(db: Db, viewer: Viewer, *, limit: int = PAGE) -> list[Epoch]:
    """Epochs of all groups, newest first; counts and dates, no keys.

    Counts are of all releases, also of those that a reader of shares may not see.
    Raises `Denied`.
    """
    viewer.require(Permission.PSEUDONYM_MANAGE)
    async with db.cursor(row_factory=class_row(Epoch)) as cursor:
        await cursor.execute(
            "select k.group_uuid as group, coalesce(g.name, '') as group_name, k.epoch,"
            " (select count(*) from pseudonym p where p.group_uuid = k.group_uuid"
            "  and p.epoch = k.epoch) as pseudonyms,"
            " k.created_at, k.destroy_at, k.destroyed_at, k.destroyed_by, k.rewritten_at"
            " from pseudonym_key k left join share_group g on g.uuid = k.group_uuid"
            " order by k.epoch desc, k.created_at desc, k.group_uuid limit %s",
            (limit,),
        )
        return await cursor.fetchall()


async def living(tx: Tx) -> list[tuple[UUID, str, datetime]]:
    """Group, epoch and birth of every key that is there, locked against a second destroyer."""
    found = await tx.execute(
        "select group_uuid, epoch, created_at from pseudonym_key where key_sealed is not null"
        " order by group_uuid, epoch for update skip locked"
    )
    return [(row[0], row[1], row[2]) for row in await found.fetchall()]


async def reschedule(tx: Tx, group_uuid: UUID, epoch: str, destroy_at: datetime) -> None:
    """Say anew when a key goes, as the agreement has it now."""
    await tx.execute(
        "update pseudonym_key set destroy_at = %(at)s where group_uuid = %(group)s"
        " and epoch = %(epoch)s and destroy_at is distinct from %(at)s",
        {"at": destroy_at, "group": group_uuid, "epoch": epoch},
    )


async def due(tx: Tx, now: datetime) -> list[tuple[UUID, str]]:
    """Group and epoch of every key whose time is over."""
    found = await tx.execute(
        "select group_uuid, epoch from pseudonym_key where key_sealed is not null"
        " and destroy_at <= %s order by group_uuid, epoch for update skip locked",
        (now,),
    )
    return [(row[0], row[1]) for row in await found.fetchall()]


async def destroy_key(
    tx: Tx, group_uuid: UUID, epoch: str, now: datetime, *, by: str
) -> Destroyed | None:
    """Forget a key, the vault of its epoch, and what stood before the gate in its releases.

    A release shows an original beside its pseudonym, so with it the epoch could still be
    reversed. One that has not left cannot leave any more: it is refused. `None` without a key.
    """
    done = await tx.execute(
        "update pseudonym_key set key_sealed = null, destroyed_at = %s, destroyed_by = %s"
        " where group_uuid = %s and epoch = %s and key_sealed is not null",
        (now, by, group_uuid, epoch),
    )
    if done.rowcount == 0:
        return None
    gone = await tx.execute(
        "with gone as (delete from pseudonym where group_uuid = %s and epoch = %s returning token)"
        " select split_part(token, '-', 1), count(*) from gone group by 1 order by 1",
        (group_uuid, epoch),
    )
    emptied = await tx.execute(
        """
        update share s set before = '{}', decisions = '[]', overrides = '{}',
          residue = case when s.state in ('held', 'waiting')
                         then '{"reason": "EPOCH_OVER"}'::jsonb else s.residue - 'preview' end,
          after = case when s.state in ('held', 'waiting') then null else s.after end,
          state = case when s.state in ('held', 'waiting') then 'refused' else s.state end
        from share o
        where o.id = s.id and s.group_uuid = %s and s.policy->>'epoch' = %s
        returning o.state in ('held', 'waiting')
        """,
        (group_uuid, epoch),
    )
    closed = [row[0] for row in await emptied.fetchall()]
    return Destroyed(
        pseudonyms={kind: int(n) for kind, n in await gone.fetchall()},
        releases=len(closed), closed=sum(closed),
    )  # fmt: skip


async def unwritten(db: Db) -> list[tuple[UUID, str]]:
    """Destroyed keys whose sealed bytes may still lie on the disk as dead rows."""
    found = await db.execute(
        "select group_uuid, epoch from pseudonym_key"
        " where destroyed_at is not null and rewritten_at is null order by group_uuid, epoch"
    )
    return [(row[0], row[1]) for row in await found.fetchall()]


async def rewritten(tx: Tx, group_uuid: UUID, epoch: str, now: datetime) -> None:
    """The tables were written anew since this key was destroyed."""
    await tx.execute(
        "update pseudonym_key set rewritten_at = %s where group_uuid = %s and epoch = %s",
        (now, group_uuid, epoch),
    )


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


async def epoch_of_token(db: Db, group_uuid: UUID, token: str) -> str | None:
    """The newest epoch of a group in whose vault the pseudonym is, or `None`."""
    row = await (
        await db.execute(
            "select max(epoch) from pseudonym where group_uuid = %s and token = %s",
            (group_uuid, token),
        )
    ).fetchone()
    return None if row is None else row[0]
