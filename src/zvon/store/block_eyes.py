"""Whose eyes a decision on blocks needs: never the proposer's own, and never without a reason."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.store import block_gate as gate
from zvon.store.block_row import BlockRow, by_uuid
from zvon.store.transaction import AuditEntry, Tx

SHORTEST_REASON = 3
LONGEST_REASON = 500


class BadProposal(ValueError):
    """A field of the proposal or decision cannot be used; the message says which and why."""


class OwnProposal(Refused):
    """Nobody decides on what they proposed."""


async def locked(tx: Tx, uuids: Sequence[UUID], reason: str) -> list[BlockRow]:
    """The blocks to decide on, locked, by id. Raises `BadProposal`, `NoBlock`."""
    if not uuids:
        raise BadProposal("blocks: at least one")
    check_text("reason", reason)
    return await by_uuid(tx.db, uuids, lock=True)


def check_text(field: str, text: str) -> str:
    """The text without blanks around it. Raises `BadProposal` when nobody could read it."""
    clean = text.strip()
    if len(clean) < SHORTEST_REASON:
        raise BadProposal(f"{field}: at least three characters")
    if len(clean) > LONGEST_REASON:
        raise BadProposal(f"{field}: at most {LONGEST_REASON} characters")
    if "\x00" in clean or any("\ud800" <= c <= "\udfff" for c in clean):
        raise BadProposal(f"{field}: a character that cannot be stored")
    return clean


def refuse_own(viewer: Viewer, rows: Sequence[BlockRow], action: str) -> None:
    """Raise `OwnProposal` when the viewer proposed any of `rows`."""
    own = [row for row in rows if row.proposer_id == viewer.person_id]
    if own:
        raise OwnProposal(
            f"you proposed {own[0].number}; another person has to decide",
            *(refusal(viewer, action, row, "four_eyes") for row in own),
        )


def refusal(viewer: Viewer, action: str, row: BlockRow, rule: str) -> AuditEntry:
    """What a refused act on a block leaves in the audit."""
    return AuditEntry(
        actor=viewer.login, action=action, object=f"block:{row.number}", outcome="refused",
        rule=rule, detail={"name": row.name},
    )  # fmt: skip


async def say(
    tx: Tx, viewer: Viewer, rows: Sequence[BlockRow], reason: str, now: datetime, *, approves: bool
) -> None:
    """Write a person's yes or no; one who said no before and yes now has changed their mind."""
    await tx.execute(
        """
        insert into approval (block_id, proposer_id, person_id, approves, reason, at)
        select id, proposer_id, %s, %s, %s, %s from block where id = any(%s)
        on conflict (block_id, person_id) do update
          set approves = excluded.approves, reason = excluded.reason, at = excluded.at
        """,
        (viewer.person_id, approves, reason, now, [row.id for row in rows]),
    )


async def gate_again(
    tx: Tx, viewer: Viewer, rows: Sequence[BlockRow], action: str, now: datetime
) -> None:
    """Let the block gate look again at `rows`. Raises `GuardRefused`."""
    grouped: dict[tuple[int | None, str], list[BlockRow]] = {}
    for row in rows:
        grouped.setdefault((row.incident_id, row.trigger), []).append(row)
    for (incident, trigger), same in grouped.items():
        await gate.check(
            tx, {row.name: row.scope for row in same}, actor=viewer.login, action=action,
            incident_id=incident, now=now, triggers={row.name: trigger for row in same},
        )  # fmt: skip
