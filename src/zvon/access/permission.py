"""What a person or a key may do; one enum, one function, every door."""

from collections.abc import Collection
from enum import StrEnum
from typing import Any


class Permission(StrEnum):
    """`resource:action`. Every route names one; a string literal permission does not exist."""

    REPORT_READ = "report:read"
    PAGE_LOOK = "page:look"
    BRAND_READ = "brand:read"
    BRAND_EDIT = "brand:edit"
    WATCH_READ = "watch:read"
    WATCH_WRITE = "watch:write"
    LABEL_READ = "label:read"
    LABEL_WRITE = "label:write"
    MODEL_READ = "model:read"
    MODEL_MANAGE = "model:manage"
    TAKEDOWN_WRITE = "takedown:write"
    INCIDENT_READ = "incident:read"
    INCIDENT_DECIDE = "incident:decide"
    INCIDENT_NOTE = "incident:note"
    INCIDENT_SETTLE = "incident:settle"
    REVIEW_READ = "review:read"
    REVIEW_WRITE = "review:write"
    RANK_MANAGE = "rank:manage"
    TASK_WRITE = "task:write"
    EXHIBIT_READ = "exhibit:read"
    EXHIBIT_WRITE = "exhibit:write"
    PLAYBOOK_READ = "playbook:read"
    PLAYBOOK_WRITE = "playbook:write"
    PLAYBOOK_APPROVE = "playbook:approve"
    RUN_START = "run:start"
    RUN_MANAGE = "run:manage"
    OBLIGATION_READ = "obligation:read"
    OBLIGATION_WRITE = "obligation:write"
    OBLIGATION_SUBMIT = "obligation:submit"
    RULE_PACK_MANAGE = "rule_pack:manage"
    CONTACT_READ = "contact:read"
    CONTACT_MANAGE = "contact:manage"
    MESSAGE_READ = "message:read"
    MESSAGE_SEND = "message:send"
    HANDOVER_WRITE = "handover:write"
    METRIC_READ = "metric:read"
    SITUATION_PUBLISH = "situation:publish"
    ROLE_MANAGE = "role:manage"
    BLOCK_READ = "block:read"
    BLOCK_PROPOSE = "block:propose"
    BLOCK_APPROVE = "block:approve"
    BLOCK_LIFT = "block:lift"
    ORDER_READ = "order:read"
    ORDER_WRITE = "order:write"
    APPEAL_READ = "appeal:read"
    APPEAL_DECIDE = "appeal:decide"
    FEED_MANAGE = "feed:manage"
    NEVERBLOCK_PROPOSE = "neverblock:propose"
    NEVERBLOCK_APPROVE = "neverblock:approve"
    HIT_READ = "hit:read"
    EXPORT_READ = "export:read"
    SHARE_READ = "share:read"
    SHARE_PREPARE = "share:prepare"
    SHARE_RELEASE = "share:release"
    SHARE_REVOKE = "share:revoke"
    SHARE_APPROVE = "share:approve"
    DISCLOSURE_READ = "disclosure:read"
    CONSTITUENCY_READ = "constituency:read"
    CONSTITUENCY_MANAGE = "constituency:manage"
    PSEUDONYM_REVERSE = "pseudonym:reverse"
    PSEUDONYM_MANAGE = "pseudonym:manage"
    DATA_POLICY_READ = "data_policy:read"
    DATA_POLICY_MANAGE = "data_policy:manage"
    DATA_REQUEST_READ = "data_request:read"
    DATA_REQUEST_MANAGE = "data_request:manage"
    HOLD_APPROVE = "hold:approve"
    STATISTICS_READ = "statistics:read"
    STATISTICS_PUBLISH = "statistics:publish"
    PEER_READ = "peer:read"
    PEER_MANAGE = "peer:manage"
    SUBSCRIBER_READ = "subscriber:read"
    SUBSCRIBER_MANAGE = "subscriber:manage"
    PERSON_READ = "person:read"
    PERSON_MANAGE = "person:manage"
    KEY_OWN = "key:own"
    AUDIT_READ = "audit:read"
    QUARANTINE_READ = "quarantine:read"
    QUARANTINE_REPLAY = "quarantine:replay"
    SOURCE_READ = "source:read"
    SOURCE_MANAGE = "source:manage"
    INTAKE_WRITE = "intake:write"
    SEARCH_READ = "search:read"
    REFERENCE_MANAGE = "reference:manage"
    JOB_READ = "job:read"
    JOB_MANAGE = "job:manage"
    POLICY_READ = "policy:read"
    POLICY_MANAGE = "policy:manage"


