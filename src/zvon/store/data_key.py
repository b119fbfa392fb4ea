"""Keys of raw data: one for each country, class of data and day, sealed with the node key.

What is sealed with a key is gone when the key is, wherever copies of it lie: in backups, in the
write-ahead log, in blocks of a disk that nothing overwrote yet.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from zvon.access.seal import KEY_BYTES, NONCE_BYTES, seal, unseal
from zvon.store.transaction import Tx

Db = AsyncConnection[TupleRow]
# Every nonce is random. At 2**32 of them under one key two would be alike with a chance of 2**-33
# (birthday bound of 96 bits): a day has far fewer bodies.
RAW, DELIVERY, CAPTURE, EXHIBIT = "report.raw", "delivery.raw", "capture", "exhibit"


class NoKeys(RuntimeError):
    """The connection was opened without the node key: raw data is neither kept nor read with it."""

    def __init__(self) -> None:
        super().__init__("raw data needs the node key, and this connection has none")


class KeyDestroyed(LookupError):
    """The key of that day was destroyed: what it sealed cannot be read, and nothing more is kept."""


class DataKeys(Struct, frozen=True):
    """What data keys are opened and made with: the node key and a source of random bytes."""

    node: bytes
    random: Callable[[int], bytes]

    def __repr__(self) -> str:
        return "DataKeys(…)"


class DataKey(Struct, frozen=True):
    """One opened data key and its row."""

    id: int
    key: bytes
    random: Callable[[int], bytes]

    def __repr__(self) -> str:
        return f"DataKey({self.id})"

    def seal(self, purpose: str, body: bytes) -> bytes:
        """`body` sealed under this key; `purpose` names its row, so that rows cannot be swapped."""
        return seal(self.key, purpose, body, self.random(NONCE_BYTES))


class KeyedConnection(AsyncConnection[TupleRow]):
    """A connection of a pool that was opened with the node key."""

    data_keys: DataKeys | None = None

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.last_keys: dict[str, tuple[date, DataKey]] = {}


def keys_of(db: Db) -> DataKeys:
    """What `db` opens data keys with. Raises `NoKeys`."""
    found = db.data_keys if isinstance(db, KeyedConnection) else None
    if found is None:
        raise NoKeys
    return found


async def of_day(tx: Tx, keys: DataKeys, of_class: str, day: date, now: datetime) -> DataKey:
    """The operator's key to seal with on `day` (UTC), made when it is the first of that day.

    Two transactions that make it at once wait for one another; both get the same. A connection
    remembers the last key of each class. Raises `KeyDestroyed` when that day was purged already.
    """
    known = tx.db.last_keys if isinstance(tx.db, KeyedConnection) else {}
    last = known.get(of_class)
    if last is not None and last[0] == day:
        return last[1]
    row = await (
        await tx.execute(
            """
            select c.country, d.id, d.key_sealed, d.xmin = pg_current_xact_id()::xid
            from (select coalesce((select country from party where own), '') as country) c
            left join data_key d on d.country = c.country and d.class = %s and d.day = %s
            """,
            (of_class, day),
        )
    ).fetchone()
    assert row is not None
    country, key_id, sealed, mine = row
    if key_id is None:
        key_id, sealed = await _made(tx, keys, country, of_class, day, now)
        mine = True
    key = DataKey(key_id, opened(keys, country, of_class, day, sealed), keys.random)
    if not mine:  # one that this transaction made is gone when it rolls back
        known[of_class] = (day, key)
    return key


async def _made(
    tx: Tx, keys: DataKeys, country: str, of_class: str, day: date, now: datetime
) -> tuple[int, bytes | None]:
    fresh = seal(keys.node, _purpose(country, of_class, day), keys.random(KEY_BYTES),
                 keys.random(NONCE_BYTES))  # fmt: skip
    await tx.execute(
        """
        insert into data_key (country, class, day, key_sealed, created_at)
        values (%s, %s, %s, %s, %s) on conflict do nothing
        """,
        (country, of_class, day, fresh, now),
    )
    row = await (
        await tx.execute(
            "select id, key_sealed from data_key where country = %s and class = %s and day = %s",
            (country, of_class, day),
        )
    ).fetchone()
    assert row is not None
    return int(row[0]), None if row[1] is None else bytes(row[1])


def opened(keys: DataKeys, country: str, of_class: str, day: date, sealed: bytes | None) -> bytes:
    """A data key of the database. Raises `KeyDestroyed`, and `BadSeal` with another node's key."""
    if sealed is None:
        raise KeyDestroyed(f"{of_class} of {day}")
    return unseal(keys.node, _purpose(country, of_class, day), sealed)


def read(
    keys: DataKeys, key: tuple[str, str, date, bytes | None], purpose: str, sealed: bytes
) -> bytes:
    """What was sealed under `key`: country, class, day and sealed key of its row.

    Raises `KeyDestroyed` and `BadSeal`.
    """
    return unseal(opened(keys, *key), purpose, sealed)


def _purpose(country: str, of_class: str, day: date) -> str:
    return f"data_key:{country}:{of_class}:{day}"


class DayKey(Struct, frozen=True, kw_only=True):
    """A data key as an officer sees it: without the key."""

    id: int
    country: str
    of_class: str
    day: date
    created_at: datetime
    destroyed_at: datetime | None


async def list_days(db: Db, *, limit: int = 100) -> list[DayKey]:
    """The newest data keys."""
    cursor = await db.execute(
        """
        select id, country, class as of_class, day, created_at, destroyed_at
        from data_key order by day desc, class, id limit %s
        """,
        (limit,),
    )
    names = [column.name for column in cursor.description or ()]
    return msgspec.convert(
        [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()], list[DayKey]
    )


async def destroy(tx: Tx, country: str, classes: Sequence[str], before: date, now: datetime) -> int:
    """Destroy the keys of days before `before` that nothing is sealed under any more; how many.

    A key whose rows a legal hold keeps stays; `store.retention_hold` moves those to a newer key.
    """
    gone = await tx.execute(
        """
        update data_key k set key_sealed = null, destroyed_at = %(now)s
        where country = %(country)s and class = any(%(classes)s) and day < %(before)s
          and destroyed_at is null
          and not exists (select from raw_input r where r.key_id = k.id)
          and not exists (select from delivery_chunk c where c.key_id = k.id)
          and not exists (select from evidence_file e where e.key_id = k.id)
          and not exists (select from exhibit_piece p where p.key_id = k.id)
        """,
        {"country": country, "classes": list(classes), "before": before, "now": now},
    )
    return gone.rowcount
