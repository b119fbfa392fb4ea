"""Changing who may do what: roles, what groups of the provider give, limits of sessions.

What lets anybody approve, or give rights, is agreed to by a second person.
"""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from zvon.access.limits import POLICY, Limits
from zvon.access.permission import SHIPPED_ROLES, Denied, Permission
from zvon.access.refusal import Refused
from zvon.access.session import Random, current_limits
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.store import access_change as rows
from zvon.store import identity, party, passkey, role
from zvon.store.access_change import AccessChange
from zvon.store.transaction import AuditEntry, Tx

P = Permission
SECOND = frozenset({
    P.BLOCK_APPROVE, P.BLOCK_LIFT, P.NEVERBLOCK_APPROVE, P.SHARE_RELEASE, P.SHARE_APPROVE,
    P.HOLD_APPROVE, P.PLAYBOOK_APPROVE, P.INCIDENT_SETTLE, P.OBLIGATION_SUBMIT, P.APPEAL_DECIDE,
    P.SITUATION_PUBLISH, P.STATISTICS_PUBLISH, P.PSEUDONYM_REVERSE, P.PSEUDONYM_MANAGE,
    P.DATA_POLICY_MANAGE, P.DATA_REQUEST_MANAGE, P.POLICY_MANAGE, P.RULE_PACK_MANAGE,
    P.PERSON_MANAGE, P.ROLE_MANAGE, P.MODEL_MANAGE, P.PEER_MANAGE,
})  # fmt: skip
"""A role gains one of these only with a second person: they approve, publish or give rights."""

ROLE_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
NEEDS = {"role": P.ROLE_MANAGE, "groups": P.ROLE_MANAGE, "limits": P.POLICY_MANAGE}


class BadRole(ValueError):
    """A role, a group or a limit that cannot be; the message says why."""


class RoleHeld(ValueError):
    """A role that somebody has is not taken away as a whole."""


class OwnChange(Refused):
    """The second person is another one."""


class Decided(ValueError):
    """The change was decided already."""


def require(viewer: Viewer, permission: Permission, action: str, target: str) -> None:
    """Raise `Denied` with its audit row unless one of the operator's own people has `permission`."""
    if not viewer.party_own or not viewer.may(permission):
        refused = AuditEntry(actor=viewer.login, action=action, object=target[:200],
                             outcome="refused", rule=permission.value)  # fmt: skip
        if viewer.party_own:
            viewer.require(permission)
        raise Denied(permission, refused)


async def propose_role(
    tx: Tx, viewer: Viewer, name: str, permissions: Collection[Permission], reason: str, now: datetime,
    random: Random,
) -> AccessChange:  # fmt: skip
    """Add a role, or change an added one; no permissions take it away.

    Raises `Denied`, `BadRole` for a shipped one, `RoleHeld`, `AskedAlready`.
    """
    require(viewer, P.ROLE_MANAGE, "role:propose", name)
    if name in SHIPPED_ROLES:
        raise BadRole("a shipped role stays as it is; add one with another name")
    if ROLE_NAME.fullmatch(name) is None:
        raise BadRole("a role's name has 2 to 40 of a–z, 0–9 and `_`, and begins with a letter")
    known = {each.name: each for each in await role.list_all(tx.db)}
    old = set(known[name].permissions) if name in known else set()
    if not permissions and name not in known:
        raise BadRole("a role grants something")
    if not permissions and (known[name].people or known[name].machines):
        raise RoleHeld("people have this role; give them another one first")
    second = bool(({p.value for p in permissions} - old) & SECOND)
    body = {"permissions": sorted(p.value for p in set(permissions))}
    return await _propose(tx, viewer, "role", name, body, second, reason, now, random)


async def propose_groups(
    tx: Tx, viewer: Viewer, group: str, roles: Collection[str], home: UUID, reason: str,
    now: datetime, random: Random,
) -> AccessChange:  # fmt: skip
    """Say what a group of the sign-in provider gives; no roles: nothing.

    Raises `Denied`, `BadRole`, `LookupError` for an unknown organisation, `AskedAlready`.
    """
    require(viewer, P.ROLE_MANAGE, "groups:propose", group)
    if not (1 <= len(group) <= 64 and group.isprintable()):
        raise BadRole("a group has 1 to 64 printable characters")
    known = {each.name for each in await role.list_all(tx.db)}
    unknown = sorted(set(roles) - known)
    if unknown:
        raise BadRole(f"no role {unknown[0]!r}")
    if await party.get(tx.db, home) is None:
        raise LookupError(f"no organisation {home}")
    before = [g.role for g in await identity.mapping(tx.db) if g.group_name == group]
    gained = await role.granted(tx.db, roles) - await role.granted(tx.db, before)
    body = {"roles": sorted(set(roles)), "party": str(home)}
    return await _propose(tx, viewer, "groups", group, body, bool(gained & SECOND), reason, now,
                          random)  # fmt: skip


