"""Valid addresses that keep nothing: 96 keyed bits in the documentation prefix."""

import hashlib
from ipaddress import IPv4Address, IPv6Address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from zvon.privacy.pseudonym import Domain
from zvon.privacy.pseudonym_address import address, addresses

ONE = Domain("g", "2026-11", bytes(range(32)))
TWO = Domain("g", "2026-12", bytes(range(1, 33)))
DOCUMENTATION = ip_network("2001:db8::/32")
any_address = st.ip_addresses()


@given(any_address)
def test_it_is_an_address_of_the_domain_and_of_no_other(value: IPv4Address | IPv6Address) -> None:
    made = address(ONE, value)
    assert made in DOCUMENTATION
    assert made == address(ONE, value)
    assert made != address(TWO, value)


@given(st.lists(any_address, max_size=20))
def test_many_are_as_one_by_one_and_as_keyed_blake2b_says(
    values: list[IPv4Address | IPv6Address],
) -> None:
    made = addresses(ONE, [v.packed for v in values])
    assert [IPv6Address(m) for m in made] == [address(ONE, v) for v in values]
    for value, one in zip(values, made, strict=True):
        plain = hashlib.blake2b(value.packed, key=ONE.key, digest_size=12, person=b"address")
        assert one[4:] == plain.digest()


def test_a_whole_network_has_no_two_alike_and_no_prefix_in_common() -> None:
    made = addresses(ONE, [(0x0A000000 + n).to_bytes(4) for n in range(65_536)])
    assert len(set(made)) == 65_536
    assert len({one[4:6] for one in made}) > 40_000


def test_four_and_six_bytes_of_one_number_are_two_addresses() -> None:
    assert address(ONE, IPv4Address(1)) != address(ONE, IPv6Address(1))