class Denied(PermissionError):
    """The caller lacks a permission; says which, and who can grant it.

    `audit` is what the refusal leaves in the audit after the transaction was rolled back.
    """

    def __init__(self, permission: Permission, *audit: Any) -> None:
        super().__init__(f"needs {permission}; an administrator can grant it")
        self.permission = permission
        self.audit = audit


class StepUpNeeded(Denied):
    """The caller has the permission, but a passkey has to prove first who sits there."""

    def __init__(self, permission: Permission, *audit: Any) -> None:
        super().__init__(permission, *audit)
        self.args = (f"{permission} needs your passkey: confirm with it and do it again",)
        self.errors = [{"rule": "step_up", "name": permission.value}]


P = Permission
_READ = frozenset({P.REPORT_READ, P.INCIDENT_READ, P.BLOCK_READ, P.SHARE_READ, P.PEER_READ,
                   P.SUBSCRIBER_READ, P.ORDER_READ, P.APPEAL_READ, P.HIT_READ, P.EXPORT_READ,
                   P.BRAND_READ, P.WATCH_READ, P.LABEL_READ, P.MODEL_READ, P.SOURCE_READ,
                   P.SEARCH_READ, P.PLAYBOOK_READ, P.OBLIGATION_READ, P.CONTACT_READ,
                   P.METRIC_READ, P.KEY_OWN})  # fmt: skip

