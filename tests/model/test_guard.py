"""The block gate: what nobody can block, whoever asks."""

import pytest

from zvon.model import guard, neverblock
from zvon.model.guard import Brakes, GuardFacts, GuardNotReady, Protected
from zvon.model.neverblock import REQUIRED
from zvon.model.scope import Scope


def facts(*extra: str) -> GuardFacts:
    rows = [
        Protected(name.name, entry.list, name.reason)
        for entry in neverblock.shipped()
        for name in entry.names
    ]
    return guard.facts(REQUIRED, [*rows, *(Protected(n, "constituency", "ours") for n in extra)])


ALL = facts("mail.lipa.example")
WITH_RANGES = guard.facts(
    REQUIRED,
    [],
    [Protected(p.prefix, "prefix", p.reason) for p in neverblock.shipped_prefixes()[1]],
)


def rules(name: str, scope: Scope) -> set[str]:
    return {finding.rule for finding in guard.check(name, scope, ALL)}


@pytest.mark.parametrize("scope", [Scope.HOST, Scope.HOST_SUB, Scope.REGISTRABLE_SUB])
@pytest.mark.parametrize(
    "name",
    [
        "gov.si", "www.gov.hr", "posta.si", "sledenje.posta.hr", "nlb.si", "zaba.hr", "google.com",
        "www.youtube.com", "docs.google.com", "t.me", "bit.ly", "weebly.com", "pages.dev",
        "cloudfront.net", "letsencrypt.org", "pool.ntp.org", "captive.apple.com", "si", "co.uk",
        "com.hr", "example", "localhost", "host.local", "1.0.0.127.in-addr.arpa", "windowsupdate.com",
    ],
)  # fmt: skip
def test_a_protected_name_is_refused_in_every_scope(name: str, scope: Scope) -> None:
    assert rules(name, scope)


@pytest.mark.parametrize(
    "name",
    ["evil.example", "zvon-fixture-a.weebly.com", "a.pages.dev", "b.s3.eu-central-1.amazonaws.com",
     "posta-si.com", "nlb.si.potrditev.example", "gov.si.login.example"],
)  # fmt: skip
def test_an_ordinary_name_or_a_customer_of_a_platform_passes(name: str) -> None:
    assert not rules(name, Scope.HOST)


def test_a_wildcard_that_covers_a_protected_name_is_refused_and_the_host_alone_is_not() -> None:
    assert rules("lipa.example", Scope.REGISTRABLE_SUB) == {"covers"}
    assert rules("lipa.example", Scope.HOST_SUB) == {"covers"}
    assert not rules("lipa.example", Scope.HOST)


def test_the_widest_scope_is_for_registered_names_only() -> None:
    assert rules("www.evil.example", Scope.REGISTRABLE_SUB) == {"wrong_scope"}
    assert not rules("www.evil.example", Scope.HOST_SUB)


@pytest.mark.parametrize(
    ("prefix", "rule"),
    [
        ("0.0.0.0/0", "bad_prefix"), ("10.1.2.3/32", "not_public"), ("224.0.0.1/32", "not_public"),
        ("127.0.0.1/32", "not_public"), ("fe80::1/128", "not_public"), ("fc00::/48", "not_public"),
        ("2002:c000:204::/48", "not_public"), ("::1/128", "not_public"),
        ("203.0.113.0/23", "bad_prefix"), ("203.0.112.0/23", "wide_prefix"),
        ("2001:db8::/47", "wide_prefix"), ("8.8.8.8/32", "prefix"), ("1.1.1.0/24", "prefix"),
        ("193.0.14.0/24", "covers"), ("2001:7fd::/48", "covers"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("trigger", ["ip", "nsip"])
def test_addresses_of_strangers_are_refused(prefix: str, rule: str, trigger: str) -> None:
    found = guard.check(prefix, Scope.HOST, WITH_RANGES, trigger=trigger)
    assert rule in {finding.rule for finding in found}


@pytest.mark.parametrize("prefix", ["203.0.113.7/32", "203.0.113.0/24", "2001:db8:7::/48"])
def test_the_address_of_one_host_passes(prefix: str) -> None:
    assert not guard.check(prefix, Scope.HOST, WITH_RANGES, trigger="ip")


@pytest.mark.parametrize(
    ("name", "scope", "rule"),
    [
        ("ns1.domaincontrol.com", Scope.HOST, "serves_others"),
        ("arnold.ns.cloudflare.com", Scope.HOST, "serves_others"),
        ("ns.arnes.si", Scope.HOST, "serves_others"),
        ("ns.evil.example", Scope.HOST_SUB, "wrong_scope"),
        ("si", Scope.HOST, "public_suffix"),
    ],
)
def test_a_name_server_of_others_is_refused(name: str, scope: Scope, rule: str) -> None:
    found = guard.check(name, scope, ALL, trigger="nsdname")
    assert rule in {finding.rule for finding in found}


def test_a_name_server_of_nobody_else_passes_and_other_triggers_do_not() -> None:
    assert not guard.check("ns.evil.example", Scope.HOST, ALL, trigger="nsdname")
    for trigger in ("client-ip", "", "drop"):
        found = guard.check("evil.example", Scope.HOST, ALL, trigger=trigger)
        assert [finding.rule for finding in found] == ["trigger"]


@pytest.mark.parametrize("missing", sorted(REQUIRED))
def test_without_any_one_list_nothing_passes(missing: str) -> None:
    with pytest.raises(GuardNotReady, match=missing):
        guard.check("evil.example", Scope.HOST, guard.facts(REQUIRED - {missing}, []))


def test_a_name_too_long_for_any_zone_is_refused() -> None:
    assert "too_long" in rules(".".join(["a" * 40] * 6) + ".example", Scope.HOST)


@pytest.mark.parametrize(
    ("batch", "ten", "day", "zone", "rule"),
    [
        (50, 0, 0, 0, None),
        (51, 0, 0, 0, "brake_batch"),
        (60, 0, 0, 10_000, "brake_ten_minutes"),
        (1, 50, 50, 0, "brake_ten_minutes"),
        (1, 0, 500, 0, "brake_day"),
    ],
)
def test_brakes(batch: int, ten: int, day: int, zone: int, rule: str | None) -> None:
    assert guard.brake(batch, ten, day, zone, Brakes()) == rule


@pytest.mark.parametrize(
    ("before", "after", "held"),
    [(100, 71, False), (100, 70, False), (100, 69, True), (9, 0, False), (10, 0, True),
     (100, 120, False)],
)  # fmt: skip
def test_a_source_that_shrinks_too_much_is_held(before: int, after: int, held: bool) -> None:
    assert guard.shrinks(before, after, Brakes()) is held


def test_the_shipped_lists_are_all_there_and_know_their_content() -> None:
    shipped = {entry.list: entry for entry in neverblock.shipped()}
    assert set(shipped) == REQUIRED - {"brand", "own", "prefix"}
    assert len(shipped["popular"].names) >= 500
    one = shipped["popular"]
    other = neverblock.ProtectedList(one.list, one.version, one.names[1:])
    assert one.sha256 != other.sha256
    again = neverblock.ProtectedList(one.list, "newer", one.names[::-1])
    assert one.sha256 == again.sha256
