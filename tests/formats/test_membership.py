"""Membership documents: the chain of versions, and who may write the next one."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats import membership
from zvon.formats.membership import GroupPolicy, Member, Membership
from zvon.formats.note import PeerError

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
GROUP, A, B, C = (UUID(int=n) for n in (1, 10, 11, 12))
KEYS = {node: Ed25519PrivateKey.from_private_bytes(bytes([node.int]) * 32) for node in (A, B, C)}


def member(node: UUID, left: datetime | None = None) -> Member:
    return Member(
        node=node, name=f"node {node.int}", country="SI", party=UUID(int=node.int + 100),
        party_name="CSIRT", party_kind="csirt", url=f"https://127.0.0.1:{node.int}",
        signing_key=KEYS[node].public_key().public_bytes_raw().hex(), tls_pin="ab" * 32,
        joined=NOW, left=left,
    )  # fmt: skip


def first(admins: tuple[UUID, ...] = (A,), threshold: int = 1) -> Membership:
    return Membership(
        group=GROUP, name="Slovenia and Croatia", version=1, previous="", issued=NOW,
        expires=NOW + timedelta(days=365), threshold=threshold, admins=admins,
        members=tuple(member(a) for a in admins), policy=GroupPolicy(max_tlp="amber"),
    )  # fmt: skip


def write(document: Membership, *signed_by: UUID) -> bytes:
    return membership.write(document, [(node, KEYS[node]) for node in signed_by])


def after(previous: bytes, document: Membership, **changes: object) -> Membership:
    return msgspec.structs.replace(
        document, version=document.version + 1, previous=membership.fingerprint(previous), **changes
    )


def test_a_version_signed_by_the_previous_admin_is_accepted() -> None:
    one = write(first(), A)
    two = write(after(one, first(), members=(member(A), member(B))), A)
    accepted = membership.check_next(one, two, now=NOW)
    assert accepted.member(B, NOW) == member(B)
    assert accepted.member(C, NOW) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": 1}, "expected membership version 2"),
        ({"version": 3}, "expected membership version 2"),
        ({"previous": "00" * 32}, "does not follow"),
        ({"group": A}, "another group"),
        ({"issued": NOW - timedelta(days=9), "expires": NOW}, "expired"),
    ],
)
def test_a_version_that_is_not_the_next_is_refused(change: dict[str, object], reason: str) -> None:
    one = write(first(), A)
    two = msgspec.structs.replace(after(one, first()), **change)
    with pytest.raises(PeerError, match=reason):
        membership.check_next(one, write(two, A), now=NOW)


def test_a_member_cannot_write_the_next_version() -> None:
    one = write(msgspec.structs.replace(first(), members=(member(A), member(B))), A)
    document, _ = membership.parse(one)
    taken = after(one, document, admins=(B,))
    with pytest.raises(PeerError, match="previous admins"):
        membership.check_next(one, write(taken, B), now=NOW)


def test_the_new_threshold_binds_too() -> None:
    one = write(msgspec.structs.replace(first(), members=(member(A), member(B))), A)
    document, _ = membership.parse(one)
    two = after(one, document, admins=(A, B), threshold=2)
    with pytest.raises(PeerError, match="its own admins"):
        membership.check_next(one, write(two, A), now=NOW)
    assert membership.check_next(one, write(two, A, B), now=NOW).threshold == 2


def test_two_of_three_admins_are_needed_after_that() -> None:
    one = write(first((A, B, C), 2), A, B)
    document, _ = membership.parse(one)
    two = after(one, document)
    with pytest.raises(PeerError):
        membership.check_next(one, write(two, C), now=NOW)
    assert membership.check_next(one, write(two, B, C), now=NOW).version == 2


def test_who_left_is_no_member_from_that_moment() -> None:
    document = msgspec.structs.replace(first(), members=(member(A), member(B, left=NOW)))
    assert document.member(B, NOW - timedelta(seconds=1)) is not None
    assert document.member(B, NOW) is None
    assert [m.node for m in document.current(NOW)] == [A]


def test_the_first_version_must_be_of_the_inviting_node() -> None:
    one = write(first(), A)
    key = KEYS[A].public_key().public_bytes_raw()
    assert membership.check_first(one, admin=A, key=key, now=NOW).group == GROUP
    with pytest.raises(PeerError, match="no admin"):
        membership.check_first(one, admin=B, key=key, now=NOW)
    with pytest.raises(PeerError, match="no admin"):
        membership.check_first(one, admin=A, key=bytes(32), now=NOW)
    with pytest.raises(PeerError, match="not signed"):
        membership.check_first(write(first(), B), admin=A, key=key, now=NOW)
    with pytest.raises(PeerError, match="expired"):
        membership.check_first(one, admin=A, key=key, now=NOW + timedelta(days=365))


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": 2},
        {"admins": (B,)},
        {"admins": (A, A)},
        {"expires": NOW},
        {"members": (member(A), member(A))},
    ],
)
def test_a_document_that_contradicts_itself_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises((ValueError, msgspec.ValidationError)):
        msgspec.structs.replace(first(), **changes)


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_no_changed_byte_is_accepted(place: int, flip: int) -> None:
    data = bytearray(write(first(), A))
    data[place % len(data)] ^= flip
    with pytest.raises(PeerError):
        membership.check_first(
            bytes(data), admin=A, key=KEYS[A].public_key().public_bytes_raw(), now=NOW
        )


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_our_own_error(data: bytes) -> None:
    with pytest.raises(PeerError):
        membership.parse(data)
