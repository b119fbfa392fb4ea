"""A list that is packed in many gzip members comes whole, however the network cuts it."""

import gzip
from collections.abc import AsyncIterator

import pytest

from zvon.collect.ask import Failed, _bounded

MEMBER = gzip.compress(bytes(3 << 20))


async def unpacked(data: bytes, cut: int, most: int = 1 << 30) -> int:
    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(data), cut):
            yield data[at : at + cut]

    return sum([len(piece) async for piece in _bounded(chunks(), "u", most)])


@pytest.mark.parametrize("cut", [1, 700, len(MEMBER), len(MEMBER) + 1, 3 * len(MEMBER)])
async def test_no_member_is_lost_or_read_twice(cut: int) -> None:
    assert await unpacked(MEMBER * 3, cut) == 3 * (3 << 20)


async def test_padding_after_the_end_is_no_member() -> None:
    assert await unpacked(MEMBER + bytes(50), 1000) == 3 << 20


async def test_a_bomb_of_members_ends_at_its_limit() -> None:
    with pytest.raises(Failed, match="more than"):
        await unpacked(MEMBER * 1000, 65_536, most=10 << 20)
