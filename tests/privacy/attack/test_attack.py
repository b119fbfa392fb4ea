"""Each attack succeeds against a weak scheme and fails against ours."""

import hashlib
import random
from ipaddress import IPv4Address

import pytest

from zvon.model.rate import rate
from zvon.privacy.attack import (
    Quasi,
    dictionary,
    differencing,
    frequency_rank,
    generalised,
    join,
    known_mapping,
    quasi_identifiers,
    residue,
)
from zvon.privacy.attack.finding import judged
from zvon.privacy.pseudonym import Domain, token
from zvon.privacy.residue import Original

OURS = Domain("group-a", "2026-11", hashlib.sha256(b"a real key would be random: a").digest())
NEXT = Domain("group-a", "2026-12", hashlib.sha256(b"a real key would be random: b").digest())
OTHER = Domain("group-b", "2026-11", hashlib.sha256(b"a real key would be random: c").digest())
DRAW = random.Random(6)
NETS = [f"10.{n}" for n in range(16)]
ADDRESSES = sorted(
    {f"{DRAW.choice(NETS)}.{DRAW.randrange(256)}.{DRAW.randrange(1, 255)}" for _ in range(600)}
)
NAMES = [f"{first} {last}" for first in ("ana", "maja", "ivan", "petra", "luka") for last in
         ("novak", "horvat", "kovac", "zupan", "kos", "babic", "juric", "golob")]  # fmt: skip


def ours(values: list[str], kind: str = "IP", domain: Domain = OURS) -> list[tuple[str, str]]:
    return [(value, token(domain, kind, value)) for value in values]


def masked(value: str) -> str:
    """What n6 does: the first two numbers of the address go."""
    return "x.x." + ".".join(value.split(".")[2:])


def kept_prefix(value: str) -> str:
    """A prefix-preserving scheme with the key "turn every byte by its place"."""
    a, b, c, d = (int(n) for n in value.split("."))
    last = hashlib.sha256(value.encode()).digest()[0]
    return f"{(a * 7 + 3) % 256}.{(b * 5 + 9) % 256}.{(c * 3 + a) % 256}.{d ^ last}"


# 1 known mapping


@pytest.mark.parametrize("known", [1, 5, 20, 100])
def test_known_pairs_tell_nothing_of_the_others_under_our_scheme(known: int) -> None:
    found = known_mapping(ours(ADDRESSES), known)
    assert found.passed
    assert found.trials == len(ADDRESSES) - known
    assert found.detail["prefix_bits"] == 0
    assert found.sharpest < 0.03


def test_known_pairs_break_what_keeps_a_part_of_the_value_or_its_order() -> None:
    last = known_mapping([(a, masked(a)) for a in ADDRESSES], 5)
    assert not last.passed
    assert (last.detail["best"], last.rate > 0.3) == ("likeness", True)
    prefix = known_mapping([(a, kept_prefix(a)) for a in ADDRESSES], 60)
    assert not prefix.passed
    assert prefix.detail["prefix_bits"] >= 16
    ranks = [(name, f"person-{n:04}") for n, name in enumerate(sorted(NAMES))]
    assert known_mapping(ranks, 5).rate == 1.0
    readable = [(name, f"person-{name[:3]}{n}") for n, name in enumerate(NAMES)]
    assert not known_mapping(readable, 0).passed
    assert known_mapping(ours(NAMES, "NAME"), 5).passed


def test_what_a_pseudonym_says_openly_is_no_finding() -> None:
    mixed = ours(NAMES[:6], "NAME") + ours(ADDRESSES[:6]) + ours(OIBS, "OIB") + ours(["x"], "USER")
    found = known_mapping(mixed, 2)
    assert found.passed
    assert found.detail["kinds"] == 3
    assert found.chance == pytest.approx(3 / found.trials)
    by_kind = [(o, t.partition("-")[0] + "-" + o[:6]) for o, t in mixed]
    assert not known_mapping(by_kind, 2).passed


