"""The report as `collect` and `assess` work on it, and the answer that its sender gets."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.model.marking import Tlp
from zvon.model.report import Lang, Message
from zvon.store.party import Db
from zvon.store.transaction import Change, Op, Tx


class Waiting(Struct, frozen=True, kw_only=True):
    """A decoded report that has no answer yet. `lang` is the reporter's."""

    record_id: int
    uuid: UUID
    number: str
    lang: Lang
    received_at: datetime
    tlp: Tlp
    message: Message


async def waiting(db: Db, record_id: int, *, again: bool = False) -> Waiting | None:
    """The report when it was decoded and not answered (or, `again`, when it was), else `None`."""
    return (await all_waiting(db, {(record_id, again)})).get(record_id)


async def all_waiting(db: Db, wanted: Collection[tuple[int, bool]]) -> dict[int, Waiting]:
    """Like `waiting`, of many: `wanted` are record ids, each with whether it is looked at again."""
    cursor = await db.execute(
        """
        select r.record_id, c.uuid, r.number, r.lang, r.received_at, c.tlp, c.payload
        from report r join record c on c.id = r.record_id
        join unnest(%s::bigint[], %s::text[]) w(id, status) on w.id = r.record_id
        where r.status = w.status and not c.deleted
        """,
        _statuses(wanted),
    )
    return {
        row[0]: Waiting(
            record_id=row[0],
            uuid=row[1],
            number=row[2],
            lang=Lang(row[3]),
            received_at=row[4],
            tlp=Tlp(row[5]),
            message=msgspec.convert(row[6], Message),
        )
        for row in await cursor.fetchall()
    }


async def unsettled(tx: Tx, wanted: Collection[tuple[int, bool]]) -> frozenset[int]:
    """Those of `wanted` that still wait as `all_waiting` says, locked until the commit."""
    cursor = await tx.execute(
        """
        select r.record_id from report r join record c on c.id = r.record_id
        join unnest(%s::bigint[], %s::text[]) w(id, status) on w.id = r.record_id
        where r.status = w.status and not c.deleted order by r.record_id for update of r
        """,
        _statuses(wanted),
    )
    return frozenset(row[0] for row in await cursor.fetchall())


def _statuses(wanted: Collection[tuple[int, bool]]) -> tuple[list[int], list[str]]:
    pairs = sorted(set(wanted))
    return [each for each, _ in pairs], ["answered" if again else "decoded" for _, again in pairs]


class Given(Struct, frozen=True, kw_only=True):
    """An answer: `dangerous`, `official`, `no_sign` or `looking`, and what is urgent."""

    report: Waiting
    kind: str
    addons: Sequence[str]


async def give(tx: Tx, answers: Sequence[Given], now: datetime) -> None:
    """Store answers. A later one replaces an earlier; `answered_at` stays that of the first.

    A person's "malicious" or "benign" stands, whatever a machine finds later.
    """
    if not answers:
        return
    await tx.execute(
        """
        with wanted as (
          select x.id, x.addons,
                 case when i.verdict_by is not null and i.verdict in ('malicious', 'benign')
                      then coalesce(r.answer, x.kind) else x.kind end as kind
          from unnest(%(ids)s::bigint[], %(kinds)s::text[], %(addons)s::jsonb[]) x(id, kind, addons)
          join report r on r.record_id = x.id left join incident i on i.id = r.incident_id)
        update report r set status = 'answered', answered_at = coalesce(r.answered_at, %(now)s),
          changed_at = case when r.answer <> w.kind then %(now)s else r.changed_at end,
          answer = w.kind, answer_addons = array(select jsonb_array_elements_text(w.addons))
        from wanted w where r.record_id = w.id
        """,
        {
            "now": now,
            "ids": [each.report.record_id for each in answers],
            "kinds": [each.kind for each in answers],
            "addons": [Jsonb(list(each.addons)) for each in answers],
        },
    )
    tx.note(
        *(
            Change(kind="report", subject=each.report.uuid, op=Op.EDIT,
                   record_id=each.report.record_id, tlp=each.report.tlp)
            for each in answers
        )
    )  # fmt: skip
