"""Alerts that came since the last were counted: in commit order, each exactly once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from zvon.store.transaction import Tx

MAX_TEXT = 64 * 1024  # of a payload that is looked into; a longer one is read by its values


class Fresh(Struct, frozen=True, kw_only=True, gc=False):
    """The record of an alert; `at` is by its sensor's clock, `received_at` by ours.

    `payload` is what the intake stored (`format`, `title`, `said`); `values` are
    (`model.observable.CODE`, value, role).
    """

    record_id: int
    uuid: UUID
    org_id: int
    orgc_id: int
    tlp: int
    pap: int
    group_uuid: UUID | None
    source_id: int | None
    at: datetime
    received_at: datetime
    payload: Any
    values: tuple[tuple[int, str, int], ...] = ()


class Window(Struct, frozen=True, kw_only=True):
    """A piece of the change log: the alerts in it, where it begins and where it ends."""

    since: int
    until: int
    alerts: list[Fresh]


async def window(tx: Tx, most: int) -> Window | None:
    """The next piece of at most `most` changes, with the cursor locked; none when all is counted.

    Call `counted` in the same transaction. Two that call it at once take turns.
    """
    row = await (
        await tx.execute("select seq from alert_cursor where id = 1 for no key update")
    ).fetchone()
    assert row is not None
    since = int(row[0])
    changes = await (
        await tx.execute(
            """
            select seq, case when kind = 'alert' and op = 'add' then record_id end
            from change where seq > %s order by seq limit %s
            """,
            (since, most),
        )
    ).fetchall()
    if not changes:
        return None
    ids = [int(record_id) for _, record_id in changes if record_id is not None]
    return Window(since=since, until=int(changes[-1][0]), alerts=await records(tx, ids, new=True))


async def counted(tx: Tx, window: Window, accepted: int, now: datetime) -> None:
    """Move the cursor to the end of a piece."""
    await tx.execute(
        "update alert_cursor set seq = %s, accepted = accepted + %s, at = %s where id = 1",
        (window.until, accepted, now),
    )


async def records(tx: Tx, ids: Sequence[int], *, new: bool = False) -> list[Fresh]:
    """The records in the order of `ids`, without those that are purged.

    With `new` also without those that are counted already.
    """
    if not ids:
        return []
    rows = await (
        await tx.execute(
            """
            select r.id, r.uuid, r.org_id, r.orgc_id, r.tlp, r.pap, r.group_uuid, r.source_id,
                   r.created_at, r.received_at,
                   case when length(p.text) <= %s then p.text else '{}' end
            from record r cross join lateral (select r.payload::text as text) p
            where r.id = any(%s)
              and not (%s and exists (select from alert a where a.record_id = r.id))
            """,
            (MAX_TEXT, list(ids), new),
        )
    ).fetchall()
    values = await _values(tx, [row[0] for row in rows])
    found = {
        row[0]: Fresh(
            record_id=row[0], uuid=row[1], org_id=row[2], orgc_id=row[3], tlp=row[4], pap=row[5],
            group_uuid=row[6], source_id=row[7], at=row[8], received_at=row[9],
            payload=msgspec.json.decode(row[10]), values=values.get(row[0], ()),
        )
        for row in rows
    }  # fmt: skip
    return [found[each] for each in dict.fromkeys(ids) if each in found]


async def _values(tx: Tx, ids: Sequence[int]) -> dict[int, tuple[tuple[int, str, int], ...]]:
    rows = await tx.execute(
        """
        select c.record_id, o.type, o.value, c.role from occurrence c
        join observable o on o.id = c.observable_id
        where c.record_id = any(%s) order by c.record_id, c.role, o.type, o.value
        """,
        (list(ids),),
    )
    found: dict[int, list[tuple[int, str, int]]] = {}
    for record_id, code, value, role in await rows.fetchall():
        found.setdefault(record_id, []).append((code, value, role))
    return {record_id: tuple(each) for record_id, each in found.items()}
