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


def test_the_shipped_lists_are_all_there_and_know_their_content() -> None:
    shipped = {entry.list: entry for entry in neverblock.shipped()}
    assert set(shipped) == REQUIRED - {"brand", "own", "prefix"}
    assert len(shipped["popular"].names) >= 500
    one = shipped["popular"]
    other = neverblock.ProtectedList(one.list, one.version, one.names[1:])
    assert one.sha256 != other.sha256
    again = neverblock.ProtectedList(one.list, "newer", one.names[::-1])
    assert one.sha256 == again.sha256