async def propose_limits(
    tx: Tx, viewer: Viewer, limits: Limits, reason: str, now: datetime, random: Random
) -> AccessChange:
    """Set how long sessions live and what asks for a passkey; asking for less takes a second person.

    Raises `Denied`, `BadRole` while nobody has a passkey that could be asked for.
    """
    require(viewer, P.POLICY_MANAGE, "limits:propose", POLICY)
    if limits.step_up and await passkey.holders(tx.db) == 0:
        raise BadRole("nobody has a passkey yet; with this nobody could approve anything")
    old = await current_limits(tx.db)
    less = set(old.step_up) - set(limits.step_up) or (
        old.step_up and limits.step_up_minutes > old.step_up_minutes
    )
    body = msgspec.to_builtins(limits)
    return await _propose(tx, viewer, "limits", POLICY, body, bool(less), reason, now, random)


async def _propose(
    tx: Tx, viewer: Viewer, kind: str, name: str, body: dict[str, Any], second: bool,
    reason: str, now: datetime, random: Random,
) -> AccessChange:  # fmt: skip
    text = reason.strip()
    if not (3 <= len(text) <= 500) or "\0" in text:
        raise BadRole("a reason has 3 to 500 characters")
    made = await rows.propose(
        tx, uuid=uuid7(now, random(RANDOM_BYTES)), kind=kind, name=name, body=body, second=second,
        reason=text, person_id=viewer.person_id, now=now,
    )  # fmt: skip
    tx.audit(AuditEntry(actor=viewer.login, action=f"{kind}:propose", object=f"{kind}:{name}",
                        detail={"new": body, "second": second, "reason": text}))  # fmt: skip
    return made if second else await _apply(tx, viewer, made, now)


async def decide(
    tx: Tx, viewer: Viewer, uuid: UUID, now: datetime, *, agrees: bool
) -> AccessChange:
    """Agree to a change that waits, or refuse it; who proposed it may only refuse.

    Raises `Denied`, `NoAccessChange`, `OwnChange`, `Decided`.
    """
    asked = await rows.lock(tx, uuid)
    target = f"{asked.kind}:{asked.name}"
    require(viewer, NEEDS[asked.kind], f"{asked.kind}:decide", target)
    if asked.state != "waiting":
        raise Decided("this was decided already")
    if not agrees:
        await rows.decide(tx, asked.id, "refused", viewer.person_id, now)
        tx.audit(AuditEntry(actor=viewer.login, action=f"{asked.kind}:refuse", object=target))
        return await rows.one(tx.db, uuid)
    if asked.proposed_by == viewer.login:
        raise OwnChange(
            "you proposed it; another person has to agree",
            AuditEntry(actor=viewer.login, action=f"{asked.kind}:decide", object=target,
                       outcome="refused", rule="four_eyes"),
        )  # fmt: skip
    return await _apply(tx, viewer, asked, now)


async def _apply(tx: Tx, viewer: Viewer, asked: AccessChange, now: datetime) -> AccessChange:
    if asked.kind == "role":
        held = {each.name: each for each in await role.list_all(tx.db)}.get(asked.name)
        gone = not asked.body["permissions"]
        if gone and held is not None and (held.people or held.machines):
            raise RoleHeld("people have this role; give them another one first")
        await role.put(tx, asked.name, asked.body["permissions"])
    elif asked.kind == "groups":
        home = await party.get(tx.db, UUID(asked.body["party"]))
        assert home is not None
        await identity.put_group(tx, asked.name, asked.body["roles"], home.id)
    else:
        await rows.put_policy(tx, POLICY, asked.body, viewer.person_id, now)
    await rows.decide(tx, asked.id, "in_force", viewer.person_id, now)
    tx.audit(AuditEntry(actor=viewer.login, action=f"{asked.kind}:put",
                        object=f"{asked.kind}:{asked.name}", detail={"new": asked.body}))  # fmt: skip
    return await rows.one(tx.db, asked.uuid)
