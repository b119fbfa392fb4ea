"""What the node knows that a form of the law asks for, by source; the caller makes texts of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from zvon.model.obligation_form import Filled
from zvon.model.significance import Fact
from zvon.store import obligation, obligation_fact, party, promotion
from zvon.store.incident_time import current
from zvon.store.obligation import Obligation, Step
from zvon.store.party import Db

MOST = 100
NAMES: dict[int, str] = {0: "unknown", 1: "low", 2: "medium", 3: "high", 4: "critical"}


class Sources(Struct, frozen=True, kw_only=True):
    """Everything that a form may be filled from."""

    duty: Obligation
    node: str
    incident: dict[str, Any]
    times: dict[str, datetime]
    names: tuple[str, ...]
    values: tuple[str, ...]
    blocks: tuple[tuple[str, str, datetime | None], ...]
    facts: dict[str, Fact]
    sent: dict[str, datetime]
    drafts: dict[str, dict[str, Filled]]


async def sources(db: Db, duty: Obligation, now: datetime) -> Sources:
    """What is known now for a duty, seen with the eyes of the transaction's viewer."""
    made = await obligation.steps(db, duty)
    own = await party.own(db)
    incident_id = duty.incident_id
    return Sources(
        duty=duty, node=own.name,
        incident={} if incident_id is None else await _incident(db, incident_id),
        times={} if incident_id is None else {
            what: row.at for what, row in (await current(db, incident_id)).items()},
        names=() if incident_id is None else await _names(db, incident_id),
        values=() if incident_id is None else tuple(
            f"{each.kind.value}: {each.value}" for each in await promotion.values(
                db, incident_id, limit=MOST)),
        blocks=() if incident_id is None else await _blocks(db, incident_id),
        facts={} if incident_id is None else await obligation_fact.current(db, incident_id, now),
        sent={each.step: each.submitted_at for each in made if each.submitted_at},
        drafts=_drafts(made),
    )  # fmt: skip


async def of_step(db: Db, one: Step, now: datetime) -> Sources:
    """The same for the duty of a step."""
    return await sources(db, await obligation.known(db, UUID(str(one.obligation))), now)


def _drafts(steps: list[Step]) -> dict[str, dict[str, Filled]]:
    return {each.step: each.filled for each in steps if each.n == 1 and each.fields}


async def _incident(db: Db, incident_id: int) -> dict[str, Any]:
    row = await (
        await db.execute(
            "select number, title, title_params, state, severity, category, report_count, first_at"
            " from incident where id = %s",
            (incident_id,),
        )
    ).fetchone()
    if row is None:
        return {}
    return {"number": row[0], "title": row[1], "title_params": row[2], "state": row[3],
            "severity": NAMES[int(row[4])], "category": row[5], "reports": row[6],
            "first_at": row[7]}  # fmt: skip


async def _names(db: Db, incident_id: int) -> tuple[str, ...]:
    rows = await (
        await db.execute(
            "select name from incident_name where incident_id = %s order by reports desc, name limit %s",
            (incident_id, MOST),
        )
    ).fetchall()
    return tuple(row[0] for row in rows)


async def _blocks(db: Db, incident_id: int) -> tuple[tuple[str, str, datetime | None], ...]:
    rows = await (
        await db.execute(
            "select name, state, published_at from block where incident_id = %s order by id limit %s",
            (incident_id, MOST),
        )
    ).fetchall()
    return tuple((row[0], row[1], row[2]) for row in rows)