def test_nobody_to_guess_is_no_finding() -> None:
    assert known_mapping([], 5).passed
    assert known_mapping(ours(["10.0.0.1"]), 5).trials == 0


# 2 frequency rank


def seen(domain: Domain, weights: list[int]) -> list[str]:
    return [
        t for (_, t), n in zip(ours(NAMES, "NAME", domain), weights, strict=True) for _ in range(n)
    ]


def truth() -> dict[str, str]:
    return dict(zip((t for _, t in ours(NAMES, "NAME")), (t for _, t in ours(NAMES, "NAME", NEXT)),
                    strict=True))  # fmt: skip


def test_ranks_of_single_incidents_link_nobody_over_two_epochs() -> None:
    draw = random.Random(11)
    first = [1 + (draw.random() < 0.2) for _ in NAMES]
    second = [1 + (draw.random() < 0.2) for _ in NAMES]
    found = frequency_rank(seen(OURS, first), seen(NEXT, second), truth())
    assert found.passed
    assert found.trials == len(NAMES)


def test_counts_that_stay_the_same_link_everybody_whatever_the_key() -> None:
    # The reason why flow statistics are a door of their own, with their measured risk.
    stable = [2 ** (n % 11) * 3 + n for n in range(len(NAMES))]
    found = frequency_rank(seen(OURS, stable), seen(NEXT, stable), truth())
    assert not found.passed
    assert found.detail["top"]["10"] == 1.0
    assert found.detail["alone"] == len(NAMES)


def test_one_key_for_two_epochs_links_everybody() -> None:
    flat = [1] * len(NAMES)
    same = {t: t for _, t in ours(NAMES, "NAME")}
    found = frequency_rank(seen(OURS, flat), seen(OURS, flat), same)
    assert (found.rate, found.passed) == (1.0, False)


# 3 dictionary


OIBS = ["94577403194", "69435151530", "33392005961", "81793146560"]


def test_no_enumeration_finds_a_value_without_the_key() -> None:
    names = ["group-a", "2026-11", "group-a 2026-11", "group-a|2026-11", "csirt-si"]
    pairs = ours(OIBS, "OIB") + ours(ADDRESSES[:40]) + ours(["+38640000111"], "PHONE")
    found = dictionary(pairs, names)
    assert (found.hits, found.passed) == (0, True)
    assert found.chance < 1e-9
    assert found.detail["tries"] > 10_000


@pytest.mark.parametrize(
    "weak",
    [
        lambda v: "nid-hr-" + hashlib.sha256(v.encode()).hexdigest()[:16],
        lambda v: "nid-" + hashlib.md5(v.encode()).hexdigest(),
        lambda v: token(Domain("g", "e", b"group-a".ljust(32, b"\0")), "OIB", v),
        lambda v: token(Domain("g", "e", bytes(32)), "OIB", v),
        lambda v: token(Domain("g", "e", hashlib.sha256(b"2026-11").digest()), "OIB", v),
    ],
)
def test_a_public_function_or_a_key_that_can_be_guessed_is_found(weak: object) -> None:
    assert callable(weak)
    found = dictionary([(v, weak(v)) for v in OIBS], ["group-a", "2026-11"])
    assert (found.rate, found.passed) == (1.0, False)


def test_a_whole_network_tried_one_by_one_finds_an_unkeyed_hash_and_not_ours() -> None:
    address = "198.51.100.77"
    unkeyed = hashlib.sha256(address.encode()).hexdigest()[:12]
    mine = token(OURS, "IP", address)
    every = [str(IPv4Address(int(IPv4Address("198.51.0.0")) + n)) for n in range(2**16)]
    assert [a for a in every if hashlib.sha256(a.encode()).hexdigest()[:12] == unkeyed] == [address]
    guess = Domain("group-a", "2026-11", b"group-a".ljust(32, b"\0"))
    assert not [a for a in every[::16] if token(guess, "IP", a)[5:17] == mine[5:17]]


# 4 join


