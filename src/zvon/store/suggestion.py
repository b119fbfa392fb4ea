"""What machines suggest about an incident. A suggestion never acts; a person takes it or not."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.marking import Tlp
from zvon.model.verdict import Reason
from zvon.store import classification
from zvon.store.incident_similar import Similar, for_suggestion
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Change, Op, Tx

LIKENESS = "likeness@1"
LEAST = 2  # decided incidents, below which likeness says nothing
SURE_ENOUGH = 0.6


class NoSuggestion(LookupError):
    """There is no such suggestion that waits."""


class Suggestion(Struct, frozen=True, kw_only=True):
    """A suggestion that waits: what it is about, its value, how likely, by which model, and why."""

    id: int
    uuid: UUID
    incident_id: int
    what: str
    value: str
    probability: float
    model: str
    reasons: list[dict[str, Any]]
    at: datetime


async def open_of(db: Db, viewer: Viewer, incident_id: int) -> list[Suggestion]:
    """What waits for this incident, likeliest first. Raises `Denied`."""
    viewer.require(Permission.INCIDENT_READ)
    return await _rows(db, incident_id)


async def _rows(db: Db, incident_id: int) -> list[Suggestion]:
    async with db.cursor(row_factory=class_row(Suggestion)) as cursor:
        await cursor.execute(
            """
            select id, uuid, incident_id, what, value, probability, model, reasons, at
            from suggestion where incident_id = %s and state = 'open'
            order by what, probability desc, id
            """,
            (incident_id,),
        )
        return await cursor.fetchall()


async def by_likeness(
    tx: Tx, incident_id: int, now: datetime, random: Callable[[int], bytes]
) -> None:
    """Suggest the class that similar decided incidents have; what no longer holds expires."""
    row = await (
        await tx.execute(
            """
            select exists (select from classification c where c.incident_id = i.id
                           and c.source = 'person' and c.ended_at is null and c.taxonomy = 'rsit')
                   or i.state in ('resolved', 'closed', 'rejected', 'merged'), i.rsit
            from incident i where i.id = %s
            """,
            (incident_id,),
        )
    ).fetchone()
    assert row is not None
    wanted = None
    if not row[0]:
        wanted = _class(await for_suggestion(tx.db, incident_id))
        if wanted is not None and wanted[0] == row[1]:
            wanted = None
    await tx.execute(
        """
        update suggestion set state = 'expired', ended_at = %s
        where incident_id = %s and model = %s and state = 'open' and value is distinct from %s
        """,
        (now, incident_id, LIKENESS, None if wanted is None else wanted[0]),
    )
    if wanted is None:
        return
    value, probability, reasons = wanted
    await tx.execute(
        """
        insert into suggestion (uuid, incident_id, what, value, probability, model, reasons, at)
        values (%s, %s, 'class', %s, %s, %s, %s, %s)
        on conflict (incident_id, what, value, model) where state = 'open'
        do update set probability = excluded.probability, reasons = excluded.reasons
        """,
        (uuid7(now, random(RANDOM_BYTES)), incident_id, value, probability, LIKENESS,
         Jsonb(msgspec.to_builtins(reasons)), now),
    )  # fmt: skip


def _class(found: list[Similar]) -> tuple[str, float, list[Reason]] | None:
    """The class of most similar incidents that people decided, by the rule of succession."""
    decided = [each for each in found if each.rsit and each.said not in {None, "undetermined"}]
    if len(decided) < LEAST:
        return None
    counts: dict[str, int] = {}
    for each in decided:
        counts[str(each.rsit)] = counts.get(str(each.rsit), 0) + 1
    value, hits = max(sorted(counts.items()), key=lambda item: item[1])
    probability = (hits + 1) / (len(decided) + 2)
    if probability < SURE_ENOUGH:
        return None
    return value, probability, [
        Reason(code="CLASS_OF_SIMILAR", params={"n": hits, "of": len(decided)})
    ]  # fmt: skip


async def answer(tx: Tx, viewer: Viewer, uuid: UUID, *, accept: bool, now: datetime) -> Suggestion:
    """Take a suggestion or turn it down; taking it is the person's own act.

    Raises `Denied`, `NoSuggestion`.
    """
    viewer.require(Permission.INCIDENT_DECIDE)
    row = await (
        await tx.execute(
            """
            select s.incident_id, i.uuid, i.record_id, i.tlp, i.number
            from suggestion s join incident i on i.id = s.incident_id
            where s.uuid = %s and s.state = 'open' for update of s
            """,
            (uuid,),
        )
    ).fetchone()
    if row is None:
        raise NoSuggestion(f"no suggestion {uuid} waits")
    found = next(each for each in await _rows(tx.db, row[0]) if each.uuid == uuid)
    await tx.execute(
        "update suggestion set state = %s, by_person = %s, ended_at = %s where uuid = %s",
        ("accepted" if accept else "rejected", viewer.person_id, now, uuid),
    )
    tx.audit(AuditEntry(actor=viewer.login, object=f"incident:{row[4]}",
                        action=f"suggestion:{'accept' if accept else 'reject'}",
                        detail={"what": found.what, "value": found.value,
                                "probability": found.probability, "model": found.model}))  # fmt: skip
    tx.note(Change(kind="incident", subject=row[1], op=Op.EDIT, record_id=row[2], tlp=Tlp(row[3])))
    if accept and found.what == "class":
        await classification.say(tx, viewer, row[1], "rsit", [found.value], now)
    return found
