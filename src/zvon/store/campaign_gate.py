"""Who may cut and join campaigns, and which campaign is meant."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from zvon.access.permission import Denied, Permission
from zvon.access.viewer import Viewer
from zvon.store.campaign import Campaign, get
from zvon.store.transaction import AuditEntry, Change, Op, Tx
from zvon.store.visibility import SYSTEM, viewer_setting

MAX_REASON = 500


class BadStep(ValueError):
    """The step makes no sense: the message says why."""


async def alive(tx: Tx, viewer: Viewer, uuid: UUID) -> Campaign:
    """The campaign, when the viewer sees a report of it and it has not gone into another."""
    row = await (
        await tx.execute("select id, merged_into from campaign where uuid = %s", (uuid,))
    ).fetchone()
    if row is None:
        raise LookupError(f"no campaign {uuid}")
    async with seen_by(tx, viewer):
        seen = await get(tx.db, row[0])
    if row[1] is not None:
        raise BadStep(f"{seen.number} went into another campaign")
    if not seen.reports:
        raise LookupError(f"no campaign {uuid}")
    return await get(tx.db, row[0])


def require(viewer: Viewer) -> None:
    """Raise `Denied` unless the viewer decides on incidents, for the operator."""
    viewer.require(Permission.INCIDENT_DECIDE)
    if not viewer.party_own:
        entry = AuditEntry(actor=viewer.login, action="campaign:step", object="campaign",
                           outcome="refused", rule="own_party")  # fmt: skip
        raise Denied(Permission.INCIDENT_DECIDE, entry)


def check_reason(reason: str) -> None:
    """Raise `BadStep` unless somebody said why."""
    if not reason.strip() or len(reason) > MAX_REASON:
        raise BadStep(f"say why, in at most {MAX_REASON} characters")


def told(
    tx: Tx, viewer: Viewer, action: str, found: Campaign, detail: dict[str, str | int]
) -> None:
    """Leave a step in the audit and in the change log."""
    tx.audit(AuditEntry(actor=viewer.login, action=f"campaign:{action}",
                        object=f"campaign:{found.uuid}", detail=dict(detail)))  # fmt: skip
    tx.note(Change(kind="campaign", subject=found.uuid, op=Op.EDIT))


@asynccontextmanager
async def seen_by(tx: Tx, viewer: Viewer) -> AsyncIterator[None]:
    """Inside, only what the viewer may see; counts are made over all, so outside as the system."""
    await tx.execute("select set_config('zvon.viewer', %s, true)", (viewer_setting(viewer),))
    yield
    await tx.execute("select set_config('zvon.viewer', %s, true)", (SYSTEM,))
