"""Keeping a block beyond its end: by a person, for a stated time, after the gate looked again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.block_life import LONGEST_LIFE, longest_life, retest_at
from zvon.model.guard import Finding
from zvon.model.lifecycle import LIVE_BLOCK
from zvon.model.verdict import Category
from zvon.store.block_eyes import BadProposal, gate_again, locked, refuse_own
from zvon.store.block_gate import GuardRefused
from zvon.store.block_partner import note
from zvon.store.block_row import BlockRow, by_uuid
from zvon.store.transaction import AuditEntry, Tx

ACTION = "block:renew"


async def renew(
    tx: Tx, viewer: Viewer, uuids: Sequence[UUID], until: datetime, reason: str, now: datetime
) -> list[BlockRow]:
    """Let live blocks end later, at `until`.

    Raises `OwnProposal` for the proposer, `GuardRefused` when the gate would not publish it today
    or a compromised site would be blocked for longer than 48 hours, and `BadProposal`: not live,
    not later, beyond its order, or not confirmed yet.
    """
    viewer.require(Permission.BLOCK_APPROVE)
    rows = await locked(tx, uuids, reason)
    refuse_own(viewer, rows, ACTION)
    for row in rows:
        _check(viewer, row, until, now)
    await gate_again(tx, viewer, rows, ACTION, now)
    for row in rows:
        await tx.execute(
            "update block set expires_at = %s, retest_at = %s, renewals = renewals + 1,"
            " advice = null, advice_facts = '{}', advised_at = null, version = version + 1"
            " where id = %s",
            (until, retest_at(Category(row.category), now, until), row.id),
        )
        await note(tx, row, viewer.login, ACTION, reason, now,
                   code="BLOCK_RENEWED", until=f"{until:%Y-%m-%d %H:%M} UTC")  # fmt: skip
    return await by_uuid(tx.db, uuids)


def _check(viewer: Viewer, row: BlockRow, until: datetime, now: datetime) -> None:
    if row.state not in LIVE_BLOCK or row.published_at is None:
        raise BadProposal(f"{row.number} is {row.state}; only what blocks now can be renewed")
    if row.confirm_by is not None:
        raise BadProposal(f"{row.number} waits for a second person; approve it first")
    if until <= max(now, row.expires_at):
        raise BadProposal(f"until: later than {row.expires_at:%Y-%m-%d %H:%M}, when it ends now")
    if until > now + LONGEST_LIFE:
        raise BadProposal("until: within a year")
    ordered = row.order_expires_at
    if ordered is not None and until > ordered:
        raise BadProposal(f"until: the order {row.order_number} ends {ordered:%Y-%m-%d %H:%M}")
    category = Category(row.category)
    longest = longest_life(category, ordered=ordered is not None)
    if category is Category.COMPROMISED_SITE and until > row.published_at + longest:
        finding = Finding("compromised_site", row.name,
                          "a site that was broken into: at most 48 hours in all")  # fmt: skip
        raise GuardRefused([finding], AuditEntry(
            actor=viewer.login, action=ACTION, object=f"block:{row.number}", outcome="refused",
            rule=finding.rule, detail={"name": row.name, "until": until.isoformat()},
        ))  # fmt: skip
