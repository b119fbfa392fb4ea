"""What a purge works on: which rows of a class have had their time, and what it takes note of."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, LiteralString
from uuid import UUID

from msgspec import Struct

from zvon.store.party import Db
from zvon.store.transaction import Tx

After = Literal["destroy", "aggregate", "anonymise"]
BATCH = 2000
MOST_HELD = 100_000


class Scope(Struct, frozen=True, kw_only=True):
    """What one step of a purge may take: rows of a country older than `cut_off`, at most `most`.

    `after` is what becomes of them. `held` are records that a legal hold keeps; `only` limits a
    step to these records whatever their age (the erasure of a person).
    """

    country: str
    of_class: str
    cut_off: datetime
    now: datetime
    after: After
    held: tuple[int, ...] = ()
    only: tuple[int, ...] | None = None
    most: int = BATCH


class Gone:
    """What a purge took: rows by table, bytes, and a running hash over every row in order."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self.blanked: Counter[str] = Counter()
        self.bytes = 0
        self.files = 0
        self.values: set[int] = set()
        self.shared: list[UUID] = []
        self._hash = hashlib.sha256()

    def took(self, table: str, keys: Iterable[object]) -> int:
        """Note rows that were deleted, by their keys in order; how many."""
        return self._note(self.rows, "-", table, keys)

    def emptied(self, table: str, keys: Iterable[object]) -> int:
        """Note rows that stay without what they said; how many."""
        return self._note(self.blanked, "=", table, keys)

    def _note(self, counter: Counter[str], sign: str, table: str, keys: Iterable[object]) -> int:
        count = 0
        for key in keys:
            shown = bytes(key).hex() if isinstance(key, bytes | memoryview) else str(key)
            self._hash.update(f"{sign}{table}:{shown}\n".encode())
            count += 1
        if count:
            counter[table] += count
        return count

    @property
    def proof(self) -> bytes:
        """SHA-256 over `-table:key` of each deleted and `=table:key` of each emptied row, in order."""
        return self._hash.digest()

    @property
    def count(self) -> int:
        """Rows and files that were touched."""
        return self.rows.total() + self.blanked.total() + self.files

    def shown(self) -> dict[str, int]:
        """Rows by table for the row of the purge; emptied ones under `table (emptied)`."""
        return dict(sorted(self.rows.items())) | {
            f"{table} (emptied)": n for table, n in sorted(self.blanked.items())
        }

    @property
    def tables(self) -> list[str]:
        """Tables whose dead rows still lie on the disk."""
        return sorted({*self.rows, *self.blanked})


# A party of a country without a policy falls under the operator's.
OF_COUNTRY: LiteralString = """
select p.id from party p where p.country = %(country)s or (
  not exists (select from data_rule d where d.country = p.country)
  and %(country)s = (select country from party where own))
"""


async def records(tx: Tx, scope: Scope, kinds: Sequence[str]) -> list[tuple[int, Any]]:
    """Ids and identifiers of records past their time, locked, oldest ids first.

    Records that were anonymised already are not among them. What another transaction holds now
    is left for the next step.
    """
    cursor = await tx.execute(
        "select r.id, r.uuid from record r where r.kind = any(%(kinds)s)"  # noqa: S608 -- literals only
        " and (%(only)s::bigint[] is not null or r.orgc_id = any (array(" + OF_COUNTRY + ")))"
        " and case when %(only)s::bigint[] is null then r.received_at < %(cut)s"
        "          else r.id = any(%(only)s::bigint[]) end"
        " and (%(after)s <> 'anonymise' or r.payload <> '{}'::jsonb)"
        " and not r.id = any(%(held)s::bigint[])"
        " order by r.id limit %(most)s for update skip locked",
        {"kinds": list(kinds), "country": scope.country, "cut": scope.cut_off,
         "only": None if scope.only is None else list(scope.only), "after": scope.after,
         "held": list(scope.held), "most": scope.most},
    )  # fmt: skip
    return [(int(row[0]), row[1]) for row in await cursor.fetchall()]


async def held_records(
    db: Db, country: str, of_class: str, now: datetime
) -> tuple[int, ...] | None:
    """Records of a class that a legal hold keeps; `None` when the whole class is held."""
    cursor = await db.execute(
        """
        select record_id from legal_hold
        where country = %s and class = %s and approved_by is not null and ended_at is null
          and until > %s limit %s
        """,
        (country, of_class, now, MOST_HELD),
    )
    found = [row[0] for row in await cursor.fetchall()]
    return None if None in found else tuple(sorted(int(each) for each in found))


async def count_days(tx: Tx, scope: Scope, days: Sequence[datetime]) -> None:
    """Keep how many rows of a class there were on each day: what outlives them."""
    if scope.after != "aggregate" or not days:
        return
    await tx.execute(
        """
        insert into class_day (country, class, day, rows)
        select %s, %s, d::date, count(*) from unnest(%s::timestamptz[]) d group by d::date
        order by d::date
        on conflict (country, class, day) do update set rows = class_day.rows + excluded.rows
        """,
        (scope.country, scope.of_class, list(days)),
    )
