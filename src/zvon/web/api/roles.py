"""Who may do what: roles, the provider's groups, limits of sessions; changed by one or by two people."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get, post, put
from msgspec import Meta, Struct

from zvon.access import change
from zvon.access import person as access
from zvon.access.limits import Limits
from zvon.access.permission import Permission
from zvon.access.session import current_limits
from zvon.store import access_change, identity, role
from zvon.store.access_change import AccessChange
from zvon.store.transaction import transaction
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.api.people import PersonOut, person_out
from zvon.web.doorkeeper import SIGNED_IN
from zvon.web.problem import SIGNED, problems

Reason = Annotated[str, Meta(min_length=3, max_length=500)]
RoleName = Annotated[str, Meta(min_length=1, max_length=64)]


class RoleOut(Struct, frozen=True, kw_only=True):
    """A role; `people` counts the open accounts that have it, machines aside."""

    name: str
    permissions: list[str]
    shipped: bool
    people: int


class Roles(Struct, frozen=True):
    """Every role."""

    roles: list[RoleOut]


class RoleIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An added role and all that it grants; nothing takes it away."""

    name: RoleName
    permissions: Annotated[list[Permission], Meta(max_length=200)]
    reason: Reason


class GroupIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a group of the sign-in provider gives in an organisation; no roles: nothing."""

    group: Annotated[str, Meta(min_length=1, max_length=64)]
    roles: Annotated[list[RoleName], Meta(max_length=20)]
    party: UUID
    reason: Reason


class GroupOut(Struct, frozen=True, kw_only=True):
    """One line of the mapping."""

    group: str
    role: str
    party: UUID


class Groups(Struct, frozen=True):
    """What the provider's groups give."""

    groups: list[GroupOut]


class LimitsIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long sessions live, and what asks for a passkey."""

    idle_minutes: Annotated[int, Meta(ge=5, le=1440)]
    absolute_hours: Annotated[int, Meta(ge=1, le=168)]
    step_up_minutes: Annotated[int, Meta(ge=1, le=60)] = 5
    step_up: Annotated[list[Permission], Meta(max_length=60)] = []
    reason: Reason


class LimitsOut(Struct, frozen=True, kw_only=True):
    """The limits that hold."""

    idle_minutes: int
    absolute_hours: int
    step_up_minutes: int
    step_up: list[str]


class Decision(Struct, frozen=True, forbid_unknown_fields=True):
    """The second person's answer."""

    agrees: bool


class ChangeOut(Struct, frozen=True, kw_only=True):
    """A change: in force, refused, or waiting for a second person."""

    id: UUID
    kind: str
    name: str
    body: dict[str, Any]
    second: bool
    reason: str
    state: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None


class Changes(Struct, frozen=True):
    """Changes, those that wait first."""

    changes: list[ChangeOut]


class RolesIn(Struct, frozen=True, forbid_unknown_fields=True):
    """All roles of an account."""

    roles: Annotated[list[RoleName], Meta(max_length=20)]


class AccountIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the account is closed; closing ends its sessions at once."""

    disabled: bool


def _out(one: AccessChange) -> ChangeOut:
    return ChangeOut(
        id=one.uuid, kind=one.kind, name=one.name, body=one.body, second=one.second,
        reason=one.reason, state=one.state, proposed_by=one.proposed_by,
        proposed_at=one.proposed_at, decided_by=one.decided_by, decided_at=one.decided_at,
    )  # fmt: skip


@get("/roles", opt={"permission": SIGNED_IN}, responses=problems(*SIGNED))
async def list_roles(context: In, who: Who) -> Roles:
    """Every role and what it grants: what may be done here is no secret."""
    async with read(context.pool, who) as db:
        found = await role.list_all(db)
    counts = who.may(Permission.PERSON_READ) and who.party_own
    return Roles([
        RoleOut(name=r.name, permissions=sorted(r.permissions), shipped=r.shipped,
                people=r.people if counts else 0)
        for r in found
    ])  # fmt: skip


@put(
    "/roles", opt={"permission": Permission.ROLE_MANAGE},
    responses=problems(*SIGNED, 409, 422),
)  # fmt: skip
async def put_role(context: In, who: Who, data: RoleIn) -> ChangeOut:
    """Add, change or take away a role; one that lets somebody approve waits for a second person."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        return _out(await change.propose_role(
            tx, who, data.name, data.permissions, data.reason, now, context.random
        ))  # fmt: skip


