"""How a delivery is read: claimed, moved on batch by batch, ended; each step by one reader only."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.model.item import Bad
from zvon.store.delivery import Delivery
from zvon.store.transaction import Tx

MAX_PIECE, MAX_WORDS = 4_096, 2_000
MOST_PIECES = 1_000  # rows of quarantine for one delivery; the rest is counted


class Moved(Exception):
    """Somebody else reads this delivery, and is further on; nothing was written."""


class Cursor(Struct, frozen=True, kw_only=True):
    """How far a delivery is read: items, and what sort of reading it is.

    `run` counts readings; `replay` is empty the first time, else `all` or `bad` (only what stands
    in quarantine is taken).
    """

    read: int = 0
    run: int = 0
    replay: str = ""


def cursor_of(delivery: Delivery) -> Cursor:
    """The cursor as a value."""
    return msgspec.convert(delivery.cursor, Cursor)


async def claim(tx: Tx, delivery: Delivery) -> None:
    """Say that it is being read."""
    await tx.execute(
        "update delivery set state = 'reading' where id = %s and state = 'waiting'", (delivery.id,)
    )


async def advance(tx: Tx, delivery: Delivery, at: Cursor, to: Cursor, *, items: int) -> None:
    """Move on by one batch, first thing in its transaction. Raises `Moved`."""
    moved = await tx.execute(
        """
        update delivery set state = 'reading', cursor = %(to)s, items = items + %(items)s
        where id = %(id)s and state in ('waiting', 'reading')
          and coalesce((cursor->>'read')::bigint, 0) = %(read)s
          and coalesce((cursor->>'run')::int, 0) = %(run)s
        """,
        {"to": Jsonb(msgspec.to_builtins(to)), "items": items, "id": delivery.id,
         "read": at.read, "run": at.run},
    )  # fmt: skip
    if moved.rowcount == 0:
        raise Moved


async def counted(tx: Tx, delivery_id: int, *, records: int, observables: int, bad: int) -> None:
    """Add what a batch became."""
    if records or observables or bad:
        await tx.execute(
            "update delivery set records = records + %s, observables = observables + %s,"
            " quarantined = quarantined + %s where id = %s",
            (records, observables, bad, delivery_id),
        )


async def done(
    tx: Tx, delivery: Delivery, cursor: Cursor, why: dict[str, Any], format: str, now: datetime
) -> int:
    """All of it was read. What stood in quarantine and is not wrong any more is marked as
    replayed; how many pieces that is.
    """
    cleared = 0
    if cursor.replay:
        marked = await tx.execute(
            "update quarantine set replayed_at = %s"
            " where delivery_id = %s and replayed_at is null and run < %s",
            (now, delivery.id, cursor.run),
        )
        cleared = marked.rowcount
    await tx.execute(
        """
        update delivery set state = 'done', done_at = %(now)s, problem = '', why = %(why)s,
          format = %(format)s, quarantined = case when %(replayed)s
            then (select count(*) from quarantine q
                  where q.delivery_id = delivery.id and q.replayed_at is null)
            else quarantined end
        where id = %(id)s
        """,
        {"now": now, "why": Jsonb(why), "format": format, "id": delivery.id,
         "replayed": bool(cursor.replay)},
    )  # fmt: skip
    return cleared


async def failed(tx: Tx, delivery: Delivery, problem: str, now: datetime) -> None:
    """It could not be read to its end; what was read stays, and a replay goes on."""
    await tx.execute(
        "update delivery set state = 'failed', problem = %s, done_at = %s where id = %s",
        (problem, now, delivery.id),
    )


async def asks(tx: Tx, delivery: Delivery, mapping_id: int, why: dict[str, Any]) -> None:
    """A person has to confirm how it is read; until then it waits."""
    await tx.execute(
        "update delivery set state = 'waiting', mapping_id = %s, format = 'table', why = %s"
        " where id = %s",
        (mapping_id, Jsonb(why), delivery.id),
    )


async def again(tx: Tx, delivery_ids: Sequence[int], *, everything: bool) -> list[int]:
    """Have deliveries read once more, whole or only what stands in quarantine; those that are read
    now or wait for it anyway are left alone. The ids of the others.
    """
    rows = await tx.execute(
        """
        update delivery d set state = 'waiting', problem = '', done_at = null,
          items = case when x.replay = 'all' then 0 else items end,
          cursor = jsonb_build_object('read', 0, 'replay', x.replay,
                                      'run', coalesce((cursor->>'run')::int, 0) + 1)
        from (select e.id, case when %(all)s or e.state = 'failed'
                or e.quarantined > (select count(*) from quarantine q where q.delivery_id = e.id
                                    and q.replayed_at is null)
                or exists (select from quarantine q where q.delivery_id = e.id
                           and q.replayed_at is null
                           and (q.position ~ '(^|: )byte ' or q.position ~ '^after '
                                or q.position ~ ': after '))
              then 'all' else 'bad' end as replay
              from delivery e where e.id = any (%(ids)s)) x
        where d.id = x.id and d.state in ('done', 'failed') returning d.id
        """,
        {"ids": list(delivery_ids), "all": everything},
    )
    return sorted(int(row[0]) for row in await rows.fetchall())


async def quarantine(
    tx: Tx, source_id: int, delivery_id: int, bad: Sequence[Bad], run: int, now: datetime
) -> int:
    """Keep what nobody could read, at most `MOST_PIECES` rows a delivery; how many rows are new.

    A piece that is there already keeps its row, with the reason of today.
    """
    if not bad:
        return 0
    once = {_clean(each.position): each for each in bad}
    made = await tx.execute(
        """
        insert into quarantine (delivery_id, source_id, position, reason, piece, at, run)
        select %(delivery)s, %(source)s, p, r, b, %(now)s, %(run)s
        from unnest(%(positions)s::text[], %(reasons)s::text[], %(pieces)s::bytea[])
             with ordinality x(p, r, b, n)
        where exists (select from quarantine q where q.delivery_id = %(delivery)s and q.position = p)
           or n <= %(most)s - (select count(*) from quarantine where delivery_id = %(delivery)s)
        order by n
        on conflict (delivery_id, position) where delivery_id is not null
        do update set reason = excluded.reason, piece = excluded.piece, run = excluded.run,
                      replayed_at = null
        returning (xmax = 0)
        """,
        {"delivery": delivery_id, "source": source_id, "now": now, "run": run,
         "positions": list(once), "most": MOST_PIECES,
         "reasons": [_clean(b.reason) for b in once.values()],
         "pieces": [b.piece[:MAX_PIECE] for b in once.values()]},
    )  # fmt: skip
    return sum(1 for row in await made.fetchall() if row[0])


def _clean(text: str) -> str:
    """What the database can keep of what a stranger's bytes made a decoder say."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:MAX_WORDS]


async def positions(tx: Tx, delivery_id: int) -> list[str]:
    """Where the pieces of a delivery stand that wait in quarantine."""
    rows = await tx.execute(
        "select position from quarantine where delivery_id = %s and replayed_at is null",
        (delivery_id,),
    )
    return [row[0] for row in await rows.fetchall()]
