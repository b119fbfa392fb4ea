"""A release as people see it: before and after, every span with its reasons, who agreed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from zvon.store.share import ShareRow


class Share(Struct, frozen=True, kw_only=True):
    """One release as the analyst sees it: before and after, every span with its reasons."""

    uuid: UUID
    incident_uuid: UUID
    incident_number: str
    group_uuid: UUID
    group_name: str
    state: str
    reason: str
    policy: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any] | None
    preview: dict[str, str]
    spans: list[dict[str, Any]]
    residue: dict[str, Any]
    risk: float
    max_risk: float
    approver_needed: bool
    approvals: list[dict[str, Any]]
    prepared_by: str | None
    prepared_at: datetime
    released_by: str | None
    released_at: datetime | None
    revoked_at: datetime | None
    revoke_reason: str | None

    @property
    def open_spans(self) -> int:
        """How many spans wait for a decision."""
        return sum(span["state"] == "ask" for span in self.spans)


def as_share(row: ShareRow) -> Share:
    """A stored release as the analyst sees it."""
    residue = dict(row.residue)
    return Share(
        uuid=row.uuid, incident_uuid=row.incident_uuid, incident_number=row.incident_number,
        group_uuid=row.group_uuid, group_name=row.group_name, state=row.state,
        reason=residue.pop("reason", ""), policy=row.policy, before=row.before, after=row.after,
        preview=residue.pop("preview", {}), spans=row.decisions, residue=residue, risk=row.risk,
        max_risk=row.policy.get("max_risk", 0.0), approver_needed=row.approver_needed,
        approvals=row.approvals, prepared_by=row.prepared_by, prepared_at=row.prepared_at, released_by=row.released_by, released_at=row.released_at,
        revoked_at=row.revoked_at, revoke_reason=row.revoke_reason,
    )  # fmt: skip
