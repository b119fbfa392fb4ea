"""Patterns of names that a campaign uses, looked for in every stream until they expire."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Denied, Permission
from zvon.access.viewer import Viewer
from zvon.model.ids import uuid7
from zvon.store import desk
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

LONGEST = timedelta(days=180)
MOST = 1000


class NoRule(LookupError):
    """There is no such rule, or it is not the viewer's to see."""


class BadRule(ValueError):
    """The rule would match nothing, or everything, or for too long."""


class NewRule(Struct, frozen=True, kw_only=True):
    """A pattern (`posta-si-{#}`, see `ml.predict`) and for how long it is looked for."""

    brand: str
    pattern: str
    tlds: Sequence[str]
    reason: str
    expires_at: datetime
    campaign_id: int | None = None


class Rule(Struct, frozen=True, kw_only=True):
    """A rule that was made. `by` is `None` when the machine derived it; `found` counts names."""

    id: int
    uuid: UUID
    brand: str
    pattern: str
    tlds: list[str]
    campaign_uuid: UUID | None
    reason: str
    made_at: datetime
    expires_at: datetime
    by: str | None
    found: int


class Confirmed(Struct, frozen=True, kw_only=True):
    """A campaign that a person judged malicious, and the brand that it imitates."""

    campaign_id: int
    number: str
    brand: str


_SELECT = """
select u.id, u.uuid, u.brand, u.pattern, u.tlds, c.uuid as campaign_uuid, u.reason, u.made_at,
       u.expires_at, p.login as by,
       (select count(*) from watch w where w.source = 'rule:' || u.id) as found
from watch_rule u left join campaign c on c.id = u.campaign_id left join person p on p.id = u.by_person
where """


async def live(db: Db, now: datetime) -> list[Rule]:
    """Rules that have not expired, the newest first."""
    async with db.cursor(row_factory=class_row(Rule)) as cursor:
        await cursor.execute(_SELECT + "u.expires_at > %s order by u.id desc limit %s", (now, MOST))
        return await cursor.fetchall()


async def list_all(db: Db, viewer: Viewer, now: datetime, *, expired: bool = False) -> list[Rule]:
    """Rules that the viewer may see, the newest first. Raises `Denied`."""
    viewer.require(Permission.WATCH_READ)
    mine = await desk.see(db, viewer)
    async with db.cursor(row_factory=class_row(Rule)) as cursor:
        await cursor.execute(
            _SELECT + "(%(mine)s::text[] is null or u.brand = any(%(mine)s))"
            " and (%(expired)s or u.expires_at > %(now)s) order by u.id desc limit %(most)s",
            {"mine": None if mine is None else sorted(mine), "expired": expired, "now": now,
             "most": MOST},
        )  # fmt: skip
        return await cursor.fetchall()


async def add(tx: Tx, viewer: Viewer, new: NewRule, now: datetime, random: bytes) -> Rule:
    """Look for a pattern from now on. Raises `Denied`, `BadRule`."""
    viewer.require(Permission.WATCH_WRITE)
    if not viewer.party_own:
        raise Denied(Permission.WATCH_WRITE)
    made = await _put(tx, new, now, random, viewer.person_id)
    tx.audit(AuditEntry(actor=viewer.login, action="watch_rule:add", object=new.pattern,
                        detail={"brand": new.brand, "reason": new.reason}))  # fmt: skip
    return made


async def confirmed(db: Db, since: datetime) -> list[Confirmed]:
    """Campaigns with a report after `since` and an incident that a person judged malicious."""
    async with db.cursor(row_factory=class_row(Confirmed)) as cursor:
        await cursor.execute(
            """
            select c.id as campaign_id, c.number, min(i.brand) as brand
            from campaign c join incident i on i.campaign_id = c.id
            where c.last_at >= %s and c.merged_into is null and i.brand is not null
              and i.verdict = 'malicious' and i.verdict_by is not null
            group by c.id order by c.id desc limit %s
            """,
            (since, MOST),
        )
        return await cursor.fetchall()


async def derive(tx: Tx, new: NewRule, now: datetime, random: bytes) -> Rule | None:
    """The same by the machine, from a confirmed campaign; `None` when the campaign has it."""
    row = await (
        await tx.execute(
            "update watch_rule set expires_at = greatest(expires_at, %s)"
            " where campaign_id = %s and pattern = %s returning id",
            (new.expires_at, new.campaign_id, new.pattern),
        )
    ).fetchone()
    return None if row else await _put(tx, new, now, random, None)


async def end(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> None:
    """Look for a pattern no longer. Raises `Denied`, `NoRule`."""
    viewer.require(Permission.WATCH_WRITE)
    if not viewer.party_own:
        raise Denied(Permission.WATCH_WRITE)
    row = await (
        await tx.execute(
            "update watch_rule set expires_at = %s where uuid = %s and expires_at > %s"
            " returning pattern",
            (now, uuid, now),
        )
    ).fetchone()
    if row is None:
        raise NoRule(f"there is no rule {uuid} that works")
    tx.audit(AuditEntry(actor=viewer.login, action="watch_rule:end", object=str(row[0])))


async def _put(tx: Tx, new: NewRule, now: datetime, random: bytes, person: int | None) -> Rule:
    if not now < new.expires_at <= now + LONGEST:
        raise BadRule(f"a rule expires within {LONGEST.days} days")
    uuid = uuid7(now, random)
    await tx.execute(
        """
        insert into watch_rule (uuid, brand, pattern, tlds, campaign_id, reason, made_at,
                                expires_at, by_person)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (uuid, new.brand, new.pattern, sorted(set(new.tlds)), new.campaign_id, new.reason, now,
         new.expires_at, person),
    )  # fmt: skip
    async with tx.db.cursor(row_factory=class_row(Rule)) as cursor:
        await cursor.execute(_SELECT + "u.uuid = %s", (uuid,))
        made = await cursor.fetchone()
    assert made is not None
    return made
