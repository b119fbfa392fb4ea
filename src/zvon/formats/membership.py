"""The membership document: who belongs to a sharing group, and under which rules.

Each version is signed by k of the admins of the version before it, and by its own threshold of
its own admins. A group made by invitation begins with one admin, the inviting node; when
somebody joins, that node writes and signs the next version.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta, Struct

from zvon.formats import canonical, note
from zvon.formats.note import Note, PeerError, Signature

FORMAT = "zvon.peer/membership/1"
VALID_FOR = timedelta(days=365)
MAX_MEMBERS = 500

Name = Annotated[str, Meta(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+\Z")]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
Url = Annotated[str, Meta(max_length=300, pattern=r"^https://[^\s/?#@]+\Z")]
Hex32 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Instant = Annotated[datetime, Meta(tz=True)]


class Member(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One node: its operator's party, where it is reached, and the keys that prove it."""

    node: UUID
    name: Name
    country: Country
    party: UUID
    party_name: Name
    party_kind: Annotated[str, Meta(pattern=r"^[a-z]{2,20}\Z")]
    url: Url
    signing_key: Hex32
    tls_pin: Hex32
    joined: Instant
    left: Instant | None = None

    @property
    def key(self) -> bytes:
        """The raw Ed25519 public key."""
        return bytes.fromhex(self.signing_key)

    @property
    def pin(self) -> bytes:
        """SHA-256 of the public key (SPKI) of the node's TLS certificate."""
        return bytes.fromhex(self.tls_pin)


class GroupPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may enter the group, checked by the sender and again by every receiver."""

    max_tlp: Literal["clear", "green", "amber", "amber+strict"]
    pap_floor: Literal["clear", "green", "amber", "red"] = "green"
    agreement: dict[str, Any] = {}
    hide_members: bool = False
    witnesses: Annotated[int, Meta(ge=0, le=16)] = 0


class Membership(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of a group; `previous` is the hash of the note before it ("" for the first)."""

    group: UUID
    name: Name
    version: Annotated[int, Meta(ge=1, le=10**8)]
    previous: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")]
    issued: Instant
    expires: Instant
    threshold: Annotated[int, Meta(ge=1, le=32)]
    admins: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=32)]
    members: Annotated[tuple[Member, ...], Meta(min_length=1, max_length=MAX_MEMBERS)]
    policy: GroupPolicy
    epoch: Annotated[int, Meta(ge=1)] = 1

    def __post_init__(self) -> None:
        nodes = [m.node for m in self.members]
        if len(set(nodes)) != len(nodes):
            raise ValueError("a node is a member twice")
        if len({m.signing_key for m in self.members}) != len(nodes):
            raise ValueError("two members have one key")
        if len(set(self.admins)) != len(self.admins) or not set(self.admins) <= set(nodes):
            raise ValueError("each admin is a member, once")
        if self.threshold > len(self.admins):
            raise ValueError("the threshold is larger than the number of admins")
        if self.issued >= self.expires:
            raise ValueError("it expires before it begins")

    def member(self, node: UUID, now: datetime) -> Member | None:
        """The member with that node, when it belongs to the group at `now`."""
        for member in self.members:
            if member.node == node and (member.left is None or now < member.left):
                return member
        return None

    def current(self, now: datetime) -> tuple[Member, ...]:
        """All who belong to the group at `now`."""
        return tuple(m for m in self.members if m.left is None or now < m.left)

    def admin_keys(self) -> dict[UUID, bytes]:
        """The keys of the admins."""
        return {m.node: m.key for m in self.members if m.node in self.admins}


def write(document: Membership, signed_by: Sequence[tuple[UUID, Ed25519PrivateKey]]) -> bytes:
    """Sign a version; returns the note as sent."""
    text = f"{FORMAT}\n{canonical.encode(document).decode()}\n"
    signatures: tuple[Signature, ...] = tuple(
        note.sign(text, "admin", node, key) for node, key in signed_by
    )
    return note.encode(Note(text, signatures))


def parse(data: bytes) -> tuple[Membership, Note]:
    """Read a membership note. Raises `PeerError`; checks no signature."""
    whole = note.decode(data)
    first, _, rest = whole.text.partition("\n")
    if first != FORMAT or not rest.endswith("\n"):
        raise PeerError("the note is not a membership document")
    body = rest[:-1].encode()
    return canonical.decode(body, Membership, limit=note.MAX_NOTE, what="the membership"), whole


def fingerprint(data: bytes) -> str:
    """What the next version names as `previous`."""
    return sha256(data).hexdigest()


def check_first(data: bytes, *, admin: UUID, key: bytes, now: datetime) -> Membership:
    """Accept the version that an invitation led to: signed by the inviting node.

    It need not be version 1: the invitation's key is what the newcomer trusts.
    Raises `PeerError`.
    """
    document, signed = parse(data)
    if document.admin_keys().get(admin) != key:
        raise PeerError("the inviting node is no admin of the group")
    if admin not in note.signers(signed, "admin", {admin: key}):
        raise PeerError("the membership is not signed by the inviting node")
    if len(note.signers(signed, "admin", document.admin_keys())) < document.threshold:
        raise PeerError("the membership has too few signatures")
    if now >= document.expires:
        raise PeerError("the membership has expired")
    return document


def check_next(previous: bytes, data: bytes, *, now: datetime) -> Membership:
    """Accept the version after `previous`. Raises `PeerError` with the reason."""
    old, _ = parse(previous)
    new, signed = parse(data)
    if new.group != old.group:
        raise PeerError("the membership belongs to another group")
    if new.version != old.version + 1:
        raise PeerError(f"expected membership version {old.version + 1}, got {new.version}")
    if new.previous != fingerprint(previous):
        raise PeerError("the membership does not follow the version we hold")
    if now >= new.expires:
        raise PeerError("the membership has expired")
    if len(note.signers(signed, "admin", old.admin_keys())) < old.threshold:
        raise PeerError("the membership is not signed by the previous admins")
    if len(note.signers(signed, "admin", new.admin_keys())) < new.threshold:
        raise PeerError("the membership has too few signatures of its own admins")
    return new
