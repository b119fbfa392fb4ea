"""Crypto-PAn as published, bit by bit, and prefixes that are kept exactly."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.privacy.flow import BadFlowKey, CryptoPan, flow_key
from zvon.privacy.pseudonym import Domain

# Key and trace of the sample in the authors' own distribution (Crypto-PAn 1.0).
KEY = bytes([21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
             216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2])  # fmt: skip
PUBLISHED = {
    "128.11.68.132": "135.242.180.132", "129.118.74.4": "134.136.186.123",
    "130.132.252.244": "133.68.164.234", "141.223.7.43": "141.167.8.160",
    "141.233.145.108": "141.129.237.235", "152.163.225.39": "151.140.114.167",
    "156.29.3.236": "147.225.12.42", "165.247.96.84": "162.9.99.234",
    "166.107.77.190": "160.132.178.185", "192.102.249.13": "252.138.62.131",
    "192.215.32.125": "252.43.47.189", "192.233.80.103": "252.25.108.8",
    "192.41.57.43": "252.222.221.184", "193.150.244.223": "253.169.52.216",
    "195.205.63.100": "255.186.223.5", "198.200.171.101": "249.199.68.213",
    "198.26.132.101": "249.36.123.202", "198.36.213.5": "249.7.21.132",
    "198.51.77.238": "249.18.186.254", "199.217.79.101": "248.38.184.213",
}  # fmt: skip
PAN = CryptoPan(KEY)


def slow(address: int, width: int, key: bytes = KEY) -> int:
    """The definition of the paper, one bit after the other."""
    encrypt = Cipher(algorithms.AES(key[:16]), modes.ECB()).encryptor().update
    pad = int.from_bytes(encrypt(key[16:]))
    padded = address << (128 - width)
    mask = 0
    for i in range(width):
        keep = ((1 << i) - 1) << (128 - i)
        block = (padded & keep) | (pad & ~keep & (2**128 - 1))
        mask = mask << 1 | encrypt(block.to_bytes(16))[0] >> 7
    return address ^ mask


def four(values: list[int], pan: CryptoPan = PAN) -> list[int]:
    return [int(v) for v in pan.four(np.array(values, np.uint32))]


def six(values: list[int]) -> list[int]:
    rows = np.array([list(v.to_bytes(16)) for v in values], np.uint8).reshape(-1, 16)
    return [int.from_bytes(bytes(row)) for row in PAN.six(rows)]


def shared(a: int, b: int, width: int) -> int:
    return width - (a ^ b).bit_length()


def test_the_published_addresses_come_out_as_published() -> None:
    made = four([int(IPv4Address(a)) for a in PUBLISHED])
    assert [str(IPv4Address(m)) for m in made] == list(PUBLISHED.values())


@given(st.lists(st.integers(0, 2**32 - 1), max_size=12))
def test_any_ipv4_address_is_as_the_definition_has_it(values: list[int]) -> None:
    assert four(values) == [slow(v, 32) for v in values]


@settings(max_examples=30)
@given(st.lists(st.integers(0, 2**128 - 1), max_size=4))
def test_any_ipv6_address_is_as_the_definition_has_it(values: list[int]) -> None:
    near = [v ^ 1 for v in values] + [v ^ (1 << 70) for v in values]
    assert six(values + near) == [slow(v, 128) for v in values + near]


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_prefixes_are_kept_exactly_and_nobody_meets_another(a: int, b: int) -> None:
    one, two = four([a, b])
    assert shared(one, two, 32) == shared(a, b, 32)


def test_ipv6_networks_stay_networks() -> None:
    values = [int(IPv6Address(t)) for t in ("2001:db8:1::1", "2001:db8:1::2", "2001:db8:2::1")]
    one, two, three = six(values)
    assert shared(one, two, 128) == 126
    assert shared(one, three, 128) == 46
    assert str(ip_address(one)) != "2001:db8:1::1"


def test_more_than_one_chunk_is_the_same_as_one_by_one() -> None:
    values = np.arange(0, 2**32, 2**32 // 300_000, dtype=np.uint64).astype(np.uint32)
    made = PAN.four(values)
    picked = [0, 1, 131_071, 131_072, 262_143, 262_144, len(values) - 1]
    assert [int(made[i]) for i in picked] == [slow(int(values[i]), 32) for i in picked]
    assert len(np.unique(made)) == len(values)


def test_the_key_of_flows_is_another_than_that_of_pseudonyms_and_changes_with_the_epoch() -> None:
    one = Domain("g", "2026-11", bytes(32))
    assert flow_key(one) != one.key
    assert flow_key(one) == flow_key(Domain("g", "2026-11", bytes(32)))
    assert flow_key(Domain("g", "2026-12", bytes([1]) * 32)) != flow_key(one)
    other = four([int(IPv4Address(a)) for a in PUBLISHED], CryptoPan(flow_key(one)))
    assert not {str(IPv4Address(m)) for m in other} & set(PUBLISHED.values())


def test_a_key_of_another_length_is_refused_and_none_is_shown() -> None:
    with pytest.raises(BadFlowKey):
        CryptoPan(b"short")
    assert KEY.hex() not in repr(PAN)
