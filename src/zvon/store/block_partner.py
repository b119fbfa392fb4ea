"""The hour of a trusted partner: one person of a bank or the Post blocks alone, for sixty minutes.

Only hosts, only in an incident about a brand of their own, only names that the incident holds. A
second person confirms it, or the expirer of `dns` lifts it. The database lets nothing else by
without approval (`block_is_partners_own`).
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from msgspec import structs

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model import suffix
from zvon.model.block_life import PARTNER_LIFE, default_life, retest_at
from zvon.model.observable import Observable, ObservableType
from zvon.model.scope import OLD_DAYS, Scope
from zvon.model.verdict import Category
from zvon.store import block_gate as gate
from zvon.store.block_eyes import say
from zvon.store.block_propose import Asked, Proposal, check, put, settle
from zvon.store.block_publish import publish
from zvon.store.block_row import BlockRow, by_uuid
from zvon.store.incident import timeline
from zvon.store.observable import code_of, digest
from zvon.store.transaction import AuditEntry, Change, Op, Tx

ACTION = "block:urgent"
MOST_UNCONFIRMED = 10
NOT_AGAIN = timedelta(hours=24)


class NotTrusted(Refused):
    """One person alone may not block this; propose it, and a second person approves."""


async def urgent(
    tx: Tx, viewer: Viewer, proposal: Proposal, now: datetime, random: Callable[[int], bytes]
) -> list[BlockRow]:
    """Publish a trusted partner's names at once, for an hour, unless a second person confirms.

    Raises `NotTrusted` for everything that needs four eyes, and what `propose` raises.
    """
    viewer.require(Permission.BLOCK_PROPOSE)
    await _require_trusted(tx, viewer, proposal)
    asked = await check(tx, viewer, structs.replace(proposal, expires_at=None), now, action=ACTION)
    await _require_narrow(tx, viewer, proposal, asked, now)
    ends = now + PARTNER_LIFE
    asked = structs.replace(asked, expires_at=ends, confirm_by=ends)
    rows = await put(tx, viewer, proposal, asked, now, random)
    rule = await gate.brake(tx, viewer, len(rows), asked.feed_id, now, approving=False)
    if rule is not None:
        raise _refused(viewer, rule, "too many names for one person")
    rows = await settle(tx, rows, viewer, ACTION, proposal.reason, None, now)
    await publish(tx, rows, actor=viewer.login, reason=proposal.reason, now=now)
    for row in rows:
        assert row.incident_id is not None
        await timeline(tx, row.incident_id, "block", viewer.login, "BLOCK_TO_CONFIRM",
                       {"name": row.name, "number": row.number, "until": f"{ends:%Y-%m-%d %H:%M} UTC"}, now)  # fmt: skip
    return await by_uuid(tx.db, [row.uuid for row in rows])


async def confirm(
    tx: Tx, viewer: Viewer, rows: Sequence[BlockRow], reason: str, now: datetime
) -> None:
    """A second person says yes: the blocks live as long as any other of their category."""
    await say(tx, viewer, rows, reason, now, approves=True)
    for row in rows:
        category = Category(row.category)
        until = (row.published_at or now) + default_life(category)
        await tx.execute(
            "update block set confirm_by = null, expires_at = %s, retest_at = %s,"
            " version = version + 1 where id = %s",
            (until, retest_at(category, now, until), row.id),
        )
        await note(tx, row, viewer.login, "block:confirm", reason, now,
                   code="BLOCK_CONFIRMED", until=f"{until:%Y-%m-%d %H:%M} UTC")  # fmt: skip


async def note(
    tx: Tx, row: BlockRow, actor: str, action: str, reason: str, now: datetime, *, code: str,
    **detail: str,
) -> None:  # fmt: skip
    """Tell of a decision that leaves the state of a block as it is: step, audit, timeline."""
    await tx.execute(
        "insert into block_step (block_id, old, new, at, actor, reason)"
        " values (%s, %s, %s, %s, %s, %s)",
        (row.id, row.state, row.state, now, actor, reason),
    )
    tx.note(Change(kind="block", subject=row.uuid, op=Op.EDIT))
    tx.audit(AuditEntry(actor=actor, action=action, object=f"block:{row.number}",
                        detail={"name": row.name, "reason": reason, **detail}))  # fmt: skip
    if row.incident_id is not None:
        told = {"name": row.name, "number": row.number, "reason": reason, **detail}
        await timeline(tx, row.incident_id, "block", actor, code, told, now)


async def _require_trusted(tx: Tx, viewer: Viewer, proposal: Proposal) -> None:
    """The person's organisation speaks for the brand of the incident."""
    row = await (
        await tx.execute(
            "select y.brands, y.kind from person p join party y on y.id = p.party_id"
            " where p.id = %s and not p.machine and not p.disabled",
            (viewer.person_id,),
        )
    ).fetchone()
    if row is None or not row[0]:
        raise _refused(viewer, "not_trusted", "your organisation is no trusted partner here")
    if proposal.incident_uuid is None:
        raise _refused(viewer, "no_incident", "it needs the incident about your brand")
    brand = await (
        await tx.execute("select brand from incident where uuid = %s", (proposal.incident_uuid,))
    ).fetchone()
    if brand is None:
        raise LookupError(f"there is no incident {proposal.incident_uuid}")
    if brand[0] not in row[0]:
        raise _refused(viewer, "other_brand", "the incident is not about a brand of yours")


