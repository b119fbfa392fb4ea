"""What prefix-preserving pseudonyms of these very addresses give away, to whom.

Who knows that a pseudonym is a host of its own knows the network of every pseudonym that shares
the prefix. The share is exact: the mean over all choices of the known hosts.
"""

from collections import Counter
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address

import numpy as np
from msgspec import Struct

Address = IPv4Address | IPv6Address
KNOWN = (1, 5, 20, 100)
PREFIXES = {4: (8, 16, 24), 6: (32, 48, 64)}
BUSIEST = 50


class Learnt(Struct, frozen=True, kw_only=True):
    """What somebody learns who knows `known` hosts: share of the others, by prefix length.

    `chosen` is `any` for hosts at random and `busiest` for those with the most flows.
    """

    known: int
    chosen: str
    shares: dict[str, float]


class FlowRisk(Struct, frozen=True, kw_only=True):
    """The risk of one family of addresses.

    `alone` of the `ranked` busiest hosts have a number of flows that no other host has: who knows
    the traffic finds them by their rank, whatever the key.
    """

    family: int
    hosts: int
    networks: dict[str, int]
    learnt: tuple[Learnt, ...]
    ranked: int
    alone: int


def flow_risk(flows: Mapping[Address, int], *, prefixes: bool = True) -> list[FlowRisk]:
    """The risk for the addresses of some flows; `flows` counts how often each occurs.

    Without kept `prefixes` nothing is learnt of networks, and the ranks are left.
    """
    families = sorted({address.version for address in flows})
    return [
        _family(f, {a: n for a, n in flows.items() if a.version == f}, KNOWN if prefixes else ())
        for f in families
    ]


def _family(family: int, flows: Mapping[Address, int], most: tuple[int, ...]) -> FlowRisk:
    width = 32 if family == 4 else 128
    hosts = sorted(flows, key=lambda a: (-flows[a], int(a)))
    networks = {bits: [int(a) >> (width - bits) for a in hosts] for bits in PREFIXES[family]}
    known = sorted({min(k, len(hosts) - 1) for k in most} - {0})
    learnt = [
        Learnt(known=k, chosen=chosen, shares={
            f"/{bits}": round(share(of, k), 4) for bits, of in networks.items()
        })
        for chosen, share in (("any", _of_any), ("busiest", _of_first))
        for k in known
    ]  # fmt: skip
    counts = Counter(flows.values())
    top = hosts[:BUSIEST]
    return FlowRisk(
        family=family, hosts=len(hosts),
        networks={f"/{bits}": len(set(of)) for bits, of in networks.items()},
        learnt=tuple(learnt), ranked=len(top), alone=sum(counts[flows[a]] == 1 for a in top),
    )  # fmt: skip


def _of_any(networks: list[int], known: int) -> float:
    """The mean share of the unknown whose network a random choice of `known` hosts gives away.

    A host in a network of m hosts stays hidden when all known ones lie in other networks:
    C(n - m, k) of C(n - 1, k) choices.
    """
    n = len(networks)
    sizes, times = np.unique(list(Counter(networks).values()), return_counts=True)
    hidden = np.ones(len(sizes))
    for j in range(known):
        hidden *= np.maximum(n - sizes - j, 0) / (n - 1 - j)
    return float(np.sum((1 - hidden) * sizes * times) / n)


def _of_first(networks: list[int], known: int) -> float:
    """The share of the others in the networks of the first `known` hosts."""
    mine = set(networks[:known])
    others = networks[known:]
    return sum(network in mine for network in others) / len(others)
