"""A run's row at its beginning, and how many started by themselves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.model.ids import spoken
from zvon.store.party import Db
from zvon.store.run_place import changed
from zvon.store.run_row import RunRow, by_uuid
from zvon.store.run_version import Pinned
from zvon.store.transaction import Op, Tx


class NewRun(Struct, frozen=True, kw_only=True):
    """What a run is started as; none of it changes later but the variables."""

    uuid: UUID
    of: Pinned
    incident: UUID | None
    sandbox: bool
    reason: str
    acts_for: int
    started_by: int | None = None
    trigger: str | None = None
    cause_id: int | None = None
    depth: int = 0
    variables: Mapping[str, Any] = {}


async def put(tx: Tx, new: NewRun, now: datetime) -> RunRow | None:
    """Write the row of a run; `None` when the playbook started by itself for the incident before."""
    drawn = await (await tx.execute("select nextval('run_number')")).fetchone()
    assert drawn is not None
    made = await (
        await tx.execute(
            """
            insert into run (uuid, number, playbook_id, playbook_version_id, incident_id, sandbox,
                             reason, trigger, started_by, acts_for, cause_id, depth, variables,
                             started_at, changed_at)
            values (%s, %s, %s, %s, (select id from incident where uuid = %s), %s, %s, %s, %s, %s,
                    %s, %s, %s, %s, %s)
            on conflict (playbook_id, incident_id) where trigger is not null do nothing
            returning id
            """,
            (new.uuid, spoken("R", now.year, int(drawn[0])), new.of.playbook_id, new.of.id,
             new.incident, new.sandbox, new.reason, new.trigger, new.started_by, new.acts_for,
             new.cause_id, new.depth, Jsonb(dict(new.variables)), now, now),
        )
    ).fetchone()  # fmt: skip
    if made is None:
        return None
    row = await by_uuid(tx.db, new.uuid)
    tx.note(changed(row, Op.ADD))
    return row


async def started_by_itself(
    db: Db, playbook_id: int, incident: UUID, since: datetime
) -> tuple[int, int]:
    """How many runs started by themselves: of the playbook since a moment, and of the incident."""
    row = await (
        await db.execute(
            """
            select (select count(*) from run where playbook_id = %s and trigger is not null
                      and started_at >= %s),
                   (select count(*) from run r join incident i on i.id = r.incident_id
                    where i.uuid = %s and r.trigger is not null)
            """,
            (playbook_id, since, incident),
        )
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])
