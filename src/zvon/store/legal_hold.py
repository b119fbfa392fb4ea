"""Legal holds: what may not be purged yet, said by one person and confirmed by another."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.data_class import data_class
from zvon.model.duration import duration
from zvon.model.ids import uuid7
from zvon.store import data_policy
from zvon.store.block_eyes import check_text
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

MOST = 500


class NoHold(LookupError):
    """There is no such legal hold, or not for this viewer."""


class BadHold(ValueError):
    """The hold cannot be as asked: its class may not be held, or not for so long."""


class EndedHold(ValueError):
    """The hold is over or was approved already."""


class OwnHold(Refused):
    """Whoever proposed a hold cannot approve it."""


class Hold(Struct, frozen=True, kw_only=True):
    """A legal hold on a class in a country, of one record or (`record` is null) of all.

    It holds from its approval until `until` or until somebody ends it.
    """

    uuid: UUID
    country: str
    of_class: str
    record: UUID | None
    reason: str
    until: datetime
    proposed_by: str
    approved_by: str | None
    at: datetime
    ended_at: datetime | None

    def holds(self, now: datetime) -> bool:
        """True while it keeps rows from a purge."""
        return self.approved_by is not None and self.ended_at is None and self.until > now


_SELECT = """
select h.uuid, h.country, h.class as of_class, r.uuid as record, h.reason, h.until,
       p.login as proposed_by, a.login as approved_by, h.at, h.ended_at
from legal_hold h join person p on p.id = h.proposed_by left join person a on a.id = h.approved_by
left join record r on r.id = h.record_id
"""


async def propose(
    tx: Tx, viewer: Viewer, *, country: str, of_class: str, record: UUID | None, reason: str,
    until: datetime, now: datetime, random: bytes,
) -> Hold:  # fmt: skip
    """Ask that rows are kept past their time. It holds only once another person approved it.

    Raises `Denied`, `NoDataPolicy`, `LookupError` (no such class or record), `BadHold`.
    """
    viewer.require(Permission.HOLD_APPROVE)
    data_class(of_class)
    why = check_text("reason", reason)
    most = (await data_policy.of_country(tx.db, country)).rule(of_class).legal_hold
    if most is None:
        raise BadHold(f"the data policy of {country} knows no legal hold for {of_class}")
    if until <= now or duration(most.max).before(until) > now:
        raise BadHold(f"a legal hold of {of_class} lasts at most {most.max} from now")
    record_id = None
    if record is not None:
        found = await (
            await tx.execute("select id from record where uuid = %s", (record,))
        ).fetchone()
        if found is None:
            raise NoHold(f"there is no record {record}")
        record_id = found[0]
    uuid = uuid7(now, random)
    await tx.execute(
        """
        insert into legal_hold (uuid, country, class, record_id, reason, until, proposed_by, at)
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (uuid, country, of_class, record_id, why, until, viewer.person_id, now),
    )
    _trail(tx, viewer, "propose", uuid, country, of_class)
    return await get(tx.db, viewer, uuid)


async def approve(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> Hold:
    """Confirm a hold that somebody else proposed. Raises `Denied`, `NoHold`, `OwnHold`, `EndedHold`."""
    hold = await _open(tx, viewer, uuid, now)
    if hold.approved_by is not None:
        raise EndedHold("the hold was approved already")
    if hold.proposed_by == viewer.login:
        raise OwnHold(
            "another person must approve the hold",
            AuditEntry(actor=viewer.login, action="legal_hold:approve", object=str(uuid),
                       outcome="refused", rule="four eyes"),
        )  # fmt: skip
    await tx.execute(
        "update legal_hold set approved_by = %s where uuid = %s", (viewer.person_id, uuid)
    )
    _trail(tx, viewer, "approve", uuid, hold.country, hold.of_class)
    return await get(tx.db, viewer, uuid)


async def end(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> Hold:
    """Let go what is held: the next purge takes what had its time. Raises like `approve`."""
    hold = await _open(tx, viewer, uuid, now)
    await tx.execute("update legal_hold set ended_at = %s where uuid = %s", (now, uuid))
    _trail(tx, viewer, "end", uuid, hold.country, hold.of_class)
    return await get(tx.db, viewer, uuid)


async def _open(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> Hold:
    viewer.require(Permission.HOLD_APPROVE)
    await tx.execute("select from legal_hold where uuid = %s for update", (uuid,))
    hold = await get(tx.db, viewer, uuid)
    if hold.ended_at is not None or hold.until <= now:
        raise EndedHold("the hold is over")
    return hold


async def get(db: Db, viewer: Viewer, uuid: UUID) -> Hold:
    """One hold. Raises `Denied`, `NoHold`."""
    viewer.require(Permission.DATA_POLICY_READ)
    async with db.cursor(row_factory=class_row(Hold)) as cursor:
        await cursor.execute(_SELECT + "where h.uuid = %s", (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoHold(f"there is no legal hold {uuid}")
    return found


async def list_all(db: Db, viewer: Viewer, *, over: bool = False) -> list[Hold]:
    """Holds that stand or wait for approval, newest first; with `over` also those that ended.

    Raises `Denied`.
    """
    viewer.require(Permission.DATA_POLICY_READ)
    async with db.cursor(row_factory=class_row(Hold)) as cursor:
        await cursor.execute(
            _SELECT + "where h.ended_at is null or %s order by h.at desc, h.id desc limit %s",
            (over, MOST),
        )
        return await cursor.fetchall()


def _trail(tx: Tx, viewer: Viewer, verb: str, uuid: UUID, country: str, of_class: str) -> None:
    tx.audit(
        AuditEntry(actor=viewer.login, action=f"legal_hold:{verb}", object=str(uuid),
                   detail={"country": country, "class": of_class})
    )  # fmt: skip
