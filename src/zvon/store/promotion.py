"""Values of an incident, and calling one of them an indicator: an act of its own, with a reason."""

import os
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import CODE, TYPE, Observable, ObservableType
from zvon.store import incident_decision as decision
from zvon.store.incident_life import require
from zvon.store.ingest import NAMED, NEAR, SAID, SHOWN, RecordIn, Sighted, ingest
from zvon.store.observable import code_of, digest
from zvon.store.party import Db, own
from zvon.store.transaction import Tx

MOST = 200
MOST_RECORDS = 2000
_T = ObservableType
# What is found again elsewhere; marks that we derive ourselves are not, and the reporter's side
# never is.
PROMOTED = frozenset({
    _T.URL, _T.DOMAIN, _T.REGISTERED, _T.IPV4, _T.IPV6, _T.CIDR, _T.EMAIL, _T.PHONE, _T.MD5, _T.SHA1,
    _T.SHA256, _T.SHA512, _T.IBAN, _T.WALLET, _T.FILENAME, _T.SSDEEP, _T.TLSH, _T.IMPHASH, _T.JA3,
    _T.JA3S, _T.JA4, _T.JARM, _T.FILEPATH, _T.ASN,
})  # fmt: skip


class NotThere(LookupError):
    """The value is not one of the incident's, or cannot be an indicator."""


class Value(Struct, frozen=True, kw_only=True):
    """A value of the incident: in how many of its records, since when, and whether it was promoted."""

    id: int
    type: int
    value: str
    records: int
    first_at: datetime
    last_at: datetime
    promoted_by: str | None
    indicator: UUID | None

    @property
    def kind(self) -> ObservableType:
        """Its type."""
        return TYPE[self.type]


_VALUES = """
with rec as (
  (select record_id from report where incident_id = %(id)s order by record_id desc limit %(records)s)
  union
  (select a.record_id from alert_group g cross join lateral (
     select record_id from alert a where a.group_id = g.id order by record_id desc limit 20) a
   where g.incident_id = %(id)s limit %(records)s)),
values_ as (
  select c.observable_id as id, count(distinct c.record_id) as records, min(c.seen_at) as first_at,
         max(c.seen_at) as last_at
  from rec join occurrence c using (record_id) where c.role = any(%(roles)s) group by 1)
select v.id, o.type, o.value, v.records, v.first_at, v.last_at, p.login as promoted_by,
       r.uuid as indicator
from values_ v join observable o on o.id = v.id and o.type = any(%(types)s)
left join promotion m on m.incident_id = %(id)s and m.observable_id = v.id
left join person p on p.id = m.by_person left join record r on r.id = m.record_id
where %(one)s::bigint is null or v.id = %(one)s
order by v.records desc, v.id limit %(most)s
"""


async def values(
    db: Db, incident_id: int, *, one: int | None = None, limit: int = MOST
) -> list[Value]:
    """Values that the incident's reports and alerts name, those in most records first."""
    async with db.cursor(row_factory=class_row(Value)) as cursor:
        await cursor.execute(
            _VALUES,
            {"id": incident_id, "records": MOST_RECORDS, "roles": [SAID, SHOWN, NEAR, NAMED],
             "types": [CODE[each] for each in PROMOTED], "one": one, "most": limit},
        )  # fmt: skip
        return await cursor.fetchall()


async def promote(
    tx: Tx, viewer: Viewer, incident: UUID, value: Observable, reason: str, now: datetime,
    random: Callable[[int], bytes] = os.urandom,
) -> UUID:  # fmt: skip
    """Make an indicator of a value of the incident, marked as the incident is; its identifier.

    Promoting it again gives the same indicator. Raises `Denied`, `NotFound`, `NotThere`.
    """
    require(viewer, Permission.INCIDENT_DECIDE, incident)
    current = await decision.lock(tx, incident)
    row = await (
        await tx.execute(
            "select id from observable where digest = %s",
            (digest(code_of(value), value.value.encode()),),
        )
    ).fetchone()
    found = [] if row is None else await values(tx.db, current.id, one=int(row[0]))
    if not found:
        raise NotThere(f"{current.number} names no such value that can be an indicator")
    if found[0].indicator is not None:
        return found[0].indicator
    marked = await (
        await tx.execute(
            "select tlp, pap, group_uuid, orgc_id from record where id = %s", (current.record_id,)
        )
    ).fetchone()
    assert marked is not None
    uuid, home = uuid7(now, random(RANDOM_BYTES)), await own(tx.db)
    (record_id,) = await ingest(
        tx,
        [RecordIn(
            uuid=uuid, kind="indicator", created_at=now, modified_at=now, tlp=Tlp(marked[0]),
            pap=Pap(marked[1]), group_uuid=marked[2], org_id=home.id, orgc_id=marked[3],
            payload={"type": value.type.value, "value": value.value, "incident": str(incident),
                     "number": current.number},
            observables=[Sighted(value, SAID, now)],
        )],
        now,
    )  # fmt: skip
    if marked[0] == Tlp.RED:
        await tx.execute(
            "insert into record_audience (record_id, person_id)"
            " select %s, person_id from record_audience where record_id = %s",
            (record_id, current.record_id),
        )
    await tx.execute(
        "insert into promotion (incident_id, observable_id, record_id, reason, by_person, at)"
        " values (%s, %s, %s, %s, %s, %s)",
        (current.id, found[0].id, record_id, reason, viewer.person_id, now),
    )
    await tx.execute(
        "insert into edge (src, type, dst, reason, record_id, at)"
        " values (%s, 'derived-from', %s, %s, %s, %s) on conflict do nothing",
        (uuid, incident, Jsonb({"code": "PROMOTED"}), record_id, now),
    )
    await decision.tell(tx, viewer, current, "indicator", "PROMOTED", reason, now,
                        value=value.value[:200], type=value.type.value)  # fmt: skip
    return uuid
