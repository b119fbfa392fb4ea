"""Becoming partners: one node invites, the other accepts, both know each other's keys after it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import msgspec
from msgspec import Struct

from zvon.access.node import Node
from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.config import Settings
from zvon.formats import canonical, invitation, membership
from zvon.formats.invitation import TOKEN_BYTES, Invitation
from zvon.formats.membership import GroupPolicy, Hex32, Member
from zvon.formats.note import PeerError
from zvon.jobs import Context, enqueue
from zvon.share import group
from zvon.share.client import connect
from zvon.share.group import Terms
from zvon.store import peer
from zvon.store.peer import Peer
from zvon.store.transaction import AuditEntry, Tx, transaction

MAX_JOIN = 8192
Random = Callable[[int], bytes]


class Join(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the invited node sends: the token, and how it wants to stand in the membership."""

    token: Hex32
    member: Member


class Expired(PeerError):
    """The invitation is too old; ask for a new one."""

    def __init__(self) -> None:
        super().__init__("the invitation has expired; ask for a new one")


class OwnInvitation(PeerError):
    """A node cannot invite itself."""

    def __init__(self) -> None:
        super().__init__("this invitation was written by this node")


def own_url(settings: Settings) -> str:
    """How partners reach this node."""
    return (settings.peer_url or f"https://{settings.peer}").rstrip("/")


async def create(
    tx: Tx,
    viewer: Viewer,
    *,
    node: Node,
    settings: Settings,
    now: datetime,
    random: Random,
    group_uuid: UUID | None = None,
    group_name: str | None = None,
    max_tlp: str = "amber",
) -> str:
    """Write an invitation into a group that this node leads; returns the text to hand over.

    Without `group_uuid` it leads to the first group that this node leads, or to a new one
    called `group_name`. Raises `NotAdmin`, `NoSuchGroup`, `Denied`.
    """
    viewer.require(Permission.PEER_MANAGE)
    url = own_url(settings)
    if group_uuid is None:
        led = [] if group_name else await _led(tx, node)
        if led:
            group_uuid = led[0]
        else:
            terms = Terms(
                name=group_name or f"{node.name} and partners",
                policy=canonical.convert({"max_tlp": max_tlp.lower()}, GroupPolicy, "the policy"),
            )
            group_uuid = (await group.found(tx, terms, node, url, now, random)).group
    stored = await peer.group(tx.db, group_uuid)
    document, _ = membership.parse(stored.membership)
    if document.admins != (node.uuid,):
        raise group.NotAdmin(stored.name)
    token = random(TOKEN_BYTES)
    expires = now.astimezone(UTC).replace(microsecond=0) + timedelta(
        days=(await group.limits(tx.db)).invitation_days
    )
    await peer.put_invitation(
        tx, token_hash=sha256(token).digest(), group_uuid=group_uuid,
        created_by=viewer.person_id, expires_at=expires,
    )  # fmt: skip
    tx.audit(
        AuditEntry(actor=viewer.login, action="peer:invite", object=str(group_uuid),
                   detail={"expires": expires.isoformat()})
    )  # fmt: skip
    return invitation.write(
        Invitation(
            node=node.uuid,
            name=node.name,
            country=node.country,
            url=url,
            tls_pin=node.tls_pin.hex(),
            signing_key=node.signing_public.hex(),
            group=group_uuid,
            token=token.hex(),
            expires=expires,
        )
    )


async def _led(tx: Tx, node: Node) -> list[UUID]:
    """The groups whose only admin is this node."""
    return [
        g.uuid
        for g in await peer.groups(tx.db)
        if membership.parse(g.membership)[0].admins == (node.uuid,)
    ]


async def accept(context: Context, viewer: Viewer, text: str) -> Peer:
    """Follow an invitation: join the group and know its members as partners.

    The inviting node is contacted only if its TLS key has the invitation's pin. May be repeated
    after a failure. Raises `PeerError` (among them `WrongPin`, `Rejected`), `Unreachable`.
    """
    viewer.require(Permission.PEER_MANAGE)
    invited = invitation.read(text)
    now = context.clock()
    if now >= invited.expires:
        raise Expired
    if invited.node == context.node.uuid:
        raise OwnInvitation
    async with context.pool.connection() as db:
        me = await group.self_as_member(db, context.node, own_url(context.settings), now)
    body = canonical.encode(Join(token=invited.token, member=me))
    async with connect(
        invited.url, bytes.fromhex(invited.tls_pin), node=context.node, asked=invited.node,
        clock=context.clock, random=context.random,
    ) as client:  # fmt: skip
        note = await client.post("/join", body)
    document = membership.check_first(
        note, admin=invited.node, key=bytes.fromhex(invited.signing_key), now=now
    )
    if document.group != invited.group:
        raise PeerError("the answer leads to another group than the invitation")
    if document.member(context.node.uuid, now) is None:
        raise PeerError("the inviting node did not add us to the group")
    async with transaction(context.pool, now) as tx:
        await group.adopt(tx, document, note, context.node, now, context.random)
        tx.audit(
            AuditEntry(actor=viewer.login, action="peer:accept", object=str(document.group),
                       detail={"peer": str(invited.node), "name": invited.name})
        )  # fmt: skip
        await _pull_all(tx, document.current(now), context.node)
        return await peer.get(tx.db, invited.node)


async def admit(tx: Tx, join: Join, node: Node, now: datetime, random: Random) -> bytes:
    """Let an invited node in; returns the membership note. Its signature was checked before.

    Raises `SpentInvitation`, `KeyChanged`, `NotAdmin`.
    """
    group_uuid = await peer.take_invitation(
        tx, sha256(bytes.fromhex(join.token)).digest(), join.member.node, now
    )
    newcomer = msgspec.structs.replace(join.member, joined=now.replace(microsecond=0), left=None)
    note = await group.enter(tx, group_uuid, newcomer, node, now, random)
    tx.audit(
        AuditEntry(actor=f"peer:{newcomer.name}", action="peer:join", object=str(group_uuid),
                   detail={"node": str(newcomer.node), "url": newcomer.url})
    )  # fmt: skip
    await enqueue(tx, "share.hint", {"group": str(group_uuid)})
    await _pull_all(tx, (newcomer,), node)
    return note


async def remove(
    tx: Tx, viewer: Viewer, peer_uuid: UUID, reason: str, *, node: Node, now: datetime,
    random: Random,
) -> None:  # fmt: skip
    """End a partnership: out of every group that we lead, and nothing is pulled any more.

    What the partner has stays with it. Raises `NoSuchPeer`.
    """
    viewer.require(Permission.PEER_MANAGE)
    partner = await peer.get(tx.db, peer_uuid)
    for group_uuid in await peer.groups_with(tx.db, peer_uuid):
        if group_uuid in await _led(tx, node):
            await group.leave(tx, group_uuid, peer_uuid, node, now, random)
            await enqueue(tx, "share.hint", {"group": str(group_uuid)})
    await peer.set_state(tx, peer_uuid, "revoked", reason)
    tx.audit(
        AuditEntry(actor=viewer.login, action="peer:revoke", object=str(peer_uuid),
                   detail={"reason": reason, "name": partner.name})
    )  # fmt: skip


async def _pull_all(tx: Tx, members: tuple[Member, ...], node: Node) -> None:
    for member in members:
        if member.node != node.uuid:
            partner = await peer.get(tx.db, member.node)
            await enqueue(tx, "share.pull", {"peer_id": partner.id})
