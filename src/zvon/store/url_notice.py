"""Letters to owners and providers of pages: prepared here, sent by a person, never by us."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.evidence import EvidenceCode
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.observable import Observable, ObservableType
from zvon.model.suffix import registered
from zvon.store import evidence
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx
from zvon.store.url_row import UrlRule, by_uuid


class NoNotice(LookupError):
    """There is no such letter."""


class Draft(Struct, frozen=True, kw_only=True):
    """The words of a letter in one language; `recipient` is `None` when nobody is known."""

    lang: str
    recipient: str | None
    subject: str
    body: str


class Notice(Struct, frozen=True, kw_only=True):
    """A letter that waits for a person, or that a person has sent."""

    uuid: UUID
    lang: str
    recipient: str | None
    subject: str
    body: str
    made_at: datetime
    sent_at: datetime | None
    sent_by: str | None


async def contact(db: Db, rule: UrlRule, now: datetime) -> str | None:
    """The address for complaints about the host's domain, if a registry named one."""
    about = Observable(ObservableType.REGISTERED, registered(rule.host) or rule.host)
    for row in await evidence.fresh(db, [about], now):
        if row.code is EvidenceCode.ABUSE:
            return row.value
    return None


async def is_written(db: Db, rule: UrlRule) -> bool:
    """Are there letters about this rule already?"""
    row = await (
        await db.execute("select 1 from url_notice where rule_id = %s limit 1", (rule.id,))
    ).fetchone()
    return row is not None


async def put(
    tx: Tx, rule: UrlRule, drafts: Sequence[Draft], now: datetime, random: Callable[[int], bytes]
) -> None:
    """Keep the letters; one of each language for a rule, and the first one stays."""
    for draft in drafts:
        await tx.execute(
            """
            insert into url_notice (uuid, rule_id, lang, recipient, subject, body, made_at)
            values (%s, %s, %s, %s, %s, %s, %s) on conflict (rule_id, lang) do nothing
            """,
            (uuid7(now, random(RANDOM_BYTES)), rule.id, draft.lang, draft.recipient,
             draft.subject, draft.body, now),
        )  # fmt: skip


async def of_rule(db: Db, viewer: Viewer, rule: UUID) -> list[Notice]:
    """The letters about a page. Raises `NoRule`."""
    viewer.require(Permission.BLOCK_READ)
    found = await by_uuid(db, [rule])
    async with db.cursor(row_factory=class_row(Notice)) as cursor:
        await cursor.execute(
            """
            select n.uuid, n.lang, n.recipient, n.subject, n.body, n.made_at, n.sent_at,
                   p.login as sent_by
            from url_notice n left join person p on p.id = n.sent_by
            where n.rule_id = %s order by n.lang
            """,
            (found[0].id,),
        )
        return await cursor.fetchall()


async def mark_sent(tx: Tx, viewer: Viewer, notice: UUID, now: datetime) -> None:
    """Write down that the person sent the letter by their own means. Raises `NoNotice`."""
    viewer.require(Permission.BLOCK_PROPOSE)
    row = await (
        await tx.execute(
            "update url_notice set sent_at = %s, sent_by = %s where uuid = %s and sent_at is null"
            " returning recipient",
            (now, viewer.person_id, notice),
        )
    ).fetchone()
    if row is None:
        raise NoNotice(f"there is no letter {notice} that waits")
    tx.audit(AuditEntry(actor=viewer.login, action="url:notice-sent", object=f"notice:{notice}",
                        detail={"recipient": row[0]}))  # fmt: skip