async def _require_narrow(
    tx: Tx, viewer: Viewer, proposal: Proposal, asked: Asked, now: datetime
) -> None:
    """Hosts of the incident, young or a customer's on a platform, few, and not again and again."""
    if proposal.trigger != "qname" or any(s is not Scope.HOST for s in asked.names.values()):
        raise _refused(viewer, "wide", "one person alone blocks a host and nothing wider")
    if asked.order_id is not None or asked.category is Category.COMPROMISED_SITE:
        raise _refused(viewer, "four_eyes", "this needs two people")
    names = list(asked.names)
    known = await (
        await tx.execute(
            "select name from incident_name where incident_id = %s and name = any(%s)"
            " and scope <> 'none'",
            (asked.incident_id, names),
        )
    ).fetchall()
    strange = sorted(set(names) - {row[0] for row in known})
    if strange:
        raise _refused(viewer, "not_of_incident", f"the incident does not advise it: {strange[0]}")
    for name in names:
        if not suffix.is_private(name):
            await _require_young(tx, viewer, name, now)
    counts = await (
        await tx.execute(
            """
            select count(*) filter (where b.confirm_by is not null and b.lifted_at is null),
                   max(b.name) filter (where b.name = any(%s) and b.lifted_at > %s
                                       and b.confirm_by is not null)
            from block b join person p on p.id = b.proposer_id where p.party_id = %s
            """,
            (names, now - NOT_AGAIN, viewer.party_id),
        )
    ).fetchone()
    assert counts is not None
    if counts[0] + len(names) > MOST_UNCONFIRMED:
        raise _refused(viewer, "unconfirmed", f"at most {MOST_UNCONFIRMED} wait to be confirmed")
    if counts[1] is not None:
        raise _refused(viewer, "again", f"{counts[1]} was not confirmed; two people have to decide")


async def _require_young(tx: Tx, viewer: Viewer, name: str, now: datetime) -> None:
    """Raise `NotTrusted` unless the domain is known to be younger than a year."""
    domain = suffix.registered(name) or name
    about = Observable(ObservableType.REGISTERED, domain)
    row = await (
        await tx.execute(
            "select domain_registered(%s, %s)", (digest(code_of(about), domain.encode()), now)
        )
    ).fetchone()
    if row is None or row[0] is None:
        raise _refused(viewer, "age_unknown", f"nobody knows how old {domain} is")
    if (now.date() - date.fromisoformat(row[0][:10])).days >= OLD_DAYS:
        raise _refused(viewer, "old_domain", f"{domain} is older than a year")


def _refused(viewer: Viewer, rule: str, why: str) -> NotTrusted:
    return NotTrusted(
        f"{why}; propose it, and a second person approves",
        AuditEntry(actor=viewer.login, action=ACTION, object="blocks", outcome="refused",
                   rule=rule, detail={"why": why}),
    )  # fmt: skip