@get("/sign-in-groups", opt={"permission": Permission.ROLE_MANAGE}, responses=problems(*SIGNED))
async def list_groups(context: In, who: Who) -> Groups:
    """What the provider's groups give."""
    async with read(context.pool, who) as db:
        found = await identity.mapping(db)
    return Groups([GroupOut(group=g.group_name, role=g.role, party=g.party) for g in found])


@put(
    "/sign-in-groups", opt={"permission": Permission.ROLE_MANAGE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def put_group(context: In, who: Who, data: GroupIn) -> ChangeOut:
    """Say what a group gives; roles that let somebody approve wait for a second person."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        return _out(await change.propose_groups(
            tx, who, data.group, data.roles, data.party, data.reason, now, context.random
        ))  # fmt: skip


@get("/session-limits", opt={"permission": SIGNED_IN}, responses=problems(*SIGNED))
async def get_limits(context: In, who: Who) -> LimitsOut:
    """How long sessions live here, and what asks for a passkey."""
    async with read(context.pool, who) as db:
        found = await current_limits(db)
    return LimitsOut(
        idle_minutes=found.idle_minutes, absolute_hours=found.absolute_hours,
        step_up_minutes=found.step_up_minutes, step_up=[p.value for p in found.step_up],
    )  # fmt: skip


@put(
    "/session-limits", opt={"permission": Permission.POLICY_MANAGE},
    responses=problems(*SIGNED, 409, 422),
)  # fmt: skip
async def put_limits(context: In, who: Who, data: LimitsIn) -> ChangeOut:
    """Set the limits; asking less often for a passkey waits for a second person."""
    now = context.clock()
    limits = Limits(
        idle_minutes=data.idle_minutes, absolute_hours=data.absolute_hours,
        step_up_minutes=data.step_up_minutes, step_up=tuple(sorted(set(data.step_up))),
    )  # fmt: skip
    async with transaction(context.pool, now) as tx:
        made = await change.propose_limits(tx, who, limits, data.reason, now, context.random)
    return _out(made)


@get("/access-changes", opt={"permission": Permission.ROLE_MANAGE}, responses=problems(*SIGNED))
async def list_changes(context: In, who: Who) -> Changes:
    """Changes to who may do what, those that wait first."""
    async with read(context.pool, who) as db:
        return Changes([_out(one) for one in await access_change.newest(db)])


@post(
    "/access-changes/{id:uuid}/decision", opt={"permission": Permission.ROLE_MANAGE},
    responses=problems(*SIGNED, 404, 409),
)  # fmt: skip
async def decide(context: In, who: Who, id: UUID, data: Decision) -> ChangeOut:
    """Agree or refuse, as the second person."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        return _out(await change.decide(tx, who, id, now, agrees=data.agrees))


@put(
    "/people/{id:uuid}/roles", opt={"permission": Permission.PERSON_MANAGE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def set_roles(context: In, who: Who, id: UUID, data: RolesIn) -> PersonOut:
    """Make these all the roles of an account; nobody changes their own."""
    async with transaction(context.pool, context.clock()) as tx:
        return person_out(await access.set_roles(tx, who, id, data.roles))


@put(
    "/people/{id:uuid}/account", opt={"permission": Permission.PERSON_MANAGE}, status_code=204,
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def set_account(context: In, who: Who, id: UUID, data: AccountIn) -> None:
    """Close an account, which ends its sessions at once, or open it again."""
    async with transaction(context.pool, context.clock()) as tx:
        await access.set_disabled(tx, who, id, data.disabled)


router = Router(
    "/",
    route_handlers=[
        list_roles, put_role, list_groups, put_group, get_limits, put_limits, list_changes, decide,
        set_roles, set_account,
    ],
    tags=["roles"],
)  # fmt: skip
