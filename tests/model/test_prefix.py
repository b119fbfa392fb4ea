"""Address prefixes: one text, one owner name, and nothing that covers everything."""

from contextlib import suppress
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.model.prefix import BadPrefix, canonical, covering_owners, network, owner


@pytest.mark.parametrize(
    ("text", "one", "name"),
    [
        ("192.0.2.66", "192.0.2.66/32", "32.66.2.0.192.rpz-ip"),
        ("192.0.2.0/24", "192.0.2.0/24", "24.0.2.0.192.rpz-ip"),
        ("2001:DB8::/48", "2001:db8::/48", "48.zz.db8.2001.rpz-ip"),
        ("2001:db8:0:0:0:0:0:1", "2001:db8::1/128", "128.1.zz.db8.2001.rpz-ip"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1/128", "128.1.1.1.1.1.0.db8.2001.rpz-ip"),
        ("2001:0:0:1::1", "2001:0:0:1::1/128", "128.1.zz.1.0.0.2001.rpz-ip"),
    ],
)
def test_one_text_and_one_owner(text: str, one: str, name: str) -> None:
    assert canonical(text) == one
    assert owner(one) == name


@pytest.mark.parametrize(
    "text",
    ["0.0.0.0/0", "::/0", "192.0.2.66/24", "2001:db8::1/48", "192.0.2.0/255.255.255.0", "", "/8",
     "192.0.2.0/33", "192.0.2", "evil.example", "192.0.2.0/-1", "fe80::1%eth0", "::ffff:192.0.2.1",
     "192.0.2.0/٢٤", "3221225984", "0300.0.2.1", "1.2.3.4/ 32"],
)  # fmt: skip
def test_what_is_no_prefix_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(BadPrefix, match=r"\w"):
        canonical(text)


@given(st.integers(0, 2**128 - 1), st.integers(1, 128))
def test_a_canonical_prefix_stays_as_it_is(value: int, length: int) -> None:
    address = IPv6Address(value >> (128 - length) << (128 - length))
    with suppress(BadPrefix):
        one = canonical(f"{address}/{length}")
        assert canonical(one) == one
        assert owner(one).count("zz") <= 1


@given(st.text(max_size=50))
def test_no_text_raises_anything_but_our_own_error(text: str) -> None:
    with suppress(BadPrefix):
        network(text)


def test_the_owners_above_an_address_lead_with_the_longest() -> None:
    found = covering_owners("192.0.2.66/32")
    assert found[0] == "32.66.2.0.192.rpz-ip"
    assert "24.0.2.0.192.rpz-ip" in found
    assert found[-1] == "8.0.0.0.192.rpz-ip"
    assert covering_owners("2001:db8::/48", "rpz-nsip")[0] == "48.zz.db8.2001.rpz-nsip"
