"""Owner names and records of policy zones, in the form that every resolver loads."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network

import dns.name
import dns.rdata
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats import rpz
from zvon.formats.rpz import (
    RpzError,
    check_owner,
    check_target,
    name_text,
    name_wire,
    trigger_owner,
)

label = st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,20}[a-z0-9_])?", fullmatch=True)
names = st.lists(label, min_size=1, max_size=6).map(".".join)
ZONE = "cold.si.zvon"


@given(names)
def test_a_name_in_wire_form_is_what_dnspython_writes_and_reads_back(name: str) -> None:
    wire = name_wire(name)
    assert wire == dns.name.from_text(name).to_wire()
    assert name_text(wire) == name


@pytest.mark.parametrize("name", ["a..b", "a" * 64, ".".join(["a" * 60] * 5)])
def test_a_name_that_has_no_wire_form_is_refused(name: str) -> None:
    with pytest.raises(RpzError):
        name_wire(name)


def test_the_soa_keeps_resolvers_blocking_for_a_week_without_us() -> None:
    data = rpz.soa_rdata(7)
    soa = dns.rdata.from_wire("IN", "SOA", data, 0, len(data))
    assert soa.to_text() == "localhost. hostmaster.localhost. 7 60 30 604800 60"


@given(st.text(max_size=300))
def test_no_text_raises_anything_but_our_own_error(text: str) -> None:
    try:
        owner = check_owner(text, ZONE)
    except RpzError:
        return
    assert len(name_wire(f"{owner}.{ZONE}")) <= 255


@pytest.mark.parametrize(
    "owner",
    ["", "*", "*.*.example", "a.*.example", "A.example", "a..example", "a.example.", "-a.example",
     "a.rpz-passthru", "rpz-nsdname", "*.rpz-nsdname", "a.rpz-drop.rpz-nsdname", "a" * 64 + ".example", "š.example", "a b.example",
     "a\0.example", ".".join(["a" * 60] * 4)],
)  # fmt: skip
def test_what_a_resolver_would_drop_is_refused(owner: str) -> None:
    with pytest.raises(RpzError):
        check_owner(owner, ZONE)


def test_the_longest_owner_that_fits_passes_and_one_more_does_not() -> None:
    room = 255 - len(name_wire(ZONE)) - 1
    longest = "*." + ".".join(["a" * 49] * 4) + "." + "b" * (room - 2 - 201)
    assert len(name_wire(f"{longest}.{ZONE}")) <= 255
    assert check_owner(longest, ZONE)
    with pytest.raises(RpzError):
        check_owner(longest + "bb", ZONE)


@pytest.mark.parametrize(
    ("trigger", "name", "owner"),
    [
        ("qname", "evil.example", "evil.example"),
        ("nsdname", "ns.evil.example", "ns.evil.example.rpz-nsdname"),
        ("ip", "192.0.2.66/32", "32.66.2.0.192.rpz-ip"),
        ("ip", "192.0.2.66", "32.66.2.0.192.rpz-ip"),
        ("nsip", "198.51.100.0/24", "24.0.100.51.198.rpz-nsip"),
        ("ip", "2001:db8::/48", "48.zz.db8.2001.rpz-ip"),
        ("ip", "2001:db8:0:1::3/128", "128.3.zz.1.0.db8.2001.rpz-ip"),
        ("ip", "2001:db8:1:2:3:4:5:6/128", "128.6.5.4.3.2.1.db8.2001.rpz-ip"),
        ("ip", "2001:db8:0:1:0:1:0:1/128", "128.1.0.1.0.1.0.db8.2001.rpz-ip"),
        ("nsip", "::1/128", "128.1.zz.rpz-nsip"),
    ],
)
def test_a_trigger_has_the_owner_of_the_draft(trigger: str, name: str, owner: str) -> None:
    assert trigger_owner(trigger, name) == owner
    assert check_owner(owner, ZONE) == owner


@given(st.ip_addresses(), st.data(), st.sampled_from(["ip", "nsip"]))
def test_every_prefix_has_an_owner_that_passes_and_no_two_the_same(
    address: IPv4Address | IPv6Address, data: st.DataObject, trigger: str
) -> None:
    length = data.draw(st.integers(1, address.max_prefixlen))
    prefix = ip_network(f"{address}/{length}", strict=False)
    if isinstance(prefix, IPv6Network) and prefix.network_address.ipv4_mapped is not None:
        return
    owner = trigger_owner(trigger, str(prefix))
    assert check_owner(owner, ZONE) == owner
    assert trigger_owner(trigger, prefix.exploded) == owner


@pytest.mark.parametrize(
    ("trigger", "name"),
    [("ip", "0.0.0.0/0"), ("ip", "::/0"), ("ip", "192.0.2.1/24"), ("nsip", "evil.example"),
     ("ip", "::ffff:192.0.2.1/128"), ("ip", ""), ("client-ip", "192.0.2.1/32"), ("", "x.example")],
)  # fmt: skip
def test_a_prefix_that_resolvers_drop_or_that_is_everything_has_no_owner(
    trigger: str, name: str
) -> None:
    with pytest.raises(RpzError):
        trigger_owner(trigger, name)


@pytest.mark.parametrize(
    "owner",
    ["0.0.0.0.0.rpz-ip", "24.1.2.0.192.rpz-ip", "32.66.2.0.192.rpz-client-ip", "rpz-ip",
     "33.66.2.0.192.rpz-ip", "32.066.2.0.192.rpz-ip", "032.66.2.0.192.rpz-ip", "48.db8.2001.rpz-ip",
     "128.0.0.0.0.0.0.0.1.rpz-ip", "48.zz.0db8.2001.rpz-ip", "48.zz.zz.2001.rpz-ip",
     "*.32.66.2.0.192.rpz-ip", "a.32.66.2.0.192.rpz-ip", "129.1.zz.rpz-nsip"],
)  # fmt: skip
def test_a_prefix_in_another_form_is_refused(owner: str) -> None:
    with pytest.raises(RpzError):
        check_owner(owner, ZONE)


@pytest.mark.parametrize("target", [".", "*.", "rpz-passthru.", "landing.example.", "stop.si."])
def test_the_answers_and_a_landing_host_can_be_targets(target: str) -> None:
    assert check_target(target) == target
    data = rpz.tail(target, 60)[10:]
    assert name_text(data) == (target.removesuffix(".") or ".")


@pytest.mark.parametrize(
    "target",
    ["rpz-drop.", "rpz-tcp-only.", "rpz-client-ip.", "x.rpz-drop.", "landing.example", "", "..",
     "Landing.example.", "*.landing.example.", "a..b.", "š.example.", f"{'a' * 64}.example."],
)  # fmt: skip
def test_nothing_else_can_be_a_target(target: str) -> None:
    with pytest.raises(RpzError):
        rpz.tail(target, 60)
