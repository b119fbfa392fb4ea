"""How often the bottom of the queue hides what matters: a blind sample, and its miss rate.

Rows are read and written as the system only: who was drawn shows nowhere before it is decided.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import LiteralString

from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.model.marking import Tlp
from zvon.model.rate import Rate, rate
from zvon.store import policy
from zvon.store.incident_row import timeline
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Change, Op, Tx

SALT = "queue_sample_salt"
Z_ONE_SIDED = 1.6448536269514722
"""95 % on one side: the question is only whether more are missed than the bound."""

# Drawn by a keyed hash: the same incident is drawn or not, however often it is looked at, and who
# does not hold the salt cannot tell which.
_DRAW: LiteralString = """
insert into queue_sample (incident_id, drawn_at, lifted)
select i.id, %(now)s,
       coalesce((select o.rank from incident o where o.waiting order by o.rank desc, o.id desc
                 offset %(first)s + get_byte(i.h, 4) %% %(span)s limit 1), i.rank)
from (select id, rank, first_at, sha256(%(salt)s || uuid_send(uuid)) as h
      from incident where waiting and rank < %(below)s and rank_terms is not null
        and verdict_by is null and alert_verdict is null
        and first_at > %(since)s) i
where get_byte(i.h, 0) * 16777216::bigint + get_byte(i.h, 1) * 65536 + get_byte(i.h, 2) * 256
      + get_byte(i.h, 3) < %(rate)s * 4294967296
on conflict do nothing returning incident_id
"""
_RESULT: LiteralString = """
select count(*), count(*) filter (where i.verdict_by is not null and i.verdict = 'malicious'
                                  or i.alert_verdict = 'true_positive')
from queue_sample s join incident i on i.id = s.incident_id
where (i.verdict_by is not null or i.alert_verdict is not null)
"""
_CLOSING: LiteralString = """
select i.id, i.uuid, i.record_id, i.tlp, i.number from incident i
where i.waiting and i.rank < %(below)s and i.first_at < %(before)s and i.rank_terms is not null
  and i.owner_id is null and i.verdict_by is null and i.alert_verdict is null
  and i.state in ('new', 'triage') and i.severity < 3 and i.origin = 'own'
  and not exists (select from queue_sample s where s.incident_id = i.id)
  and not exists (select from block b where b.incident_id = i.id)
  and not exists (select from incident_decision d where d.incident_id = i.id)
order by i.rank, i.id limit %(most)s for no key update skip locked
"""


class Miss(Struct, frozen=True, kw_only=True):
    """What the sample shows: decided ones, how many of them mattered, and how many still wait."""

    rate: Rate
    bound_high: float
    waiting: int


async def salt(tx: Tx, random: Callable[[int], bytes], now: datetime) -> bytes:
    """The secret of the draw, made once."""
    await tx.execute(
        "insert into policy (name, version, body, at) values (%s, 1, %s, %s) on conflict do nothing",
        (SALT, Jsonb({"salt": random(32).hex()}), now),
    )
    body = await policy.newest(tx.db, SALT)
    assert body is not None
    return bytes.fromhex(body["salt"])


async def draw(
    tx: Tx,
    *,
    salt: bytes,
    share: float,
    below: float,
    first_place: int,
    last_place: int,
    since: datetime,
    now: datetime,
) -> int:
    """Draw from what ranks below, first seen after `since`; how many are new. Idempotent."""
    rows = await (
        await tx.execute(
            _DRAW,
            {
                "salt": salt,
                "rate": share,
                "below": below,
                "first": first_place - 1,
                "span": max(1, last_place - first_place + 1),
                "since": since,
                "now": now,
            },
        )
    ).fetchall()
    await tx.execute(
        "insert into rank_due (incident_id) select unnest(%s::bigint[])", ([r[0] for r in rows],)
    )
    return len(rows)


async def lifted(db: Db, ids: Sequence[int]) -> dict[int, float]:
    """The rank that drawn ones of these are lifted to until somebody decides them."""
    rows = await (
        await db.execute(
            "select s.incident_id, s.lifted from queue_sample s join incident i"
            " on i.id = s.incident_id where s.incident_id = any(%s)"
            " and i.verdict_by is null and i.alert_verdict is null",
            (list(ids),),
        )
    ).fetchall()
    return dict(rows)


async def missed(db: Db) -> Miss:
    """The miss rate with its intervals (Wilson 1927); `bound_high` is one-sided, 95 %."""
    row = await (await db.execute(_RESULT)).fetchone()
    waits = await (
        await db.execute(
            "select count(*) from queue_sample s join incident i on i.id = s.incident_id"
            " where i.waiting and i.verdict_by is null and i.alert_verdict is null"
        )
    ).fetchone()
    assert row is not None
    assert waits is not None
    return Miss(rate=rate(row[1], row[0]), bound_high=rate(row[1], row[0], z=Z_ONE_SIDED).high,
                waiting=waits[0])  # fmt: skip


async def close_bottom(
    tx: Tx, *, below: float, waited: timedelta, now: datetime, most: int = 200
) -> int:
    """Reject what ranks lowest and waited long, untouched by anybody; how many.

    Each can be reopened. Severe ones, a partner's, and any with a block or a decision are left.
    """
    rows = await (
        await tx.execute(_CLOSING, {"below": below, "before": now - waited, "most": most})
    ).fetchall()
    for id_, uuid, record_id, tlp, number in sorted(rows):
        await tx.execute(
            "update incident set state = 'rejected', version = version + 1 where id = %s", (id_,)
        )
        await timeline(tx, id_, "state", "system", "AUTO_CLOSED", {}, now)
        tx.note(
            Change(kind="incident", subject=uuid, op=Op.EDIT, record_id=record_id, tlp=Tlp(tlp))
        )
        tx.audit(AuditEntry(actor="system", action="incident:auto_closed",
                            object=f"incident:{number}", rule="queue_sample"))  # fmt: skip
    return len(rows)
