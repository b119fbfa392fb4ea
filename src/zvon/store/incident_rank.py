"""The stored place of incidents in the queue: made anew only where facts or the age changed."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model import rank as model
from zvon.model.rank import Lift, Weights
from zvon.store.incident_decision import lock
from zvon.store.incident_rank_facts import MOST_HOSTS, facts
from zvon.store.incident_row import timeline
from zvon.store.party import Db
from zvon.store.queue_sample import lifted
from zvon.store.transaction import AuditEntry, Change, Op, Tx

POLICY = "rank"
FEATURES = frozenset({"novelty", "hosts", "triage", "escalation", "hub"})


class Current(Struct, frozen=True, kw_only=True):
    """The weights that hold; version 0 are those that ship."""

    version: int
    weights: Weights


async def current(db: Db) -> Current:
    """The newest version of the weights."""
    row = await (
        await db.execute(
            "select version, body from policy where name = %s order by version desc limit 1",
            (POLICY,),
        )
    ).fetchone()
    if row is None:
        return Current(version=0, weights=model.shipped())
    return Current(version=row[0], weights=model.read(row[1]))


async def put_features(tx: Tx, incident_id: int, features: Mapping[str, Any]) -> None:
    """Add facts that rank the incident to those that are known; the job ranks it anew.

    `novelty` is the sum over distinct signatures of 1 / (1 + earlier hours), `hosts` what was
    attacked, `triage` a calibrated probability, `escalation` a level, `hub` whether it is only
    what many have in common. Raises `ValueError` for any other name, or no finite number.
    """
    if unknown := sorted(set(features) - FEATURES):
        raise ValueError(f"no such feature: {', '.join(unknown)}")
    kept = dict(features)
    for name in ("novelty", "triage", "escalation"):
        if name in kept and not math.isfinite(kept[name]):
            raise ValueError(f"{name} is no finite number")
    if "hosts" in kept:
        kept["hosts"] = list(kept["hosts"])[:MOST_HOSTS]
    await tx.execute(
        "update incident set rank_features = rank_features || %s where id = %s",
        (Jsonb(kept), incident_id),
    )


async def escalate(tx: Tx, viewer: Viewer, uuid: UUID, reason: str, now: datetime) -> int:
    """Take an incident one level up, or to the highest; the level. Raises `NotFound`."""
    viewer.require(Permission.INCIDENT_DECIDE)
    found = await lock(tx, uuid)
    row = await (
        await tx.execute("select rank_features from incident where id = %s", (found.id,))
    ).fetchone()
    assert row is not None
    level = min(int(row[0].get("escalation", 0)) + 1, model.MOST_LEVELS)
    await put_features(tx, found.id, {"escalation": level})
    said = {"reason": reason, "level": level}
    await timeline(tx, found.id, "state", viewer.login, "ESCALATED", said, now)
    tx.note(Change(kind="incident", subject=uuid, op=Op.EDIT, record_id=found.record_id,
                   tlp=found.tlp))  # fmt: skip
    tx.audit(AuditEntry(actor=viewer.login, action="incident:escalate",
                        object=f"incident:{found.number}", detail=said))  # fmt: skip
    return level


async def due(tx: Tx, now: datetime, most: int) -> int:
    """Rank what is due: facts that changed, ages that weigh more, older weights; how many were.

    A row that somebody works on is left for the next run. Highest first, so that a change of
    weights shows at once where people look.
    """
    weights = await current(tx.db)
    marks = await (
        await tx.execute("select id, incident_id from rank_due order by id limit %s", (most,))
    ).fetchall()
    changed = list(dict.fromkeys(row[1] for row in marks))
    older = await (
        await tx.execute(
            """
            (select id from incident where waiting and rank_next <= %(now)s
             order by rank_next limit %(most)s)
            union
            (select id from incident where waiting and rank_policy < %(version)s
             order by rank_policy, rank desc limit %(most)s)
            """,
            {"now": now, "version": weights.version, "most": most},
        )
    ).fetchall()
    ids = sorted({*changed, *(row[0] for row in older)})
    if not ids:
        return 0
    locked = await (
        await tx.execute(
            "select id from incident where id = any(%s) order by id for no key update skip locked",
            (ids,),
        )
    ).fetchall()
    mine = {row[0] for row in locked}
    await _put(tx, sorted(mine), weights, now)
    gone = set(ids) - mine
    left = await (
        await tx.execute("select id from incident where id = any(%s)", (list(gone),))
    ).fetchall()
    busy = {row[0] for row in left}
    await tx.execute(
        "delete from rank_due where id = any(%s)", ([m for m, i in marks if i not in busy],)
    )
    return len(mine)


async def _put(tx: Tx, ids: Sequence[int], weights: Current, now: datetime) -> None:
    """Write rank and terms of these rows, and nothing where they stay."""
    known = await facts(tx.db, ids, now)
    ranked = {id_: model.rank(f, weights.weights, now) for id_, f in known.items()}
    # Drawn for the blind sample: their terms stay as they are, only the place is another one.
    for id_, place in (await lifted(tx.db, ids)).items():
        if id_ in ranked and ranked[id_].total < place:
            ranked[id_] = msgspec.structs.replace(ranked[id_], total=place)
    said = {id_: math.fsum(r.weight for r in f.reported) for id_, f in known.items()}
    await tx.execute(
        """
        update incident i set rank = x.rank, rank_terms = x.terms::jsonb,
          rank_added = x.added, rank_policy = %(version)s, rank_next = x.next_at
        from unnest(%(ids)s::bigint[], %(ranks)s::float8[], %(terms)s::text[],
                    %(added)s::float8[], %(next)s::timestamptz[])
             x(id, rank, terms, added, next_at)
        where i.id = x.id
          and (i.rank, i.rank_terms, i.rank_added, i.rank_policy, i.rank_next)
              is distinct from (x.rank, x.terms::jsonb, x.added, %(version)s, x.next_at)
        """,
        {
            "version": weights.version,
            "ids": list(ranked),
            "ranks": [r.total for r in ranked.values()],
            "terms": [msgspec.json.encode(r.terms).decode() for r in ranked.values()],
            "added": [round(r.total - said[id_], 6) for id_, r in ranked.items()],
            "next": [r.next_at for r in ranked.values()],
        },
    )


async def lifts(
    db: Db, viewer: Viewer, ids: Sequence[int], now: datetime
) -> dict[int, tuple[Lift, ...]]:
    """For each of these incidents what would lift it most."""
    viewer.require(Permission.INCIDENT_READ)
    weights = (await current(db)).weights
    known = await facts(db, ids, now)
    return {id_: model.lift(f, weights, now) for id_, f in known.items()}


async def fold_counts(tx: Tx) -> None:
    """Add up the counters that have gathered; idempotent, and nobody waits for it."""
    await tx.execute(
        """
        with gone as (delete from queue_count returning *)
        insert into queue_count
        select tlp, org_id, orgc_id, grouped, sum(n) from gone group by 1, 2, 3, 4
        having sum(n) <> 0
        """
    )


__all__ = ["POLICY", "Current", "current", "due", "escalate", "fold_counts", "lifts",
           "put_features"]  # fmt: skip
