"""Mailboxes of ours: how far they were read, and who of those who wrote waits for an answer."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from zvon.store.party import Db
from zvon.store.transaction import Tx

SETTLE = timedelta(seconds=15)
"""An answer is told when it has stood for this long: looks at the page may still change it."""
PAUSE = timedelta(hours=1)
"""One mail for each sender in this time; what comes meanwhile goes into the next one."""
KEPT = timedelta(days=30)
MOST = 20


class Cursor(Struct, frozen=True):
    """The last message that was taken in; UIDs mean something within one `validity` only."""

    validity: int = 0
    uid: int = 0


class Due(Struct, frozen=True, kw_only=True):
    """An answer to tell. `before` is what they were told, `None` when nothing yet."""

    record_id: int
    sealed: bytes
    number: str
    lang: str
    answer: str
    addons: tuple[str, ...]
    brand: str | None
    category: str | None
    before: str | None


async def cursor(db: Db, name: str) -> Cursor:
    """How far the mailbox `name` was read."""
    row = await (
        await db.execute("select validity, uid from mailbox where name = %s", (name,))
    ).fetchone()
    return Cursor() if row is None else Cursor(*row)


async def advance(tx: Tx, name: str, to: Cursor, taken: int, now: datetime) -> None:
    """Everything up to `to` is taken in, `taken` mails more than before."""
    await tx.execute(
        """
        insert into mailbox as m (name, validity, uid, taken, read_at)
        values (%(name)s, %(validity)s, %(uid)s, %(taken)s, %(now)s)
        on conflict (name) do update set validity = %(validity)s, uid = %(uid)s,
          taken = m.taken + %(taken)s, read_at = %(now)s, failed_at = null, problem = ''
        """,
        {"name": name, "validity": to.validity, "uid": to.uid, "taken": taken, "now": now},
    )


async def failed(tx: Tx, name: str, problem: str, now: datetime) -> None:
    """The mailbox could not be read, or an answer not sent; `problem` says why."""
    await tx.execute(
        """
        insert into mailbox (name, failed_at, problem) values (%(name)s, %(now)s, %(problem)s)
        on conflict (name) do update set failed_at = %(now)s, problem = %(problem)s
        """,
        {"name": name, "now": now, "problem": problem[:500]},
    )


async def wait(tx: Tx, number: str, sealed: bytes, sender_hash: bytes, now: datetime) -> None:
    """The sender of report `number` waits for its answer; idempotent."""
    await tx.execute(
        """
        insert into mail_reply (record_id, sealed, sender_hash, asked_at)
        select record_id, %s, %s, %s from report where number = %s on conflict do nothing
        """,
        (sealed, sender_hash, now, number),
    )


async def next_due(tx: Tx, now: datetime) -> Sequence[Due]:
    """All answers that one sender is to be told now, locked; empty when nobody waits.

    A first answer is due once it stands, a changed one once, and none within `PAUSE` of the
    last mail to the same sender.
    """
    rows = await (
        await tx.execute(
            """
            with pending as (
              select m.record_id, m.sender_hash, coalesce(r.changed_at, r.answered_at) as since
              from mail_reply m join report r using (record_id)
              where m.updated_at is null and r.answer is not null
                and r.answer is distinct from m.told
                and coalesce(r.changed_at, r.answered_at) <= %(settled)s),
            chosen as (
              select p.sender_hash from pending p
              where not exists (select from mail_reply x where x.sender_hash = p.sender_hash
                                and greatest(x.told_at, x.updated_at) > %(pause)s)
              order by p.since limit 1)
            select m.record_id, m.sealed, r.number, r.lang, r.answer, r.answer_addons, v.brand,
                   v.category, m.told
            from pending p join chosen using (sender_hash) join mail_reply m using (record_id)
            join report r using (record_id)
            left join lateral (select brand, category from verdict where record_id = m.record_id
                               order by at desc, id desc limit 1) v on true
            order by m.record_id limit %(most)s for update of m skip locked
            """,
            {"settled": now - SETTLE, "pause": now - PAUSE, "most": MOST},
        )
    ).fetchall()
    return [
        Due(record_id=row[0], sealed=bytes(row[1]), number=row[2], lang=row[3], answer=row[4],
            addons=tuple(row[5]), brand=row[6], category=row[7], before=row[8])
        for row in rows
    ]  # fmt: skip


async def told(tx: Tx, answers: Sequence[Due], now: datetime) -> None:
    """These were sent. An update is the last one."""
    await tx.execute(
        """
        update mail_reply m set told = x.answer, told_at = coalesce(m.told_at, %(now)s),
          updated_at = case when m.told is null then null else %(now)s::timestamptz end
        from unnest(%(ids)s::bigint[], %(answers)s::text[]) x(id, answer)
        where m.record_id = x.id
        """,
        {"now": now, "ids": [a.record_id for a in answers], "answers": [a.answer for a in answers]},
    )


async def forget(tx: Tx, now: datetime) -> None:
    """Addresses to which nothing more will be sent are not kept."""
    await tx.execute(
        """
        delete from mail_reply where asked_at < %(old)s or updated_at < %(pause)s
        """,
        {"old": now - KEPT, "pause": now - PAUSE},
    )
