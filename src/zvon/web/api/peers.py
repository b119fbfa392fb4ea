"""Partners and the groups that we share with."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.model.marking import Tlp
from zvon.share import invitation as invitations
from zvon.store import peer as peers
from zvon.store.peer import Group, Peer
from zvon.store.transaction import transaction
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems


class PeerOut(Struct, frozen=True, kw_only=True):
    """Another node that we exchange with."""

    id: UUID
    name: str
    country: str
    url: str
    state: str
    state_reason: str
    synced_at: datetime | None
    stale: bool
    held: int
    error: str | None


class Peers(Struct, frozen=True):
    """All partners."""

    peers: list[PeerOut]


class GroupOut(Struct, frozen=True, kw_only=True):
    """A group: its members are counted, not named."""

    id: UUID
    name: str
    max_tlp: str
    members: int
    version: int


class Groups(Struct, frozen=True):
    """The groups that this node is in."""

    groups: list[GroupOut]


class NewInvitation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For a group that exists, or a new one with a name and its strictest marking."""

    group: UUID | None = None
    group_name: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    max_tlp: Annotated[str, Meta(pattern="^(clear|green|amber)$")] = "amber"


class InvitationOut(Struct, frozen=True):
    """Text to hand to the partner over a channel that both trust; works once."""

    invitation: str


class InvitationIn(Struct, frozen=True, forbid_unknown_fields=True):
    """The text that a partner gave."""

    invitation: Annotated[str, Meta(min_length=1, max_length=8192)]


class Why(Struct, frozen=True, forbid_unknown_fields=True):
    """A reason, kept in the audit."""

    reason: Annotated[str, Meta(min_length=3, max_length=500)]


def peer_out(p: Peer) -> PeerOut:
    """What the API shows of a partner."""
    return PeerOut(
        id=p.uuid, name=p.name, country=p.country, url=p.url, state=p.state,
        state_reason=p.state_reason, synced_at=p.synced_at, stale=p.stale, held=p.held,
        error=p.error,
    )  # fmt: skip


def group_out(g: Group) -> GroupOut:
    """What the API shows of a group."""
    return GroupOut(
        id=g.uuid, name=g.name, max_tlp=Tlp(g.max_tlp).label, members=g.members, version=g.version
    )


@get("/peers", opt={"permission": Permission.PEER_READ}, responses=problems(*SIGNED))
async def list_peers(context: In, who: Who) -> Peers:
    """All partners."""
    async with read(context.pool, who) as db:
        return Peers([peer_out(p) for p in await peers.list_all(db)])


@get("/groups", opt={"permission": Permission.PEER_READ}, responses=problems(*SIGNED))
async def list_groups(context: In, who: Who) -> Groups:
    """The groups that this node is in."""
    async with read(context.pool, who) as db:
        return Groups([group_out(g) for g in await peers.groups(db)])


@post(
    "/invitations", opt={"permission": Permission.PEER_MANAGE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def invite(context: In, who: Who, data: NewInvitation) -> InvitationOut:
    """Write an invitation: our address, our pinned keys, the group, a one-time token."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        text = await invitations.create(
            tx, who, node=context.node, settings=context.settings, now=now, random=context.random,
            group_uuid=data.group, group_name=data.group_name, max_tlp=data.max_tlp,
        )  # fmt: skip
    return InvitationOut(text)


@post(
    "/peers", opt={"permission": Permission.PEER_MANAGE},
    responses=problems(*SIGNED, 404, 409, 422, 502, 504),
)  # fmt: skip
async def accept(context: In, who: Who, data: InvitationIn) -> PeerOut:
    """Accept an invitation: reach the partner, check its keys, join the group."""
    return peer_out(await invitations.accept(context, who, data.invitation))


@post(
    "/peers/{id:uuid}/revocation", opt={"permission": Permission.PEER_MANAGE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def revoke_peer(context: In, who: Who, id: UUID, data: Why) -> PeerOut:
    """End a partnership: its key is no longer believed."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await invitations.remove(
            tx, who, id, data.reason, node=context.node, now=now, random=context.random
        )
        found = await peers.get(tx.db, id)
    return peer_out(found)


router = Router(
    "/", route_handlers=[list_peers, list_groups, invite, accept, revoke_peer], tags=["peers"]
)
