"""A second person's word on a release whose risk is above what its group lets one person take."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.share.release import NotOpen
from zvon.share.shown import Share, as_share
from zvon.store import incident
from zvon.store import share as rows
from zvon.store.transaction import AuditEntry, Change, Op, Tx

Word = Literal["approve", "refuse"]


class OwnWork(Refused):
    """Whoever prepared a release cannot be its second person."""

    def __init__(self, *audit: AuditEntry) -> None:
        super().__init__("you prepared this release; another person must approve it", *audit)


class NoApprovalNeeded(ValueError):
    """The risk is within what the group lets one person release."""

    def __init__(self) -> None:
        super().__init__("the risk of this release is within what one person may let go")


class StillOpen(ValueError):
    """What would leave is not known before every question is decided."""

    def __init__(self) -> None:
        super().__init__("spans wait for a decision; what would leave is not known yet")


async def say(
    tx: Tx, viewer: Viewer, share_uuid: UUID, word: Word, reason: str, now: datetime
) -> Share:
    """Approve or refuse what would leave as it is now; a refusal ends the release.

    An approval falls when what would leave changes. Raises `Denied`, `NoShare`, `NotOpen`,
    `OwnWork`, `NoApprovalNeeded`, `StillOpen`.
    """
    viewer.require(Permission.SHARE_APPROVE)
    row = await rows.lock(tx, share_uuid)
    if row.state not in {"held", "waiting"}:
        raise NotOpen(row.state)
    if not row.approver_needed:
        raise NoApprovalNeeded
    if word == "approve" and row.state == "held":
        raise StillOpen
    if row.prepared_by == viewer.login:
        raise OwnWork(
            AuditEntry(actor=viewer.login, action="share:approve", object=str(share_uuid),
                       outcome="refused", rule="OWN_WORK")
        )  # fmt: skip
    await rows.put_approval(tx, row.id, viewer.person_id, word, reason, now)
    if word == "refuse":
        await rows.mark_refused(tx, row.id)
    tx.audit(
        AuditEntry(actor=viewer.login, action=f"share:{word}", object=str(share_uuid),
                   detail={"risk": row.risk})
    )  # fmt: skip
    tx.note(Change(kind="share", subject=share_uuid, op=Op.EDIT, record_id=row.incident_record_id))
    await incident.timeline(
        tx, row.incident_id, "share", viewer.login,
        "SHARE_APPROVED" if word == "approve" else "SHARE_REFUSED",
        {"share": str(share_uuid), "reason": reason}, now,
    )  # fmt: skip
    return as_share(await rows.get(tx.db, share_uuid))
