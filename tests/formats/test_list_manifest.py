from datetime import UTC, datetime
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.list_manifest import ListHash, Manifest, read, write
from zvon.formats.note import PeerError

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key().public_bytes_raw()
times = st.integers(0, 2_000_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))
hashes = st.builds(
    ListHash,
    st.sampled_from(["txt", "squid-urls"]),
    st.binary(min_size=32, max_size=32).map(bytes.hex),
    st.integers(0, 10**12),
)
manifests = st.builds(
    Manifest, feed=st.from_regex(r"[a-z0-9]{1,19}", fullmatch=True), node=st.uuids(),
    seq=st.integers(0, 10**17), at=times, lists=st.lists(hashes, max_size=3).map(tuple),
)  # fmt: skip


@given(manifests)
def test_a_written_manifest_reads_back_the_same(manifest: Manifest) -> None:
    assert read(write(manifest, KEY), PUBLIC) == manifest


@given(manifests, st.data())
def test_no_octet_can_be_changed(manifest: Manifest, data: st.DataObject) -> None:
    said = bytearray(write(manifest, KEY))
    at = data.draw(st.integers(0, len(said) - 1))
    said[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(PeerError):
        read(bytes(said), PUBLIC)


@given(st.binary(max_size=200))
def test_no_octets_raise_anything_but_our_own_error(said: bytes) -> None:
    with pytest.raises(PeerError):
        read(said, PUBLIC)


def test_another_nodes_key_does_not_open_it() -> None:
    manifest = Manifest(feed="si", node=UUID(int=1), seq=1, at=datetime(2026, 1, 1, tzinfo=UTC),
                        lists=())  # fmt: skip
    with pytest.raises(PeerError):
        read(write(manifest, KEY), bytes(32))
