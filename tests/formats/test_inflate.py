"""Compressed streams: whole ones come out whole, broken ones end early with a reason."""

import bz2
import gzip
import lzma
from collections.abc import Callable, Iterator

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.detect import Packing
from zvon.formats.inflate import STEP, Bounds, Inflated

PACK: dict[Packing, Callable[[bytes], bytes]] = {
    Packing.GZIP: gzip.compress,
    Packing.BZIP2: bz2.compress,
    Packing.XZ: lzma.compress,
    Packing.ZSTD: zstandard.ZstdCompressor().compress,
}
FLAT = Bounds(floor=1 << 30)


def pieces(body: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def undo(body: bytes, packing: Packing, bounds: Bounds = FLAT) -> tuple[bytes, str | None]:
    stream = Inflated(pieces(body, 1000), packing, bounds)
    return b"".join(stream), stream.problem


@pytest.mark.parametrize("packing", PACK)
@given(bodies=st.lists(st.binary(max_size=3000), min_size=1, max_size=3))
def test_streams_one_after_another_come_out_whole(packing: Packing, bodies: list[bytes]) -> None:
    packed = b"".join(map(PACK[packing], bodies))
    assert undo(packed, packing) == (b"".join(bodies), None)


@pytest.mark.parametrize("packing", PACK)
@given(body=st.binary(max_size=2000))
def test_any_bytes_raise_nothing(packing: Packing, body: bytes) -> None:
    got, problem = undo(body, packing)
    assert isinstance(got, bytes)
    assert problem != ""


@pytest.mark.parametrize("packing", PACK)
def test_a_cut_stream_gives_what_was_there_and_says_so(packing: Packing) -> None:
    body = b"".join(b"line %d of the log\n" % n for n in range(200_000))
    packed = PACK[packing](body)
    got, problem = undo(packed[: len(packed) // 2], packing)
    assert 0 < len(got) < len(body)
    assert body.startswith(got)
    assert problem == f"the {packing} stream ends too early"


@pytest.mark.parametrize("packing", PACK)
def test_a_bomb_ends_at_its_bound_in_small_pieces(packing: Packing) -> None:
    packed = PACK[packing](bytes(30_000_000))
    stream = Inflated([packed], packing, Bounds(floor=1_000_000, ratio=200))
    out, largest = 0, 0
    for piece in stream:
        out, largest = out + len(piece), max(largest, len(piece))
    assert out <= max(1_000_000, 200 * len(packed)) + STEP
    assert largest <= STEP
    assert stream.problem is not None
    assert "expands" in stream.problem


def test_no_more_than_the_most_comes_out() -> None:
    got, problem = undo(gzip.compress(b"a" * 500_000), Packing.GZIP, Bounds(most=300_000))
    assert len(got) <= 300_000
    assert problem == "it holds more than 300000 bytes"
