"""Batches of collectors: each number of a spool is taken once, for the source that it is of."""

from datetime import datetime
from uuid import UUID, uuid5

from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.formats.batch import Head
from zvon.store.collector import Collector
from zvon.store.source import Setup, by_uuid
from zvon.store.transaction import AuditEntry, Tx


class MissingBatch(ValueError):
    """A batch came before one that has to come first; `n` is the newest that is taken."""

    def __init__(self, n: int, came: int) -> None:
        super().__init__(f"batch {n + 1} is missing; batch {came} came")
        self.errors = [{"n": n}]


class SourceHeld(ValueError):
    """The source is paused or was removed at this node; its batches stay at the collector."""


class Place(Struct, frozen=True):
    """Where a spool stands; `None` as `source_id` before its first batch with something in it."""

    n: int
    items: int
    source_id: int | None


async def locked(tx: Tx, collector: Collector, spool: UUID) -> Place:
    """Where a spool stands, locked until the transaction ends; begun when it is new."""
    await tx.execute(
        "insert into collector_spool (collector_id, spool, n) values (%s, %s, 0)"
        " on conflict do nothing",
        (collector.id, spool),
    )
    row = await (
        await tx.execute(
            "select n, items, source_id from collector_spool"
            " where collector_id = %s and spool = %s for update",
            (collector.id, spool),
        )
    ).fetchone()
    assert row is not None
    return Place(int(row[0]), int(row[1]), row[2])


def fits(place: Place, head: Head, *, patient: bool = True) -> bool:
    """True when the batch is to be taken now, false when it was taken before.

    Raises `MissingBatch` when one before it is still to come, for who is `patient`.
    """
    if head.n <= place.n:
        return False
    if patient and head.after > place.n:
        raise MissingBatch(place.n, head.n)
    return True


async def advance(
    tx: Tx, collector: Collector, place: Place, head: Head, source_id: int | None
) -> int:
    """Batch `head` is taken; returns how many things before it never came."""
    lost = max(0, head.before - place.items)
    await tx.execute(
        """
        update collector_spool set n = %s, items = %s, lost = lost + %s,
          source_id = coalesce(%s, source_id)
        where collector_id = %s and spool = %s
        """,
        (head.n, head.before + head.count, lost, source_id, collector.id, head.spool),
    )
    return lost


def source_uuid(collector: Collector, name: str) -> UUID:
    """The identifier of a source at a collector: lasting, and never another's."""
    return uuid5(collector.uuid, name)


async def source(tx: Tx, collector: Collector, head: Head, now: datetime) -> Setup:
    """The source that a batch is of, set up when it is seen first. Raises `SourceHeld`.

    It is called `collector/name`; where somebody has that name already, with its identifier.
    """
    uuid = source_uuid(collector, head.source)
    row = await (
        await tx.execute(
            "select p.paused, p.removed_at is not null from source s"
            " join source_setup p on p.source_id = s.id where s.uuid = %s",
            (uuid,),
        )
    ).fetchone()
    if row is None:
        await _set_up(tx, collector, head, uuid, now)
    elif row[0] or row[1]:
        done = "paused" if row[0] else "removed"
        raise SourceHeld(f"the source {head.source!r} is {done} at this node")
    return await by_uuid(tx.db, uuid)


async def _set_up(tx: Tx, collector: Collector, head: Head, uuid: UUID, now: datetime) -> None:
    name = f"{collector.name}/{head.source}"
    for called in (name, f"{name} ({uuid})"):
        made = await (
            await tx.execute(
                """
                insert into source (uuid, name, kind, party_id, created_at)
                values (%s, %s, 'collector', %s, %s)
                on conflict (name) do nothing returning id
                """,
                (uuid, called, collector.party_id, now),
            )
        ).fetchone()
        if made is not None:
            break
    else:
        raise LookupError(f"no name is free for {name!r}")
    await tx.execute(
        """
        insert into source_setup (source_id, format, settings, zone, collector_id, made_at)
        values (%s, 'collector', %s, %s, %s, %s)
        """,
        (made[0], Jsonb({"kind": head.kind, "name": head.source}), head.zone, collector.id, now),
    )
    tx.audit(AuditEntry(actor=f"collector:{collector.uuid}", action="source:add", object=called,
                        detail={"kind": head.kind}))  # fmt: skip
