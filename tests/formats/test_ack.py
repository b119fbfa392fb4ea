"""Acknowledgements: signed by who sends them, about one entry."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats import ack
from zvon.formats.ack import Ack
from zvon.formats.note import PeerError

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
ONE = Ack(
    group=UUID(int=1), origin=UUID(int=2), n=3, leaf="ab" * 32, by=UUID(int=4), state="partial",
    outputs={"proposed": 5, "refused": 1}, note="POPULAR", at=datetime(2026, 11, 22, tzinfo=UTC),
)  # fmt: skip


def test_it_reads_back_the_same_from_its_sender_only() -> None:
    data = ack.write(ONE, KEY)
    assert ack.read(data, by=ONE.by, key=PUBLIC) == ONE
    with pytest.raises(PeerError):
        ack.read(data, by=UUID(int=5), key=PUBLIC)
    with pytest.raises(PeerError):
        ack.read(data, by=ONE.by, key=bytes(32))


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_no_changed_byte_is_accepted(place: int, flip: int) -> None:
    data = bytearray(ack.write(ONE, KEY))
    data[place % len(data)] ^= flip
    with pytest.raises(PeerError):
        ack.read(bytes(data), by=ONE.by, key=PUBLIC)


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_our_own_error(data: bytes) -> None:
    with pytest.raises(PeerError):
        ack.read(data, by=ONE.by, key=PUBLIC)
