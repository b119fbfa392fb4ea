"""The risk of kept prefixes is the exact mean, not an estimate."""

from collections import Counter
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import combinations

import pytest

from zvon.privacy.flow_risk import Address, flow_risk

HOSTS = [
    IPv4Address(t)
    for t in ("10.0.0.1", "10.0.0.2", "10.0.9.1", "10.1.0.1", "192.0.2.9", "192.0.2.8")
]


def counted(*more: Address) -> Counter[Address]:
    return Counter({a: n + 1 for n, a in enumerate((*HOSTS, *more))})


def by_hand(known: int, bits: int) -> float:
    """The mean over every choice of the known hosts."""
    total = 0.0
    choices = list(combinations(HOSTS, known))
    for mine in choices:
        networks = {int(a) >> (32 - bits) for a in mine}
        rest = [a for a in HOSTS if a not in mine]
        total += sum(int(a) >> (32 - bits) in networks for a in rest) / len(rest)
    return total / len(choices)


@pytest.mark.parametrize("known", [1, 5])
@pytest.mark.parametrize("bits", [8, 16, 24])
def test_the_share_is_the_mean_over_all_choices(known: int, bits: int) -> None:
    risk = flow_risk(counted())[0]
    found = next(r for r in risk.learnt if (r.known, r.chosen) == (known, "any"))
    assert found.shares[f"/{bits}"] == pytest.approx(by_hand(known, bits), abs=1e-4)


def test_the_busiest_hosts_give_away_their_own_networks() -> None:
    risk = flow_risk(counted())[0]
    found = next(r for r in risk.learnt if (r.known, r.chosen) == (1, "busiest"))
    assert found.shares == {"/8": 0.2, "/16": 0.2, "/24": 0.2}
    assert (risk.hosts, risk.networks) == (6, {"/8": 2, "/16": 3, "/24": 4})
    assert (risk.ranked, risk.alone) == (6, 6)


def test_equal_counts_hide_the_rank() -> None:
    assert flow_risk(Counter(HOSTS))[0].alone == 0


def test_families_are_told_apart_and_one_host_alone_gives_nothing_away() -> None:
    risks = flow_risk(counted(IPv6Address("2001:db8::1")))
    assert [r.family for r in risks] == [4, 6]
    assert risks[1].learnt == ()
    assert flow_risk({}) == []


def test_two_thousand_hosts_in_forty_networks_are_as_the_literature_has_them() -> None:
    flows = {ip_address(f"10.{n % 40}.{n // 40}.7"): 1 for n in range(2000)}
    risk = flow_risk(flows)[0]
    any_of = {r.known: r.shares["/16"] for r in risk.learnt if r.chosen == "any"}
    assert {k: round(v, 2) for k, v in any_of.items()} == {1: 0.02, 5: 0.12, 20: 0.39, 100: 0.92}