# The roles that ship; rows in `role`, so that an operator can add more.
SHIPPED_ROLES: dict[str, frozenset[Permission]] = {
    "reporter": frozenset({P.KEY_OWN}),
    "analyst": _READ
    | {P.INCIDENT_DECIDE, P.INCIDENT_NOTE, P.BLOCK_PROPOSE, P.SHARE_PREPARE, P.QUARANTINE_READ,
       P.ORDER_WRITE, P.NEVERBLOCK_PROPOSE, P.PAGE_LOOK, P.BRAND_EDIT, P.WATCH_WRITE,
       P.LABEL_WRITE, P.TAKEDOWN_WRITE, P.INTAKE_WRITE, P.QUARANTINE_REPLAY, P.REVIEW_READ,
       P.REVIEW_WRITE, P.TASK_WRITE, P.EXHIBIT_READ, P.EXHIBIT_WRITE, P.PLAYBOOK_WRITE,
       P.RUN_START, P.OBLIGATION_WRITE, P.MESSAGE_READ, P.MESSAGE_SEND, P.HANDOVER_WRITE},
    "approver": _READ
    | {P.INCIDENT_DECIDE, P.INCIDENT_NOTE, P.BLOCK_APPROVE, P.BLOCK_LIFT, P.SHARE_PREPARE,
       P.SHARE_RELEASE, P.SHARE_REVOKE, P.QUARANTINE_READ, P.ORDER_WRITE, P.APPEAL_DECIDE,
       P.NEVERBLOCK_APPROVE, P.PAGE_LOOK, P.WATCH_WRITE, P.LABEL_WRITE, P.TAKEDOWN_WRITE,
       P.SHARE_APPROVE, P.PSEUDONYM_REVERSE, P.DISCLOSURE_READ, P.HOLD_APPROVE,
       P.DATA_POLICY_READ, P.INCIDENT_SETTLE, P.REVIEW_READ, P.REVIEW_WRITE, P.TASK_WRITE,
       P.EXHIBIT_READ, P.EXHIBIT_WRITE, P.PLAYBOOK_APPROVE, P.RUN_START, P.RUN_MANAGE,
       P.OBLIGATION_WRITE, P.OBLIGATION_SUBMIT, P.CONTACT_MANAGE, P.MESSAGE_READ, P.MESSAGE_SEND,
       P.HANDOVER_WRITE, P.SITUATION_PUBLISH, P.RANK_MANAGE},
    # Sees what left and why, finds and erases a person's data; decides no incident.
    "privacy_officer": _READ
    | {P.SHARE_APPROVE, P.DISCLOSURE_READ, P.CONSTITUENCY_READ, P.CONSTITUENCY_MANAGE,
       P.PSEUDONYM_REVERSE, P.PSEUDONYM_MANAGE, P.DATA_POLICY_READ, P.DATA_POLICY_MANAGE,
       P.DATA_REQUEST_READ, P.DATA_REQUEST_MANAGE, P.HOLD_APPROVE, P.STATISTICS_READ,
       P.STATISTICS_PUBLISH, P.SHARE_REVOKE, P.AUDIT_READ, P.POLICY_READ, P.QUARANTINE_READ},
    # The desk of a bank or a Post: reads and says what is its own brand's, nothing else.
    "desk": frozenset({P.BRAND_READ, P.BRAND_EDIT, P.WATCH_READ, P.KEY_OWN}),
    # Manages the people of its own organisation and of those below it, nobody else's.
    "party_administrator": frozenset({P.PERSON_READ, P.PERSON_MANAGE, P.BRAND_READ, P.BRAND_EDIT,
                                      P.WATCH_READ, P.KEY_OWN}),
    "administrator": _READ
    | {P.PEER_MANAGE, P.SUBSCRIBER_MANAGE, P.PERSON_READ, P.PERSON_MANAGE, P.JOB_READ,
       P.JOB_MANAGE, P.POLICY_READ, P.POLICY_MANAGE, P.FEED_MANAGE, P.NEVERBLOCK_PROPOSE,
       P.BRAND_EDIT, P.WATCH_WRITE, P.MODEL_MANAGE, P.SOURCE_MANAGE, P.QUARANTINE_READ,
       P.QUARANTINE_REPLAY, P.INTAKE_WRITE, P.REFERENCE_MANAGE, P.CONSTITUENCY_READ,
       P.CONSTITUENCY_MANAGE, P.DATA_POLICY_READ, P.PLAYBOOK_APPROVE, P.RUN_MANAGE,
       P.RULE_PACK_MANAGE, P.CONTACT_MANAGE, P.RANK_MANAGE, P.ROLE_MANAGE},
    "source": frozenset({P.INTAKE_WRITE}),  # the machine accounts that send in
    "subscriber": frozenset({P.EXPORT_READ}),  # the machine accounts that fetch lists
    "auditor": _READ
    | {P.AUDIT_READ, P.PERSON_READ, P.QUARANTINE_READ, P.JOB_READ, P.POLICY_READ,
       P.DISCLOSURE_READ, P.DATA_POLICY_READ, P.DATA_REQUEST_READ, P.STATISTICS_READ,
       P.REVIEW_READ, P.EXHIBIT_READ, P.MESSAGE_READ},
}  # fmt: skip


def denied_text(permission: Permission, roles: Collection[str]) -> str:
    """Why somebody may not, and who may."""
    if not roles:
        return f"needs {permission}; no role has it, an administrator can add one"
    return f"needs {permission}; roles that have it: {', '.join(sorted(roles))}; an administrator can grant one"


def require(granted: Collection[Permission], permission: Permission) -> None:
    """Raise `Denied` unless `permission` is among `granted`. Every door calls this."""
    if permission not in granted:
        raise Denied(permission)