def test_two_groups_have_no_pseudonym_in_common_and_one_key_for_both_is_found() -> None:
    mine = {t for _, t in ours(NAMES, "NAME")}
    theirs = {t for _, t in ours(NAMES, "NAME", OTHER)}
    later = {t for _, t in ours(NAMES, "NAME", NEXT)}
    for others in (theirs, later):
        found = join(mine, others)
        assert (found.hits, found.trials, found.passed) == (0, 2 * len(NAMES), True)
    weak = {t for _, t in ours(NAMES, "NAME", Domain("group-b", "2026-11", OURS.key))}
    assert join(mine, weak).rate == 1.0
    assert not join(mine, weak).passed


def test_a_code_inside_another_pseudonym_joins_too() -> None:
    host = token(OURS, "HOST", "ris.kbc.example|kbc.example")
    mail = token(OURS, "EMAIL", "ana@kbc.example|kbc.example")
    assert join([host], [mail]).hits == 1


# 5 quasi-identifiers


ROWS = [
    Quasi(("health", "bank", "school")[n % 3], f"SI0{n % 4 + 1}{n % 2 + 1}",
          f"2026-11-{n % 20 + 1:02}T{n % 24:02}:00", ("1", "2-9", "10+")[n % 3])
    for n in range(180)
]  # fmt: skip


def test_rare_rows_single_out_and_generalised_ones_do_not() -> None:
    assert not quasi_identifiers(ROWS).passed
    safe = generalised(ROWS)
    found = quasi_identifiers(safe)
    assert (found.passed, found.hits) == (True, 0)
    assert found.detail["k"] >= 5
    assert len(safe) > len(ROWS) * 0.9


def test_what_is_common_stays_as_it_is_and_a_single_row_does_not_leave() -> None:
    common = [Quasi("bank", "SI041", "2026-11-22T08:00", "1")] * 5
    assert generalised(common) == common
    assert generalised(common[:4]) == []
    lonely = Quasi("school", "HR021", "2026-11-22T09:00", "1")
    assert generalised([*common, lonely]) == common


# 6 residue


def test_what_was_planted_is_found_in_any_spelling() -> None:
    planted = [Original("maja.zupanc@lipa.example", "EMAIL")]
    clean = ["user-0123456789abcdef@org-0123456789abcdef.invalid wrote", "nothing at all"]
    assert residue(clean, planted).passed
    found = residue([*clean, "seen: bWFqYS56dXBhbmNAbGlwYS5leGFtcGxl"], planted)
    assert (found.hits, found.passed) == (1, False)
    assert "maja" not in str(found.detail)


# 7 differencing


def laplace(draw: random.Random, scale: float) -> int:
    """The difference of two geometric draws: a Laplace distribution over the integers."""
    p = 1 - 2.718281828 ** (-1 / scale)
    one, two = (int(draw.expovariate(1) / -__import__("math").log(1 - p)) for _ in range(2))
    return one - two


def test_noise_of_the_budget_hides_one_report_and_exact_or_rounded_counts_do_not() -> None:
    draw = random.Random(3)
    noisy = [[42 + one + laplace(draw, 2.0) for _ in range(4000)] for one in (1, 0)]
    assert differencing(noisy[0], noisy[1], 0.5).passed
    assert not differencing(noisy[0], noisy[1], 0.05).passed
    assert not differencing([43] * 500, [42] * 500, 0.5).passed
    rounded = differencing([45] * 500, [40] * 500, 0.5)
    assert (rounded.rate, rounded.passed) == (1.0, False)


# confidence


def test_an_interval_holds_the_rate_and_few_trials_prove_nothing() -> None:
    found = rate(3, 10)
    assert found.low < 0.3 < found.high
    assert (rate(0, 0).low, rate(0, 0).high) == (0.0, 1.0)
    assert rate(0, 50).low == 0.0
    few = judged("x", 1, 5, 0.1)
    assert few.passed
    assert few.sharpest > 0.3
    assert not judged("x", 60, 300, 0.1).passed
    assert judged("x", 31, 300, 0.1).passed
