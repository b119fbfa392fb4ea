"""Groups of this node: the document that says who belongs, and what follows from it in rows."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from zvon.access.node import Node
from zvon.formats import membership
from zvon.formats.membership import VALID_FOR, GroupPolicy, Member, Membership
from zvon.formats.note import PeerError
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.marking import parse_tlp
from zvon.model.policy import BadAgreement, read_agreement
from zvon.share.limits import Limits
from zvon.store import party, peer, person, policy
from zvon.store.party import Db
from zvon.store.savepoint import savepoint
from zvon.store.transaction import Tx

Random = Callable[[int], bytes]
RENEW_BEFORE = timedelta(days=30)


class NotAdmin(PermissionError):
    """Only the node that leads a group can change who belongs to it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"this node does not lead the group {name!r}")


class KeyChanged(PeerError):
    """A membership names another key for a node that we know already."""

    code = "KEY_CHANGED"

    def __init__(self, name: str) -> None:
        super().__init__(f"the membership names another key for {name}")


class Terms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a new group is made with."""

    name: str
    policy: GroupPolicy


async def limits(db: Db) -> Limits:
    """How much is taken from partners: the newest version of the policy `share`."""
    body = await policy.newest(db, "share")
    return Limits() if body is None else msgspec.convert(body, Limits)


async def self_as_member(db: Db, node: Node, url: str, now: datetime) -> Member:
    """How this node stands in a membership document."""
    own = await party.own(db)
    return Member(
        node=node.uuid,
        name=node.name,
        country=node.country,
        party=own.uuid,
        party_name=own.name,
        party_kind=own.kind,
        url=url,
        signing_key=node.signing_public.hex(),
        tls_pin=node.tls_pin.hex(),
        joined=now.replace(microsecond=0),
    )


async def found(
    tx: Tx, terms: Terms, node: Node, url: str, now: datetime, random: Random
) -> Membership:
    """Make a group whose only member and admin is this node."""
    now = now.replace(microsecond=0)
    document = Membership(
        group=uuid7(now, random(RANDOM_BYTES)),
        name=terms.name,
        version=1,
        previous="",
        issued=now,
        expires=now + VALID_FOR,
        threshold=1,
        admins=(node.uuid,),
        members=(await self_as_member(tx.db, node, url, now),),
        policy=terms.policy,
    )
    note = membership.write(document, [(node.uuid, node.signing)])
    await adopt(tx, document, note, node, now, random)
    return document


async def enter(
    tx: Tx, group_uuid: UUID, newcomer: Member, node: Node, now: datetime, random: Random
) -> bytes:
    """Add a member and sign the next version; returns the note.

    The same member again, with the same keys and address, changes nothing. Raises `NotAdmin`,
    and `KeyChanged` when the node is known with another key.
    """
    now = now.replace(microsecond=0)
    stored = await peer.lock_group(tx, group_uuid)
    document, _ = membership.parse(stored.membership)
    present = document.member(newcomer.node, now)
    if present is not None and _same(present, newcomer):
        return stored.membership
    if present is not None and present.signing_key != newcomer.signing_key:
        raise KeyChanged(newcomer.name)
    others = tuple(m for m in document.members if m.node != newcomer.node)
    return await _next(tx, stored, document, node, now, random, members=(*others, newcomer))


async def leave(
    tx: Tx, group_uuid: UUID, leaver: UUID, node: Node, now: datetime, random: Random
) -> bytes:
    """End a membership from now on and begin the next epoch. Raises `NotAdmin`."""
    now = now.replace(microsecond=0)
    stored = await peer.lock_group(tx, group_uuid)
    document, _ = membership.parse(stored.membership)
    members = tuple(
        msgspec.structs.replace(m, left=now) if m.node == leaver and m.left is None else m
        for m in document.members
    )
    if members == document.members:
        return stored.membership
    return await _next(
        tx, stored, document, node, now, random, members=members, epoch=document.epoch + 1
    )


async def renew(tx: Tx, group_uuid: UUID, node: Node, now: datetime, random: Random) -> None:
    """Sign the next version of a group that we lead when the present one expires soon."""
    stored = await peer.lock_group(tx, group_uuid)
    document, _ = membership.parse(stored.membership)
    if document.admins == (node.uuid,) and document.expires - now < RENEW_BEFORE:
        now = now.replace(microsecond=0)
        await _next(tx, stored, document, node, now, random, members=document.members)


async def _next(
    tx: Tx, stored: peer.Group, document: Membership, node: Node, now: datetime, random: Random,
    *, members: tuple[Member, ...], epoch: int | None = None,
) -> bytes:  # fmt: skip
    if document.admins != (node.uuid,):
        raise NotAdmin(stored.name)
    following = msgspec.structs.replace(
        document,
        version=document.version + 1,
        previous=membership.fingerprint(stored.membership),
        issued=now,
        expires=now + VALID_FOR,
        members=members,
        epoch=epoch or document.epoch,
    )
    note = membership.write(following, [(node.uuid, node.signing)])
    membership.check_next(stored.membership, note, now=now)
    await adopt(tx, following, note, node, now, random)
    return note


def _same(a: Member, b: Member) -> bool:
    return (a.url, a.signing_key, a.tls_pin, a.name) == (b.url, b.signing_key, b.tls_pin, b.name)


async def adopt(
    tx: Tx, document: Membership, note: bytes, node: Node, now: datetime, random: Random
) -> None:
    """Store a verified version, and know every member of it as a partner.

    Raises `KeyChanged` when it names another key for a partner that we know, or for us, and
    `PeerError` when its agreement cannot be read.
    """
    agreement = {"pap_floor": document.policy.pap_floor.upper(), **document.policy.agreement}
    try:
        read_agreement({**agreement, "max_tlp": document.policy.max_tlp.upper()})
    except BadAgreement as problem:
        raise PeerError(f"the group's agreement cannot be read: {problem}") from None
    current = document.current(now)
    for member in current:
        if member.node == node.uuid:
            if member.key != node.signing_public:
                raise KeyChanged(node.name)
        else:
            await _partner(tx, member, now, random)
    await peer.put_group(
        tx,
        uuid=document.group,
        name=document.name,
        max_tlp=int(parse_tlp(document.policy.max_tlp)),
        witnesses=document.policy.witnesses,
        agreement=agreement,
        membership=note,
        version=document.version,
        members={m.node: m.node == node.uuid for m in current},
        now=now,
    )


async def _partner(tx: Tx, member: Member, now: datetime, random: Random) -> None:
    known = await peer.account(tx.db, member.node)
    if known is not None and (await peer.get(tx.db, member.node)).signing_key != member.key:
        raise KeyChanged(member.name)
    own = await party.own(tx.db)
    if member.party == own.uuid:
        raise PeerError("a partner claims to be this organisation")
    organisation = await party.put(
        tx, uuid=member.party, name=member.party_name, kind=_kind(member.party_kind),
        country=member.country,
    )  # fmt: skip
    if known is None:
        try:
            known = await _account(tx, member, f"peer:{member.name}", organisation.id, now, random)
        except person.LoginTaken:  # two partners of one name
            login = f"peer:{member.name}:{member.node}"
            known = await _account(tx, member, login, organisation.id, now, random)
    await peer.put(
        tx, uuid=member.node, party_id=organisation.id, person_id=known, name=member.name,
        country=member.country, url=member.url, tls_pin=member.pin, signing_key=member.key,
        now=now,
    )  # fmt: skip


async def _account(
    tx: Tx, member: Member, login: str, party_id: int, now: datetime, random: Random
) -> int:
    async with savepoint(tx):
        return await person.add(
            tx, uuid=uuid7(now, random(RANDOM_BYTES)), party_id=party_id, login=login,
            name=member.name, lang="en", roles=(), password_hash=None, now=now, machine=True,
        )  # fmt: skip


_KINDS = frozenset({"csirt", "soc", "isp", "bank", "post", "authority", "company"})


def _kind(kind: str) -> str:
    """Kinds that we do not know are partners all the same."""
    return kind if kind in _KINDS else "peer"
