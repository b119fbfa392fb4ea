"""Checkpoints and the signed notes that they are."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats import checkpoint, note
from zvon.formats.checkpoint import Checkpoint
from zvon.formats.note import Note, PeerError

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
GROUP, ORIGIN, WITNESS = (UUID(int=n) for n in (1, 2, 3))
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def made(size: int = 5, at: datetime = NOW) -> Checkpoint:
    return Checkpoint(group=GROUP, origin=ORIGIN, size=size, root=b"\7" * 32, at=at, membership=2)


def read(
    data: bytes, key: bytes = PUBLIC, group: UUID = GROUP, origin: UUID = ORIGIN
) -> Checkpoint:
    return checkpoint.read(data, group=group, origin=origin, key=key, now=NOW)


@given(st.integers(0, 2**53), st.binary(min_size=32, max_size=32), st.integers(1, 10**8))
def test_a_written_checkpoint_reads_back_the_same(size: int, root: bytes, version: int) -> None:
    one = Checkpoint(group=GROUP, origin=ORIGIN, size=size, root=root, at=NOW, membership=version)
    assert read(checkpoint.write(one, KEY)) == one


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_no_changed_byte_is_accepted(place: int, flip: int) -> None:
    data = bytearray(checkpoint.write(made(), KEY))
    data[place % len(data)] ^= flip
    with pytest.raises(PeerError):
        read(bytes(data))


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_but_our_own_error(data: bytes) -> None:
    with pytest.raises(PeerError):
        read(data)
    with pytest.raises(PeerError):
        checkpoint.parse(Note(data.decode(errors="replace"), ()))


def test_a_checkpoint_of_another_feed_key_or_time_is_refused() -> None:
    data = checkpoint.write(made(), KEY)
    with pytest.raises(PeerError, match="another feed"):
        read(data, group=ORIGIN)
    with pytest.raises(PeerError, match="another feed"):
        read(data, origin=GROUP)
    with pytest.raises(PeerError, match="not signed by its origin"):
        read(data, key=OTHER.public_key().public_bytes_raw())
    with pytest.raises(PeerError, match="future"):
        read(checkpoint.write(made(at=NOW + timedelta(minutes=6)), KEY))


def test_a_signature_of_another_kind_of_note_does_not_count() -> None:
    text = note.decode(checkpoint.write(made(), KEY)).text.replace("checkpoint", "membership")
    foreign = note.sign(text, "origin", ORIGIN, KEY)
    text = text.replace("membership/1", "checkpoint/1")
    with pytest.raises(PeerError):
        read(note.encode(Note(text, (foreign,))))


def test_witnesses_count_when_the_policy_asks_for_them() -> None:
    plain = note.decode(checkpoint.write(made(), KEY))
    cosigned = note.encode(
        Note(plain.text, (*plain.signatures, note.sign(plain.text, "witness", WITNESS, OTHER)))
    )
    keys = {WITNESS: OTHER.public_key().public_bytes_raw()}

    def count(data: bytes, wanted: int) -> Checkpoint:
        return checkpoint.read(
            data, group=GROUP, origin=ORIGIN, key=PUBLIC, now=NOW, witnesses=keys,
            witness_count=wanted,
        )  # fmt: skip

    assert count(cosigned, 1) == made()
    with pytest.raises(PeerError, match="too few witnesses"):
        count(note.encode(plain), 1)
    with pytest.raises(PeerError, match="too few witnesses"):
        count(cosigned, 2)


def test_one_node_cannot_sign_twice_in_one_role() -> None:
    plain = note.decode(checkpoint.write(made(), KEY))
    with pytest.raises(PeerError, match="twice"):
        note.decode(note.encode(Note(plain.text, plain.signatures * 2)))
